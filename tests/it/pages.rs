//! Pages: what the documents show is true.

use crate::harness::Test;

#[test]
fn every_job_of_this_repository_is_formatted() {
    let jobs = concat!(env!("CARGO_MANIFEST_DIR"), "/jobs");
    Test::new().args(["fmt", "--check", jobs]).run().exits(0);
}

#[test]
fn the_folder_of_a_run_holds_what_the_page_says() {
    let job = "[process.a]\nmatrix.n = [1, 2, 3]\nscript = \"echo out; echo err >&2\"\n\
               [queue.none]\nitems = []\n\
               [process.never]\nconsumes = \"none\"\ndeliver = \"stream\"\n\
               command = [\"no-such-program\"]\n";
    let ran = Test::new().job(job).args(["job.toml"]).run().exits(0);
    assert_eq!(ran.read(".runner/latest/logs/a@2.out"), "out\n");
    assert_eq!(ran.read(".runner/latest/logs/a@2.err"), "err\n");
    assert!(ran.has(".runner/latest/events.jsonl") && !ran.has(".runner/latest/logs/never.out"));
}

#[test]
fn every_key_is_on_the_page_of_the_language() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/language.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let schema = schema();
    let mut missing = Vec::new();
    for (table, declared) in schema["definitions"].as_object().expect("tables") {
        for key in declared["properties"].as_object().into_iter().flat_map(|keys| keys.keys()) {
            if !page.contains(key.as_str()) {
                missing.push(format!("{table}.{key}"));
            }
        }
    }
    assert!(missing.is_empty(), "not on the page: {missing:?}");
}

#[test]
fn keys_stand_on_the_page_in_the_order_of_formatting() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/language.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let schema = schema();
    for (section, table) in [("process", "Process"), ("pool", "Pool"), ("queue", "Queue")] {
        let (_, part) = page.split_once(&format!("\n## `[{section}.NAME]`\n")).expect("its part");
        let part = part.split("\n##").next().unwrap_or_default();
        let rows = part.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
        let named: Vec<&str> = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect();
        let keys = schema["definitions"][table]["properties"].as_object().expect("keys");
        let ours: Vec<&str> =
            keys.keys().map(String::as_str).filter(|key| named.contains(key)).collect();
        assert!(named.len() > 2, "{section}");
        assert_eq!(named, ours);
    }
}

/// Returns the schema of job files.
fn schema() -> serde_json::Value {
    let schema = Test::new().args(["schema"]).run().exits(0).stdout;
    serde_json::from_str(&schema).expect("JSON")
}
