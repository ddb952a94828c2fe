//! Mistakes: a file with thirty different ones reports thirty, each exactly where it is.
//!
//! Unaware of how a report is drawn: code, line and marked text of every problem are compared.

use runner::config::{Loaded, Options, load};
use runner::plan;

use crate::harness::Test;

/// Thirty mistakes, each of another kind: what is marked stands behind it as a comment.
const JOB: &str = r#"
conutry = "de"                       #! E101 conutry
name = 5                             #! E102 5
on-failure = "kill"                  #! E101 on-failure

[limits]
jobs = 0                             #! E103 0
timeout = "5 parsecs"                #! E103 "5 parsecs"

[pool.net]
size = "4"                           #! E102 "4"
rate = "10/fortnight"                #! E103 "10/fortnight"

[pool.ports]
size = 2                             #! E301 2
slots = [{ PORT = 1 }]               #! E102 1

[queue.pages]
framing = "newline"                  #! E103 "newline"
capacity-bytes = "64M"               #! E103 "64M"
items = { glob = "src/[a" }          #! E103 "src/[a"

[queue."my items"]                   #! E105 "my items"
items = [1, 2]

[process.build]
cmd = ["make"]                       #! E101 cmd
depends_on = ["lint"]                #! E101 depends_on

[process.lint]
command = "eslint ."                 #! E102 "eslint ."
timeout = "0s"                       #! E103 "0s"
env = { PORT = 80 }                  #! E102 80

[process.test]
command = ["test", "{vras.x}"]       #! E108 {vras.x}
needs = ["biuld"]                    #! E201 "biuld"
pool = "nett"                        #! E202 "nett"
stop = { signal = "SIGFOO" }         #! E103 "SIGFOO"
success = []                         #! E103 []

[process.pack]
command = [""]                       #! E103 ""
script = "tar c ."                   #! E301
consumes = "page"                    #! E203 "page"
deliver = "stream"
retry = { attempts = 3 }             #! E101 attempts

[process.send]                       #! E104 send
stdin = { text = "a", file = "b" }   #! E301 "a"

[process.more]
command = ["true"]
on-end = "eof"                       #! E301 "eof"
"#;

/// Returns code, line and marked text of every error.
fn found(loaded: &Loaded) -> Vec<String> {
    let text = &loaded.sources[0].text;
    let line = |problem: &runner::model::Problem| {
        let at = problem.labels[0].place.bytes();
        let line = text[..at.start].matches('\n').count() + 1;
        format!("{line:2}: {} {}", problem.code.id, &text[at])
    };
    let errors = loaded.problems.iter().filter(|problem| !problem.is_warning());
    let mut found: Vec<String> = errors.map(line).collect();
    found.sort();
    found
}

/// Returns what the comments of the job say.
fn expected() -> Vec<String> {
    let marked = JOB.lines().enumerate().filter_map(|(at, line)| {
        let (before, mark) = line.split_once("#! ")?;
        // A conflict of two keys is marked at the first of them, one line above.
        let (line, mark) = match mark {
            "E301" => (at, format!("E301 {}", previous(at))),
            mark => (at + 1, mark.to_owned()),
        };
        assert!(!before.is_empty());
        Some(format!("{line:2}: {mark}"))
    });
    let mut marked: Vec<String> = marked.collect();
    marked.sort();
    marked
}

/// Returns the value of the line above.
fn previous(at: usize) -> &'static str {
    let line = JOB.lines().nth(at - 1).expect("a line above");
    let value = line.split_once(" = ").expect("a key").1;
    value.split("   ").next().expect("a value").trim_end()
}

#[test]
fn thirty_mistakes_are_thirty_problems_each_in_its_place() {
    let test = Test::new().job(JOB);
    let mut loaded = load(&test.path("job.toml"), &Options::default());
    let draft = loaded.draft.take().expect("it could be read");
    loaded.add(plan::check(&draft));
    let expected = expected();
    assert_eq!(found(&loaded), expected, "{:#?}", loaded.problems);
    assert!(expected.len() >= 30, "{} mistakes", expected.len());
    let uncured = loaded.problems.iter().filter(|problem| problem.help.is_none());
    assert_eq!(uncured.count(), 0, "each has its cure");
}
