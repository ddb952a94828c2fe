//! Services: when they come and go, how they are known to be ready, and what their end means.

use std::net::TcpListener;

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::harness::{Test, installed};

#[test]
fn a_service_comes_for_the_first_and_goes_after_the_last() {
    let job = r#"
[process.db]
service = true
ready = { file = "db", interval = "10ms" }
script = "touch db; sleep 600"

[process.web]
service = true
needs = ["db"]
script = "sleep 600"

[process.build]
command = ["true"]

[process.test]
needs = ["build", "web"]
command = ["test", "-e", "db"]

[process.idle]
service = true
command = ["sleep", "600"]

[process.last]
needs = ["web", "test"]
command = ["true"]

[process.never]
needs = ["idle"]
command = ["true"]
"#;
    let ran = Test::new().job(job).args(["job.toml", "last"]).run();
    assert_snapshot!(ran, @"
    [stderr]
    build: started
    build: passed in [time]
    db: started
    db: ready in [time]
    web: started
    web: ready in [time]
    test: started
    test: passed in [time]
    last: started
    last: passed in [time]
    web: stopped in [time]
    db: stopped in [time]

    job: passed in [time]
      processes  3 passed
      services   2 stopped
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn a_service_that_nothing_selected_needs_is_not_started() {
    let job = "[process.db]\nservice = true\ncommand = [\"sleep\", \"600\"]\n\
               [process.test]\nneeds = [\"db\"]\ncommand = [\"true\"]\n\
               [process.other]\ncommand = [\"true\"]\n";
    let ran = Test::new().job(job).args(["job.toml", "db", "other"]).run().exits(0);
    assert_snapshot!(ran.sorted(), @"
    db: skipped (nothing of this run needs it)
    other: passed in [time]
    other: started

    job: passed in [time]
      services   1 skipped
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

/// Returns a port that nobody listens on now.
fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// A server that is not well at first, and says so.
const SERVER: &str = r#"
import http.server, sys

class Answer(http.server.BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        Answer.asked += 1
        well = Answer.asked > 2 and self.path == "/health?deep"
        self.send_response(204 if well else 503)
        self.end_headers()

    def log_message(self, *args):
        pass

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"#;

#[test]
fn each_kind_of_probe_finds_out_when_a_service_is_ready() {
    if !installed("each_kind_of_probe", "python3") {
        return;
    }
    let job = r#"
[defaults]
timeout = "1h"

[process.tcp]
service = true
ready = { tcp = "127.0.0.1:{vars.tcp}", interval = "20ms" }
command = ["python3", "server.py", "{vars.tcp}"]

[process.http]
service = true
ready = { http = "http://127.0.0.1:{env.PORT}/health?deep", status = 204, interval = "20ms" }
env = { PORT = "{vars.http}" }
command = ["python3", "server.py", "{vars.http}"]

[process.command]
service = true
ready = { command = ["test", "-e", "{env.MARK}"], interval = "20ms" }
env = { MARK = "command is ready" }
script = 'sleep 0.1; touch "$MARK"; sleep 600'

[process.line]
service = true
ready = { line = "^listening on \\d+$" }
script = "echo not listening on 1; echo listening on 1 >&2; sleep 600"

[process.file]
service = true
ready = { file = "file is ready", interval = "20ms" }
script = "sleep 0.1; touch 'file is ready'; sleep 600"

[process.plain]
service = true
command = ["sleep", "600"]

[process.test]
needs = ["tcp", "http", "command", "line", "file", "plain"]
command = ["test", "-e", "file is ready", "-a", "-e", "command is ready"]

[vars]
tcp = "0"
http = "0"
"#;
    let ports = ["tcp", "http"].map(|name| format!("{name}={}", port()));
    let test = Test::new().job(job).file("server.py", SERVER);
    let ran = test.args(["job.toml", "--var", &ports[0], "--var", &ports[1]]).run().exits(0);
    for name in ["tcp", "http", "command", "line", "file", "plain"] {
        assert!(ran.stderr.contains(&format!("\n{name}: ready in ")), "{name}\n{ran}");
        assert!(ran.stderr.contains(&format!("\n{name}: stopped in ")), "{name}\n{ran}");
    }
    assert!(ran.stderr.contains("  services   6 stopped\n"), "{ran}");
}

#[test]
fn one_that_is_not_ready_in_time_says_what_is_lacking_and_its_last_words() {
    let job = r#"
[process.db]
service = true
ready = { tcp = "127.0.0.1:1", interval = "10ms", timeout = "100ms" }
script = "echo recovering; sleep 600"

[process.test]
needs = ["db"]
command = ["true"]
"#;
    assert_snapshot!(Test::new().job(job).run().exits(1), @"
    [stderr]
    db: started
    db   | recovering
    db: failed (not ready after [time]: connection refused) in [time]
    nothing new starts: `db` failed
    test: skipped (needs `db`, which ended as failed)

    ✗ db  not ready after [time]: connection refused, after [time]
      │ recovering
      log    .runner/runs/[run]/logs/db.out
      again  runner job.toml db

    job: failed in [time]
      services   1 failed
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn what_each_probe_says_while_a_service_is_not_ready() {
    for (ready, said) in [
        ("file = 'there'", "there`: not there"),
        ("command = ['false']", "exit code 1"),
        ("command = ['no-such-program']", "`no-such-program` was not found"),
        ("line = '^up$'", "no line matched `^up$`"),
        ("http = 'http://127.0.0.1:1/'", "connection refused"),
        ("tcp = '127.0.0.1:1'", "connection refused"),
    ] {
        let job = format!(
            "[process.db]\nservice = true\nready = {{ {ready}, timeout = '100ms' }}\n\
             command = ['sleep', '600']\n[process.test]\nneeds = ['db']\ncommand = ['true']\n"
        );
        let ran = Test::new().job(&job).run().exits(1);
        let reason = format!("{said}) in ");
        let told = ran.stderr.lines().find(|line| line.starts_with("db: failed")).unwrap_or("");
        assert!(told.contains("not ready after 100ms: ") && told.contains(said), "{reason}\n{ran}");
    }
}

#[test]
fn a_service_that_dies_fails_those_that_need_it_and_nobody_else() {
    let job = r#"
limits.on-failure = "continue"

[process.db]
service = true
script = """
until [ -s .runner/latest/logs/test.out ]; do sleep 0.01; done
echo disk on fire >&2
exit 3
"""

[process.test]
needs = ["db"]
script = "echo up; sleep 600"

[process.report]
needs = ["db", "test"]
command = ["true"]

[process.other]
after = ["test"]
command = ["true"]
"#;
    assert_snapshot!(Test::new().job(job).run().exits(1), @"
    [stderr]
    db: started
    db: ready in [time]
    test: started
    test   | up
    db     | disk on fire
    db: failed (exit code 3) in [time]
    report: skipped (needs `db`, which ended as failed)
    test: stopped (service `db` failed: exit code 3) in [time]
    other: started
    other: passed in [time]

    ✗ db  exit code 3 after [time]
      │ disk on fire
      log    .runner/runs/[run]/logs/db.err
      again  runner job.toml db

    job: failed in [time]
      processes  1 passed · 1 skipped · 1 stopped
      services   1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn one_that_is_started_again_is_told_so_and_who_runs_goes_on() {
    let job = r#"
[process.db]
service = true
restart = { when = "always", backoff = "10ms" }
script = """
echo x >>starts
[ "$(wc -l <starts)" -gt 1 ] || exit 0
sleep 600
"""

[process.test]
needs = ["db"]
script = "until [ -e go ]; do sleep 0.01; done"
"#;
    let running = Test::new().job(job).start();
    running.wait_for_lines("db: ready in ", 2);
    std::fs::write(running.path("go"), "").expect("a file");
    let ran = running.wait().exits(0);
    let told: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("db: ")).collect();
    assert_eq!(told[2], "db: restarting (1/5) in 10ms: exit code 0", "{ran}");
    assert!(told[3].starts_with("db: ready in ") && told[4].starts_with("db: stopped"), "{ran}");
    assert!(ran.stderr.contains("  services   1 stopped · 1 restart\n"), "{ran}");
}

/// A service that dies once its marked item is there, and is ready only after that has failed.
const OUTAGE: &str = r#"
[process.db]
service = true
restart = { when = "on-failure", backoff = "1ms" }
ready = { file = "up", interval = "1s", timeout = "1h" }
script = """
echo x >>starts
if [ "$(wc -l <starts)" -eq 1 ]; then
    touch up
    until [ -e item ]; do sleep 0.01; done
    rm up
    exit 1
fi
until [ -e failed ]; do sleep 0.01; done
sleep 0.1
touch up
sleep 600
"""
"#;

#[test]
fn a_consumer_waits_for_its_service_and_what_fails_meanwhile_costs_no_try() {
    let job = format!(
        "{OUTAGE}{}",
        r#"
[queue.q]
items = ["a", "b", "c"]

[process.work]
needs = ["db"]
consumes = "q"
workers = 1
script = """
echo {item} "$RUNNER_ATTEMPT" >>tries
[ -e failed ] && exit 0
touch item
until [ "$(wc -l <starts)" -eq 2 ]; do sleep 0.01; done
touch failed
exit 1
"""
"#
    );
    let ran = Test::new().job(&job).run().exits(0);
    assert_eq!(ran.read("tries"), "a 1\na 1\nb 1\nc 1\n", "{ran}");
    assert!(ran.stderr.contains("work: passed in"), "{ran}");
}

#[test]
fn a_worker_waits_too() {
    let job = format!(
        "{OUTAGE}{}",
        r#"
[queue.q]
items = ["a", "b"]

[process.work]
needs = ["db"]
consumes = "q"
deliver = "worker"
wire = "stdio"
workers = 1
script = """
while read -r request; do
    echo "$request" >>tries
    id=${request#*'"id":"'}
    id=${id%%'"'*}
    if [ -e failed ]; then
        printf '{{"id":"%s","ok":true}\\n' "$id"
    else
        touch item
        until [ "$(wc -l <starts)" -eq 2 ]; do sleep 0.01; done
        printf '{{"id":"%s","ok":false,"error":"no database"}\\n' "$id"
        touch failed
    fi
done
"""
"#
    );
    let ran = Test::new().job(&job).run().exits(0);
    let tries = ran.read("tries");
    assert_eq!(tries.matches(r#""attempt":1"#).count(), 3, "{tries}\n{ran}");
}

#[test]
fn at_an_interrupt_services_go_last_and_cleanup_still_has_them() {
    let job = r#"
[process.db]
service = true
script = "trap 'echo db >>order; exit 0' TERM; echo up >db; while :; do sleep 0.01; done"

[process.test]
needs = ["db"]
script = "trap 'echo test >>order; exit 0' TERM; echo >running; while :; do sleep 0.01; done"

[process.sweep]
needs = ["db"]
after = ["test"]
run = "always"
script = "echo sweep >>order; ! grep db order"
"#;
    let running = Test::new().job(job).start();
    running.wait_for_file("running");
    running.wait_for_line("test: started\n");
    running.signal(Signal::INT);
    let ran = running.wait().exits(130);
    assert_eq!(ran.read("order"), "test\nsweep\ndb\n", "{ran}");
}

#[test]
fn an_interrupt_ends_a_probe_that_hangs() {
    let job = r#"
[process.db]
service = true
ready = { command = ["sh", "-c", "echo >asked; sleep 600"], timeout = "1h" }
command = ["sleep", "600"]

[process.test]
needs = ["db"]
command = ["true"]
"#;
    let running = Test::new().job(job).start();
    running.wait_for_file("asked");
    running.signal(Signal::INT);
    let ran = running.wait().exits(130);
    assert!(ran.stderr.contains("test: skipped (the run was stopped)"), "{ran}");
}

#[test]
fn a_stop_with_nobody_left_ends_a_service_that_does_not_hear() {
    let job = r#"
[process.db]
service = true
stop = { grace = "100ms" }
script = "trap '' TERM; while :; do sleep 0.01; done"

[process.test]
needs = ["db"]
command = ["true"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert!(ran.stderr.contains("db: did not stop in time, killed\n"), "{ran}");
    assert!(ran.stderr.contains("\ndb: stopped in "), "{ran}");
}

#[test]
fn its_events_say_what_happened() {
    let job = "[process.db]\nservice = true\ncommand = [\"sleep\", \"600\"]\n\
               [process.test]\nneeds = [\"db\"]\ncommand = [\"true\"]\n";
    let ran = Test::new().job(job).run().exits(0);
    let events = ran.events();
    let named = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    assert_eq!((named("service-ready"), named("service-restarts")), (1, 0), "{ran}");
    let declared = events.iter().find(|event| event["event"] == "node-declared").expect("one");
    assert_eq!(declared["service"], true, "{ran}");
}
