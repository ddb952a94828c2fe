//! Commands: what is not a run, and what runs without being one.

use insta::assert_snapshot;

use crate::harness::{Ran, Test};

const JOB: &str = r#"
description = "Builds and tests"

[vars]
mode = "debug"

[pool.net]
size = 2
description = "Connections"

[queue.pages]
capacity = 10

[process.fetch]
description = "Fetches a page"
pool = "net"
produces = "pages"
command = ["fetch", "--all"]

[process.parse]
consumes = "pages"
command = ["parse", "{item}", "--mode={vars.mode}"]

[process.test]
matrix.os = ["debian", "alpine"]
tags = ["slow"]
needs = ["parse"]
script = "touch started; echo {matrix.os}"
"#;

/// Runs a command that must leave nothing behind.
fn command<const N: usize>(args: [&str; N]) -> Ran {
    let ran = Test::new().job(JOB).args(args).run().exits(0);
    assert!(!ran.has("started") && !ran.has(".runner"), "{ran}");
    ran
}

#[test]
fn plan() {
    assert_snapshot!(command(["plan", "job.toml"]), @"");
}

#[test]
fn dry_run() {
    assert_snapshot!(command(["job.toml", "--dry-run", "--var", "mode=release"]), @"");
    assert_snapshot!(command(["run", "job.toml", "parse", "--dry-run"]), @"");
}

#[test]
fn list() {
    assert_snapshot!(command(["list", "job.toml"]), @"");
    let json = command(["list", "job.toml", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_snapshot!(serde_json::to_string_pretty(&json).expect("JSON"), @"");
}

#[test]
fn graph() {
    assert_snapshot!(command(["graph", "job.toml", "--format", "mermaid"]), @"");
    assert_snapshot!(command(["graph", "job.toml", "--format", "dot"]), @"");
    let json = command(["graph", "job.toml", "--format", "json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["nodes"].as_array().map(Vec::len), Some(4), "{json:#}");
}

#[test]
fn validate() {
    assert_snapshot!(command(["validate", "job.toml"]), @"");
    let test = Test::new().file("in", JOB).stdin("in").args(["validate", "-"]);
    assert_snapshot!(test.run().exits(0), @"");
}

#[test]
fn schema() {
    let schema = command(["schema"]).stdout;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/runner.schema.json");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == schema, "write it again: runner schema >schemas/runner.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
}

#[test]
fn help() {
    assert_snapshot!(command(["--help"]), @"");
    assert_snapshot!(command(["graph", "--help"]), @"");
}

#[test]
fn version() {
    let version = format!("runner {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(command(["--version"]).stdout, version);
}

#[test]
fn results_end_quietly_where_nobody_reads() {
    for args in [vec!["plan", "job.toml"], vec!["list", "job.toml"], vec!["schema"]] {
        let ran = Test::new().job(JOB).args(&args).stdout("/dev/full").run();
        assert_ne!(ran.code(), 0, "{args:?} was lost in silence\n{ran}");
    }
}

#[test]
fn the_state_can_lie_elsewhere() {
    let job = "[process.a]\ncommand = [\"true\"]\n";
    let test = Test::new().job(job).args(["job.toml", "--state-dir", "state"]);
    let ran = test.run().exits(0);
    assert!(ran.has("state/runs") && !ran.has(".runner"), "{ran}");
}

#[test]
fn run_is_the_same_word() {
    let job = "[process.a]\ncommand = [\"echo\", \"hello\"]\n[process.b]\ncommand = [\"true\"]\n";
    let ran = Test::new().job(job).args(["run", "job.toml", "a"]).run().exits(0);
    assert_eq!(ran.lines_of("a"), ["hello"]);
    assert!(!ran.stderr.contains("b: "), "{ran}");
}
