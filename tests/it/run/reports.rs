//! Reports: files about a run agree with it, and no text of others breaks them.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{Ran, Test, fetched, installed};

/// A job in which something ends in each way, with text that means something to each format.
const JOB: &str = r#"
name = "odd <job>"
limits.on-failure = "continue"

[queue.n]
items = { range = [0, 2] }

[process.even]
consumes = "n"
workers = 1
retry = 1
script = """
[ $RUNNER_ITEM_INDEX != 0 ] || exit 0
printf '\\033[31mbad\\033[0m \\377\\001 ]]> <&>\\n' >&2
exit 3"""

[process.flaky]
retry = 2
script = "[ -e f ] || { touch f; echo first >&2; exit 1; }; echo fine"

[process.test]
matrix.os = ["linux", "mac|win"]
script = "echo {matrix.os} '```'; [ {matrix.os} = linux ]"

[process.allowed]
allow-failure = true
command = ["false"]

[process.later]
needs = ["test"]
command = ["true"]

[process.missing]
command = ["no-such"]
"#;

/// Takes out what differs from run to run.
fn timeless(text: &str) -> String {
    let time =
        regex::Regex::new(r#"(time(?:stamp)?)="[^"]*"|\d+(?:\.\d)?m?s\b"#).expect("it is one");
    time.replace_all(text, |found: &regex::Captures<'_>| {
        found.get(1).map_or("[time]".to_owned(), |name| format!("{}=\"\"", name.as_str()))
    })
    .into_owned()
}

/// Runs the job, so many children at once.
fn ran(jobs: &str) -> Ran {
    let words =
        ["junit=out/j.xml", "markdown=out/m.md", "trace=t.json", "events=e.jsonl", "html=p.html"];
    let args = words.iter().flat_map(|word| ["--report", *word]).chain(["-j", jobs, "job.toml"]);
    Test::new().job(JOB).args(args).run().exits(1)
}

#[test]
fn a_run_is_told_as_tests() {
    let ran = ran("1");
    let xml = ran.read("out/j.xml");
    let tree = roxmltree::Document::parse(&xml).expect("XML");
    let count = |of: roxmltree::Node<'_, '_>, name: &str| {
        of.descendants().filter(|node| node.has_tag_name(name)).count()
    };
    for suite in tree.descendants().filter(|node| node.has_tag_name("testsuite")) {
        for (said, element) in
            [("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")]
        {
            let said: usize = suite.attribute(said).expect("it is said").parse().expect("a number");
            assert_eq!(said, count(suite, element), "{xml}");
        }
    }
    assert_snapshot!(timeless(&xml));
}

#[test]
fn a_dead_item_that_is_tolerated_is_no_failure() {
    let job = |tolerate: &str| {
        format!(
            "[queue.n]\nitems = {{ range = [0, 3] }}\n{tolerate}\n[process.a]\nconsumes = \"n\"\n\
             retry = 1\nscript = \"[ {{item}} != 1 ]\"\n"
        )
    };
    for (tolerate, exit, failures, skipped) in [("tolerate = 1", 0, 0, 1), ("", 1, 1, 0)] {
        let args = ["--report", "junit=j.xml", "-j", "1", "job.toml"];
        let ran = Test::new().job(&job(tolerate)).args(args).run().exits(exit);
        let xml = ran.read("j.xml");
        let said =
            format!("tests=\"3\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"");
        assert!(xml.contains(&said), "{xml}");
        let told = "<skipped message=\"dead, which is tolerated: exit code 1\"/>";
        assert_eq!(xml.contains(told), exit == 0, "{xml}");
        assert_eq!(xml.contains("<rerunFailure"), exit == 1, "{xml}");
    }
}

/// Where `.ci/run` puts the schema that Jenkins publishes.
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/python/junit-10.xsd");

#[test]
#[expect(clippy::disallowed_methods, reason = "the validator is no child of a run")]
fn a_report_of_tests_keeps_to_the_schema_of_jenkins() {
    let test = "a_report_of_tests_keeps_to_the_schema_of_jenkins";
    if !installed(test, "xmllint") || !fetched(test, SCHEMA) {
        return;
    }
    let hostile = "limits.on-failure = \"continue\"\n\
        [queue.q]\nitems = [\"]]>\", \"<a>&\"]\ntolerate = 1\n\
        [process.items]\nconsumes = \"q\"\nretry = 1\n\
        script = \"head -c 9000 /dev/urandom >&2; [ $RUNNER_ITEM_INDEX = 0 ]\"\n\
        [process.noise]\nretry = 1\nscript = \"cat /dev/urandom | head -c 99999; exit 1\"\n";
    let args = ["--report", "junit=out/j.xml", "job.toml"];
    for ran in [ran("4"), Test::new().job(hostile).args(args).run().exits(1)] {
        let report = ran.path("out/j.xml");
        let said = std::process::Command::new("xmllint")
            .args(["--noout", "--schema", SCHEMA])
            .arg(report)
            .output()
            .expect("it is installed");
        let told = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{told}\n{}", ran.read("out/j.xml"));
    }
}

#[test]
fn a_run_is_told_on_a_page() {
    assert_snapshot!(timeless(&ran("1").read("out/m.md")));
}

#[test]
fn a_run_is_drawn_in_time_and_no_bar_hides_another() {
    let ran = ran("4");
    let trace: Value = serde_json::from_str(&ran.read("t.json")).expect("JSON");
    let mut lanes = BTreeMap::<u64, Vec<(u64, u64)>>::new();
    for event in trace["traceEvents"].as_array().expect("a list") {
        if event["ph"] == "X" {
            let number = |name: &str| event[name].as_u64().expect("a number");
            lanes.entry(number("tid")).or_default().push((number("ts"), number("dur")));
        }
    }
    // Two tries of the odd item and of `flaky`, one of everything else that was to start.
    assert_eq!(lanes.values().map(Vec::len).sum::<usize>(), 9, "{trace}");
    for bars in lanes.values_mut() {
        bars.sort_unstable();
        let apart = bars.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0);
        assert!(apart, "{bars:?}");
    }
}

#[test]
fn what_is_told_later_is_the_same() {
    let ran = ran("4");
    let names = ["out/j.xml", "out/m.md", "t.json", "e.jsonl", "p.html"];
    let first = names.map(|name| ran.read(name));
    let kinds = ["junit", "markdown", "trace", "events", "html"];
    let words = kinds.iter().flat_map(|kind| [format!("--{kind}"), format!("2.{kind}")]);
    let ran = ran.then(std::iter::once("report".to_owned()).chain(words)).run().exits(0);
    assert_eq!(first, kinds.map(|kind| ran.read(&format!("2.{kind}"))));
    let ran = ran.then(["report"]).run().exits(2);
    assert!(ran.stderr.contains("name at least one file"), "{ran}");
}

#[test]
fn a_secret_item_is_in_no_report() {
    let job = "secrets = [\"KEY\"]\nenv.KEY = \"hush-hush\"\n[queue.q]\nitems = [\"hush-hush\"]\n\
               [process.a]\nconsumes = \"q\"\ndescription = \"says hush-hush\"\n\
               script = \"cat; : hush-hush; exit 1\"\n";
    let words = ["junit=j", "markdown=m", "trace=t", "events=e", "html=h"];
    let args = words.iter().flat_map(|word| ["--report", *word]).chain(["job.toml"]);
    let ran = Test::new().job(job).args(args).run().exits(1);
    for name in ["j", "m", "t", "e", "h"] {
        assert!(!ran.read(name).contains("hush-hush"), "{name}\n{ran}");
    }
    assert!(ran.read("e").contains("***"), "{ran}");
}

#[test]
fn a_step_on_github_has_its_page() {
    let test = Test::new().job("[process.a]\ncommand = [\"true\"]\n").file("page", "before\n");
    let page = test.path("page");
    let ran = test.env("GITHUB_STEP_SUMMARY", page).run().exits(0);
    let page = ran.read("page");
    assert!(page.starts_with("before\n## `job`: ✓ passed in "), "{page}");
}

#[test]
fn a_page_that_nobody_asked_for_changes_no_verdict() {
    let job = "[process.a]\ncommand = [\"true\"]\n";
    let ran = Test::new().job(job).env("GITHUB_STEP_SUMMARY", "/dev/null/page").run().exits(0);
    let told = "runner: no page of this run in `/dev/null/page`: Not a directory";
    assert!(ran.stderr.contains(told), "{ran}");
    // Of a run inside another run that one tells.
    let test = Test::new().job(job).env("RUNNER_RUN_ID", "outer");
    let page = test.path("page");
    let ran = test.env("GITHUB_STEP_SUMMARY", page).run().exits(0);
    assert!(!ran.has("page"), "{ran}");
}

#[test]
fn a_run_that_was_stopped_is_green_in_no_report() {
    let job = "limits.timeout = \"200ms\"\n[process.a]\ncommand = [\"sleep\", \"600\"]\n";
    let words = ["--report", "junit=j.xml", "--report", "markdown=m.md", "job.toml"];
    let ran = Test::new().job(job).args(words).run().exits(1);
    let (xml, page) = (ran.read("j.xml"), ran.read("m.md"));
    assert!(xml.contains("failures=\"1\"") && xml.contains("message=\"timed out after "), "{xml}");
    assert!(page.starts_with("## `job`: ✗ timed out after "), "{page}");
    let failed = "[process.a]\ncommand = [\"false\"]\n";
    let page = Test::new().job(failed).args(words).run().exits(1).read("m.md");
    assert!(page.starts_with("## `job`: ✗ failed in "), "{page}");
}

#[test]
fn a_report_that_cannot_be_written_is_never_green() {
    let job = "[process.a]\ncommand = [\"true\"]\n";
    let ran = Test::new().job(job).args(["--report", "junit=/dev/full", "job.toml"]).run();
    let ran = ran.exits(3);
    let told = "runner: failed to write `/dev/full`: No space left on device";
    assert!(ran.stderr.contains(told), "{ran}");
    let ran = Test::new().job(job).args(["--report", "pdf=x", "job.toml"]).run().exits(2);
    let told = "the kinds are junit, markdown, trace, events, html and codequality";
    assert!(ran.stderr.contains(told), "{ran}");
}
