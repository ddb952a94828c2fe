//! Laws of the selection: over tables, and over jobs that are made up.
//!
//! Unaware of how it is made.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use proptest::prelude::*;

use super::{Rerun, Selection, Shard, Since};
use crate::plan::sample::job;
use crate::plan::{Ground, Left, Machine, Plan, Unselectable, Why, check, plan};

const MACHINE: Machine = Machine { cpus: 4, jobs: None };

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn selected(text: &str, selection: &Selection) -> Result<Plan, Unselectable> {
    let mut job = job(text);
    assert_eq!(check(&job), []);
    for process in &mut job.processes {
        // What is called `test-…` is tagged.
        process.tags =
            process.name.split_once('-').map(|(tag, _)| format!("{tag}s")).into_iter().collect();
    }
    plan(job, selection, &MACHINE, &BTreeMap::new())
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.nodes.iter().map(|node| node.name.as_str()).collect()
}

fn only(patterns: &[&str]) -> Selection {
    Selection { only: words(patterns), ..Selection::default() }
}

fn skip(patterns: &[&str]) -> Selection {
    Selection { skip: words(patterns), ..Selection::default() }
}

const TESTS: &str = "build
test-a needs build
test-b needs build matrix k=1,2
lint
\
                     report needs ended:test-a ended:test-b";

#[test]
fn patterns_are_names_globs_and_tags() {
    for (patterns, expected) in [
        (&["tests"][..], &["build", "test-a", "test-b (1)", "test-b (2)"][..]),
        (&["test-*"], &["build", "test-a", "test-b (1)", "test-b (2)"]),
        (&["test-b (2)"], &["build", "test-b (2)"]),
        (&["* (1)"], &["build", "test-b (1)"]),
        (&["lint", "test-?"], &["build", "test-a", "test-b (1)", "test-b (2)", "lint"]),
        (&["{lint,build}"], &["build", "lint"]),
    ] {
        assert_eq!(names(&selected(TESTS, &only(patterns)).unwrap()), expected, "{patterns:?}");
    }
    let refused = |patterns| selected(TESTS, &only(patterns)).unwrap_err().to_string();
    assert_eq!(refused(&["test"]), "no process is called or tagged `test`; did you mean `tests`?");
    assert_eq!(refused(&["no*"]), "no process is called or tagged `no*`");
    assert_eq!(refused(&["a["]), "`a[` is no pattern: unclosed character class; missing ']'");
}

#[test]
fn each_way_to_ask_narrows() {
    let both = Selection { processes: words(&["test-a", "lint"]), ..only(&["tests"]) };
    let plan = selected(TESTS, &both).unwrap();
    assert_eq!(names(&plan), ["build", "test-a"]);
    let grounds = vec![Ground::Named("test-a".to_owned()), Ground::Tagged("tests".to_owned())];
    assert_eq!(plan.why[1], Why::Runs(grounds));
    assert_eq!(plan.why[0], Why::Runs(vec![Ground::Needed(1)]));
    assert_eq!(plan.why[3], Why::Left(Left::Unasked));
    let none = Selection { processes: words(&["lint"]), ..only(&["tests"]) };
    assert_eq!(
        selected(TESTS, &none).unwrap_err().to_string(),
        "nothing was selected: `--only` matches nothing of what is named"
    );
}

#[test]
fn what_is_skipped_is_not_pulled_in() {
    let plan = selected(TESTS, &skip(&["build", "test-b (1)"])).unwrap();
    assert_eq!(names(&plan), ["test-a", "test-b (2)", "lint", "report"]);
    assert!(plan.nodes[0].needs.is_empty());
    assert_eq!(plan.why[0], Why::Left(Left::Skipped("build".to_owned())));
    let refused = selected(TESTS, &skip(&["*"])).unwrap_err().to_string();
    assert_eq!(refused, "nothing was selected: everything that was asked for is skipped");
}

#[test]
fn who_cannot_do_without_what_is_skipped_is_left_out() {
    for (text, skipped, left) in [
        ("a\nb stdin a\nc needs b\nd", "a", &["c", "d"][..]),
        ("a\nb run {process.a.stdout}\nd", "a", &["d"]),
        ("a\nb pipe a\nd", "a", &["d"]),
        ("a\nb pipe a\nd", "b", &["d"]),
        ("a\nb needs failed:a\nc needs ended:a\nd", "a", &["c", "d"]),
        ("a feeds q\nb reads q feeds r\nc reads r\nd", "b", &["d"]),
        ("a feeds q\nb feeds q\nc reads q\nd reads q", "a", &["b", "c", "d"]),
        ("a feeds q\nb reads q\nc reads q", "b", &["a", "c"]),
        ("queue q 1\na feeds q\nb reads q", "a", &["b"]),
        ("queue q groups=x,y\na feeds q\nb reads q/x\nc reads q/y\nd", "c", &["d"]),
        ("s service!\na needs s", "s", &["a"]),
    ] {
        assert_eq!(names(&selected(text, &skip(&[skipped])).unwrap()), left, "{text}");
    }
    let asked = Selection { processes: words(&["b"]), ..skip(&["a"]) };
    let refused = selected("a\nb stdin a\nd", &asked).unwrap_err().to_string();
    let why = "what was asked for can't run without what is left out";
    assert_eq!(refused, format!("nothing was selected: {why}"));
}

fn since(affected: &[&str]) -> Selection {
    let affected = affected.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
    let since = Some(Since { revision: "main".to_owned(), affected });
    Selection { since, ..Selection::default() }
}

#[test]
fn what_depends_on_a_change_is_affected() {
    let text =
        "a\nb needs a\nc after b\nd stdin b\ne feeds q\nf reads q needs a\ng\nh matrix k=1,2";
    for (changed, expected) in [
        (&["a"][..], &["a", "b", "d", "e", "f"][..]),
        (&["e"], &["a", "e", "f"]),
        (&["d"], &["a", "b", "d"]),
        (&["c", "h (2)"], &["c", "h (2)"]),
    ] {
        assert_eq!(names(&selected(text, &since(changed)).unwrap()), expected, "{changed:?}");
    }
    let plan = selected(text, &since(&["a"])).unwrap();
    assert_eq!(plan.why[0], Why::Runs(vec![Ground::Affected("x".to_owned())]));
    assert_eq!(plan.why[1], Why::Runs(vec![Ground::Depends(0)]));
    assert_eq!(plan.why[6], Why::Left(Left::Unaffected));
    assert_eq!(
        selected(text, &since(&[])).unwrap_err().to_string(),
        "nothing was selected: what changed since `main` affects nothing of it"
    );
}

#[test]
fn what_passed_is_not_run_again_but_where_its_output_is_read() {
    let text = "a\nb needs a\nc stdin a\nd needs failed:a\ne matrix k=1,2\nf needs e";
    let again = |wanted: &[&str], done: &[&str]| {
        let wanted = wanted.iter().map(|name| ((*name).to_owned(), "failed".to_owned())).collect();
        let again = Some(Rerun { wanted, done: done.iter().map(|&n| n.to_owned()).collect() });
        let plan = selected(text, &Selection { again, ..Selection::default() });
        plan.map_or_else(|why| why.to_string(), |plan| names(&plan).join(" "))
    };
    assert_eq!(again(&["b"], &["a"]), "b");
    assert_eq!(again(&["b", "c"], &["a"]), "a b c");
    assert_eq!(
        again(&["d"], &["a"]),
        "nothing was selected: what was asked for can't run without what is left out"
    );
    assert_eq!(again(&["e (2)", "f"], &["e (1)"]), "e (2) f");
    assert_eq!(
        again(&["gone"], &["a"]),
        "nothing was selected: nothing of that run is left to run again"
    );
}

/// Returns a job of processes that need, feed and join each other as the numbers say.
fn made_up(numbers: &[(u8, u8, u8)]) -> String {
    let mut text = String::new();
    for (at, (kind, first, second)) in numbers.iter().enumerate() {
        write!(text, "test-{at}").unwrap();
        if at > 0 {
            let other = |number: &u8| usize::from(*number) % at;
            match kind % 6 {
                0 => write!(text, " needs test-{}", other(first)).unwrap(),
                1 => write!(text, " needs test-{} test-{}", other(first), other(second)).unwrap(),
                2 => write!(text, " matrix k=1,2,3 needs test-{}", other(first)).unwrap(),
                3 => write!(text, " matrix k=1,2,3,4").unwrap(),
                _ => {}
            }
        }
        text.push('\n');
    }
    for queue in 0..numbers.len() / 4 {
        writeln!(text, "feed-{queue} feeds q{queue}\nread-{queue} reads q{queue} needs test-0")
            .unwrap();
    }
    text
}

proptest! {
    #[test]
    fn shards_lose_nothing_and_share_only_what_is_needed(
        numbers in prop::collection::vec(any::<(u8, u8, u8)>(), 1..14),
        of in 1_usize..6,
        (balanced, narrowed) in any::<(bool, bool)>(),
    ) {
        let text = made_up(&numbers);
        let base = if narrowed { only(&["tests"]) } else { Selection::default() };
        let whole = selected(&text, &base).unwrap();
        let whole: BTreeSet<&str> = names(&whole).into_iter().collect();
        let took = |name: &&str| Duration::from_millis(1 + name.len() as u64 % 7);
        let durations = balanced.then(|| {
            whole.iter().map(|name| ((*name).to_owned(), took(name))).collect()
        });
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        let mut needed = BTreeSet::new();
        for number in 1..=of {
            let shard = Some(Shard { number, of, durations: durations.clone() });
            let part = match selected(&text, &Selection { shard, ..base.clone() }) {
                Ok(part) => part,
                Err(Unselectable::Nothing(_)) => continue,
                Err(other) => panic!("{other}"),
            };
            for node in &part.nodes {
                *found.entry(node.name.clone()).or_default() += 1;
                let Why::Runs(grounds) = &part.why[node.process] else { panic!("it runs") };
                if grounds.iter().any(|ground| matches!(ground, Ground::Needed(_))) {
                    needed.insert(node.name.clone());
                }
            }
        }
        let all: BTreeSet<&str> = found.keys().map(String::as_str).collect();
        prop_assert_eq!(&all, &whole);
        for (name, times) in &found {
            prop_assert!(*times == 1 || needed.contains(name), "{name} runs {times} times\n{text}");
        }
    }
}

#[test]
fn shards_are_balanced_by_durations() {
    let text = "a\nb\nc\nd\ne";
    let seconds = [("a", 9), ("b", 1), ("c", 5), ("d", 5)];
    let durations: BTreeMap<String, Duration> =
        seconds.iter().map(|(name, s)| ((*name).to_owned(), Duration::from_secs(*s))).collect();
    let part = |number, durations: &Option<_>| {
        let shard = Some(Shard { number, of: 2, durations: durations.clone() });
        names(&selected(text, &Selection { shard, ..Selection::default() }).unwrap()).join(" ")
    };
    assert_eq!([1, 2].map(|number| part(number, &None)), ["a c e", "b d"]);
    assert_eq!([1, 2].map(|number| part(number, &Some(durations.clone()))), ["a b e", "c d"]);
    let empty = Some(Shard { number: 3, of: 3, durations: None });
    let refused = selected("a\nb", &Selection { shard: empty, ..Selection::default() });
    assert_eq!(
        refused.unwrap_err().to_string(),
        "nothing was selected: shard 3/3 is empty: there is work for 2 only"
    );
}
