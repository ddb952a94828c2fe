//! Findings: what problem matchers find is shown where people look for it.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::Test;

/// A compiler that complains of a file in the folder above, and a linter of our own.
const JOB: &str = r#"
limits.on-failure = "continue"

[process.compile]
cwd = "crates/a"
problem-matcher = "rustc"
retry = 1
script = """
printf '\\033[1merror[E0308]\\033[0m: mismatched %%0A types\\n --> crates/a/src/b,c.rs:7:13\\n' >&2
printf 'warning: ::endgroup:: here\\n --> src/b,c.rs:9:1\\n'
exit 1
"""

[process.lint]
after = ["compile"]
script = "printf 'x.txt\\n  1 long\\n  2 bad\\n'"

[process.lint.problem-matcher]
pattern = ["^(?<file>\\S.*)$", "^  (?<line>\\d+) (?<message>.+)$"]
severity = "warning"
loop = true
"#;

fn test() -> Test {
    Test::new().job(JOB).file(".git/HEAD", "").file("crates/a/src/b,c.rs", "").file("x.txt", "")
}

#[test]
fn a_system_marks_them_in_the_code() {
    let ran = test().env("GITHUB_ACTIONS", "true").run().exits(1);
    let orders = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("::error") || line.starts_with("::warning"));
    assert_snapshot!(orders.collect::<Vec<_>>().join("\n"), @"
    ::error file=crates/a/src/b%2Cc.rs,line=7,col=13,title=E0308::mismatched %250A types
    ::warning file=crates/a/src/b%2Cc.rs,line=9,col=1,title=rustc::::endgroup:: here
    ::warning file=x.txt,line=1,title=lint::long
    ::warning file=x.txt,line=2,title=lint::bad
    ");
    let end = ran.stderr.split("::error").last().expect("there is one");
    assert!(!end.contains("::endgroup::\n"), "outside of all folds\n{ran}");
    let azure = test().env("TF_BUILD", "True").run().exits(1);
    let told = "##vso[task.logissue type=error;sourcepath=crates/a/src/b,c.rs;linenumber=7;\
                columnnumber=13;code=E0308;]mismatched %AZP250A types\n";
    assert!(azure.stderr.contains(told), "{azure}");
}

#[test]
fn what_is_handed_on_comes_after_them() {
    let job = r#"
limits.on-failure = "continue"

[process.result]
stdout = "inherit"
command = ["printf", "::stop-commands::mine\n"]

[process.compile]
problem-matcher = "gcc"
script = "echo 'a.c:1:2: error: no' >&2; exit 1"
"#;
    let test = Test::new().job(job).env("GITHUB_ACTIONS", "true").under("exec \"$@\" 2>&1");
    let ran = test.run().exits(1);
    let at = |what: &str| ran.stdout.find(what).unwrap_or_else(|| panic!("no `{what}`\n{ran}"));
    assert!(at("::error file=a.c") < at("::stop-commands::mine"), "{ran}");
}

#[test]
fn people_and_files_are_told_the_same() {
    let words = ["junit=j.xml", "codequality=c.json", "events=e.jsonl", "markdown=m.md"];
    let args = words.iter().flat_map(|word| ["--report", *word]).chain(["-j", "1", "job.toml"]);
    let ran = test().args(args).run().exits(1);
    let from = ran.stderr.find("  findings").expect("they are counted");
    let told: Vec<_> = ran.stderr[from..].lines().take(5).collect();
    assert_snapshot!(told.join("\n"), @"
      findings   1 error · 3 warnings
      │ crates/a/src/b,c.rs:7:13: error E0308: mismatched %0A types
      │ crates/a/src/b,c.rs:9:1: warning: ::endgroup:: here
      │ x.txt:1: warning: long
      │ x.txt:2: warning: bad
    ");
    let places = ["crates/a/src/b,c.rs:7:13", "crates/a/src/b,c.rs:9:1"];
    for (file, places) in [("j.xml", &places[..]), ("m.md", &[places[0], places[1], "x.txt:2"])] {
        for place in places {
            assert!(ran.read(file).contains(place), "{file} {place}\n{}", ran.read(file));
        }
    }
    let quality: Vec<Value> = serde_json::from_str(&ran.read("c.json")).expect("a list");
    let told = quality.iter().map(|entry| {
        let (place, line) = (&entry["location"]["path"], &entry["location"]["lines"]["begin"]);
        format!("{place} {line} {} {}", entry["severity"], entry["check_name"])
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    assert_snapshot!(told.join("\n"), @r#"
    "crates/a/src/b,c.rs" 7 "major" "E0308"
    "crates/a/src/b,c.rs" 9 "minor" "rustc"
    "x.txt" 1 "minor" "lint"
    "x.txt" 2 "minor" "lint"
    "#);
    let events = ran.read("e.jsonl");
    let found = events.lines().filter(|line| line.contains("\"event\":\"found\"")).count();
    assert_eq!(found, 2 * 2 + 2, "each try tells of its own");
}

#[test]
fn a_secret_is_in_no_finding() {
    let job = "secrets = [\"KEY\"]\nenv.KEY = \"hush-hush\"\n\
               [process.a]\nproblem-matcher = \"gcc\"\n\
               script = \"echo a.c:1:2: error: no $KEY\"\n";
    let ran = Test::new().job(job).env("GITHUB_ACTIONS", "true").run().exits(0);
    assert!(ran.stderr.contains("::error file=a.c,line=1,col=2,title=gcc::no ***\n"), "{ran}");
    assert!(!ran.read(".runner/latest/events.jsonl").contains("hush"), "{ran}");
}

#[test]
fn a_flood_of_findings_is_bounded() {
    let job = "[process.a]\nproblem-matcher = \"gcc\"\n\
               script = \"seq 100000 | sed 's/.*/a.c:&:1: error: no/'\"\n";
    let ran = Test::new().job(job).env("GITHUB_ACTIONS", "true").run().exits(0);
    assert_eq!(ran.stderr.matches("\n::error ").count(), 10, "{ran}");
    assert!(ran.stderr.contains("findings   200 errors"), "{ran}");
}
