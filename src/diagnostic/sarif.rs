//! SARIF: the exchange format of code scanners, version 2.1.0.
//!
//! Each code that occurs is a rule with its page of `docs/codes.md`. Columns are counted in
//! characters, and the log says so. Unaware of how problems are found.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::findings::Findings;
use super::found::{Edit, Found, Grade, Spot, fingerprints};
use super::json::pretty;
use super::pages::page;
use crate::model::code;

/// The schema of the format, which editors read it by.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes a log with one run.
pub(super) fn sarif(findings: &Findings) -> String {
    let rules: Vec<&'static str> = {
        let occurs = |id: &&str| findings.all().any(|found| found.code == *id);
        code::ALL.iter().map(|code| code.id).filter(occurs).collect()
    };
    let results = findings.all().zip(fingerprints(findings)).map(|(found, fingerprint)| {
        let mut result = json!({
            "ruleId": found.code,
            "ruleIndex": rules.iter().position(|id| *id == found.code),
            "level": level(found.severity),
            "message": { "text": found.sentence() },
            "locations": [location(&found.place, "")],
            "partialFingerprints": { "runner/v1": fingerprint },
        });
        add_places(&mut result, found);
        result
    });
    let results: Vec<Value> = results.collect();
    pretty(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "runner",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|id| rule(id)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

/// Adds the other places of a problem, and its fix.
fn add_places(result: &mut Value, found: &Found) {
    let others = found.labels.iter().skip(1);
    let related: Vec<Value> = others.map(|label| location(&label.place, &label.text)).collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    if let Some(edit) = &found.fix {
        result["fixes"] = json!([fix(found, edit)]);
    }
}

/// Returns what is known of a code.
fn rule(id: &str) -> Value {
    let page = page(id).expect("each code has its page");
    json!({
        "id": id,
        "name": page.code.name,
        "shortDescription": { "text": page.sentence },
        "help": { "text": page.text, "markdown": page.text },
        "defaultConfiguration": {
            "level": if id.starts_with('W') { "warning" } else { "error" },
        },
    })
}

fn level(grade: Grade) -> &'static str {
    match grade {
        Grade::Error => "error",
        Grade::Warning => "warning",
    }
}

fn location(place: &Spot, said: &str) -> Value {
    let mut location = json!({
        "physicalLocation": { "artifactLocation": artifact(place), "region": region(place) },
    });
    if !said.is_empty() {
        location["message"] = json!({ "text": said });
    }
    location
}

fn region(place: &Spot) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    })
}

fn fix(found: &Found, edit: &Edit) -> Value {
    json!({
        "description": { "text": found.cure().unwrap_or(&found.message) },
        "artifactChanges": [{
            "artifactLocation": artifact(&edit.place),
            "replacements": [{
                "deletedRegion": region(&edit.place),
                "insertedContent": { "text": edit.text },
            }],
        }],
    })
}

/// Returns a file of the repository, or another one by its absolute path.
fn artifact(place: &Spot) -> Value {
    if place.file.starts_with('/') {
        return json!({ "uri": format!("file://{}", percent(&place.file)) });
    }
    json!({ "uri": percent(&place.file), "uriBaseId": "%SRCROOT%" })
}

/// Returns a path as it stands in a URI.
fn percent(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("text takes everything");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FileId, Place, Problem, Source};

    #[test]
    fn a_fix_is_a_replacement_of_what_is_marked() {
        let (text, path) = ("[process.ä]\nzomand = []\n", "/a b.toml");
        let place = Place::span(FileId(0), 13..19);
        let problem = Problem::error(code::UNKNOWN_KEY, "no key `zomand`", place.clone().label(""));
        let problem = problem.help("did you mean `command`?").fix(place, "command");
        let mut findings = Findings::default();
        findings.add(vec![problem], vec![Source { path: path.to_owned(), text: text.to_owned() }]);
        let log: Value = serde_json::from_str(&sarif(&findings)).unwrap();
        let replacement = json!({
            "deletedRegion": { "startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 7 },
            "insertedContent": { "text": "command" },
        });
        let fix = json!({
            "description": { "text": "did you mean `command`?" },
            "artifactChanges": [{
                "artifactLocation": { "uri": "file:///a%20b.toml" },
                "replacements": [replacement],
            }],
        });
        assert_eq!(log["runs"][0]["results"][0]["fixes"], json!([fix]));
    }

    #[test]
    fn a_path_is_a_uri() {
        assert_eq!(percent("a b/ü:c%.toml"), "a%20b/%C3%BC%3Ac%25.toml");
    }
}
