//! Strict: readers of a log as the systems have them that show it, to which nothing is forgiven.
//!
//! For tests only: whatever a child prints, folds open and shut in pairs, every order is one of the
//! runner's own, and the verdict stands outside of all folds. Written from what the systems
//! document, and from how their agents read. Unaware of how the log was written.

use proptest::prelude::*;
use regex::Regex;

use super::Mode;
use super::fixture::Story;
use crate::ci::Ci;
use crate::event::{EventKind, Exit, Finding, Outcome, Stop, Stream, Verdict};
use crate::model::Severity;

/// Commands that GitHub's agent knows; case does not matter.
const COMMANDS: &str = "add-mask add-matcher add-path debug echo endgroup error group notice \
                        remove-matcher save-state set-env set-output stop-commands warning";

/// A log as a system has read it.
#[derive(Debug, Default)]
struct Log {
    /// Names of folds that are open.
    open: Vec<String>,
    /// How many were shut.
    folds: usize,
    /// Orders that are no folds.
    orders: Vec<String>,
    /// What is shown outside of folds.
    shown: Vec<String>,
}

impl Log {
    fn open(&mut self, name: &str) {
        assert!(self.open.is_empty(), "`{name}` opens inside of {:?}", self.open);
        self.open.push(name.to_owned());
    }

    fn shut(&mut self, name: Option<&str>) {
        let open = self.open.pop().expect("one is open");
        assert!(name.is_none_or(|name| name == open), "`{name:?}` shuts `{open}`");
        self.folds += 1;
    }

    fn show(&mut self, line: &str) {
        if self.open.is_empty() {
            self.shown.push(line.to_owned());
        }
    }
}

/// Reads a log as a system does.
fn read(ci: Ci, text: &str) -> Log {
    let mut log = Log::default();
    match ci {
        Ci::GitHub => github(&mut log, text),
        Ci::GitLab => gitlab(&mut log, text),
        Ci::Azure => lines(text).for_each(|line| azure(&mut log, line)),
        Ci::TeamCity => lines(text).for_each(|line| teamcity(&mut log, line)),
        Ci::Buildkite => buildkite(&mut log, text),
    }
    assert!(log.open.is_empty(), "{:?} are still open\n{text}", log.open);
    log
}

/// Cuts a text where any of the agents does.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r', '\u{85}', '\u{b}', '\u{c}'])
}

/// Two forms of a command: `::name k=v::data` at the start of a line, `##[name k=v;]data` anywhere.
/// While commands are stopped only the word counts that begins them again.
fn github(log: &mut Log, text: &str) {
    let mut stopped: Option<String> = None;
    for line in lines(text) {
        let is_known = |name: &str| {
            let name = name.to_lowercase();
            stopped.as_ref().is_some_and(|word| *word == name)
                || COMMANDS.split(' ').any(|command| command == name)
        };
        let name_of = |inside: &str| inside.split(' ').next().unwrap_or_default().to_owned();
        let new = line.trim_start().strip_prefix("::").and_then(|rest| rest.split_once("::"));
        let new = new.map(|(inside, data)| (name_of(inside), data));
        let old = line.split_once("##[").and_then(|(_, rest)| rest.split_once(']'));
        let old = old.map(|(inside, data)| (name_of(inside), data));
        let command = [new, old].into_iter().flatten().find(|(name, _)| is_known(name));
        match (command, &stopped) {
            (Some((name, _)), Some(word)) if name == *word => stopped = None,
            (_, Some(_)) | (None, None) => log.show(line),
            (Some((name, data)), None) => match name.as_str() {
                "stop-commands" => stopped = Some(data.to_owned()),
                "group" => log.open(data),
                "endgroup" => log.shut(None),
                _ => log.orders.push(line.to_owned()),
            },
        }
    }
    assert_eq!(stopped, None, "commands stay stopped");
}

/// Sections begin and end wherever the mark stands, and have names of their own.
fn gitlab(log: &mut Log, text: &str) {
    let mark = r"section_(start|end):(\d+):([A-Za-z0-9_.-]+)(\[[^\]]*\])?\r(?:\x1b\[0K)";
    let mark = Regex::new(mark).unwrap();
    let (mut end, mut names) = (0, Vec::new());
    for found in mark.captures_iter(text) {
        let whole = found.get(0).unwrap();
        text[end..whole.start()].lines().for_each(|line| log.show(line));
        end = whole.end();
        if &found[1] == "end" {
            log.shut(Some(&found[3]));
            continue;
        }
        assert_eq!(found.get(4).map(|options| options.as_str()), Some("[collapsed=true]"));
        assert!(!names.contains(&found[3].to_owned()), "`{}` comes twice", &found[3]);
        names.push(found[3].to_owned());
        log.open(&found[3]);
    }
    let rest = &text[end..];
    rest.lines().for_each(|line| log.show(line));
    // What a section does not end with is dropped from the screen.
    assert!(!rest.contains('\r'), "{rest:?}");
}

fn azure(log: &mut Log, line: &str) {
    match line.trim_start() {
        start if start.starts_with("##[group]") => log.open(start),
        start if start.starts_with("##[endgroup]") => log.shut(None),
        _ if line.contains("##vso[") || line.trim_start().starts_with("##[") => {
            log.orders.push(line.to_owned());
        }
        _ => log.show(line),
    }
}

fn teamcity(log: &mut Log, line: &str) {
    let Some((before, message)) = line.split_once("##teamcity[") else { return log.show(line) };
    let value = r"'((?:[^|'\[\]]|\|[nr|'\[\]])*)'";
    let whole = Regex::new(&format!(r"^(\w+)(?: \w+={value})+\]$")).unwrap();
    let found = whole.captures(message).filter(|_| before.is_empty());
    let found = found.unwrap_or_else(|| panic!("`{line}` is no message"));
    match &found[1] {
        "blockOpened" => log.open(&found[2]),
        "blockClosed" => log.shut(Some(&found[2])),
        _ => log.orders.push(line.to_owned()),
    }
}

/// A header begins a fold and ends the one before; colours in front of it do not matter.
fn buildkite(log: &mut Log, text: &str) {
    let color = Regex::new(r"\x1b\[[;\d]*[mK]").unwrap();
    let mut is_folded = false;
    for line in lines(text) {
        let line = color.replace_all(line, "");
        let folds = line.starts_with("---") || line.starts_with("~~~");
        if line.starts_with("^^^") {
            log.orders.push(line.into_owned());
        } else if folds {
            (is_folded, log.folds) = (true, log.folds + 1);
        } else if let Some(shown) = line.strip_prefix("+++") {
            is_folded = false;
            log.shown.push(shown.trim_start().to_owned());
        } else if !is_folded {
            log.shown.push(line.into_owned());
        }
    }
}

/// Pieces of what a child may print that wants to be the runner.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&[u8]> = vec![
        b"::endgroup::",
        b"::group::mine",
        b"::error file=a,line=1::mine",
        b"::stop-commands::mine",
        b"::mine::",
        b"::add-mask::passed",
        b"##[endgroup]",
        b"##[group]mine",
        b"##[add-mask]a",
        b"###[endgroup]",
        b"section_end:1700000000:runner_1\r\x1b[0K",
        b"\x1b[0Ksection_start:1:mine[collapsed=true]\r\x1b[0K",
        b"##vso[task.complete result=Succeeded;]done",
        b"##teamcity[blockClosed name='a']",
        b"##teamcity[buildStatus status='SUCCESS']",
        b"--- mine",
        b"+++ mine",
        b"^^^ +++",
        b"~~~ mine",
        b"strict: passed in 1ms",
        b"\x1b[31m",
        b"\x1b[0K",
        b"\x1b]0;title\x07",
        b"\xff\xfe",
        b"\xc2\x85",
        b"\x0b\x0c\0",
        b" ",
        b"\r",
        b"\r\n",
        b"\n",
        b"\n",
    ];
    let piece = prop_oneof![
        12 => proptest::sample::select(known).prop_map(<[u8]>::to_vec),
        2 => super::fixture::hostile(),
        1 => Just(vec![b'x'; 5000]),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Returns how many orders mark one finding in the code.
fn annotations(ci: Ci) -> usize {
    match ci {
        Ci::GitHub | Ci::Azure => 1,
        Ci::TeamCity => 2,
        Ci::GitLab | Ci::Buildkite => 0,
    }
}

/// A run in which processes pass, fail, are tried again and work off items, all of them hostile.
fn story(said: &[Vec<u8>; 5]) -> Story {
    let [good, bad, flaky, item, note] = said;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut story = Story::new("strict");
    let queue = story.queue("items", 8);
    let nodes = ["good", "bad", "flaky"].map(|name| story.node(name, None, None));
    let reader = story.node("reader", Some(queue), None);
    let passed = (Exit::Code(0), Verdict::Passed);
    let failed = (Exit::Code(1), Verdict::Failed);
    let attempt = story.start(nodes[0], 1, None);
    story.print(attempt, Stream::Stdout, good).print(attempt, Stream::Stderr, note);
    story.end(attempt, passed.0.clone(), passed.1, None).done(nodes[0], Outcome::Passed, None);
    let attempt = story.start(nodes[2], 1, None);
    story.print(attempt, Stream::Stderr, flaky);
    story.end(attempt, failed.0.clone(), failed.1, Some(5));
    let attempt = story.start(nodes[2], 2, None);
    story.print(attempt, Stream::Stdout, flaky).end(attempt, passed.0, passed.1, None);
    story.done(nodes[2], Outcome::Flaky, None);
    let attempt = story.start(reader, 1, Some(&text(item)));
    story.print(attempt, Stream::Stderr, item).end(attempt, failed.0.clone(), failed.1, None);
    story.level(queue, [0, 1, 0, 1]).done(reader, Outcome::Failed, Some("1 dead item"));
    story.tell(EventKind::Noted { message: text(note) });
    let attempt = story.start(nodes[1], 1, None);
    story.print(attempt, Stream::Stdout, bad).print(attempt, Stream::Stderr, b"\nlast words");
    let finding = Finding {
        matcher: text(item),
        severity: Severity::Error,
        file: text(note),
        line: Some(1),
        column: None,
        code: None,
        message: text(bad),
    };
    story.tell(EventKind::Found { attempt, node: nodes[1], finding });
    story.end(attempt, failed.0, failed.1, None).leaving(812, &text(note));
    story.done(nodes[1], Outcome::Failed, Some(&text(note)));
    story.stop(Stop::Failure, None, &text(note)).finish(1);
    story
}

proptest! {
    // Each is shown in fifteen ways.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_child_moves_a_fold_or_the_verdict(
        good in pieces(), bad in pieces(), flaky in pieces(), item in pieces(), note in pieces(),
        color: bool,
    ) {
        let story = story(&[good, bad, flaky, item, note]);
        for ci in [Ci::GitHub, Ci::GitLab, Ci::Azure, Ci::TeamCity, Ci::Buildkite] {
            for mode in [Mode::Group, Mode::Plain, Mode::Quiet] {
                let text = story.shown_with(mode, None, Some(ci), color);
                let log = read(ci, &text);
                // Of `good`, and of each try of `flaky`.
                let folds = if mode == Mode::Group { 3 } else { 0 };
                prop_assert_eq!(log.folds, folds, "{:?} {:?}\n{}", ci, mode, text);
                prop_assert_eq!(log.orders.len(), annotations(ci), "{:?} {:?}\n{}", ci, mode, text);
                let bare = |line: &String| console::strip_ansi_codes(line).into_owned();
                let shown: Vec<String> = log.shown.iter().map(bare).collect();
                let verdicts = shown.iter().filter(|line| line.starts_with("strict: failed in"));
                prop_assert_eq!(verdicts.count(), 1, "{:?} {:?}\n{}", ci, mode, text);
                let told = shown.iter().any(|line| line.contains("last words"));
                prop_assert!(told, "{ci:?} {mode:?}: a failure is folded away\n{text}");
            }
        }
    }
}

#[test]
fn a_reader_refuses_what_a_child_has_ordered() {
    let refused = |ci: Ci, text: &str| {
        let text = text.to_owned();
        let log = std::panic::catch_unwind(move || read(ci, &text));
        log.is_err() || log.is_ok_and(|log| !log.orders.is_empty())
    };
    for (ci, text) in [
        (Ci::GitHub, "::group::a\n::endgroup::\n::endgroup::\n"),
        (Ci::GitHub, "a ##[ERROR]b\n"),
        (Ci::GitHub, "::stop-commands::x\n::endgroup::\n"),
        (Ci::GitLab, "section_end:1:a\r\x1b[0K"),
        (Ci::Azure, "a ##vso[task.complete]\n"),
        (Ci::TeamCity, "##teamcity[blockOpened name='a'b']\n"),
        (Ci::Buildkite, "^^^ +++\n"),
    ] {
        assert!(refused(ci, text), "{ci:?} {text:?}");
    }
}
