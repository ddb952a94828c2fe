//! Commands: what is not a run, and what runs without being one.

use insta::assert_snapshot;

use crate::harness::{Ran, Test};

const JOB: &str = r#"
description = "Builds and tests"

[vars]
mode = "debug"

[pool.default]
size = 2

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
    assert_snapshot!(command(["plan", "job.toml"]), @"
    [stdout]
    job: 4 processes, 1 queue

    #  process        pool     waits for
    1  fetch          net
    2  parse          default  items of queue pages, 2 workers
    3  test (debian)  default  needs parse
    4  test (alpine)  default  needs parse

    pool default: 2 slots
    pool net: 2 slots
    queue pages: room for 10 items
    [exit code: 0]
    ");
}

#[test]
fn dry_run() {
    assert_snapshot!(command(["job.toml", "--dry-run", "--var", "mode=release"]), @r#"
    [stdout]
    job: 4 processes, 1 queue

    #  process        pool     waits for
    1  fetch          net
    2  parse          default  items of queue pages, 2 workers
    3  test (debian)  default  needs parse
    4  test (alpine)  default  needs parse

    pool default: 2 slots
    pool net: 2 slots
    queue pages: room for 10 items

    # fetch
    # stdout: into queue pages
    cd [dir] && fetch --all

    # parse
    # for each item of queue pages, 2 workers
    cd [dir] && parse {item} --mode=release

    # test (debian)
    cd [dir] && env RUNNER_VALUE_1=debian sh -eu -c 'touch started; echo "$RUNNER_VALUE_1"'

    # test (alpine)
    cd [dir] && env RUNNER_VALUE_1=alpine sh -eu -c 'touch started; echo "$RUNNER_VALUE_1"'
    [exit code: 0]
    "#);
    assert_snapshot!(command(["run", "job.toml", "parse", "--dry-run"]), @"
    [stdout]
    job: 2 processes, 1 queue

    #  process  pool     waits for
    1  fetch    net
    2  parse    default  items of queue pages, 2 workers

    pool default: 2 slots
    pool net: 2 slots
    queue pages: room for 10 items

    runs because
      fetch  it feeds queue `pages`
      parse  `parse` names it

    left out because
      test  nobody asked for it

    # fetch
    # stdout: into queue pages
    cd [dir] && fetch --all

    # parse
    # for each item of queue pages, 2 workers
    cd [dir] && parse {item} --mode=debug
    [exit code: 0]
    ");
}

#[test]
fn list() {
    assert_snapshot!(command(["list", "job.toml"]), @"
    [stdout]
    job: Builds and tests

    processes
      fetch  Fetches a page
      parse
      test   (2 cells)

    pools
      default  (2 slots)
      net      Connections (2 slots)

    queues
      pages  (room for 10 items)
             fetch -> parse (args)
    [exit code: 0]
    ");
}

#[test]
fn list_as_json() {
    let json = command(["list", "job.toml", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let process = serde_json::to_string_pretty(&json["processes"][2]).expect("JSON");
    assert_snapshot!(process, @r#"
    {
      "name": "test",
      "description": null,
      "tags": [
        "slow"
      ],
      "needs": [
        {
          "process": "parse",
          "when": "passed"
        }
      ],
      "after": [],
      "pools": [
        "default"
      ],
      "cells": 2,
      "consumes": null,
      "produces": [],
      "service": false,
      "ready": null
    }
    "#);
    let names = |table: &str| {
        let declared = json[table].as_array().expect("a list").iter();
        declared.map(|one| one["name"].to_string()).collect::<Vec<_>>().join(" ")
    };
    let names = ["processes", "pools", "queues"].map(names).join("\n");
    assert_snapshot!(names, @r#"
    "fetch" "parse" "test"
    "default" "net"
    "pages"
    "#);
}

#[test]
fn graph() {
    assert_snapshot!(command(["graph", "job.toml", "--format", "mermaid"]), @r#"
    [stdout]
    flowchart LR
      p0["fetch<br/>pool net"]:::pool1
      p1["parse"]
      p2["test (debian)"]
      p3["test (alpine)"]
      q0[("pages")]
      p0 --> q0
      q0 -->|args| p1
      p1 --> p2
      p1 --> p3
      classDef pool1 fill:#fde2b8,color:#000
    [exit code: 0]
    "#);
    assert_snapshot!(command(["graph", "job.toml", "--format", "dot"]), @r##"
    [stdout]
    digraph "job" {
      rankdir=LR;
      node [shape=box, style=filled, fillcolor=white];
      p0 [label="fetch\npool net", fillcolor="#fde2b8"];
      p1 [label="parse"];
      p2 [label="test (debian)"];
      p3 [label="test (alpine)"];
      q0 [label="pages", shape=cylinder];
      p0 -> q0;
      q0 -> p1 [label="args"];
      p1 -> p2;
      p1 -> p3;
    }
    [exit code: 0]
    "##);
    let json = command(["graph", "job.toml", "--format", "json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["nodes"].as_array().map(Vec::len), Some(4), "{json:#}");
}

#[test]
fn validate() {
    let job = JOB.replace("\"fetch\", ", "\"true\", ").replace("\"parse\", ", "\"echo\", ");
    let ran = Test::new().job(&job).args(["validate", "job.toml"]).run();
    assert_snapshot!(ran, @"
    [stderr]
    1 job file checked: it can run
    [exit code: 0]
    ");
    let test = Test::new().file("in", job).stdin("in").args(["validate", "-"]);
    assert_snapshot!(test.run().exits(0), @"
    [stderr]
    1 job file checked: it can run
    [exit code: 0]
    ");
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
    assert_snapshot!("help", command(["--help"]));
}

#[test]
fn help_of_a_command() {
    assert_snapshot!(command(["graph", "--help"]), @"
[stdout]
Draw the graph of a job

Usage: runner graph [OPTIONS] [JOB.toml]

Arguments:
  [JOB.toml]  The job file [default: runner.toml, or the one in jobs]

Options:
      --format <FORMAT>   How it is written [default: mermaid] [possible values: mermaid, dot, json]
      --var <NAME=VALUE>  Override a variable of the job file
      --env-file <FILE>   Read variables of every process from a file
      --color <WHEN>      When to use colours [default: auto] [possible values: auto, always, never]
  -h, --help              Print help
[exit code: 0]
");
}

#[test]
fn version() {
    let version = format!("runner {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(command(["--version"]).stdout, version);
}

#[test]
fn results_that_nobody_reads_end_quietly() {
    for args in [vec!["plan", "job.toml"], vec!["list", "job.toml"], vec!["schema"]] {
        let ran = Test::new().job(JOB).args(&args).unread().run();
        assert_eq!(ran.stderr, "", "{args:?}\n{ran}");
    }
}

#[test]
fn results_that_are_lost_are_no_success() {
    for args in [vec!["plan", "job.toml"], vec!["list", "job.toml"], vec!["schema"]] {
        let ran = Test::new().job(JOB).args(&args).stdout("/dev/full").run().exits(3);
        assert!(
            ran.stderr.contains("cannot write to stdout: no space left on the device"),
            "{args:?}\n{ran}"
        );
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
    assert!(!ran.stderr.contains("b: started"), "{ran}");
}

#[test]
fn a_slip_in_a_command_is_no_job_file() {
    let said = |word: &str| Test::new().job("[process.a]\ncommand = [\"true\"]").args([word]).run();
    let slip = said("valdate").exits(2).stderr;
    assert!(
        slip.contains("neither a command nor a file; did you mean `runner validate`?"),
        "{slip}"
    );
    let stem = said("job").exits(2).stderr;
    assert!(stem.contains("did you mean `job.toml`?"), "{stem}");
    let other = said("publish").exits(2).stderr;
    assert!(other.starts_with("error: `publish` is neither a command nor a file\n"), "{other}");
    let path = said("no-such.toml").exits(2).stderr;
    assert!(path.contains("`no-such.toml` cannot be read: there is no such file"), "{path}");
}
