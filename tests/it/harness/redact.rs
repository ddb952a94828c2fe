//! Redact: what differs from run to run is replaced by its name.
//!
//! Unaware of what the text says otherwise.

use std::path::Path;

/// Columns of a label in a summary, with what is around it.
const LABEL: usize = 13;

/// Fields of a summary that only slow runs have.
const SLOW: [&str; 2] = ["  queues   ", "  bottleneck "];

/// Words after which a duration is one that was measured.
const BEFORE_TIMES: [&str; 5] = ["in ", "after ", "for ", "about ", "longest path "];

/// Words before which it is.
const BEHIND_TIMES: [&str; 2] = [" ago", " into the run"];

/// Returns a text without what only this run has: its folder, its id, pids and times.
pub(crate) fn redact(text: &str, folder: &Path) -> String {
    let text = text.replace(&folder.to_string_lossy().into_owned(), "[dir]");
    let text = text.replace(env!("CARGO_MANIFEST_DIR"), "[repo]");
    let mut shown = String::new();
    let mut left_out = false;
    for line in text.split_inclusive('\n') {
        let goes_on = line.starts_with(&" ".repeat(LABEL));
        if left_out && goes_on {
            continue;
        }
        // Who waited for whom is told of runs that take long, which a loaded machine decides.
        let is_slowest = line.starts_with("  slowest ");
        left_out = is_slowest || SLOW.iter().any(|label| line.starts_with(label));
        if is_slowest {
            shown.push_str("  slowest    [names]\n");
        } else if !left_out {
            words(line, &mut shown);
        }
    }
    shown
}

/// Replaces the words of a line; a word is letters, digits and what joins them in numbers.
fn words(line: &str, shown: &mut String) {
    let joined = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut rest = line;
    while let Some(start) = rest.find(joined) {
        shown.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|c| !joined(c)).unwrap_or(rest.len());
        let word = rest[..end].trim_end_matches('.');
        let after_pid = shown.ends_with("pid ");
        shown.push_str(match () {
            () if after_pid && word.bytes().all(|byte| byte.is_ascii_digit()) => "[pid]",
            () if is_time(word) && BEFORE_TIMES.iter().any(|w| shown.ends_with(w)) => "[time]",
            () if is_age(word)
                && BEHIND_TIMES.iter().any(|w| rest[word.len()..].starts_with(w)) =>
            {
                "[time]"
            }
            () if is_run(word) => "[run]",
            () => word,
        });
        rest = &rest[word.len().max(1)..];
        if word.is_empty() {
            shown.push('.');
        }
    }
    shown.push_str(rest);
}

/// Returns whether a word is a duration: `87ms`, `1.2s`, `1m12s`.
fn is_time(word: &str) -> bool {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &word[digits.len()..];
    let number = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    match unit {
        "ms" | "s" => digits.split('m').all(number),
        "m" => digits.split('h').count() == 2 && digits.split('h').all(number),
        _ => false,
    }
}

/// Returns whether a word is a duration, or one in whole minutes, hours or days: `3m`, `2d`.
fn is_age(word: &str) -> bool {
    let number = word.strip_suffix(['m', 'h', 'd']).unwrap_or_default();
    is_time(word) || !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a word is the id of a run: `20261123-015618-3f2a`.
fn is_run(word: &str) -> bool {
    let lengths = word.split('-').map(str::len);
    lengths.eq([8, 6, 4]) && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_replaced() {
        for (text, expected) in [
            ("a: passed in 87ms\n", "a: passed in [time]\n"),
            ("after 1m12s, for 2h05m, in 0.1s.", "after [time], for [time], in [time]."),
            ("waits: 30s, 1h30m", "waits: 30s, 1h30m"),
            ("3m ago, 87ms into the run, 3m", "[time] ago, [time] into the run, 3m"),
            (".runner/runs/20261123-015618-3f2a/a", ".runner/runs/[run]/a"),
            ("left (pid 812, sleep)", "left (pid [pid], sleep)"),
            ("/tmp/x/job.toml:3:1", "[dir]/job.toml:3:1"),
            (
                "x\n  slowest    a 2ms · b\n             c 1ms\n  run",
                "x\n  slowest    [names]\n  run",
            ),
            ("task[n=4] 12 items, ms, 5 s. ... 1.2.3", "task[n=4] 12 items, ms, 5 s. ... 1.2.3"),
        ] {
            assert_eq!(redact(text, Path::new("/tmp/x")), expected);
        }
    }
}
