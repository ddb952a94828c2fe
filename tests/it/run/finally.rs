//! Finally: what runs after a process, whatever its outcome.

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::harness::Test;

#[test]
fn it_knows_how_the_process_ended() {
    let job = r#"
limits.on-failure = "continue"

[defaults]
finally = 'echo "$RUNNER_OUTCOME <$RUNNER_EXIT_CODE> $RUNNER_SLOT ${RUNNER_RESULTS-none}"'

[process.good]
script = "echo works"

[process.bad]
script = "exit 3"

[process.flaky]
retry = 1
script = "[ -e f ] || { touch f; exit 1; }"

[process.late]
timeout = "50ms"
script = "sleep 600"

[process.died]
script = "kill -SEGV $$"

[process.allowed]
allow-failure = [4]
script = "exit 4"

[process.cells]
matrix.n = ["1", "2"]
script = "[ {matrix.n} = 1 ]"

[process.never]
needs = ["bad"]
command = ["true"]

[process.missing]
command = ["no-such-program"]
"#;
    let ran = Test::new().job(job).args(["-j", "1", "job.toml"]).run().exits(1);
    let names = ["good", "bad", "flaky", "late", "died", "allowed"];
    let others = ["cells (1)", "cells (2)", "never", "missing"];
    let said = |name: &&str| format!("{name}: {}", ran.lines_of(name).join(", "));
    let lines: Vec<_> = names.iter().chain(&others).map(said).collect();
    let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
    assert_snapshot!(lines.join("\n"), @"
    good: works, passed <0> 0 none
    bad: failed <3> 0 none
    flaky: passed <0> 0 none
    late: timed-out <> 0 none
    died: failed <> 0 none
    allowed: failed <4> 0 none
    cells (1): passed <0> 0 none
    cells (2): failed <1> 0 none
    never:
    missing:
    ");
}

/// A process that passes, with several commands after it of which one fails.
const SEVERAL: &str = r#"
[process.a]
script = "echo work; echo kept > kept"
finally = [["cat", "kept"], ["sh", "-c", "echo gone >&2; exit 3"], ["rm", "kept"]]

[process.b]
needs = ["a"]
command = ["true"]
"#;

#[test]
fn it_is_shown_as_what_it_is() {
    let ran = Test::new().job(SEVERAL).run();
    assert_snapshot!(ran, @"
    [stderr]
    a: started
    a | work
    a: finally 1/3
    a | kept
    a: finally passed in [time]
    a: finally 2/3
    a | gone
    a: finally failed (exit code 3) in [time]
    a: finally 3/3
    a: finally passed in [time]
    a: failed (finally: exit code 3) in [time]
    nothing new starts: `a` failed
    b: skipped (needs `a`, which ended as failed)

    ✗ a  finally: exit code 3, after [time]
      │ gone
      log    .runner/runs/[run]/logs/a.err
      again  runner job.toml a

    job: failed in [time]
      processes  1 skipped · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
    assert!(!ran.has("kept"));
}

#[test]
fn its_output_stands_below_its_own_line() {
    let grouped = Test::new().job(SEVERAL).args(["job.toml", "--output", "group"]).run();
    assert_snapshot!(grouped, @"
    [stderr]
    a: started
    a: finally 1/3
    a: finally passed in [time]
    kept
    a: finally 2/3
    a: finally failed (exit code 3) in [time]
    gone
    a: finally 3/3
    a: finally passed in [time]
    a: failed (finally: exit code 3) in [time]
    work
    nothing new starts: `a` failed
    b: skipped (needs `a`, which ended as failed)

    ✗ a  finally: exit code 3, after [time]
      │ gone
      log    .runner/runs/[run]/logs/a.err
      again  runner job.toml a

    job: failed in [time]
      processes  1 skipped · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
    let quiet = Test::new().job(SEVERAL).args(["job.toml", "--output", "quiet"]).run();
    assert_snapshot!(quiet, @"
    [stderr]
    a: finally failed (exit code 3) in [time]
    gone
    a: failed (finally: exit code 3) in [time]
    work

    ✗ a  finally: exit code 3, after [time]
      │ gone
      log    .runner/runs/[run]/logs/a.err
      again  runner job.toml a

    job: failed in [time]
      processes  1 skipped · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn reports_tell_of_it() {
    let job = r#"
limits.on-failure = "continue"

[process.a]
script = "echo work"
finally = "echo gone >&2; exit 3"

[process.b]
script = "echo worse; exit 1"
finally = "exit 4"
"#;
    let words = ["junit=j.xml", "markdown=m.md", "trace=t.json"];
    let args = words.iter().flat_map(|word| ["--report", *word]).chain(["-j", "1", "job.toml"]);
    let ran = Test::new().job(job).args(args).run().exits(1);
    let (junit, page) = (ran.read("j.xml"), ran.read("m.md"));
    assert!(junit.contains("failed (finally: exit code 3)") && junit.contains("gone"), "{junit}");
    assert!(junit.contains("failed (exit code 1)") && junit.contains("worse"), "{junit}");
    assert!(page.contains("failed (finally: exit code 3)") && page.contains("gone"), "{page}");
    assert!(ran.read("t.json").contains("a finally"));
}

#[test]
fn it_has_the_folder_the_environment_and_the_shell() {
    let job = r#"
[queue.q]
items = ["x", "y"]

[pool.ports]
slots = [{ PORT = "8001" }]

[process.a]
pool = "ports"
cwd = "in"
env.X = "x{vars.v}"
shell = ["bash", "-c"]
command = ["true"]
finally = "a=(1 2); echo ${#a[@]} $X $PORT $(basename $PWD) {vars.v} '{env.RUNNER_OUTCOME}'"

[process.each]
consumes = "q"
env.ITEM = "<{item}>"
workers = 1
command = ["echo", "{item}"]
finally = ["echo", "{env.RUNNER_OUTCOME}", "{env.ITEM}"]

[vars]
v = "a b"
"#;
    let ran = Test::new().job(job).file("in/here", "").args(["-j", "1", "job.toml"]).run().exits(0);
    assert_eq!(ran.lines_of("a"), ["2 xa b 8001 in a b passed"]);
    assert_eq!(ran.lines_of("each"), ["x", "y", "passed <>"]);
}

#[test]
fn it_runs_after_a_stop_but_not_after_a_second_one() {
    let job = r#"
[process.a]
script = "echo up > pid; sleep 600 & wait"
finally = "echo $RUNNER_OUTCOME > after"
"#;
    let running = Test::new().job(job).start();
    running.wait_for_file("pid");
    running.wait_for_line(": started\n");
    running.signal(Signal::INT);
    assert_snapshot!(running.wait().exits(130), @"
    [stderr]
    a: started
    stopping: SIGINT
    a: finally
    a: finally passed in [time]
    a: stopped (the run was stopped) in [time]

    job: stopped by SIGINT after [time]
      run        .runner/runs/[run]
    [exit code: 130]
    ");
    let job = r#"
[process.a]
command = ["true"]
finally = "echo > pid; sleep 600 & wait"
"#;
    let running = Test::new().job(job).start();
    running.wait_for_file("pid");
    running.wait_for_line(": finally\n");
    running.signal(Signal::INT);
    running.wait_for_line("stopping");
    running.signal(Signal::INT);
    assert_snapshot!(running.wait().exits(130), @"
    [stderr]
    a: started
    a: finally
    stopping: SIGINT
    killing everything: SIGINT
    a: did not stop in time, killed
    a: finally stopped in [time]
    a: stopped (finally: the run was stopped) in [time]

    job: stopped by SIGINT after [time]
      run        .runner/runs/[run]
    [exit code: 130]
    ");
}

#[test]
fn it_may_be_silent() {
    let job = r#"
[process.a]
timeout = { idle = "100ms" }
command = ["true"]
finally = "sleep 0.5; echo done"
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("a"), ["done"]);
}

#[test]
fn what_it_leaves_running_is_killed() {
    let job = r#"
[process.a]
command = ["true"]
finally = "sleep 600 & echo left"
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("a"), ["left"]);
    assert!(ran.to_string().contains("1 process outlived its leader"), "{ran}");
}

#[test]
fn a_dry_run_shows_it() {
    let job = r#"
[process.a]
env.X = "1"
command = ["work"]
finally = [["rm", "-r", "{run.id}"], ["echo", "{env.RUNNER_OUTCOME}"]]
"#;
    let ran = Test::new().job(job).args(["job.toml", "--dry-run"]).run().exits(0);
    let shown: Vec<_> = ran.stdout.lines().skip_while(|line| *line != "# a").skip(1).collect();
    let folder = ran.path("").to_string_lossy().trim_end_matches('/').to_owned();
    assert_snapshot!(shown.join("\n").replace(&folder, "[folder]"), @"
    cd [folder] && env X=1 work
    # finally
    cd [folder] && env X=1 rm -r {run.id}
    # finally
    cd [folder] && env X=1 echo {env.RUNNER_OUTCOME}
    ");
}
