//! Tests of the page: it is its own, it says everything, and it stays small.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::event::{Exit, Outcome, Stop, Stream, Verdict};
use crate::model::AttemptId;
use crate::report::fixture::Story;
use crate::report::words;

/// Bytes of the page that every run has: its style, its scripts, what stands around them.
const EMPTY: usize = 64 << 10;

/// Returns the page of a story.
fn page(story: &Story) -> String {
    let (mut html, mut tally) = (Html::default(), Tally::default());
    for event in &story.events {
        tally.count(event);
        html.hear(event, &tally).unwrap();
    }
    let mut page = Vec::new();
    html.write(&tally, &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

/// Returns what the scripts of a page read.
fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"run\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

fn sum(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

#[test]
fn the_page_knows_its_own_style_and_scripts() {
    assert_eq!([sum(STYLE), sum(SCRIPT)], [STYLE_SUM, SCRIPT_SUM], "these are the sums now");
}

#[test]
fn every_outcome_has_its_words_its_sign_and_its_colours() {
    let mut story = Story::new("all");
    for outcome in Outcome::ALL {
        let node = story.node(&format!("a {outcome}"), None, None);
        story.done(node, outcome, None);
    }
    let page = page(story.finish(1));
    let light = STYLE.split_once("@media").unwrap().0;
    for outcome in Outcome::ALL {
        let (word, said) = (outcome.word(), words::outcome(outcome));
        let row = format!("<span class=\"badge {word}\">{said}</span>");
        assert!(page.contains(&row), "{row}");
        assert!(page.contains(&format!("<li class=\"{word}\"><b>1</b> {said}</li>")), "{word}");
        assert_eq!(STYLE.matches(&format!("--{word}: #")).count(), 2, "{word}: light and dark");
        assert!(light.contains(&format!("--{word}: #")), "{word}");
        assert!(STYLE.contains(&format!(".{word}.badge::before")), "{word}: a sign");
    }
}

#[test]
fn how_a_run_ended_is_said_as_its_summary_says_it() {
    let head = |end: &dyn Fn(&mut Story)| {
        let mut story = Story::new("end");
        let node = story.node("a", None, None);
        story.start(node, 1, None);
        story.wait(1_200);
        end(&mut story);
        let page = page(&story);
        assert_eq!(data(&page)["attempts"].as_array().map(Vec::len), Some(1));
        let (_, rest) = page.split_once("</span> ").unwrap();
        rest.split_once("</h1>").unwrap().0.to_owned()
    };
    let passed = head(&|story| {
        story.end(AttemptId(0), Exit::Code(0), Verdict::Passed, None).finish(0);
    });
    let stopped = head(&|story| {
        story.stop(Stop::Interrupt, Some(2), "SIGINT").finish(130);
    });
    let broken = head(&|_| {});
    let said = ["passed in 1.2s", "stopped by SIGINT after 1.2s", "broke off while it ran"];
    assert_eq!([passed, stopped, broken], said);
}

#[test]
fn what_was_printed_is_told_up_to_its_bound_and_what_failed_first() {
    let mut story = Story::new("logs");
    let (good, bad) = (story.node("good", None, None), story.node("bad", None, None));
    for (node, exit) in [(good, 0), (bad, 1)] {
        let attempt = story.start(node, 1, None);
        story.print(attempt, Stream::Stdout, "0123456789abcdé\n".repeat(10_000).as_bytes());
        story.print(attempt, Stream::Stderr, b"\x1b[31mred\x1b[0m\x1b[2J\n");
        let verdict = if exit == 0 { Verdict::Passed } else { Verdict::Failed };
        let outcome = if exit == 0 { Outcome::Passed } else { Outcome::Failed };
        story.end(attempt, Exit::Code(exit), verdict, None).done(node, outcome, None);
    }
    let data = data(&page(story.finish(1)));
    let logs = data["logs"].as_array().unwrap();
    let told: Vec<_> =
        logs.iter().map(|log| (log["attempt"].as_u64().unwrap(), log["whole"] == true)).collect();
    let expected = [(1, false), (1, true), (0, false), (0, true)];
    assert_eq!(told, expected);
    assert!(logs[0]["text"].as_str().unwrap().len() <= 64 << 10);
    assert_eq!(logs[1]["text"], "\x1b[31mred\x1b[0m");
}

#[test]
fn ten_thousand_attempts_cost_little_and_too_many_are_said() {
    let told = |attempts: u32| {
        let mut story = Story::new("many");
        for index in 0..attempts {
            let node = story.node(&format!("process-{index:06}"), None, None);
            let attempt = story.start(node, 1, None);
            story.wait(1).end(attempt, Exit::Code(0), Verdict::Passed, None);
            story.done(node, Outcome::Passed, None);
        }
        page(story.finish(0))
    };
    let page = told(10_000);
    let each = (page.len() - EMPTY) / 10_000;
    assert!(each < 300, "an attempt and its process cost {each} bytes");
    assert_eq!(data(&page)["left-out"], 0);

    let mut attempts = rows::Attempts::default();
    let mut story = Story::new("more");
    let node = story.node("a", None, None);
    let mut tally = Tally::default();
    for number in 1..=100_002 {
        let attempt = story.start(node, number, None);
        story.end(attempt, Exit::Code(0), Verdict::Passed, None);
    }
    for event in &story.events {
        tally.count(event);
        attempts.started(event, &tally);
        attempts.ended(event).unwrap();
    }
    assert_eq!(attempts.left_out(), 2);
}
