//! Language: what may be written where, as the schema has it.
//!
//! The schema comes from the structs that load a file, so an editor is never told of a key that the
//! runner does not know. Unaware of texts and places.

use serde_json::Value;

use super::nouns::Noun;
use super::scan::Way;

/// How often a definition may lead to another; in our own schema it is at most three times.
const MOST_HOPS: usize = 64;

/// The schema of a job file.
#[derive(Debug)]
pub(super) struct Language {
    schema: Value,
}

/// How a value is written, as far as that helps to type it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// In quotes.
    Text,
    /// In square brackets.
    List,
    /// In braces, or under a header.
    Table,
    /// As it is.
    Plain,
}

/// A key that may be given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'l> {
    /// The key.
    pub(super) name: &'l str,
    /// What the schema says of it.
    node: &'l Value,
}

impl Language {
    /// Reads the schema.
    pub(super) fn new(schema: &str) -> Self {
        Self { schema: serde_json::from_str(schema).unwrap_or_default() }
    }

    /// Returns the keys that a table may have, in the order of the schema.
    pub(super) fn keys(&self, way: &[Way<'_>]) -> Vec<Known<'_>> {
        let mut known: Vec<Known<'_>> = Vec::new();
        for form in self.find(way).map(|node| self.forms(node)).unwrap_or_default() {
            let keys = form.get("properties").and_then(Value::as_object);
            for (name, node) in keys.into_iter().flatten() {
                if known.iter().all(|other| other.name != name) {
                    known.push(Known { name, node });
                }
            }
        }
        known
    }

    /// Returns the values of which one must be written, each as TOML.
    pub(super) fn words(&self, way: &[Way<'_>]) -> Vec<String> {
        let forms = self.find(way).map(|node| self.forms(node)).unwrap_or_default();
        let mut words = Vec::new();
        for form in forms {
            let listed = form.get("enum").and_then(Value::as_array);
            words.extend(listed.into_iter().flatten().chain(form.get("const")).map(toml));
            if form.get("type").is_some_and(|kind| kind == "boolean") {
                words.extend(["true".to_owned(), "false".to_owned()]);
            }
        }
        words
    }

    /// Returns what the texts at a place name.
    pub(super) fn names(&self, way: &[Way<'_>]) -> Option<Noun> {
        let entries = way.iter().rev().take_while(|step| **step == Way::Entry).count();
        let node = self.find(&way[..way.len() - entries])?;
        Noun::of(node.get("x-names")?.as_str()?)
    }

    /// Returns how a value is written that stands at a place.
    pub(super) fn shape(&self, way: &[Way<'_>]) -> Shape {
        self.find(way).map_or(Shape::Plain, |node| self.shape_of(node))
    }

    /// Returns how the value of a key is written.
    pub(super) fn shape_of_key(&self, key: Known<'_>) -> Shape {
        self.shape_of(key.node)
    }

    /// Returns whether a key can be a table under a header.
    pub(super) fn heads(&self, key: Known<'_>) -> bool {
        self.forms(key.node).into_iter().any(is_table)
    }

    /// Returns whether the user names the keys of a table, of which each is a table again.
    pub(super) fn is_named(&self, key: Known<'_>) -> bool {
        self.forms(key.node).into_iter().any(|form| {
            let all = form.get("additionalProperties");
            all.is_some_and(|all| self.forms(all).into_iter().any(is_table))
        })
    }

    /// Returns what is to be known of a key or a table, in Markdown.
    pub(super) fn about(&self, way: &[Way<'_>]) -> Option<String> {
        self.find(way).map(|node| self.about_node(node)).filter(|text| !text.is_empty())
    }

    /// Returns what is to be known of a key, in Markdown.
    pub(super) fn about_key(&self, key: Known<'_>) -> String {
        self.about_node(key.node)
    }

    fn about_node(&self, node: &Value) -> String {
        let mut said: Vec<String> = Vec::new();
        let forms = self.forms(node);
        let own = node.get("description").into_iter();
        let mut described = own.chain(forms.iter().filter_map(|form| form.get("description")));
        said.extend(described.find_map(Value::as_str).map(|text| text.replace('\n', " ")));
        let words = forms.iter().filter_map(|form| form.get("enum")?.as_array());
        let words: Vec<String> = words.flatten().map(|word| format!("`{}`", toml(word))).collect();
        if !words.is_empty() {
            said.push(format!("One of {}.", words.join(", ")));
        }
        let bounds = forms.iter().find_map(|form| {
            let bound = |name| form.get(name).map(Value::to_string);
            Some(format!("From {} to {}.", bound("minimum")?, bound("maximum")?))
        });
        said.extend(bounds);
        let examples = node.get("examples").and_then(Value::as_array);
        let examples: Vec<String> = examples.into_iter().flatten().map(toml).collect();
        if !examples.is_empty() {
            said.push(format!("```toml\n{}\n```", examples.join("\n")));
        }
        said.join("\n\n")
    }

    fn shape_of(&self, node: &Value) -> Shape {
        let forms = self.forms(node);
        let first = forms.into_iter().find_map(|form| form.get("type")?.as_str());
        match first {
            Some("string") => Shape::Text,
            Some("array") => Shape::List,
            Some("object") => Shape::Table,
            Some(_) | None => Shape::Plain,
        }
    }

    /// Returns what the schema says of a place.
    fn find(&self, way: &[Way<'_>]) -> Option<&Value> {
        way.iter().try_fold(&self.schema, |node, step| {
            let mut forms = self.forms(node).into_iter();
            match *step {
                Way::Key(key) => forms.find_map(|form| {
                    let listed = form.get("properties").and_then(|keys| keys.get(key));
                    listed
                        .or_else(|| form.get("additionalProperties").filter(|all| all.is_object()))
                }),
                Way::Entry => forms.find_map(|form| form.get("items")),
            }
        })
    }

    /// Returns all that a value may be: what is referred to, and each of several.
    fn forms<'l>(&'l self, node: &'l Value) -> Vec<&'l Value> {
        let mut forms = Vec::new();
        let mut rest = vec![node];
        for _ in 0..MOST_HOPS {
            let Some(node) = rest.pop() else { break };
            forms.push(node);
            let target = node.get("$ref").and_then(Value::as_str);
            rest.extend(target.and_then(|target| self.schema.pointer(target.strip_prefix('#')?)));
            for several in ["oneOf", "anyOf", "allOf"] {
                let several = node.get(several).and_then(Value::as_array);
                // The last is read first from a stack.
                rest.extend(several.into_iter().flatten().rev());
            }
        }
        forms
    }
}

fn is_table(form: &Value) -> bool {
    form.get("type").is_some_and(|kind| kind == "object")
}

/// Writes a value as TOML, in one line.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(entries) => {
            format!("[{}]", entries.iter().map(toml).collect::<Vec<_>>().join(", "))
        }
        Value::Object(table) => {
            let entries = table.iter().map(|(key, value)| format!("{key} = {}", toml(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way<'t>(steps: &[&'t str]) -> Vec<Way<'t>> {
        let step = |step: &&'t str| if *step == "*" { Way::Entry } else { Way::Key(step) };
        steps.iter().map(step).collect()
    }

    fn names(keys: &[Known<'_>]) -> Vec<String> {
        keys.iter().map(|key| key.name.to_owned()).collect()
    }

    #[test]
    fn every_table_has_its_keys() {
        let language = Language::new(&crate::config::schema());
        let keys = |steps: &[&str]| names(&language.keys(&way(steps)));
        assert!(keys(&[]).contains(&"include".to_owned()));
        assert_eq!(keys(&["limits"]), ["jobs", "timeout", "on-failure", "jobserver", "keep-runs"]);
        assert_eq!(keys(&["process", "a", "needs", "*"]), ["process", "when"]);
        assert_eq!(keys(&["process", "a", "timeout"]), ["total", "idle", "slow"]);
        assert_eq!(keys(&["process", "a", "env"]), [""; 0]);
        assert_eq!(keys(&["nothing", "here"]), [""; 0]);
    }

    #[test]
    fn words_are_those_that_load() {
        let language = Language::new(&crate::config::schema());
        let words = |steps: &[&str]| language.words(&way(steps));
        assert_eq!(words(&["process", "a", "on-end"]), ["\"eof\"", "\"terminate\""]);
        assert_eq!(words(&["process", "a", "allow-failure"]), ["true", "false"]);
        assert_eq!(words(&["process", "a", "retry", "on", "*"]), ["\"timeout\"", "\"signal\""]);
        assert_eq!(words(&["process", "a", "cwd"]), [""; 0]);
    }

    #[test]
    fn texts_name_things() {
        let language = Language::new(&crate::config::schema());
        for (steps, noun) in [
            (&["process", "a", "needs", "*"][..], Some(Noun::Process)),
            (&["process", "a", "needs", "*", "process"], Some(Noun::Process)),
            (&["process", "a", "needs", "*", "when"], None),
            (&["process", "a", "stdin", "pipe"], Some(Noun::Process)),
            (&["process", "a", "pool"], Some(Noun::Pool)),
            (&["defaults", "pool", "*"], Some(Noun::Pool)),
            (&["process", "a", "consumes", "queue"], Some(Noun::Queue)),
            (&["include", "*"], Some(Noun::File)),
            (&["process", "a", "command", "*"], None),
        ] {
            assert_eq!(language.names(&way(steps)), noun, "{steps:?}");
        }
    }

    #[test]
    fn descriptions_come_with_words_bounds_and_examples() {
        let language = Language::new(&crate::config::schema());
        let about = |steps: &[&str]| language.about(&way(steps)).unwrap();
        insta::assert_snapshot!(about(&["process", "a", "needs", "*", "when"]), @r#"
        What must have become of it: `passed`, `ended`, `failed`, `started`; `ready` of a service.

        One of `"passed"`, `"ended"`, `"failed"`, `"started"`, `"ready"`.
        "#);
        insta::assert_snapshot!(about(&["process", "a", "retry"]), @r#"
        How often it is tried again after a failure, or a table; by default 0.

        From 0 to 1000.

        ```toml
        2
        { max = 3, backoff = "1s..1m" }
        ```
        "#);
    }
}
