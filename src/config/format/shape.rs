//! Shape: which table stands where in a job file, and the order of its keys.
//!
//! Read from the schema, and so from the structs that load a file: the order of their fields is the
//! canonical one. Unaware of TOML.

use std::sync::LazyLock;

use serde_json::Value;

use crate::config::schema::schema;

/// The schema; made once, because each file asks for it.
static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&schema()).expect("a schema is JSON"));

/// Nothing is known about what stands there.
static UNKNOWN: Value = Value::Null;

/// What the language says of one value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape(&'static Value);

impl Shape {
    /// Returns the shape of a whole file.
    pub(super) fn file() -> Self {
        Self(&SCHEMA)
    }

    /// Returns the shape of what stands behind a key.
    pub(super) fn key(self, key: &str) -> Self {
        let named = |form: &'static Value| form["properties"].get(key);
        let any = |form: &'static Value| Some(&form["additionalProperties"]);
        let found = self.forms().find_map(named).or_else(|| self.forms().find_map(any));
        Self(found.unwrap_or(&UNKNOWN))
    }

    /// Returns the shape of an entry of a list.
    pub(super) fn entry(self) -> Self {
        Self(self.forms().find_map(|form| form.get("items")).unwrap_or(&UNKNOWN))
    }

    /// Returns the place of a key among the keys of a table of ours.
    pub(super) fn rank(self, key: &str) -> Option<usize> {
        let closed = |form: &&Value| form["additionalProperties"] == Value::Bool(false);
        let mut keys =
            self.forms().filter(closed).filter_map(|form| form["properties"].as_object());
        keys.find_map(|keys| keys.keys().position(|known| known == key))
    }

    /// Returns the forms that the value may take: itself, or each of a choice. A definition with
    /// words of its own is a choice of one, `allOf`.
    fn forms(self) -> impl Iterator<Item = &'static Value> {
        let one = named(self.0);
        let choices = ["anyOf", "allOf"].into_iter().filter_map(|word| one[word].as_array());
        std::iter::once(one).chain(choices.flatten().map(named))
    }
}

/// Follows a reference to the definition that it names.
fn named(schema: &'static Value) -> &'static Value {
    let name = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/definitions/"));
    name.map_or(schema, |name| &SCHEMA["definitions"][name])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(shape: Shape, keys: [&str; 3]) -> [Option<usize>; 3] {
        keys.map(|key| shape.rank(key))
    }

    #[test]
    fn our_tables_are_found_wherever_they_stand() {
        let process = Shape::file().key("process").key("a");
        let [first, second, none] = ranks(process, ["description", "tags", "zebra"]);
        assert_eq!((first, second, none), (Some(0), Some(1), None));
        assert_eq!(ranks(process.key("retry"), ["max", "backoff", "x"]), [Some(0), Some(1), None]);
        let need = process.key("needs").entry();
        assert_eq!(ranks(need, ["process", "when", "x"]), [Some(0), Some(1), None]);
        assert_eq!(Shape::file().key("defaults").rank("description"), Some(0));
    }

    #[test]
    fn tables_that_the_user_names_have_no_order() {
        let file = Shape::file();
        for shape in [file.key("vars"), file.key("process"), file.key("env").key("x")] {
            assert_eq!(ranks(shape, ["command", "include", "x"]), [None; 3]);
        }
        let matrix = file.key("process").key("a").key("matrix");
        assert_eq!(ranks(matrix, ["include", "exclude", "os"]), [None; 3]);
        assert_eq!(file.key("pool").key("a").key("slots").entry().rank("PORT"), None);
    }
}
