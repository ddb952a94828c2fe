//! Reference: the page of all keys, made from the schema.
//!
//! Made here and not by the program, because only this repository needs it. What keys do together
//! is on the page of the language, which is written by hand.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::{root, text};

/// What stands before the tables.
const BEGINNING: &str = "# Reference

Every key of a job file, with what it may hold. This page is made from
[the schema](../schemas/runner.schema.json), which `runner schema` prints; what keys do together is
on the page of [the language](language.md). A *duration* is `500ms`, `30s` or `1h30m`, a *size*
`64KiB` or `10MB`.
";

/// The tables of a job file: what is written, its definition.
const TABLES: [(&str, &str); 4] = [
    ("[limits]", "Limits"),
    ("[process.NAME]", "Process"),
    ("[pool.NAME]", "Pool"),
    ("[queue.NAME]", "Queue"),
];

/// What patterns of texts are called.
const PATTERNS: [(&str, &str); 7] = [
    ("(\\.\\.(", "duration, or `first..most`"),
    ("[A-Za-zµ]+", "duration"),
    ("?B$", "size"),
    ("/ *[smh]", "number per `s`, `m` or `h`"),
    ("(cpus", "`\"cpus\"`, `\"cpus*N\"`, `\"N%\"`"),
    ("*%$", "`\"N%\"`"),
    ("", "text"),
];

#[test]
fn the_reference_is_what_the_schema_says() {
    let schema = serde_json::from_str(&text("schemas/runner.schema.json")).expect("JSON");
    let page = page(&schema);
    let path = root().join("docs/reference.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &page).expect("the page");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == page, "run the tests once with UPDATE_REFERENCE=1");
}

/// A part of the page: a table, and what it is called.
struct Section<'a> {
    heading: String,
    name: &'a str,
}

/// Returns the page.
fn page(schema: &Value) -> String {
    let sections = sections(schema);
    let mut page = format!("{BEGINNING}\n## Top level\n");
    keys(&mut page, schema, &sections);
    for Section { heading, name } in &sections {
        let table = &schema["definitions"][name];
        let _ = write!(page, "\n{heading}\n\n{}\n", said(table));
        keys(&mut page, table, &sections);
    }
    for (name, _) in schema["definitions"].as_object().expect("tables") {
        let has_place = name == "Defaults" || sections.iter().any(|section| section.name == name);
        assert!(has_place, "`{name}` has no place on the page");
    }
    page
}

/// Returns the parts of the page: each table, behind it those that its keys may hold.
fn sections(schema: &Value) -> Vec<Section<'_>> {
    let mut sections = Vec::new();
    for (written, name) in TABLES {
        sections.push(Section { heading: format!("## `{written}`"), name });
        inner(&mut sections, schema, name);
    }
    sections
}

/// Adds the tables that the keys of a table may hold, each where it is first met.
fn inner<'a>(sections: &mut Vec<Section<'a>>, schema: &'a Value, name: &str) {
    for (key, value) in properties(&schema["definitions"][name]) {
        for name in references(value) {
            if sections.iter().all(|section| section.name != name) {
                sections.push(Section { heading: format!("### The table of `{key}`"), name });
                inner(sections, schema, name);
            }
        }
    }
}

/// Writes the table of the keys of a table.
fn keys(page: &mut String, table: &Value, sections: &[Section]) {
    page.push_str("\n| key | holds | meaning |\n|---|---|---|\n");
    let required = table["required"].as_array().into_iter().flatten();
    let required: Vec<&str> = required.filter_map(Value::as_str).collect();
    for (key, value) in properties(table) {
        let mut meaning = said(value);
        if required.contains(&key.as_str()) {
            meaning += " It must be there.";
        }
        if let Some(with) = table["dependencies"][key][0].as_str() {
            let _ = write!(meaning, " Only with `{with}`.");
        }
        for example in value["examples"].as_array().into_iter().flatten() {
            let _ = write!(meaning, "<br>`{key} = {}`", toml(example));
        }
        let mut holds = holds(value);
        let known = |name: &str| sections.iter().find(|section| section.name == name);
        if let Some(section) = references(value).into_iter().find_map(known) {
            let anchor = super::links::anchor(&section.heading);
            holds = holds.replace("table", &format!("[table](#{anchor})"));
        }
        let cell = |text: String| text.replace('|', "\\|");
        let _ = writeln!(page, "| `{key}` | {} | {} |", cell(holds), cell(meaning));
    }
}

/// Returns what a value may be, in words.
fn holds(value: &Value) -> String {
    if let Some(choices) = value["anyOf"].as_array() {
        let choices: Vec<String> = choices.iter().map(holds).collect();
        return choices.join(", or ");
    }
    if let Some(words) = value["enum"].as_array() {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        return words.join(", ");
    }
    if !value["type"].is_string() && !references(value).is_empty() {
        return "table".to_owned();
    }
    match &value["type"] {
        Value::Array(types) => {
            let types: Vec<String> = types.iter().map(|kind| simple(kind, value)).collect();
            types.join(", or ")
        }
        kind => simple(kind, value),
    }
}

/// Returns what a value of one type may be.
fn simple(kind: &Value, value: &Value) -> String {
    let bound = |name: &str| value[name].as_i64().filter(|bound| bound.unsigned_abs() < 1 << 53);
    match kind.as_str() {
        Some("string") => {
            let pattern = value["pattern"].as_str().unwrap_or_default();
            let known = PATTERNS.iter().find(|(part, _)| pattern.contains(part));
            known.map(|(_, name)| (*name).to_owned()).unwrap_or_default()
        }
        Some("boolean") => "`true`, `false`".to_owned(),
        Some("integer" | "number") => match (bound("minimum"), bound("maximum")) {
            (Some(least), Some(most)) => format!("number from {least} to {most}"),
            (Some(least), None) => format!("number from {least}"),
            (None, _) => "number".to_owned(),
        },
        Some("array") => format!("list of: {}", holds(&value["items"])),
        Some("object") => match &value["additionalProperties"] {
            inner @ Value::Object(_) if references(inner).is_empty() => {
                format!("table of: {}", holds(inner))
            }
            Value::Object(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => "table".to_owned(),
        },
        _ => panic!("`{kind}` has no name on the page"),
    }
}

/// Returns an example as it stands in a job file, in one line.
fn toml(example: &Value) -> String {
    match example {
        Value::Array(list) => {
            let list: Vec<String> = list.iter().map(toml).collect();
            format!("[{}]", list.join(", "))
        }
        Value::Object(table) => {
            let pairs = table.iter().map(|(key, value)| format!("{key} = {}", toml(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        one => one.to_string(),
    }
}

/// Returns the tables that a value may be, or hold.
fn references(value: &Value) -> Vec<&str> {
    let named = value["$ref"].as_str();
    let named = named.and_then(|reference| reference.strip_prefix("#/definitions/"));
    let choices = ["anyOf", "allOf"].into_iter().filter_map(|name| value[name].as_array());
    let inside = [&value["items"], &value["additionalProperties"]].into_iter();
    let deeper = choices.flatten().chain(inside.filter(|inner| inner.is_object()));
    named.into_iter().chain(deeper.flat_map(references)).collect()
}

/// Returns what the schema says of something, in one line.
fn said(value: &Value) -> String {
    value["description"].as_str().expect("a description").replace('\n', " ")
}

/// Returns the keys of a table.
fn properties(table: &Value) -> impl Iterator<Item = (&String, &Value)> {
    table["properties"].as_object().into_iter().flat_map(Map::iter)
}
