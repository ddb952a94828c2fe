//! Jobs: every job file of this repository is run, and all that it says is compared.
//!
//! What runs at the same time may print in any order, so some outputs are compared with their
//! lines sorted.

use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::time::Duration;

use insta::assert_snapshot;

use crate::harness::{Ran, Test, installed, wait_for};

/// Returns the path of a job file of this repository.
fn file(name: &str) -> String {
    format!("{}/jobs/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Prepares a run of a job file of this repository that leaves nothing in it.
fn job(name: &str) -> Test {
    Test::new().args([file(name).as_str(), "--state-dir", ".runner"])
}

#[test]
fn every_job_file_is_valid() {
    let ran = Test::new().args(["validate", &file("")]).run().exits(0);
    // Before it may stand what is not installed here.
    assert!(ran.stderr.ends_with("16 job files checked: all can run\n"), "{ran}");
    assert!(!ran.stderr.lines().any(|line| line.starts_with('E')), "{ran}");
}

/// Runs a job file of this repository that writes into folders of the test.
fn writes<const N: usize>(name: &str, vars: [(&str, &str); N]) -> Test {
    let test = job(name);
    let vars = vars.map(|(name, path)| format!("{name}={}", test.path(path).display()));
    vars.into_iter().fold(test, |test, var| test.args(["--var", &var]))
}

#[test]
fn parallel_gzip() {
    let test = writes("parallel-gzip.toml", [("files", "in/*.txt"), ("into", "out")]);
    let test = (0..20).fold(test, |test, n| test.file(format!("in/{n}.txt"), "x".repeat(1000)));
    let ran = test.file("in/it's -n.txt", "quoted").run().exits(0);
    let zipped = std::fs::read_dir(ran.path("out")).expect("the folder").count();
    assert_eq!(zipped, 21, "{ran}");
    assert!(ran.stdout.starts_with("21 files, 20006 bytes before and "), "{ran}");
}

#[test]
fn checksum_tree() {
    let test = writes("checksum-tree.toml", [("root", "in"), ("list", "sums")]);
    let test = (0..250).fold(test, |test, n| test.file(format!("in/{}/{n}", n % 7), n.to_string()));
    let ran = test.file("in/two words\tand a tab", "").run().exits(0);
    assert_eq!(ran.stdout, "251 files are as their sums say\n", "{ran}");
    let events = ran.events();
    let started = events.iter().filter(|event| event["event"] == "attempt-started").count();
    assert!(started <= 3 + 5, "{started} children for 251 files\n{ran}");
}

#[test]
fn crawl() {
    let test = writes("crawl.toml", [("socket", "site.sock")]).args(["--var", "pages=200"]);
    let ran = test.run().exits(0);
    assert_eq!(ran.lines_of("serve"), ["seen 200"], "{ran}");
    let events = ran.events();
    let ended = events.iter().filter(|event| event["event"] == "item-ended");
    let passed = ended.filter(|event| event["verdict"] == "passed").count();
    assert_eq!(passed, 200, "each page once\n{ran}");
}

#[test]
fn etl() {
    let ran = writes("etl.toml", [("database", "orders.sqlite")]).run().exits(0);
    assert_eq!(ran.stdout, "990 orders of 7 customers: 45225.00\n", "{ran}");
    assert!(ran.stderr.contains("10 dead"), "{ran}");
}

#[test]
fn services() {
    let programs = ["redis-server", "redis-cli"];
    if !programs.iter().all(|program| installed("services", program)) {
        return;
    }
    let test = job("services.toml");
    let temporary = test.path("temporary");
    std::fs::create_dir(&temporary).expect("a folder");
    let ran = test.env("TMPDIR", &temporary).run().exits(0);
    assert_eq!(ran.stdout, "20\n", "{ran}");
    let at = |words: &str| ran.stderr.find(words).unwrap_or_else(|| panic!("{words}\n{ran}"));
    let order = [
        "redis: started",
        "redis: ready in",
        "migrate: passed",
        "count: passed",
        "redis: stopped",
        "sweep: passed",
    ];
    assert!(order.map(at).is_sorted(), "{ran}");
    let left = std::fs::read_dir(&temporary).expect("the folder").count();
    assert_eq!(left, 0, "the folder of the server\n{ran}");
}

#[test]
fn process() {
    assert_snapshot!(job("tutorial/process.toml").run(), @"
    [stderr]
    parent: started
    parent | the child will start
    parent: passed in [time]
    child: started
    child  | the child runs
    child: failed as allowed (exit code 7) in [time]
    done: started
    done   | the child has ended
    done: passed in [time]

    process: passed in [time]
      processes  2 passed · 1 failed as allowed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn pool() {
    let ran = job("tutorial/pool.toml").run();
    let text = ran.sorted();
    let slots = ["slot 0", "slot 1", "slot 2", "slot 3"];
    let text = slots.iter().fold(text, |text, slot| text.replace(slot, "slot [slot]"));
    assert_snapshot!(text, @"
    done      | all tasks are done
    done: passed in [time]
    done: started
    small (0) | task 0 runs
    small (0): passed in [time]
    small (0): started
    small (1) | task 1 runs
    small (1): passed in [time]
    small (1): started
    small (2) | task 2 runs
    small (2): passed in [time]
    small (2): started
    small (3) | task 3 runs
    small (3): passed in [time]
    small (3): started
    small (4) | task 4 runs
    small (4): passed in [time]
    small (4): started
    task (0)  | task 0 runs in slot [slot]
    task (0): passed in [time]
    task (0): started
    task (1)  | task 1 runs in slot [slot]
    task (1): passed in [time]
    task (1): started
    task (2)  | task 2 runs in slot [slot]
    task (2): passed in [time]
    task (2): started
    task (3)  | task 3 runs in slot [slot]
    task (3): passed in [time]
    task (3): started
    task (4)  | task 4 runs in slot [slot]
    task (4): passed in [time]
    task (4): started

    pool: passed in [time]
      processes  11 passed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
    the_fifth_waits(&ran);
}

/// Proves from the events that four tasks ran in four slots and the fifth after one of them.
fn the_fifth_waits(ran: &Ran) {
    let events = ran.events();
    let named = |name: &str| {
        let declared = events.iter().find(|event| event["name"] == name && event["node"].is_u64());
        declared.expect("the node is declared")["node"].clone()
    };
    let tasks: Vec<_> = (0..5).map(|n| named(&format!("task ({n})"))).collect();
    let of_task = |kind: &'static str| {
        let tasks = &tasks;
        let all = events.iter().enumerate();
        all.filter(move |(_, event)| event["event"] == kind && tasks.contains(&event["node"]))
    };
    let started: Vec<_> = of_task("attempt-started").collect();
    let first: BTreeSet<_> = started[..4].iter().filter_map(|(_, e)| e["slot"].as_u64()).collect();
    assert_eq!(first, BTreeSet::from([0, 1, 2, 3]), "{ran}");
    let (first_end, _) = of_task("attempt-ended").next().expect("an end");
    assert!(started[3].0 < first_end && first_end < started[4].0, "{ran}");
}

#[test]
fn command() {
    assert_snapshot!(job("tutorial/command.toml").run().sorted(), @"
    greet   | root is a user of this machine
    greet: passed in [time]
    greet: started
    known: passed in [time]
    known: started
    regret  | nobody-has-this-name is not
    regret: passed in [time]
    regret: started
    search  | 0
    search: passed in [time]
    search: started
    unknown: failed as allowed (exit code 2) in [time]
    unknown: started

    command: passed in [time]
      processes  4 passed · 1 failed as allowed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn queue() {
    let ran = job("tutorial/queue.toml").run();
    assert_eq!(ran.lines_of("read"), ["got A", "got B", "got C"]);
    assert_snapshot!(ran.sorted(), @"
    read  | got A
    read  | got B
    read  | got C
    read: started
    read: stopped in [time]: 3 items done
    write | put A
    write | put B
    write | put C
    write: passed in [time]
    write: started

    queue: passed in [time]
      processes  1 passed · 1 stopped
      items      letters 3 done
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn pipe() {
    let ran = job("tutorial/pipe.toml").run();
    assert_eq!(ran.lines_of("sort"), ["5", "4", "3", "2", "1"]);
    assert_snapshot!(ran.sorted(), @"
    count: passed in [time]
    count: started
    sort  | 1
    sort  | 2
    sort  | 3
    sort  | 4
    sort  | 5
    sort: passed in [time]
    sort: started

    pipe: passed in [time]
      processes  2 passed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn stdin() {
    let needed = ["nslookup", "dnsmasq"];
    if !needed.iter().all(|program| installed("jobs::stdin", program)) {
        return;
    }
    let server = NameServer::start();
    let vars = ["server=127.0.0.1".to_owned(), format!("port={}", server.port)];
    let ran = job("tutorial/stdin.toml").args(["--var", &vars[0], "--var", &vars[1]]).run();
    let port = format!("#{}", server.port);
    assert_snapshot!(ran.to_string().replace(&port, "#[port]"), @"
    [stderr]
    nslookup: started
    nslookup | Server:		127.0.0.1
    nslookup | Address:	127.0.0.1#[port]
    nslookup |
    nslookup | python.org	mail exchanger = 50 mail.python.org.
    nslookup |
    nslookup: passed in [time]

    stdin: passed in [time]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

/// A name server of Debian that knows one record.
struct NameServer {
    child: std::process::Child,
    port: u16,
}

impl NameServer {
    /// Starts it on a free port of this machine and waits until it answers.
    #[expect(clippy::disallowed_methods, reason = "jobs can't start services yet")]
    fn start() -> Self {
        let free = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("its address").port();
        drop(free);
        let path = std::env::var("PATH").unwrap_or_default();
        let child = std::process::Command::new("dnsmasq")
            .env("PATH", format!("{path}:/usr/sbin:/sbin"))
            .args(["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"])
            .args(["--bind-interfaces", "--listen-address=127.0.0.1", "--pid-file"])
            .args(["--user=", "--log-facility=/dev/null"])
            .args([format!("--port={port}"), "--mx-host=python.org,mail.python.org,50".to_owned()])
            .spawn()
            .expect("dnsmasq can be started");
        let server = Self { child, port };
        wait_for("an answer of dnsmasq", || server.answers().then_some(()));
        server
    }

    /// Returns whether a question for the mail servers of `python.org` is answered.
    fn answers(&self) -> bool {
        let question = b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x06python\x03org\0\0\x0f\0\x01";
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
        let asked = socket.send_to(question, ("127.0.0.1", self.port)).is_ok();
        asked && socket.recv(&mut [0; 512]).is_ok()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a run of the main job on a tree with names that break careless programs.
fn duplicates() -> Test {
    let fake = "#!/bin/sh\ntext=$(cat)\n[ \"$text\" != secret ] || \
                { echo 'sha256sum: -: Permission denied' >&2; exit 1; }\n\
                printf '%s' \"$text\" | /usr/bin/sha256sum\n";
    let test = Test::new()
        .program("bin/sha256sum", fake)
        .file("tree/a", "same\n")
        .file("tree/-rf", "same\n")
        .file("tree/sub/two words", "same\n")
        .file("tree/sub/new\nline\tand tab", "same\n")
        .file("tree/quote'\"$(touch injected)`", "other\n")
        .file("tree/{item}", "other\n")
        .file("tree/alone", "alone\n")
        .file("tree/secret", "secret\n")
        .file("tree/empty", "")
        .file("tree/empty too", "")
        .file("tree/.git/a", "same\n")
        .file("tree/target/a", "same\n")
        .file("tree/.runner/a", "same\n");
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", test.path("bin").display());
    let root = format!("root={}", test.path("tree").display());
    test.env("PATH", path).args([&file("pipeline.toml"), "--state-dir", ".runner", "--var", &root])
}

#[test]
fn pipeline() {
    let ran = duplicates().run();
    assert_snapshot!(ran.stdout, @r#"
    4 files of 5 bytes:
        ./-rf
        ./a
        ./sub/new?line?and tab
        ./sub/two words
    2 files of 6 bytes:
        ./quote'"$(touch injected)`
        ./{item}
    could not be read: ./secret

    7 files with 38 bytes were read.
    4 of them could go and free 21 bytes (2 sets).
    1 could not be read.
    "#);
    assert_snapshot!(ran.sorted(), @r#"
    group  | read	7	38
    group  | same	15	4	5	./-rf	./a	./sub/new?line?and tab	./sub/two words
    group  | same	6	2	6	./quote'"$(touch injected)`	./{item}
    group  | unreadable	./secret
    group: passed in [time]: 8 items done
    group: started
    hash   | sha256sum: -: Permission denied
    hash: passed in [time]: 8 items done
    list: passed in [time]
    list: started
    report: passed in [time]
    report: started
    totals | 1 could not be read.
    totals | 4 of them could go and free 21 bytes (2 sets).
    totals | 7 files with 38 bytes were read.
    totals: passed in [time]
    totals: started

    duplicates: passed in [time]
      processes  5 passed
      items      found 8 done · hashed 8 done
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    "#);
    assert!(!ran.has("tree/injected") && !ran.has("injected"));
}

#[test]
fn pipeline_on_this_repository() {
    let ran = job("pipeline.toml").run().exits(0);
    let read = ran.lines_of("totals").concat();
    assert!(read.contains(" files with ") && !read.contains("could not be read"), "{ran}");
}

#[test]
fn pipeline_without_a_tree() {
    let test = Test::new();
    let root = format!("root={}", test.path("none").display());
    let ran = test.args([&file("pipeline.toml"), "--state-dir", ".runner", "--var", &root]).run();
    assert_snapshot!(ran, @"
    [stderr]
    list: started
    list: failed (not started: working directory `[dir]/none` does not exist) in [time]
    nothing new starts: `list` failed
    hash: passed: 0 items done
    group: passed: 0 items done
    totals: skipped (the run has failed)
    report: skipped (needs `totals`, which ended as skipped)

    ✗ list  not started: working directory `[dir]/none` does not exist
      again  runner [repo]/jobs/pipeline.toml list --var root=[dir]/none --state-dir .runner

    duplicates: failed in [time]
      processes  2 passed · 2 skipped · 1 failed
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn workers() {
    for (name, program) in [("shell", "sh"), ("python", "python3"), ("node", "node")] {
        if !installed("workers", program) {
            continue;
        }
        let ran = job(&format!("workers/{name}.toml")).run().exits(0);
        assert_eq!(ran.stdout, "FOUR\nONE\nTWO \\ \"THREE\"\n", "{ran}");
        assert!(ran.stderr.contains("words 3 done · loud 3 done"), "{ran}");
    }
}
