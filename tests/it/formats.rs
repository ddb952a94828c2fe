//! Formats: what `validate` writes for people and for programs, and the exit code.
//!
//! One broken job is written in every format and compared as a whole: it has an error, a problem
//! over two files and a warning, and a name that has to be escaped.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{Ran, Test};

/// Every format for programs.
const FORMATS: [&str; 6] = ["short", "json", "github", "gitlab", "sarif", "junit"];

/// The name of the broken job.
const NAME: &str = "job, 2%.toml";

/// The broken job.
const JOB: &str = "\
include = [\"part/shared.toml\"]

[process.fetch]
comand = [\"true\", \"<&>\"]
needs = [\"prepare-the-wrld\"]
retry = {
    max = 2,
}
";

/// What it includes.
const SHARED: &str = "[process.prepare-the-world]\ncommand = [\"true\"]\n";

/// A job with nothing but a warning.
const ODD: &str = "[process.a]\ncommand = [\"true\"]\nretry = {\n  max = 1 }\n";

/// A job in which nothing is wrong.
const SOUND: &str = "[process.a]\ncommand = [\"true\"]\n";

/// Validates some files, of which each is a job.
fn validate(format: &str, files: &[(&str, &str)]) -> Ran {
    let test = Test::new().file("part/shared.toml", SHARED);
    let test = files.iter().fold(test, |test, (name, text)| test.file(name, text));
    let paths = files.iter().map(|(name, _)| *name);
    test.args(["validate", "--format", format]).args(paths).run()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn a_broken_job_in_every_format() {
    for format in FORMATS.into_iter().chain(["pretty"]) {
        let ran = validate(format, &[(NAME, JOB)]).exits(2);
        assert!(ran.stdout.is_empty() == (format == "pretty"), "{ran}");
        let told = ran.to_string().replace(env!("CARGO_PKG_VERSION"), "VERSION");
        assert_snapshot!(format!("format-{format}"), told);
    }
}

#[test]
fn nothing_wrong_is_a_document_too() {
    let documents = FORMATS.map(|format| {
        let ran = validate(format, &[("job.toml", SOUND)]).exits(0);
        assert_eq!(ran.stderr, "1 job file checked: it can run\n");
        format!("{format}\n{}", ran.stdout.replace(env!("CARGO_PKG_VERSION"), "VERSION"))
    });
    assert_snapshot!("format-of-nothing", documents.concat());
}

#[test]
fn several_files_are_one_document() {
    let files = [("a.toml", JOB), ("b.toml", SOUND), ("c.toml", ODD)];
    let ran = validate("json", &files).exits(2);
    let problems = json(&ran.stdout)["problems"].clone();
    let told = |problem: &Value| {
        let file = problem["place"]["file"].as_str().expect("a file");
        format!("{file} {}", problem["code"].as_str().expect("a code"))
    };
    let told: Vec<String> = problems.as_array().expect("a list").iter().map(told).collect();
    assert_eq!(told, ["a.toml E101", "a.toml E201", "a.toml W401", "c.toml W401"]);
    assert_eq!(
        ran.stderr,
        "4 problems in 2 files (2 errors, 2 warnings)\n1 of 3 job files cannot run\n"
    );
    let ran = validate("junit", &files).exits(2);
    let document = roxmltree::Document::parse(&ran.stdout).expect("XML");
    let suites = document.descendants().filter(|node| node.has_tag_name("testsuite"));
    let counts: Vec<_> =
        suites.map(|suite| (suite.attribute("tests"), suite.attribute("failures"))).collect();
    let expected = [(Some("3"), Some("2")), (Some("1"), Some("0")), (Some("1"), Some("0"))];
    assert_eq!(counts, expected);
}

#[test]
fn a_file_of_two_jobs_is_told_once() {
    let job =
        |own: &str| format!("include = [\"../shared.toml\"]\n[process.{own}]\nscript = \":\"\n");
    for format in FORMATS.into_iter().chain(["pretty"]) {
        let ran = Test::new()
            .file("shared.toml", "[process.shared]\ncomand = [\"true\"]\n")
            .file("one/a.toml", job("a"))
            .file("two/b.toml", job("b"))
            .args(["validate", "--format", format, "one", "two", "one/a.toml"])
            .run()
            .exits(2);
        let document = if format == "pretty" { &ran.stderr } else { &ran.stdout };
        assert_eq!(document.matches("has no key `comand`").count(), 1, "{format}: {ran}");
        assert!(!document.contains(".."), "a file is named without a detour\n{ran}");
        assert!(ran.stderr.contains("2 of 2 job files cannot run\n"), "{ran}");
    }
}

#[test]
fn a_warning_fails_only_where_that_is_asked() {
    let ran = validate("short", &[("job.toml", ODD)]).exits(0);
    assert!(ran.stdout.starts_with("job.toml:3:9: warning[W401]: "), "{ran}");
    assert!(ran.stderr.ends_with("1 job file checked: it can run\n"), "{ran}");
    let test = Test::new().job(ODD).args(["validate", "--strict", "--format", "short", "job.toml"]);
    let ran = test.run().exits(2);
    assert!(ran.stdout.starts_with("job.toml:3:9: error[W401]: "), "{ran}");
    assert!(ran.stderr.ends_with("1 problem in job.toml (1 error)\n"), "{ran}");
}

#[test]
fn what_is_usual_is_checked_where_nothing_is_named() {
    let bare = || Test::new().args(["validate"]);
    let both = bare().file("runner.toml", SOUND).file("jobs/a.toml", JOB).run();
    assert_eq!(both.exits(0).stderr, "1 job file checked: it can run\n");
    let jobs = bare().file("jobs/a.toml", SOUND).file("jobs/deep/b.toml", SOUND).run();
    assert_eq!(jobs.exits(0).stderr, "2 job files checked: all can run\n");
    assert_snapshot!(bare().run(), @r"
    [stderr]
    no job file was found: neither `runner.toml` nor a folder `jobs` is here; name one
    [exit code: 4]
    ");
    let empty = Test::new().file("empty/readme.md", "").args(["validate", "empty"]).run();
    assert_snapshot!(empty, @r"
    [stderr]
    no job file was found: nothing in `empty` ends in `.toml`
    [exit code: 4]
    ");
}

#[test]
fn systems_read_paths_from_the_top_of_the_repository() {
    let told = |format: &str| {
        let job = "[process.a]\ncomand = [\"true\"]\n";
        let test = Test::new().file("repo/.git/HEAD", "").file("repo/jobs/a.toml", job);
        let runner = env!("CARGO_BIN_EXE_runner");
        let script = format!("cd repo/jobs && {runner} validate --format {format} a.toml");
        let outer =
            format!("[process.in]\nscript = \"{script}\"\nstdout = \"inherit\"\nsuccess = [2]\n");
        test.job(&outer).run().exits(0).stdout
    };
    assert!(told("github").starts_with("::error file=jobs/a.toml,line=2,"));
    assert_eq!(json(&told("gitlab"))[0]["location"]["path"], "jobs/a.toml");
    assert!(told("sarif").contains("\"uri\": \"jobs/a.toml\""));
    assert!(told("short").starts_with("a.toml:2:1: "));
}

#[test]
fn a_fingerprint_outlives_an_edit_elsewhere() {
    let fingerprints = |text: &str| -> Vec<String> {
        let document = json(&validate("gitlab", &[("job.toml", text)]).exits(2).stdout);
        let entries = document.as_array().expect("a list").iter();
        entries.map(|entry| entry["fingerprint"].to_string()).collect()
    };
    let job = "[process.a]\ncommand = [\"{vars.x}\", \"{vars.x}\"]\n";
    let before = fingerprints(job);
    assert!(before.len() == 2 && before[0] != before[1], "of two alike the second is another one");
    assert_eq!(
        fingerprints(&format!("# A comment.\n\n[process.b]\nscript = \":\"\n{job}")),
        before
    );
}

#[test]
fn the_schema_of_problems_is_printed() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/problems.schema.json");
    let ran = Test::new().args(["schema", "problems"]).run().exits(0);
    assert_eq!(ran.stdout, std::fs::read_to_string(kept).expect("the schema"));
    let [plain, job] =
        [&["schema"][..], &["schema", "job"]].map(|args| Test::new().args(args).run());
    assert_eq!(plain.exits(0).stdout, job.exits(0).stdout);
}
