//! Workers: long-lived children that are asked item by item, real ones.

use serde_json::Value;

use crate::harness::{Ran, Test, installed};

/// Items that are killed in the middle of their first try.
const KILLED: usize = 500;

/// Returns the path of a client of this repository.
fn client(name: &str) -> String {
    format!("{}/jobs/workers/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Returns the tries at items: id, number and verdict.
fn tries(ran: &Ran) -> Vec<(String, u64, String)> {
    let ended = |event: &Value| {
        (event["event"] == "item-ended").then(|| {
            let text = |value: &Value| value.as_str().expect("text").to_owned();
            let number = event["number"].as_u64().expect("a number");
            (text(&event["item"]["id"]), number, text(&event["verdict"]))
        })
    };
    ran.events().iter().filter_map(ended).collect()
}

fn starts(ran: &Ran) -> usize {
    ran.events().iter().filter(|event| event["event"] == "attempt-started").count()
}

#[test]
fn every_client_speaks_the_protocol() {
    let clients =
        [("sh", "worker.sh", true), ("python3", "worker.py", false), ("node", "worker.mjs", false)];
    for (program, name, is_shell) in clients {
        if !installed("every_client_speaks_the_protocol", program) {
            continue;
        }
        let path = client(name);
        let job = format!(
            r#"
[queue.in]
items = ["plain", "a \"quote\" and a \\n", "", "ta\tb", "%s $(echo no) `no`"]

[queue.out]

[process.work]
consumes = "in"
deliver = "worker"
workers = 1
command = ["{program}", "{path}"]
produces = "out"
retry = 1

[process.show]
consumes = "out"
deliver = "stream"
workers = 1
command = ["cat"]
stdout = "inherit"
"#
        );
        let ran = Test::new().job(&job).run().exits(1);
        let shown = "PLAIN\nA \"QUOTE\" AND A \\N\nTA\tB\n%S $(ECHO NO) `NO`\n";
        assert_eq!(ran.stdout, shown, "{ran}");
        let failed: Vec<_> = tries(&ran).into_iter().filter(|tried| tried.2 != "passed").collect();
        let tried = |number| ("in:2".to_owned(), number, "failed".to_owned());
        assert_eq!(failed, [tried(1), tried(2)]);
        let dead = ran.events().into_iter().find(|event| event["event"] == "item-dead");
        let dead = dead.expect("a dead item");
        let said = dead["tries"][0]["exit"]["replied"].as_str().expect("a reason");
        let why = if is_shell { "status 65" } else { "an empty item" };
        assert!(said.ends_with(why), "{said}");
        let stderr = dead["stderr"].as_str().expect("text");
        assert!(name == "worker.mjs" || stderr.contains("an empty item"), "{stderr}");
        assert_eq!(starts(&ran), 2, "one worker and one reader");
    }
}

#[test]
fn a_worker_that_is_killed_harms_only_the_item_that_it_works_on() {
    let job = format!(
        r#"
[queue.q]
items = {{ range = [0, {KILLED}] }}

[process.work]
consumes = "q"
deliver = "worker"
workers = 4
retry = 1
script = '''
while read -r request <&3; do
    id=${{request#*'"id":"'}}
    case $request in *'"attempt":1,'*) kill -9 $$ ;; esac
    echo '{{"id":"'"${{id%%'"'*}}"'","ok":true}}' >&4
done
'''
"#
    );
    let ran = Test::new().job(&job).args(["job.toml", "-j", "4"]).run().exits(0);
    let tries = tries(&ran);
    let count = |number, verdict: &str| {
        tries.iter().filter(|tried| tried.1 == number && tried.2 == verdict).count()
    };
    assert_eq!((count(1, "killed"), count(2, "passed"), tries.len()), (KILLED, KILLED, 2 * KILLED));
}

#[test]
fn noise_harms_nothing_and_the_descriptors_are_told() {
    let job = |wire: &str, noise: &str| {
        format!(
            r#"
[queue.q]
items = {{ range = [0, 20] }}

[process.work]
consumes = "q"
deliver = "worker"
wire = "{wire}"
workers = 1
script = '''
eval "exec 5<&$RUNNER_IN_FD 6>&$RUNNER_OUT_FD"
echo '{{"ready":true,"window":4}}' >&6
while read -r request <&5; do
    {noise}
    id=${{request#*'"id":"'}}
    echo '{{"id":"'"${{id%%'"'*}}"'","ok":true}}' >&6
done
'''
"#
        )
    };
    let both = r#"echo "{ half a reply"; echo "more noise" >&2"#;
    let ran = Test::new().job(&job("fd", both)).run().exits(0);
    assert_eq!(ran.lines_of("work").len(), 40, "{ran}");
    let ran = Test::new().job(&job("stdio", r#"echo "more noise" >&2"#)).run().exits(0);
    assert_eq!(ran.lines_of("work").len(), 20, "{ran}");
    assert_eq!((starts(&ran), tries(&ran).len()), (1, 20));
}

#[test]
fn a_worker_that_grows_is_replaced_between_items() {
    if !installed("a_worker_that_grows_is_replaced_between_items", "python3") {
        return;
    }
    let job = r#"
[queue.q]
items = { range = [0, 12] }

[process.work]
consumes = "q"
deliver = "worker"
workers = 1
recycle = { memory = "128MiB" }
shell = ["python3", "-c"]
script = '''
import json, time
held, replies = [], open(4, "w", buffering=1)
for line in open(3):
    held.append(b"x" * (32 << 20))
    # As long as it takes until its memory is looked at again.
    time.sleep(0.11)
    print(json.dumps({"id": json.loads(line)["id"], "ok": True}), file=replies)
'''
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(tries(&ran).iter().filter(|tried| tried.2 == "passed").count(), 12);
    let starts = starts(&ran);
    assert!((3..=5).contains(&starts), "{starts} starts\n{ran}");
}

#[test]
fn a_program_that_is_no_worker_ends_the_run() {
    let job = r#"
[queue.q]
items = ["a", "b"]

[process.work]
consumes = "q"
deliver = "worker"
command = ["true"]
"#;
    let ran = Test::new().job(job).run().exits(1);
    let why = "5 workers in a row ended before they had settled an item: exit code 0";
    assert!(ran.stderr.contains(why), "{ran}");
    assert_eq!(tries(&ran).len(), 0);
}

#[test]
fn a_worker_that_never_reads_blocks_nobody() {
    let job = r#"
[queue.q]
items = { command = ["awk", "BEGIN { for (n = 0; n < 8; n++) printf \"%0100000d\\n\", 0 }"] }

[process.work]
consumes = "q"
deliver = "worker"
workers = 1
timeout = { idle = "100ms" }
script = "echo '{\"ready\":true,\"window\":1000}' >&4; exec sleep 1000"
"#;
    let ran = Test::new().job(job).run().exits(1);
    let why = "5 workers in a row ended before they had settled an item: killed by SIGTERM";
    assert!(ran.stderr.contains(why), "{ran}");
    assert_eq!(tries(&ran).len(), 0);
}
