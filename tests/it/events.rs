//! The event stream keeps to its schema: what runs really write, line by line.
//!
//! CI validates the same lines with a validator; here it is enough that each kind and each field is
//! in the schema, so that none can be written that no page describes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::Test;

/// A job in which most of what can happen happens.
const JOB: &str = r#"
limits.on-failure = "continue"

[queue.numbers]
items = { range = [0, 4] }

[queue.doubled]

[process.double]
consumes = "numbers"
script = "echo $RUNNER_ITEM_INDEX; [ {item} != 3 ] || { printf 'bad \\377' >&2; exit 3; }"
retry = 1
produces = "doubled"

[process.sum]
consumes = "doubled"
deliver = "stream"
command = ["cat"]

[queue.nothing]
items = { glob = "no-such-file-*" }

[queue.halves]
on-producer-failure = "discard"

[process.half]
produces = "halves"
script = "echo 1; exit 1"

[process.whole]
consumes = "halves"
deliver = "batch"
batch = { items = 2, linger = "1h" }
command = ["true"]

[process.nobody]
consumes = "nothing"
command = ["true"]

[process.missing]
command = ["no-such-program-anywhere"]

[process.writes]
finally = ["true"]
script = "echo key=value >> $RUNNER_RESULTS"

[process.told]
problem-matcher = "gcc"
script = "echo a.c:7:13: error: no"

[process.never]
needs = ["missing"]
command = ["true"]

[process.server]
service = true
restart = { when = "always", backoff = "1ms" }
script = "[ -e again ] || { touch again; exit 1; }; echo up; touch up; sleep 100"

[process.client]
needs = ["server"]
script = "until [ -e up ]; do sleep 0.01; done"

[process.still]
script = """
told() { until grep -q "attempt-$1" .runner/runs/*/events.jsonl; do sleep 0.01; done; }
(told suspended; kill -CONT $$) & kill -STOP $$
told resumed; wait
"""

[process.slow]
timeout = { slow = "1ms", total = "50ms" }
stop.grace = "10ms"
script = "trap '' TERM; while :; do sleep 1; done"
"#;

/// Returns the schema that is kept.
fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/events.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the schema")).expect("JSON")
}

/// Follows a reference.
fn followed<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
    reference.map_or(schema, |path| root.pointer(&path[1..]).expect("it leads somewhere"))
}

/// Returns the forms that a value may have.
fn forms<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    let schema = followed(root, schema);
    let choices = ["oneOf", "anyOf"].iter().find_map(|key| schema[*key].as_array());
    match choices {
        Some(choices) => choices.iter().flat_map(|choice| forms(root, choice)).collect(),
        None => vec![schema],
    }
}

/// Fails where a value has a field that none of its forms has.
fn check(root: &Value, schema: &Value, value: &Value, place: &str) {
    let forms = forms(root, schema);
    match value {
        Value::Object(fields) => {
            let more = |form: &Value| form["additionalProperties"].is_object();
            let known = |form: &Value, key: &String| !form["properties"][key].is_null();
            let has = |form: &&&Value| fields.keys().all(|key| more(form) || known(form, key));
            let form = forms.iter().find(has);
            let form = form.unwrap_or_else(|| panic!("{place} has no such form: {value}"));
            for (key, value) in fields {
                let of_key = known(form, key).then(|| &form["properties"][key]);
                let field = of_key.unwrap_or(&form["additionalProperties"]);
                check(root, field, value, &format!("{place}.{key}"));
            }
        }
        Value::Array(list) => {
            let items = &forms[0]["items"];
            for value in list {
                check(root, items, value, &format!("{place}[]"));
            }
        }
        Value::Null => {
            let nothing = |form: &&Value| form["type"].to_string().contains("null");
            assert!(forms.iter().any(nothing), "{place} is null");
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_runs_write_is_in_the_schema() {
    let root = schema();
    let kinds = root["oneOf"].as_array().expect("kinds");
    let name = |kind: &Value| kind["properties"]["event"]["const"].as_str().map(str::to_owned);
    let ran = Test::new().job(JOB).args(["job.toml", "--output", "json"]).run().exits(1);
    let lines = ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let mut seen = BTreeSet::new();
    for event in lines.chain(ran.events()) {
        let event: Value = event;
        let kind = event["event"].as_str().expect("its kind").to_owned();
        let form = kinds.iter().find(|form| name(form).as_deref() == Some(&kind));
        let mut form = form.unwrap_or_else(|| panic!("no `{kind}` in the schema")).clone();
        form["properties"]["at"] = root["properties"]["at"].clone();
        check(&root, &form, &event, &kind);
        seen.insert(kind);
    }
    let unseen = kinds.iter().filter_map(name).filter(|kind| !seen.contains(kind));
    assert_eq!(unseen.collect::<Vec<_>>(), ["stop-asked"], "the rest is shown");
}
