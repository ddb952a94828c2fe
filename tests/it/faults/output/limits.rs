//! Limits: output that is large, and output that can't be written.

use super::log;
use crate::harness::{Ran, Test, installed};

/// Bytes of the long line.
const LONG: usize = 256 << 20;

/// Kibibytes of memory that a run may take, whatever is printed.
const MEMORY: u64 = 64 << 10;

/// A process that says, once another has ended, how much memory the program has had at most: its
/// parent is the spawner, and that of the spawner the engine.
const MEASURE: &str = r#"
[process.measure]
needs = [{ process = "a", when = "ended" }]
script = '''
engine=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$PPID/status)
sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$engine/status > memory
'''
"#;

/// Proves that a run has taken little memory.
fn took_little(ran: &Ran, what: &str) {
    let memory: u64 = ran.read("memory").trim().parse().expect("kibibytes");
    assert!(memory > 1000 && memory <= MEMORY, "{what}: {memory} KiB\n{}", ran.stderr);
}

#[test]
fn o04_a_line_of_256_mib_takes_no_memory() {
    let script = format!("head -c {LONG} /dev/zero | tr '\\\\0' x; exit 1");
    let job = format!("[process.a]\nscript = \"{script}\"\n{MEASURE}");
    for mode in ["live", "plain", "group", "quiet", "json"] {
        let test = Test::new().job(&job);
        let args = format!("--output {mode} --on-failure continue");
        let ran = if mode == "live" {
            test.on_a_terminal(&format!("stty cols 80 rows 24; TERM=xterm $R job.toml {args}"))
        } else {
            test.args(["job.toml"]).args(args.split(' '))
        };
        let ran = ran.run().exits(1);
        took_little(&ran, mode);
        let kept = log(&ran, "a.out");
        assert!(kept.len() == LONG && kept.iter().all(|byte| *byte == b'x'), "{mode}");
        let shown = ran.stderr.bytes().filter(|byte| *byte == b'x').count();
        match mode {
            "json" => assert!(ran.stdout.len() > LONG),
            "live" => assert!(ran.stdout.len() < 64 << 10, "{}", ran.stdout.len()),
            _ => assert!((4000..16_000).contains(&shown), "{mode}: {shown}"),
        }
        let mark = match mode {
            "plain" => "… 256.0 MiB line, see log",
            "group" | "quiet" => "… 240.0 MiB earlier, see log",
            _ => "",
        };
        assert!(ran.stderr.contains(mark), "{mode}");
    }
}

#[test]
fn o05_a_chatty_child_fills_its_log_and_not_the_screen() {
    let line = "y".repeat(1023);
    let script = format!("yes {line} | head -c 134217728");
    let job = format!("[process.a]\nscript = \"{script}\"\n{MEASURE}");
    for mode in ["plain", "group"] {
        let ran = Test::new().job(&job).args(["job.toml", "--output", mode]).run().exits(0);
        took_little(&ran, mode);
        assert_eq!(log(&ran, "a.out").len(), 128 << 20, "{mode}");
        assert!(ran.stderr.len() < 72 << 20, "{mode}: {}", ran.stderr.len());
        let mark = match mode {
            "plain" => "a       | … 64.0 MiB shown, all of it is in .runner/runs/",
            _ => "… 112.0 MiB earlier, see log\n",
        };
        assert_eq!(ran.stderr.matches(mark).count(), 1, "{mode}");
    }
}

#[test]
fn o06_a_report_that_can_not_be_written_is_no_success() {
    let job = "[process.a]\ncommand = [\"echo\", \"kept\"]\n";
    let run = |redirect: &str, args: &[&str]| {
        let through = format!("exec \"$@\" {redirect}");
        let test = Test::new().job(job).through(["sh", "-c", &through, "sh"]);
        test.args(["job.toml"]).args(args).run()
    };
    for redirect in [">/dev/full", ">&-"] {
        let ran = run(redirect, &["--output", "json"]).exits(3);
        assert_eq!(ran.stderr, "runner: cannot write to stdout: no space left on the device\n");
    }
    for mode in ["plain", "group", "quiet"] {
        for redirect in ["2>/dev/full", "2>&-"] {
            let ran = run(redirect, &["--output", mode]).exits(3);
            if mode == "quiet" {
                // It has nothing to say before the end.
                assert_eq!(log(&ran, "a.out"), b"kept\n", "{mode} {redirect}");
            }
        }
    }
}

#[test]
fn o06_results_that_are_lost_are_no_success() {
    let job = "[process.a]\ncommand = [\"echo\", \"the result\"]\nstdout = \"inherit\"\n";
    let lost = Test::new().job(job).stdout("/dev/full").run().exits(3);
    assert!(lost.stderr.contains("cannot write to stdout: no space left on the device"), "{lost}");
    assert_eq!(log(&lost, "a.out"), b"the result\n", "the log has it");
}

#[test]
fn o17_logs_are_on_the_disk_before_the_verdict_is_told() {
    if !installed("o17", "strace") {
        return;
    }
    let job = "[process.a]\nscript = \"echo out; echo err >&2\"\n";
    let calls = ["strace", "-y", "-s", "200", "-e", "trace=fdatasync,write", "-o", "calls"];
    let ran = Test::new().job(job).through(calls).run().exits(0);
    let calls = ran.read("calls");
    let place = |what: &dyn Fn(&str) -> bool| {
        calls.lines().position(what).unwrap_or_else(|| panic!("it was never called\n{calls}"))
    };
    let verdict = place(&|call| call.starts_with("write(2") && call.contains("job: passed in"));
    for name in ["logs/a.out", "logs/a.err", "events.jsonl"] {
        let synced = place(&|call| call.starts_with("fdatasync(") && call.contains(name));
        assert!(synced < verdict, "{name}\n{calls}");
    }
}
