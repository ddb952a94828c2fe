//! Cure: a line as it should be written, and the same as an edit where that is exact.
//!
//! What stands there is turned into what fits: a number of seconds into a duration, words into a
//! list, lines into a script. Unaware of how a mistake is worded.

use crate::config::decode::{Mistake, Name, Value};
use crate::config::forms::{Kind, Span};
use crate::config::names;

/// An edit, in words and in bytes.
pub(super) struct Cure {
    /// What to write.
    pub(super) help: String,
    /// The bytes to replace, and by what.
    pub(super) fix: Option<(Span, String)>,
}

/// The longest line that a help shows.
const LONGEST: usize = 100;

/// Keys, and parts of tables, that hold a duration.
const DURATIONS: [&str; 11] = [
    "timeout", "settle", "linger", "interval", "within", "age", "idle", "slow", "total", "grace",
    "backoff",
];

/// Keys that hold a list of texts.
const LISTS: [&str; 11] = [
    "needs", "after", "tags", "include", "inputs", "outputs", "groups", "secrets", "changed",
    "command", "shell",
];

/// What a process may wait for of another.
const OUTCOMES: [&str; 5] = ["passed", "ended", "failed", "started", "ready"];

/// Signs by which a shell would read a text otherwise than word by word.
const SHELL_SIGNS: [char; 16] =
    ['|', '&', ';', '<', '>', '$', '`', '"', '\'', '*', '?', '(', ')', '~', '#', '\n'];

/// Returns the edit that gives a key the name that was meant, with a value that fits.
pub(super) fn rename(text: &str, mistake: &Mistake, key: &str, ours: &str) -> Cure {
    let value = &mistake.value;
    if value.kind == Kind::Table && text[..mistake.at.range().start].ends_with('[') {
        let help = format!("write [{ours}] instead of [{key}], and so in every header");
        return Cure { help, fix: Some((mistake.at, ours.to_owned())) };
    }
    let between = text.get(mistake.at.range().end..value.at.range().start).unwrap_or_default();
    let plain = between.trim() == "=";
    if let Some(inner) = value.words.iter().find(|inner| *inner == ours)
        && value.kind == Kind::Table
    {
        let help = format!("write what `{key}.{inner}` holds as `{ours}`");
        return Cure { help, fix: None };
    }
    // What is a table fits the table that a dotted key is in.
    let table = value.kind == Kind::Table;
    let ours = if table { ours.split('.').next().unwrap_or(ours) } else { ours };
    let (ours, fitted) = fitting(ours, key, value);
    let whole = Span { start: mistake.at.start, end: value.at.end };
    if let Some(fitted) = fitted {
        let line = format!("{ours} = {fitted}");
        let fix = plain.then(|| (whole, line.clone()));
        return Cure { help: format!("write `{}`", shown(&line)), fix };
    }
    let written = text.get(value.at.range()).unwrap_or_default();
    let line = format!("{ours} = {written}");
    let help = if plain && line.len() <= LONGEST && !line.contains('\n') {
        format!("write `{line}`")
    } else {
        format!("write `{ours}` instead of `{key}`")
    };
    Cure { help, fix: Some((mistake.at, ours.to_owned())) }
}

/// Returns the edit that makes a value of the wrong kind fit, where there is an obvious one.
pub(super) fn value(title: &str, mistake: &Mistake, expected: &str) -> Option<Cure> {
    let value = &mistake.value;
    if let Name::Key(key) = &mistake.name
        && let Some(help) = advice(key, value)
    {
        return Some(Cure { help, fix: None });
    }
    if mistake.name == Name::Table {
        let script = title.starts_with("[process.") && value.kind == Kind::Text;
        let line =
            if script { format!("script = {}", quoted(&value.text)) } else { "its keys".into() };
        return Some(Cure { help: format!("write {title} with {line} below it"), fix: None });
    }
    let has = |words: &str| expected.contains(words);
    let number = || value.text.trim().parse::<i64>().is_ok();
    let (lead, new) = match (value.kind, &mistake.name) {
        (Kind::Text, _) if has("whole number") && number() => {
            ("remove the quotes: ", value.text.trim().to_owned())
        }
        (Kind::Text | Kind::Whole, _) if has("`true`") => ("write ", flag(&value.text)?.to_owned()),
        (_, Name::Key(key)) => {
            let (ours, new) = fitting(key, key, value);
            if ours != key {
                return other(mistake, key, ours, &new?);
            }
            (lead(value, expected), new.or_else(|| fallback(value, expected))?)
        }
        (_, Name::EntryOf(_) | Name::Table) => (lead(value, expected), fallback(value, expected)?),
    };
    let mut cure = told(mistake, lead, new);
    // A hole is no edit.
    cure.fix = cure.fix.filter(|(_, text)| !text.contains('…'));
    Some(cure)
}

/// Returns what to do about a value that is right elsewhere.
fn advice(key: &str, value: &Value) -> Option<String> {
    let text = value.text.trim();
    let every = ["auto", "max", "all", "nproc", "cpus", "unlimited", "inf", "true"];
    let every = every.contains(&text.to_lowercase().as_str());
    match (key, value.kind) {
        ("if", Kind::Text) => Some(condition(text)),
        ("run", Kind::List) if !value.words.is_empty() => {
            let script = quoted(&value.words.join("\n"));
            Some(format!("commands are written `script = {}`", shown(&script)))
        }
        ("fail-fast", Kind::Flag) => {
            Some("write it beside `matrix`, as a key of the process".to_owned())
        }
        ("max-parallel", Kind::Whole) => {
            Some(format!("remove it, and give the process a pool of `size = {text}`"))
        }
        ("jobs" | "workers", Kind::Text | Kind::Flag) if every => {
            Some("remove it: as many run at once as the pools have slots".to_owned())
        }
        ("range", Kind::Whole) => Some(format!("write `range = [0, {text}]`")),
        ("shell", Kind::Text) if text.contains(' ') => {
            Some(format!("a command is written `script = {}`", shown(&quoted(text))))
        }
        _ => None,
    }
}

/// Returns what to write for a condition in the words of GitHub Actions.
fn condition(text: &str) -> String {
    let help = match text.trim().trim_start_matches(['!', '$', '{', ' ']) {
        text if text.starts_with("always()") => "write `run = \"always\"` instead of `if`",
        text if text.starts_with("failure()") => "write `run = \"on-failure\"` instead of `if`",
        text if text.starts_with("success()") => "remove it: a process runs on success",
        text if text.starts_with("cancelled()") => "write `run = \"always\"` instead of `if`",
        _ => "write `if = { env = \"NAME\", is = \"VALUE\" }`, or another condition",
    };
    help.to_owned()
}

/// Returns the edit that brings a number back into its range.
pub(super) fn bound(mistake: &Mistake, expected: &str) -> Cure {
    let range = expected.split_once("from ").and_then(|(_, range)| range.split_once(" to "));
    let Some((least, most)) = range else {
        return Cure { help: format!("write {expected}"), fix: None };
    };
    let most = most.split_once(' ').map_or(most, |(most, _)| most);
    let low = mistake.value.text.starts_with('-') || mistake.value.text.trim() == "0";
    let (new, or) = if low { (least, " or more") } else { (most, " or less") };
    let mut cure = told(mistake, "write ", new.to_owned());
    cure.help.push_str(or);
    cure
}

/// Returns the edit that writes the word that was meant, or lists those that are allowed.
pub(super) fn word(mistake: &Mistake, meant: Option<&str>, allowed: &[&str]) -> Cure {
    let text = &mistake.value.text;
    if let Some(meant) = meant {
        return told(mistake, "write ", quoted(meant));
    }
    let key = match &mistake.name {
        Name::Key(key) | Name::EntryOf(key) => key.as_str(),
        Name::Table => "",
    };
    match key {
        "run" => {
            Cure { help: format!("a command is written `script = {}`", quoted(text)), fix: None }
        }
        "stderr" if ["stdout", "&1", "merge", "2>&1"].contains(&text.as_str()) => Cure {
            help: "remove it, and join the two in a `script`: COMMAND 2>&1".to_owned(),
            fix: None,
        },
        "stdout" | "stderr" => told(mistake, "write ", format!("{{ file = {} }}", quoted(text))),
        _ => {
            let words: Vec<String> = allowed.iter().map(|word| quoted(word)).collect();
            Cure { help: format!("write one of {}", words.join(", ")), fix: None }
        }
    }
}

/// Returns the key for a value, which may be another one, and the value as it fits there.
fn fitting<'k>(ours: &'k str, key: &str, value: &Value) -> (&'k str, Option<String>) {
    let last = ours.rsplit('.').next().unwrap_or(ours);
    let text = value.text.trim();
    let shell = text.contains(SHELL_SIGNS);
    match value.kind {
        Kind::Whole | Kind::Number if DURATIONS.contains(&last) => {
            (ours, Some(format!("\"{text}{}\"", unit(key))))
        }
        Kind::Text if DURATIONS.contains(&last) && text.parse::<f64>().is_ok() => {
            (ours, Some(format!("\"{text}{}\"", unit(key))))
        }
        Kind::Text if last == "command" && shell => ("script", Some(quoted(&value.text))),
        Kind::Text if last == "shell" => (ours, Some(interpreter(text))),
        Kind::Text if last == "command" => {
            let words: Vec<String> = text.split_whitespace().map(quoted).collect();
            (ours, Some(format!("[{}]", words.join(", "))))
        }
        Kind::Text if ["needs", "after", "tags"].contains(&last) => {
            let words = text.split([',', ' ']).filter(|word| !word.is_empty());
            let words: Vec<String> = words.map(quoted).collect();
            (ours, Some(format!("[{}]", words.join(", "))))
        }
        Kind::Text if LISTS.contains(&last) => (ours, Some(format!("[{}]", quoted(&value.text)))),
        Kind::Text if last == "when" => (ours, names::meant_word(text, &OUTCOMES).map(quoted)),
        Kind::Whole if last == "batch" => (ours, Some(format!("{{ items = {text} }}"))),
        Kind::Whole if last == "success" => (ours, Some(format!("[{text}]"))),
        Kind::Whole if last == "signal" => (ours, signal(text).map(quoted)),
        Kind::List if last == "script" && !value.words.is_empty() => {
            (ours, Some(quoted(&value.words.join("\n"))))
        }
        Kind::Table if ["include", "exclude", "slots"].contains(&last) => {
            (ours, Some("[{ … }]".to_owned()))
        }
        Kind::Table if last == "needs" && !value.words.is_empty() => {
            let words: Vec<String> = value.words.iter().map(|word| quoted(word)).collect();
            (ours, Some(format!("[{}]", words.join(", "))))
        }
        Kind::List if last == "env" && !value.words.is_empty() => (ours, pairs(&value.words)),
        Kind::Flag if last == "retry" => (ours, Some(i32::from(text == "true").to_string())),
        Kind::Flag if last == "restart" => {
            (ours, Some(quoted(if text == "true" { "always" } else { "never" })))
        }
        Kind::Flag if last == "on-failure" => {
            (ours, Some(quoted(if text == "true" { "kill" } else { "continue" })))
        }
        Kind::Text
        | Kind::Whole
        | Kind::Number
        | Kind::Flag
        | Kind::Date
        | Kind::List
        | Kind::Table => (ours, None),
    }
}

/// Returns how a shell runs a script that stops at the first failure.
fn interpreter(name: &str) -> String {
    let options = match name.rsplit('/').next().unwrap_or(name) {
        "bash" | "zsh" | "ksh" => "\"-euo\", \"pipefail\", \"-c\"",
        "sh" | "dash" | "ash" | "busybox" => "\"-eu\", \"-c\"",
        "node" | "ruby" | "perl" => "\"-e\"",
        _ => "\"-c\"",
    };
    format!("[{}, {options}]", quoted(name))
}

/// Returns a value that fits by what is expected alone.
fn fallback(value: &Value, expected: &str) -> Option<String> {
    let text = value.text.trim();
    let has = |words: &str| expected.contains(words);
    match value.kind {
        Kind::Whole if has("duration") => Some(format!("\"{text}s\"")),
        Kind::Whole if has("a size") => Some(format!("\"{text}B\"")),
        Kind::Whole if has("a rate") => Some(format!("\"{text}/s\"")),
        Kind::Number if has("whole number") => text.strip_suffix(".0").map(str::to_owned),
        Kind::Whole | Kind::Number | Kind::Flag | Kind::Date if has("text") => Some(quoted(text)),
        Kind::Text if has("a list") => Some(format!("[{}]", quoted(&value.text))),
        Kind::List if has("text") && value.words.len() == 1 => Some(quoted(&value.words[0])),
        Kind::Text
        | Kind::Whole
        | Kind::Number
        | Kind::Flag
        | Kind::Date
        | Kind::List
        | Kind::Table => None,
    }
}

/// Returns the words in front of a line that is right.
fn lead(value: &Value, expected: &str) -> &'static str {
    match value.kind {
        Kind::Whole | Kind::Number
            if ["duration", "size", "rate"].iter().any(|unit| expected.contains(unit)) =>
        {
            "write a unit: "
        }
        Kind::Whole | Kind::Number | Kind::Flag | Kind::Date if expected.contains("text") => {
            "put it in quotes: "
        }
        Kind::Text => "write a list: ",
        Kind::Whole | Kind::Number | Kind::Flag | Kind::Date | Kind::List | Kind::Table => "write ",
    }
}

/// Returns the edit that writes a value anew, with its key in front where there is one.
fn told(mistake: &Mistake, lead: &str, new: String) -> Cure {
    let help = match &mistake.name {
        Name::Key(key) => format!("{lead}`{}`", shown(&format!("{key} = {new}"))),
        Name::EntryOf(_) | Name::Table => format!("{lead}`{}`", shown(&new)),
    };
    Cure { help, fix: Some((mistake.value.at, new)) }
}

/// Returns the edit that moves a value to another key: the text of a command to `script`.
fn other(mistake: &Mistake, key: &str, ours: &str, new: &str) -> Option<Cure> {
    let line = format!("{ours} = {new}");
    let help = format!("`{key}` is executed without a shell; for a shell write `{}`", shown(&line));
    (mistake.value.kind == Kind::Text).then_some(Cure { help, fix: None })
}

/// Returns the unit that the name of a key tells; seconds where it tells none.
fn unit(key: &str) -> &'static str {
    let key = key.to_lowercase();
    let has = |part: &str| key.contains(part);
    match () {
        () if has("milli") || key.ends_with("ms") => "ms",
        () if has("min") => "m",
        () if has("hour") => "h",
        () => "s",
    }
}

/// Returns the name of a signal that is known by its number.
fn signal(number: &str) -> Option<&'static str> {
    let known = [("1", "SIGHUP"), ("2", "SIGINT"), ("3", "SIGQUIT"), ("9", "SIGKILL")];
    let known = known.into_iter().chain([("15", "SIGTERM")]);
    known.into_iter().find(|(known, _)| *known == number).map(|(_, name)| name)
}

/// Returns what people write for `true` and `false`.
fn flag(text: &str) -> Option<&'static str> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "y" => Some("true"),
        "false" | "no" | "off" | "0" | "n" => Some("false"),
        _ => None,
    }
}

/// Returns `NAME=VALUE` words as a table.
fn pairs(words: &[String]) -> Option<String> {
    let pair = |word: &String| {
        let (name, value) = word.split_once('=')?;
        let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        (bare && !name.is_empty()).then(|| format!("{name} = {}", quoted(value)))
    };
    let pairs: Option<Vec<String>> = words.iter().map(pair).collect();
    pairs.map(|pairs| format!("{{ {} }}", pairs.join(", ")))
}

/// Returns text as a string of TOML, on one line.
fn quoted(text: &str) -> String {
    // JSON's strings are TOML's, but for one sign that TOML wants escaped.
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// Returns a line as a help shows it.
fn shown(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(kind: Kind, text: &str, words: &[&str]) -> Value {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Value { kind, at: Span::default(), text: text.to_owned(), words }
    }

    #[test]
    fn what_stands_there_is_turned_into_what_fits() {
        for (ours, key, value, want) in [
            ("timeout", "timeout_minutes", value(Kind::Whole, "5", &[]), "timeout = \"5m\""),
            ("timeout", "timeout_ms", value(Kind::Whole, "500", &[]), "timeout = \"500ms\""),
            ("stop.grace", "stop_timeout", value(Kind::Text, "10", &[]), "stop.grace = \"10s\""),
            ("command", "cmd", value(Kind::Text, "npm test", &[]), "command = [\"npm\", \"test\"]"),
            ("command", "cmd", value(Kind::Text, "a && b", &[]), "script = \"a && b\""),
            ("needs", "deps", value(Kind::Text, "a, b", &[]), "needs = [\"a\", \"b\"]"),
            (
                "shell",
                "shell",
                value(Kind::Text, "bash", &[]),
                "shell = [\"bash\", \"-euo\", \"pipefail\", \"-c\"]",
            ),
            ("when", "condition", value(Kind::Text, "service_healthy", &[]), "when = \"ready\""),
            ("script", "cmds", value(Kind::List, "", &["a", "b"]), "script = \"a\\nb\""),
            ("env", "environment", value(Kind::List, "", &["A=1"]), "env = { A = \"1\" }"),
            ("stop.signal", "kill", value(Kind::Whole, "9", &[]), "stop.signal = \"SIGKILL\""),
        ] {
            let (ours, fitted) = fitting(ours, key, &value);
            assert_eq!(format!("{ours} = {}", fitted.unwrap_or_default()), want);
        }
    }

    #[test]
    fn a_string_of_json_is_one_of_toml() {
        for text in ["plain", "a\"b\\c", "\u{1}\u{7f}\n\t", "ä漢\u{1f600}"] {
            let line = format!("x = {}", quoted(text));
            let table: toml::Table = line.parse().unwrap();
            assert_eq!(table["x"].as_str(), Some(text));
        }
    }
}
