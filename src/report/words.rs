//! Words: durations, sizes and counts as people say them, and how something ended.
//!
//! Unaware of colours and of where the words stand.

use std::path::Path;
use std::time::Duration;

use crate::event::{Ended, Exit, ItemRef, Outcome, Tally, Verdict};
use crate::model::NodeId;

use super::sanitize::text;

/// Columns of an item's preview in a line of text.
const PREVIEW: usize = 40;

/// Returns a duration that is over: `87ms`, `1.2s`, `1m12s`, `2h05m`.
pub(super) fn took(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{}ms", duration.as_millis())
    } else {
        age(duration)
    }
}

/// Returns a duration that goes on, in tenths at most: `0.1s`, `12s`, `1m12s`, `2h05m`.
pub(super) fn age(duration: Duration) -> String {
    let tenths = duration.as_millis() / 100;
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{}.{}s", tenths / 10, tenths % 10),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600.. => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// Returns a duration that is guessed, in whole seconds, at least one: `9s`, `1m12s`.
pub(super) fn rough(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{}s", duration.as_secs().max(1)),
        60.. => age(duration),
    }
}

/// Returns a number of bytes: `812 B`, `1.0 GiB`.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(super) fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut units = ["KiB", "MiB", "GiB", "TiB"].iter();
    let (mut value, mut unit) = (bytes as f64 / 1024.0, units.next());
    while value >= 1023.95
        && let Some(next) = units.next()
    {
        (value, unit) = (value / 1024.0, Some(next));
    }
    format!("{value:.1} {}", unit.unwrap_or(&"TiB"))
}

/// Returns a number in at most four columns: `712`, `1.9k`, `18k`, `2.5M`.
pub(super) fn compact(number: f64) -> String {
    match number {
        n if n < 0.05 => "0".to_owned(),
        n if n < 9.95 && n.fract() > 0.05 => format!("{n:.1}"),
        n if n < 999.5 => format!("{n:.0}"),
        n if n < 9_950.0 => format!("{:.1}k", n / 1e3),
        n if n < 999_500.0 => format!("{:.0}k", n / 1e3),
        n if n < 9_950_000.0 => format!("{:.1}M", n / 1e6),
        n => format!("{:.0}M", n / 1e6),
    }
}

/// Returns a count with its noun: `1 item`, `3 items`.
pub(super) fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Returns how an attempt ended: `exit code 2`, `killed by SIGKILL (out of memory?)`.
pub(super) fn exit(exit: &Exit, verdict: Verdict) -> String {
    let how = text(&exit.to_string());
    match verdict {
        Verdict::TimedOut => "out of time".to_owned(),
        Verdict::Killed if *exit != Exit::OutOfMemory => format!("{how} (out of memory?)"),
        Verdict::Passed | Verdict::Failed | Verdict::Stopped | Verdict::Ended | Verdict::Killed => {
            how
        }
    }
}

/// Returns an outcome as it stands in a sentence.
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::AllowedFailure => "failed as allowed",
        Outcome::TimedOut => "timed out",
        Outcome::Passed
        | Outcome::Flaky
        | Outcome::Cached
        | Outcome::Skipped
        | Outcome::Stopped
        | Outcome::Failed
        | Outcome::Killed => outcome.word(),
    }
}

/// Returns how a node ended and why: `failed (exit code 2)`, `cached`.
pub(super) fn ended(tally: &Tally, node: NodeId, how: Outcome) -> String {
    match cause(tally, node, how) {
        Some(cause) if how == Outcome::Killed => cause,
        Some(cause) => format!("{} ({cause})", outcome(how)),
        None => outcome(how).to_owned(),
    }
}

/// Returns why an attempt did not pass: its exit, where nothing says more.
pub(super) fn why(last: &Ended) -> String {
    last.reason.as_deref().map_or_else(|| exit(&last.exit, last.verdict), text)
}

/// Returns how an attempt failed: `failed (exit code 2)`, `killed by SIGSEGV`.
pub(super) fn failed(last: &Ended) -> String {
    let how = why(last);
    match &last.exit {
        _ if last.reason.is_some() => format!("failed ({how})"),
        Exit::Code(_) if last.verdict == Verdict::Failed => format!("failed ({how})"),
        Exit::Code(_)
        | Exit::Signal(_)
        | Exit::OutOfMemory
        | Exit::NotStarted(_)
        | Exit::Replied(_) => how,
    }
}

/// Returns why a node ended as it did, where that is more than its outcome.
pub(super) fn cause(tally: &Tally, node: NodeId, outcome: Outcome) -> Option<String> {
    let node = &tally.nodes[node.index()];
    if let Some(reason) = &node.reason {
        return Some(text(reason));
    }
    let last = node.last.as_deref();
    match outcome {
        Outcome::Failed | Outcome::Killed | Outcome::AllowedFailure => {
            last.map(|last| exit(&last.exit, last.verdict))
        }
        Outcome::Flaky => last.map(|last| format!("passed at try {}", last.number + 1)),
        Outcome::Passed
        | Outcome::Cached
        | Outcome::Skipped
        | Outcome::Stopped
        | Outcome::TimedOut => None,
    }
}

/// Returns an item by its id and its first bytes: `pages:17 (https://a.example)`.
pub(super) fn item(item: &ItemRef, more: &str) -> String {
    let preview = preview(item);
    let short = console::truncate_str(&preview, PREVIEW, more);
    if short.is_empty() { text(&item.id) } else { format!("{} ({short})", text(&item.id)) }
}

/// Returns the first bytes of an item on one line.
pub(super) fn preview(item: &ItemRef) -> String {
    text(&item.preview.lossy().replace('\t', " "))
}

/// Returns the command that runs just that process again.
pub(super) fn again(file: &Path, options: &[String], process: &str) -> String {
    let file = file.to_string_lossy();
    let options = options.iter().map(String::as_str);
    let words = [&*file, process].into_iter().chain(options).map(quoted);
    text(&format!("runner {}", words.collect::<Vec<_>>().join(" ")))
}

/// Returns the command that lists the dead items of the run in a folder.
pub(super) fn look(folder: &str) -> String {
    text(&format!("runner dead list {}", quoted(folder)))
}

/// Returns a word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        for (ms, over, going) in [
            (0, "0ms", "0.0s"),
            (87, "87ms", "0.0s"),
            (1_250, "1.2s", "1.2s"),
            (59_990, "59.9s", "59.9s"),
            (72_000, "1m12s", "1m12s"),
            (7_500_000, "2h05m", "2h05m"),
        ] {
            assert_eq!(took(Duration::from_millis(ms)), over);
            assert_eq!(age(Duration::from_millis(ms)), going);
        }
    }

    #[test]
    fn numbers_are_short() {
        for (number, shown) in
            [(0.0, "0"), (0.4, "0.4"), (7.0, "7"), (712.4, "712"), (1_940.0, "1.9k")]
        {
            assert_eq!(compact(number), shown);
        }
        assert_eq!([compact(18_204.0), compact(2_530_000.0)], ["18k", "2.5M"]);
        assert_eq!([size(812), size(1 << 20), size(1 << 30)], ["812 B", "1.0 MiB", "1.0 GiB"]);
    }

    #[test]
    fn commands_can_be_pasted() {
        let plain = again(Path::new("jobs/ci.toml"), &[], "build");
        assert_eq!(plain, "runner jobs/ci.toml build");
        let options = ["--var".to_owned(), "root=a b".to_owned()];
        let odd = again(Path::new("my jobs/it's.toml"), &options, "test[os=linux]");
        assert_eq!(odd, r"runner 'my jobs/it'\''s.toml' 'test[os=linux]' --var 'root=a b'");
    }
}
