//! Results: what a process writes to `RUNNER_RESULTS` for those that come after it.

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::harness::Test;

#[test]
fn results_go_wherever_a_placeholder_may_stand() {
    let job = r#"
[process.make]
script = '''
echo "dir=in ner" >> "$RUNNER_RESULTS"
echo "odd=\$(touch hacked)'; touch hacked #" >> "$RUNNER_RESULTS"
echo "odd2={{process.make.stdout}" >> "$RUNNER_RESULTS"
{ echo 'text<<--'; echo one; echo two=2; echo --; } >> "$RUNNER_RESULTS"
echo "dir=inner" >> "$RUNNER_RESULTS"
'''

[process.argv]
command = ["printf", "<%s>", "{process.make.result.text}", "{process.make.result.odd2}"]

[process.script]
needs = ["argv"]
script = "printf '<%s>' {process.make.result.odd} a{process.make.result.dir}b"

[process.rest]
needs = ["script"]
cwd = "{process.make.result.dir}"
env.X = "x{process.make.result.dir}"
stdin = "{process.make.result.text}"
stdout = { file = "{process.make.result.dir}.txt" }
script = "cat; echo; echo $X; basename $PWD"
"#;
    let ran = Test::new().job(job).file("inner/here", "").args(["-j", "1", "job.toml"]).run();
    let ran = ran.exits(0);
    assert_eq!(ran.lines_of("argv"), ["<one", "two=2><{process.make.stdout}>"]);
    assert_eq!(ran.lines_of("script"), ["<$(touch hacked)'; touch hacked #><ainnerb>"]);
    assert_eq!(ran.read("inner.txt"), "one\ntwo=2\nxinner\ninner\n");
    assert!(!ran.has("hacked") && !ran.has("inner/hacked"));
    assert!(!ran.run_folder(".runner").join("results-0").exists());
}

#[test]
fn only_the_last_attempt_counts() {
    let job = r#"
[process.flaky]
retry = 1
script = '''
echo "n=$RUNNER_ATTEMPT" >> "$RUNNER_RESULTS"
[ $RUNNER_ATTEMPT = 1 ] || exit 0
echo "first=1" >> "$RUNNER_RESULTS"
exit 1
'''

[process.shown]
command = ["echo", "{process.flaky.result.n}"]

[process.gone]
needs = ["shown"]
command = ["echo", "{process.flaky.result.first}"]
"#;
    let ran = Test::new().job(job).run();
    assert_snapshot!(ran, @"
    [stderr]
    flaky: started
    flaky: failed (exit code 1), try 2 now
    flaky: flaky (passed at try 2) in [time]
    shown: started
    shown | 2
    shown: passed in [time]
    gone: started
    gone: failed (not started: process `flaky` has written no result `first`) in [time]
    nothing new starts: `gone` failed

    ✗ gone  not started: process `flaky` has written no result `first`
      help   it writes a line `key=value` to the file that `RUNNER_RESULTS` names
      again  runner job.toml gone

    job: failed in [time]
      processes  1 passed · 1 flaky · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
    let told: Vec<_> =
        ran.events().into_iter().filter(|it| it["event"] == "results-written").collect();
    let told: Vec<_> = told.iter().map(|it| it["results"].to_string()).collect();
    assert_eq!(told, [r#"{"first":"1","n":"1"}"#, r#"{"n":"2"}"#]);
}

#[test]
fn who_handles_a_failure_has_them_too() {
    let job = r#"
limits.on-failure = "continue"

[process.bad]
script = "echo id=7 >> $RUNNER_RESULTS; exit 1"

[process.allowed]
allow-failure = true
script = "echo id=8 >> $RUNNER_RESULTS; exit 1"

[process.skipped]
needs = ["bad"]
command = ["true"]

[process.undo]
needs = [{ process = "bad", when = "failed" }, "allowed"]
command = ["echo", "{process.bad.result.id}", "{process.allowed.result.id}"]

[process.none]
needs = [{ process = "skipped", when = "ended" }]
command = ["echo", "{process.skipped.result.id}"]
"#;
    let ran = Test::new().job(job).run();
    assert_eq!(ran.lines_of("undo"), ["7 8"]);
    assert!(ran.to_string().contains("process `skipped` has written no result `id`"), "{ran}");
}

#[test]
fn a_wrong_file_fails_and_is_named_with_its_line() {
    let job = r#"
limits.on-failure = "continue"

[process.line]
script = "printf 'a=1\nhello\n' > $RUNNER_RESULTS"

[process.bytes]
script = "printf 'a=\\377\n' > $RUNNER_RESULTS"

[process.long]
script = "head -c 2000000 /dev/zero > $RUNNER_RESULTS"

[process.link]
script = "ln -sf /etc/passwd $RUNNER_RESULTS"

[process.pipe]
script = "rm $RUNNER_RESULTS; mkfifo $RUNNER_RESULTS"

[process.folder]
script = "rm $RUNNER_RESULTS; mkdir $RUNNER_RESULTS"

[process.removed]
script = "rm $RUNNER_RESULTS"

[process.failed]
script = "echo hello > $RUNNER_RESULTS; exit 4"
"#;
    let ran = Test::new().job(job).args(["-j", "1", "job.toml"]).run();
    let ended = |it: &serde_json::Value| it["event"] == "node-ended";
    let reasons: Vec<_> = ran
        .events()
        .into_iter()
        .filter(ended)
        .map(|it| format!("{} {}", it["outcome"], it["reason"]))
        .collect();
    assert_snapshot!(reasons.join("\n"), @r#"
    "failed" "the file of results has neither `key=value` nor `key<<END` in line 2"
    "failed" "the file of results is not UTF-8 in line 1"
    "failed" "the file of results has more than 1048576 bytes"
    "failed" "the file of results is no file any more"
    "failed" "the file of results is no file any more"
    "failed" "the file of results is no file any more"
    "passed" null
    "failed" null
    "#);
}

#[test]
fn a_try_that_failed_by_it_says_so_before_the_next() {
    let job = r#"
[process.a]
retry = 1
script = 'echo nothing > "$RUNNER_RESULTS"'
"#;
    let ran = Test::new().job(job).args(["job.toml", "--report", "junit=j.xml"]).run().exits(1);
    let why = "the file of results has neither `key=value` nor `key<<END` in line 1";
    let said = format!("a: failed ({why}), try 2 now");
    assert!(ran.to_string().contains(&said), "{ran}");
    let junit = ran.read("j.xml").replace("&lt;", "<");
    assert_eq!(junit.matches(why).count(), 2, "{junit}");
}

#[test]
fn who_has_items_or_serves_has_none() {
    let job = r#"
[queue.q]
items = ["a"]

[process.each]
consumes = "q"
script = "echo ${RUNNER_RESULTS-none} {item} {process.make.result.x}"

[process.make]
script = "echo x=1 >> $RUNNER_RESULTS"
"#;
    let ran = Test::new().job(job).env("RUNNER_RESULTS", "/outer").run().exits(0);
    assert_eq!(ran.lines_of("each"), ["none a 1"]);
    let job = job.replace("echo x=1", "echo y=1");
    let ran = Test::new().job(&job).run();
    assert_snapshot!(ran, @"
    [stderr]
    make: started
    make: passed in [time]
    each q:0 (a): not started: process `make` has written no result `x`
    each: failed (not started: process `make` has written no result `x`) in [time]: 0 items done
    nothing new starts: `each` failed

    ✗ each  not started: process `make` has written no result `x`
      item   q:0 (a): not started: process `make` has written no result `x`
      help   it writes a line `key=value` to the file that `RUNNER_RESULTS` names
      again  runner job.toml each

    job: failed in [time]
      processes  1 passed · 1 failed
      items      q 0 done, 1 left
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn secrets_are_told_to_those_that_read_them_only() {
    let job = r#"
secrets = ["TOKEN"]

[process.make]
script = "echo token=$TOKEN >> $RUNNER_RESULTS"

[process.use]
script = "[ {process.make.result.token} = $TOKEN ]"
"#;
    let words = ["--report", "markdown=page.md", "job.toml"];
    let ran = Test::new().job(job).env("TOKEN", "abc|def").args(words).run().exits(0);
    assert!(
        ran.read("page.md").contains("| `make` | `token` | `***` |"),
        "{}",
        ran.read("page.md")
    );
    let folder = ran.run_folder(".runner");
    let events = std::fs::read_to_string(folder.join("events.jsonl")).expect("events");
    assert!(events.contains(r#""results":{"token":"***"}"#) && !events.contains("abc|def"));
}

#[test]
fn what_a_killed_run_leaves_of_them_the_next_one_removes() {
    let job = r#"
secrets = ["TOKEN"]

[process.make]
script = "echo token=$TOKEN >> $RUNNER_RESULTS; echo > written; exec sleep 600"
"#;
    let run = Test::new().job(job).env("TOKEN", "abc|def").args(["job.toml"]).start();
    run.wait_for_file("written");
    let folder = std::fs::canonicalize(run.path(".runner/latest")).expect("the run");
    run.signal(Signal::KILL);
    let killed = run.wait();
    assert!(folder.join("results-0").exists(), "{killed}");
    let next = "[process.a]\ncommand = [\"true\"]\n";
    let ran = killed.then(["other.toml"]).file("other.toml", next).run().exits(0);
    assert!(!folder.join("results-0").exists(), "{ran}");
}
