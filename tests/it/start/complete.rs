//! Complete: real shells ask what may come next.
//!
//! bash and zsh are asked in the way that their line editors do it, without a terminal.

use crate::harness::{Ran, Test, installed};

const JOB: &str = r#"
[process.build]
description = "Builds: all of it"
command = ["false"]

[process.bundle]
tags = ["slow"]
script = "touch started"

[vars]
mode = "fast"

[process.test]
command = ["true"]
"#;

/// A job with a slip in one table and one table that is cut off.
const BROKEN: &str = "[process.build]\ncomand = [\"x\"]\n[process.bundle]\ncommand = [\"x\"\n";

fn test() -> Test {
    Test::new().job(JOB).file("jobs/deep.toml", JOB).file("notes.txt", "")
}

/// Asks as fish does; the last word is under way.
fn ask(test: Test, words: &[&str]) -> Ran {
    let args = ["--", "runner"].iter().chain(words);
    let ran = test.env("RUNNER_COMPLETE", "fish").args(args).run().exits(0);
    assert!(ran.stderr.is_empty() && !ran.has(".runner") && !ran.has("started"), "{ran}");
    ran
}

/// Returns what is proposed, without what is said of it.
fn proposed(words: &[&str]) -> Vec<String> {
    values(&ask(test(), words))
}

fn values(ran: &Ran) -> Vec<String> {
    let value = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    ran.stdout.lines().map(value).collect()
}

#[test]
fn processes_of_the_job_file_are_proposed() {
    let ran = ask(test(), &["job.toml", ""]);
    assert_eq!(ran.stdout, "build\tBuilds: all of it\nbundle\ntest\n");
    assert_eq!(proposed(&["run", "job.toml", "bu"]), ["build", "bundle"]);
    assert_eq!(proposed(&["plan", "jobs/deep.toml", "build", "t"]), ["test"]);
    assert_eq!(proposed(&["--output", "plain", "job.toml", "te"]), ["test"]);
    assert_eq!(proposed(&["job.toml", "--only", ""]), ["build", "bundle", "test", "slow"]);
    assert_eq!(proposed(&["job.toml", "--var", "m"]), ["mode="]);
}

#[test]
fn commands_files_options_and_values_are_proposed() {
    let first = proposed(&[""]);
    assert!(first.starts_with(&["run".to_owned(), "validate".to_owned()]), "{first:?}");
    assert!(first.ends_with(&["job.toml".to_owned(), "jobs/".to_owned()]), "{first:?}");
    assert_eq!(proposed(&["validate", "jobs/"]), ["jobs/deep.toml"]);
    assert_eq!(proposed(&["plan", "--jo"]), ["--jobs"]);
    assert_eq!(proposed(&["job.toml", "--output", "pl"]), ["plain"]);
    assert_eq!(proposed(&["fmt", "--state-dir"]), Vec::<String>::new());
    assert_eq!(proposed(&["explain", "E20"])[..2], ["E201", "E202"]);
    assert_eq!(proposed(&["man", "comp"]), ["completions"]);
}

#[test]
fn runs_and_dead_items_are_proposed() {
    let job = "[queue.q]\nitems = [\"a\", \"b\"]\n[process.p]\nconsumes = \"q\"\n\
               command = [\"false\", \"{item}\"]\n";
    let ran = Test::new().job(job).args(["job.toml", "-j", "1"]).run().exits(1);
    let id = ran.run_id();
    let asked = |ran: Ran, words: &[&str]| {
        let args = ["--", "runner"].iter().chain(words);
        ran.then(args).env("RUNNER_COMPLETE", "fish").run().exits(0)
    };
    let ran = asked(ran, &["report", ""]);
    assert_eq!(ran.stdout, format!("{id}\nlast\n"));
    let ran = asked(ran, &["dead", "show", "q:"]);
    assert_eq!(ran.stdout, "q:0\tp\nq:1\tp\n");
    let ran = asked(ran, &["dead", "drop", "last", ""]);
    assert_eq!(ran.stdout, "q:0\tp\nq:1\tp\n");
}

#[test]
fn what_is_broken_is_passed_over_in_silence() {
    let ran = ask(Test::new().job(BROKEN), &["job.toml", "b"]);
    assert_eq!(values(&ran), ["bundle", "build"], "what can be used stands first");
    for (name, text) in [("job.toml", "\0\u{1}"), ("other.toml", "")] {
        let ran = ask(Test::new().file(name, text), &["job.toml", "b"]);
        assert!(ran.stdout.is_empty(), "{ran}");
    }
    let ran = Test::new().env("RUNNER_COMPLETE", "no-such-shell").args(["--", "runner", ""]).run();
    assert!(ran.code() != 0 && ran.stdout.is_empty() && ran.stderr.is_empty(), "{ran}");
}

/// Has a shell ask, with `runner` on its path.
fn shell(name: &str, script: &str) -> Option<Ran> {
    let path =
        format!("{}:/usr/bin:/bin", env!("CARGO_BIN_EXE_runner").trim_end_matches("/runner"));
    let asked = || test().env("PATH", path).through([name, "-c", script]).args(["x"]).run();
    installed("complete", name).then(asked)
}

#[test]
fn bash_completes() {
    let script = r#"
source <(runner completions bash)
COMP_WORDS=(runner job.toml bu) COMP_CWORD=2
_clap_complete_runner runner bu job.toml
printf '<%s>\n' "${COMPREPLY[@]}"
COMP_WORDS=(runner valid) COMP_CWORD=1
_clap_complete_runner runner valid runner
printf '<%s>\n' "${COMPREPLY[@]}"
complete -p runner | grep -o -- "-F.*"
"#;
    let Some(ran) = shell("bash", script) else { return };
    let said = "<build>\n<bundle>\n<validate>\n-F _clap_complete_runner runner\n";
    assert_eq!(ran.stdout, said, "{ran}");
}

#[test]
fn zsh_completes() {
    let script = r#"
compdef() { print -r -- "$@" }
_describe() { print -rl -- "${(@P)3}" }
source <(runner completions zsh)
words=(runner job.toml bu) CURRENT=3
_clap_dynamic_completer_runner
"#;
    let Some(ran) = shell("zsh", script) else { return };
    let all = "_clap_dynamic_completer_runner runner\nbuild:Builds: all of it\nbundle\n";
    assert_eq!(ran.stdout, all, "{ran}");
}

#[test]
fn fish_completes() {
    let script = "runner completions fish | source; complete -C 'runner job.toml bu'";
    let Some(ran) = shell("fish", script) else { return };
    assert_eq!(ran.stdout, "build\tBuilds: all of it\nbundle\n", "{ran}");
}

#[test]
fn every_shell_is_told_how_to_ask() {
    for name in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = Test::new().args(["completions", name]).run().exits(0);
        assert!(ran.stdout.contains("RUNNER_COMPLETE") && ran.stderr.is_empty(), "{ran}");
    }
}
