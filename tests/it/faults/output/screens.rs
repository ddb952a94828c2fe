//! Screens: what children print acts on nothing that shows it.

use std::fs;

use rustix::termios::{Action, tcflow};

use super::{log, told};
use crate::harness::{Ran, Test, installed, wait_for};

/// Sequences of a terminal that do harm, each between two words, and one that is never ended.
const HOSTILE: &str = "\x1b[31mred\x1b[0m \x1b[2J\x1b[10;10H\x1b]0;title\x07\x1b]52;c;aGk=\x1b\\\
    \x1b[?1049h\x1b[6n\x1bc\x1b(0\x1b#8\x1bPq\x1b\\\x1b_apc\x1b\\\x07\x08\x7f\u{9b}31m\u{202e}end\n\
    before \x1b]0;open\nafter\n";

/// Orders to everything that shows output, and lines of the runner itself.
const ORDERS: &str = "::error::x\n  ::add-mask::a\n::set-output name=a::b\n##[group]x\n\
    ##[add-mask]a\na ##[error]x\n##vso[task.complete result=Failed]\n##teamcity[buildStop]\n\
    --- a\n+++ b\n^^^ +++\n~~~ c\nsection_start:1:a\r\x1b[0Kx\n::endgroup::\n\
    {\"at\":1,\"event\":\"run-ended\",\"exit\":0,\"took\":1}\na: passed in 1ms\n\
    job: passed in 1ms\n";

fn printed(bytes: &str, env: &[(&str, &str)], args: &[&str]) -> Ran {
    let job = "[process.a]\nscript = \"cat bytes; cat bytes >&2; exit $(cat code)\"\n";
    let mut test = Test::new().job(job).file("bytes", bytes).file("code", "1");
    for (name, value) in env {
        test = test.env(name, value);
    }
    test.args(["job.toml"]).args(args).run().exits(1)
}

#[test]
fn o12_nothing_but_colours_reaches_a_terminal() {
    for mode in ["plain", "group", "quiet"] {
        let ran = printed(HOSTILE, &[], &["--color", "always", "--output", mode]);
        assert_eq!(log(&ran, "a.out"), HOSTILE.as_bytes(), "the log is as it was printed");
        let mut rest = &*ran.stderr;
        while let Some(at) = rest.find(|c: char| c.is_control() && !"\n\t".contains(c)) {
            rest = rest[at..].strip_prefix("\x1b[").unwrap_or_else(|| panic!("{rest:?}"));
            let end = rest.find(|c: char| !"0123456789;:".contains(c)).expect("an end");
            assert!(rest[end..].starts_with('m'), "{rest:?}");
        }
        assert!(!ran.stderr.contains('\u{202e}'), "{ran}");
        assert!(ran.stderr.contains("\x1b[31mred\x1b[0m"), "colours pass\n{ran}");
        assert!(ran.stderr.contains("after\n"), "what is open ends with its line\n{ran}");
    }
}

#[test]
fn o13_of_a_line_that_is_drawn_again_the_last_state_is_shown() {
    let bytes = "10%\r20%\r\r30%\r\nnext\n90%\r100%";
    for mode in ["plain", "group"] {
        let ran = printed(bytes, &[], &["--output", mode]);
        assert_eq!(log(&ran, "a.out"), bytes.as_bytes(), "all of it is in the log");
        assert!(ran.stderr.contains("30%\n") && ran.stderr.contains("100%\n"), "{ran}");
        for gone in ["10%", "20%", "90%", "\r"] {
            assert!(!ran.stderr.contains(gone), "{gone:?}\n{ran}");
        }
    }
}

/// Returns the orders that GitHub would follow, as its own program reads lines: after
/// `stop-commands` it waits for the word; `::` may stand behind spaces, `##[` anywhere.
fn followed_by_github(text: &str) -> Vec<&str> {
    let (mut word, mut followed) = (None, Vec::new());
    for line in text.lines() {
        let new = line.trim_start().strip_prefix("::").and_then(|rest| rest.split_once("::"));
        match (word, new) {
            (Some(stop), Some((order, _))) if order == stop => word = None,
            (None, Some(("stop-commands", stop))) => word = Some(stop),
            (None, Some((order, _))) => followed.push(order),
            (None, None) if line.contains("##[") => followed.push(line),
            (Some(_), _) | (None, None) => {}
        }
    }
    assert_eq!(word, None, "what comes after the run is heard");
    followed
}

#[test]
fn o14_github_takes_no_orders_from_a_child() {
    for mode in ["plain", "group", "quiet", "auto"] {
        let ran = printed(ORDERS, &[("GITHUB_ACTIONS", "true")], &["--output", mode]);
        let followed = followed_by_github(&ran.stderr);
        assert!(followed.iter().all(|order| ["group", "endgroup"].contains(order)), "{followed:?}");
        assert!(ran.stderr.contains("::error::x"), "people can read it\n{ran}");
    }
    let open = followed_by_github("::error::x\n##[group]\n");
    assert_eq!(open, ["error", "##[group]"], "the reader here would see orders");
}

#[test]
fn o14_other_systems_take_no_orders_from_a_child() {
    let acts = |ci: &str, line: &str| match ci {
        "TF_BUILD" => line.contains("##vso[") || line.contains("##["),
        "TEAMCITY_VERSION" => line.contains("##teamcity["),
        // The runner opens what matters with a sign of its own.
        "BUILDKITE" => {
            let signs = ["---", "+++", "~~~", "^^^"];
            let printed = ORDERS.split('\n').any(|printed| printed == line);
            printed && signs.iter().any(|sign| line.starts_with(sign))
        }
        _ => line.contains('\r') && line.contains("section_start:") || line.contains('\x1b'),
    };
    for ci in ["TF_BUILD", "TEAMCITY_VERSION", "BUILDKITE", "GITLAB_CI"] {
        assert!(ORDERS.split('\n').any(|line| acts(ci, line)), "{ci} would see an order");
        for mode in ["plain", "group", "quiet"] {
            let ran = printed(ORDERS, &[(ci, "1")], &["--output", mode]);
            let order = ran.stderr.split('\n').find(|line| acts(ci, line));
            assert_eq!(order, None, "{ci} {mode}");
        }
    }
}

#[test]
fn o14_a_child_can_not_speak_for_the_runner() {
    let ran = printed(ORDERS, &[], &["--output", "plain"]);
    let verdicts = ran.stderr.lines().filter(|line| line.starts_with("job: "));
    assert!(verdicts.eq(ran.stderr.lines().filter(|line| line.starts_with("job: failed"))));
    for (env, quotes) in [(&[][..], false), (&[("GITHUB_ACTIONS", "true")], true)] {
        let ran = printed(ORDERS, env, &["--output", "json"]);
        let kinds = ran.stdout.lines().map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).expect("an event");
            (event["event"].as_str() == Some("run-ended")).then(|| event["exit"].clone())
        });
        assert_eq!(kinds.flatten().collect::<Vec<_>>(), [1]);
        assert_eq!(ran.stdout.contains("##"), !quotes);
        assert_eq!(told(&ran).len(), 2 * ORDERS.len());
    }
}

#[test]
fn o16_there_are_no_bars_where_they_would_smear() {
    if !installed("o16", "script") {
        return;
    }
    let job = "[process.a]\nscript = \"echo shown; sleep 0.3\"\n";
    for (before, bars) in [
        ("stty cols 80 rows 24; export TERM=xterm", true),
        ("stty cols 80 rows 24; export TERM=dumb", false),
        ("stty cols 19 rows 24; export TERM=xterm", false),
    ] {
        let ran = Test::new()
            .job(job)
            .on_a_terminal(&format!("{before}; $R job.toml --color never"))
            .run();
        let ran = ran.exits(0);
        assert_eq!(ran.stdout.contains("\x1b[K"), bars, "{before}\n{ran}");
        assert_eq!(ran.stdout.contains("a | shown"), !bars, "{before}\n{ran}");
    }
}

#[test]
fn o16_a_terminal_that_takes_nothing_holds_nobody_up() {
    if !installed("o16", "script") {
        return;
    }
    let job = r#"
[process.a]
script = "until [ -e go ]; do sleep 0.01; done; seq 200000; sleep 0.5"

[process.b]
needs = ["a"]
script = "echo > done"
"#;
    let shell = "stty cols 80 rows 24; tty > tty; TERM=xterm exec $R job.toml";
    let running = Test::new().job(job).on_a_terminal(shell).start();
    let terminal = running.wait_for_file("tty");
    let terminal = fs::File::options().write(true).open(terminal.trim()).expect("a terminal");
    tcflow(&terminal, Action::OOff).expect("it can be held");
    fs::write(running.path("go"), "").expect("a file");
    wait_for("the run to go on", || running.path("done").exists().then_some(()));
    tcflow(&terminal, Action::OOn).expect("it can be let go of");
    drop(terminal);
    running.wait().exits(0);
}
