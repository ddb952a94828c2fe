//! Measures: what durations, sizes, rates, waits and signals mean, written as people write them.
//!
//! Every number has a bound, because a value of ten thousand years is a slip. A text that cannot be
//! read says which part of it and what would be right. Unaware of the keys they stand behind.

use std::time::Duration;

use humantime::DurationError;
use rustix::process::Signal;

use crate::model::Size as Slots;
use crate::model::{Backoff, Rate, nearest};

/// The longest duration: what is longer was not meant.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// The largest size, 1 PiB: what is larger was not meant, and sums of it still fit.
const LARGEST: u64 = 1 << 50;
/// The most starts per interval: what is faster needs no bound.
const FASTEST: u32 = 1_000_000;
/// The most slots of a pool, written as a multiple of the CPUs.
const MOST_FOLD: f64 = 1000.0;

/// Why a text is not the measure that it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// What is wrong with it.
    pub(super) why: String,
    /// What would be right.
    pub(super) help: String,
}

fn wrong(why: impl Into<String>, help: impl Into<String>) -> Wrong {
    Wrong { why: why.into(), help: help.into() }
}

/// Reads a duration such as `1h30m`.
pub(super) fn duration(text: &str) -> Result<Duration, Wrong> {
    let help = "write a number and a unit: 500ms, 30s, 5m, 1h30m";
    let read = humantime::parse_duration(text).map_err(|error| {
        let why = match error {
            DurationError::UnknownUnit { unit, value, .. } if unit.is_empty() => {
                return wrong(
                    "no unit",
                    format!("write \"{value}s\": the units are ms, s, m, h, d"),
                );
            }
            DurationError::UnknownUnit { unit, .. } => format!("unknown unit `{unit}`"),
            DurationError::Empty => "nothing stands here".to_owned(),
            DurationError::NumberOverflow => "too large".to_owned(),
            DurationError::NumberExpected(_) => "no number before the unit".to_owned(),
            DurationError::InvalidCharacter(_) => "not a number and a unit".to_owned(),
        };
        wrong(why, help)
    })?;
    if read > LONGEST {
        return Err(wrong("longer than 10 years", "leave the key out for no bound"));
    }
    Ok(read)
}

/// Reads a size such as `64KiB`.
pub(super) fn size(text: &str) -> Result<u64, Wrong> {
    let help = "write a whole number and a unit: 512B, 64KiB, 1MiB, 10MB, 2GiB";
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(wrong("no whole number in front", help));
    }
    let scale: u64 = match unit.trim_start() {
        "B" => 1,
        "KB" | "kB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "" => return Err(wrong("no unit", format!("write \"{number}B\", or KiB, MiB, GiB"))),
        unit => {
            let help = match unit.to_uppercase().as_str() {
                known @ ("K" | "M" | "G" | "T") => {
                    format!(
                        "write \"{number}{known}iB\", or \"{number}{known}B\" for powers of 1000"
                    )
                }
                known @ ("KIB" | "MIB" | "GIB" | "TIB") => {
                    format!("write \"{number}{}iB\"", &known[..1])
                }
                known @ ("KB" | "MB" | "GB" | "TB" | "B") => format!("write \"{number}{known}\""),
                _ => help.to_owned(),
            };
            return Err(wrong(format!("unknown unit `{unit}`"), help));
        }
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(scale));
    match bytes {
        Some(0) => Err(wrong("nothing fits in it", "write 1B or more")),
        Some(bytes) if bytes <= LARGEST => Ok(bytes),
        Some(_) | None => Err(wrong("larger than 1024TiB", help)),
    }
}

/// Reads a rate such as `600/m`.
pub(super) fn rate(text: &str) -> Result<Rate, Wrong> {
    let help = "write starts per second, minute or hour: 10/s, 600/m, 5/h";
    let (starts, unit) = text.split_once('/').ok_or_else(|| {
        let number = text.trim().parse::<u32>();
        wrong("no `/`", number.map_or(help.to_owned(), |n| format!("write \"{n}/s\", /m or /h")))
    })?;
    let per = match unit.trim() {
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        "h" => Duration::from_secs(3600),
        unit => {
            let near = ["s", "m", "h"].into_iter().find(|near| unit.starts_with(near));
            let help = near.map_or(help.to_owned(), |near| format!("write \"{starts}/{near}\""));
            return Err(wrong(format!("unknown unit `{unit}`"), help));
        }
    };
    match starts.trim().parse() {
        Ok(starts) if (1..=FASTEST).contains(&starts) => Ok(Rate { starts, per }),
        Ok(_) | Err(_) => {
            Err(wrong(format!("not a whole number from 1 to {FASTEST} in front"), help))
        }
    }
}

/// Reads a wait such as `5s` or `1s..1m`; it has no jitter.
pub(super) fn backoff(text: &str) -> Result<Backoff, Wrong> {
    if text.chars().all(|c| c.is_ascii_alphabetic()) {
        let why = "a wait is one duration, or the first and the longest";
        return Err(wrong(why, "write \"1s..1m\": it doubles from the first to the longest"));
    }
    let (first, most) = text.split_once("..").unwrap_or((text, text));
    let (first, most) = (duration(first)?, duration(most)?);
    if first > most {
        return Err(wrong("the first wait is longer than the longest", "write it as 1s..1m"));
    }
    Ok(Backoff { first, most, jitter: 0.0 })
}

/// Reads the size of a pool: `cpus`, `cpus*2`, `50%`.
pub(super) fn slots(text: &str) -> Result<Slots, Wrong> {
    let help = "write a number, \"cpus\", \"cpus*2\" or \"50%\"";
    let factor = |number: &str| number.trim().parse::<f64>().ok().filter(|factor| *factor > 0.0);
    let fold = if text == "cpus" {
        Some(1.0)
    } else if let Some(times) = text.strip_prefix("cpus*") {
        factor(times)
    } else if let Some(percent) = text.strip_suffix('%') {
        factor(percent).map(|percent| percent / 100.0)
    } else {
        let every = ["cpu", "auto", "max", "all", "nproc", "ncpu", "ncpus", "cores"];
        let every = every.contains(&text.trim().to_lowercase().as_str());
        let help = if every { "write \"cpus\": a slot for each of them" } else { help };
        return Err(wrong("neither a number nor a part of the CPUs", help));
    };
    match fold {
        Some(fold) if fold <= MOST_FOLD => Ok(Slots::Cpus(fold)),
        Some(_) => Err(wrong("more than 1000 times the CPUs", help)),
        None => Err(wrong("not a number above 0", help)),
    }
}

/// Reads a part of all such as `2%`, from 0 to 1.
pub(super) fn part(text: &str) -> Result<f64, Wrong> {
    let percent = text.trim().strip_suffix('%').and_then(|number| number.trim().parse().ok());
    match percent {
        Some(percent) if (0.0..=100.0).contains(&percent) => Ok(percent / 100.0),
        Some(_) => Err(wrong("not from 0% to 100%", "write \"2%\"")),
        None => Err(wrong("not a number and `%`", "write a whole number, or \"2%\"")),
    }
}

/// The signals that can ask a child to end, by name without `SIG`.
const SIGNALS: [(&str, Signal); 9] = [
    ("TERM", Signal::TERM),
    ("INT", Signal::INT),
    ("HUP", Signal::HUP),
    ("QUIT", Signal::QUIT),
    ("KILL", Signal::KILL),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("ALRM", Signal::ALARM),
    ("ABRT", Signal::ABORT),
];

/// Reads the name of a signal, with or without `SIG`, to its number on this system.
pub(super) fn signal(text: &str) -> Result<i32, Wrong> {
    let name = text.strip_prefix("SIG").unwrap_or(text);
    let known = SIGNALS.iter().find(|(known, _)| *known == name);
    known.map(|(_, signal)| signal.as_raw()).ok_or_else(|| {
        let names: Vec<String> = SIGNALS.iter().map(|(name, _)| format!("SIG{name}")).collect();
        let help = match nearest(&format!("SIG{name}"), names.iter().map(String::as_str)) {
            Some(near) => format!("write \"{near}\""),
            None => format!("write one of {}", names.join(", ")),
        };
        wrong("no signal that can end a child has this name", help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for (text, why) in [
            ("5 parsecs", "unknown unit `parsecs`"),
            ("10", "no unit"),
            ("", "nothing stands here"),
            ("-5s", "no number before the unit"),
            ("99999999999h", "longer than 10 years"),
            ("11years", "longer than 10 years"),
        ] {
            assert_eq!(duration(text).unwrap_err().why, why, "{text}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(size("64KiB"), Ok(65_536));
        assert_eq!(size("10MB"), Ok(10_000_000));
        assert_eq!(size("1 GiB"), Ok(1 << 30));
        for text in ["", "64", "KiB", "1.5MiB", "-1B", "0B", "9999999999TiB", "1XB", "2048TiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates() {
        let per = Duration::from_secs(60);
        assert_eq!(rate("600/m"), Ok(Rate { starts: 600, per }));
        for text in ["", "10", "10/d", "0/s", "-1/s", "1.5/s", "9999999999/s", "/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn pool_sizes() {
        assert_eq!(slots("cpus"), Ok(Slots::Cpus(1.0)));
        assert_eq!(slots("cpus*2"), Ok(Slots::Cpus(2.0)));
        assert_eq!(slots("50%"), Ok(Slots::Cpus(0.5)));
        for text in ["", "4", "cpu", "cpus*0", "cpus*nan", "-5%", "0%", "cpus*1e9", "inf%"] {
            assert!(slots(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parts() {
        assert_eq!(part("50%"), Ok(0.5));
        for text in ["", "2", "101%", "-1%", "nan%", "many"] {
            assert!(part(text).is_err(), "{text}");
        }
    }

    #[test]
    fn waits_and_signals() {
        let wait = backoff("1s..1m").unwrap();
        assert_eq!((wait.first, wait.most), (Duration::from_secs(1), Duration::from_secs(60)));
        assert_eq!(backoff("5s").unwrap().most, Duration::from_secs(5));
        assert!(backoff("1m..1s").is_err() && backoff("1s..").is_err());
        assert_eq!((signal("TERM"), signal("SIGTERM")), (Ok(15), Ok(15)));
        assert!(signal("term").is_err() && signal("SIGSEGV").is_err() && signal("9").is_err());
    }
}
