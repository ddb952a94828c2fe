//! Edges: what must have happened before a process starts, and how many there are of it.
//!
//! Unaware of what the values mean.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::tables;
use crate::config::forms::{Cell, Either, Key, List, Map};

/// A process that must have come to something first.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("required" = ["process"]))]
pub(in crate::config) struct Need {
    /// Its name.
    #[schemars(extend("x-names" = "process"))]
    pub(in crate::config) process: Key<String>,
    /// What must have become of it: `passed`, `ended`, `failed`, `started`; `ready` of a service.
    pub(in crate::config) when: Key<When>,
}

/// What must have become of a needed process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum When {
    Passed,
    Ended,
    Failed,
    Started,
    Ready,
}

/// Whether a process runs once the run has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum RunWhen {
    OnSuccess,
    OnFailure,
    Always,
}

/// Lists of values by key, and the `include` and `exclude` of GitHub Actions.
#[derive(Debug, Default, Clone)]
pub(in crate::config) struct Matrix(pub(in crate::config) Map<List<Either<Cell, Map<Cell>>>>);

impl<'de> Deserialize<'de> for Matrix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for Matrix {
    fn schema_name() -> Cow<'static, str> {
        "Matrix".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let axis = generator.subschema_for::<Cell>();
        let cells = generator.subschema_for::<List<Map<Cell>>>();
        let said = |cells: &Schema, words: &str| {
            let mut cells = cells.clone();
            cells.insert("description".to_owned(), json!(words));
            cells
        };
        json_schema!({
            "description": "Lists of values by key: one instance for each combination.",
            "type": "object",
            "properties": {
                "include": said(&cells, "Combinations to add, or keys to add to those that match."),
                "exclude": said(&cells, "Combinations to leave out."),
            },
            "additionalProperties": { "type": "array", "items": axis, "minItems": 1 },
            "examples": [{ "os": ["debian", "alpine"], "version": [1, 2] }],
        })
    }
}

/// What must hold for a process to run, beside its edges: one question.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("oneOf" = [
    { "required": ["env"] },
    { "required": ["value"] },
    { "required": ["os"] },
    { "required": ["exists"] },
    { "required": ["command"] },
    { "required": ["changed"] },
]))]
pub(in crate::config) struct Condition {
    /// A variable of the environment is set, and not empty.
    #[schemars(extend("examples" = ["CI"]))]
    pub(in crate::config) env: Key<String>,
    /// A text with placeholders is not empty.
    #[schemars(extend("examples" = ["{matrix.os}", "{process.build.stdout}"]))]
    pub(in crate::config) value: Key<String>,
    /// The variable, or the text, is this.
    #[schemars(extend("examples" = ["true"]))]
    pub(in crate::config) is: Key<String>,
    /// The operating system is this one.
    pub(in crate::config) os: Key<Os>,
    /// A path is there.
    #[schemars(extend("examples" = ["Cargo.toml"]))]
    pub(in crate::config) exists: Key<String>,
    /// A command passes, in the folder and the environment of the process.
    #[schemars(extend("minItems" = 1, "examples" = [["grep", "-q", "x", "file"]]))]
    pub(in crate::config) command: Key<List<String>>,
    /// A file that matches one of these globs has changed, as git sees it.
    #[schemars(extend("minItems" = 1, "examples" = [["src/**", "Cargo.*"]]))]
    pub(in crate::config) changed: Key<List<String>>,
    /// The revision since which it has changed; by default `HEAD`: what is not committed.
    #[schemars(extend("examples" = ["origin/main"]))]
    pub(in crate::config) since: Key<String>,
    /// The contrary must hold.
    pub(in crate::config) not: Key<bool>,
}

/// An operating system, as Rust and Go call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Os {
    Linux,
    Macos,
    Windows,
    Freebsd,
}

tables!(Need, Map<Cell>, Condition);
