//! Scalar: single values, each with its range or its pattern in its type.
//!
//! So the range stands in one place, for the loader, for its message and for the schema.
//! Durations and sizes stay text here: what they mean is read in `measures`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde_json::Value;

use super::{Form, Kind};
use crate::model::Framing;

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Whole<const LEAST: i64, const MOST: i64>(pub(in crate::config) i64);

impl<'de, const LEAST: i64, const MOST: i64> Deserialize<'de> for Whole<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number<const LEAST: i64, const MOST: i64>;
        impl<const LEAST: i64, const MOST: i64> Visitor<'_> for Number<LEAST, MOST> {
            type Value = Whole<LEAST, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&Whole::<LEAST, MOST>::words())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                if (LEAST..=MOST).contains(&number) {
                    return Ok(Whole(number));
                }
                Err(E::invalid_value(Unexpected::Signed(number), &self))
            }
        }
        deserializer.deserialize_i64(Number)
    }
}

impl<const LEAST: i64, const MOST: i64> Form for Whole<LEAST, MOST> {
    fn owns(kind: Kind) -> bool {
        kind == Kind::Whole
    }

    fn words() -> String {
        format!("a whole number from {LEAST} to {MOST}")
    }
}

impl<const LEAST: i64, const MOST: i64> JsonSchema for Whole<LEAST, MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("From{LEAST}To{MOST}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": LEAST, "maximum": MOST })
    }
}

impl Form for String {
    fn owns(kind: Kind) -> bool {
        kind == Kind::Text
    }

    fn words() -> String {
        "text".to_owned()
    }
}

impl Form for bool {
    fn owns(kind: Kind) -> bool {
        kind == Kind::Flag
    }

    fn words() -> String {
        "`true` or `false`".to_owned()
    }
}

/// Makes a form of text with a meaning of its own.
macro_rules! text {
    ($name:ident, $doc:literal, $words:literal, $pattern:literal, $examples:expr) => {
        #[doc = $doc]
        #[derive(Debug, Clone)]
        pub(in crate::config) struct $name(pub(in crate::config) String);

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($words)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        Ok($name(text.to_owned()))
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl Form for $name {
            fn owns(kind: Kind) -> bool {
                kind == Kind::Text
            }

            fn words() -> String {
                $words.to_owned()
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "examples": $examples })
            }
        }
    };
}

text!(
    Time,
    "A duration, not yet read.",
    "a duration such as `30s`",
    "^ *([0-9]+(\\.[0-9]+)? *[A-Za-zµ]+ *)+$",
    ["500ms", "30s", "1h30m"]
);
text!(
    Wait,
    "A duration, or the first and the longest of growing ones, not yet read.",
    "a duration such as `5s`, or `1s..1m`",
    "^ *([0-9]+(\\.[0-9]+)? *[A-Za-zµ]+ *)+(\\.\\.( *[0-9]+(\\.[0-9]+)? *[A-Za-zµ]+ *)+)?$",
    ["5s", "1s..1m"]
);
text!(
    Rate,
    "Starts per time, not yet read.",
    "a rate such as `10/s`",
    "^ *[0-9]+ */ *[smh] *$",
    ["10/s", "600/m"]
);
text!(
    Fold,
    "A part of the CPUs, not yet read.",
    "`\"cpus\"`, `\"cpus*2\"`, `\"50%\"`",
    "^(cpus(\\* *[0-9.]+)?|[0-9.]+ *%)$",
    ["cpus", "cpus*2", "50%"]
);
text!(
    SignalName,
    "The name of a signal, not yet read.",
    "the name of a signal such as `SIGTERM`",
    "^(SIG)?(TERM|INT|HUP|QUIT|KILL|USR1|USR2|ALRM|ABRT)$",
    ["SIGTERM", "SIGINT"]
);
text!(
    Size,
    "A number of bytes, not yet read.",
    "a size such as `64KiB`",
    "^[0-9]+ ?([KMGT]i?)?B$",
    ["64KiB", "10MB"]
);
text!(
    Part,
    "A part of all, not yet read.",
    "a part such as `\"2%\"`",
    "^[0-9]+(\\.[0-9]+)? *%$",
    ["2%"]
);

/// A value of a matrix: text, a whole number or a flag, as text.
#[derive(Debug, Clone)]
pub(in crate::config) struct Cell(pub(in crate::config) String);

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;
        impl Visitor<'_> for Scalar {
            type Value = Cell;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&Cell::words())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Cell, E> {
                Ok(Cell(text.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Cell, E> {
                Ok(Cell(number.to_string()))
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Cell, E> {
                Ok(Cell(flag.to_string()))
            }
        }
        deserializer.deserialize_any(Scalar)
    }
}

impl Form for Cell {
    fn owns(kind: Kind) -> bool {
        matches!(kind, Kind::Text | Kind::Whole | Kind::Flag)
    }

    fn words() -> String {
        "text, a whole number, `true` or `false`".to_owned()
    }
}

impl JsonSchema for Cell {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cell".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer", "boolean"] })
    }
}

/// An item of a static queue: text as it is, everything else as compact JSON.
#[derive(Debug, Clone)]
pub(in crate::config) enum Item {
    /// Text.
    Text(String),
    /// A number, a flag or a table, as JSON.
    Json(String),
}

impl Item {
    /// Returns the item as it stands in a queue: where every item is JSON, text is too.
    pub(in crate::config) fn framed(&self, framing: Framing) -> String {
        match (self, framing) {
            (Self::Text(text), Framing::Json) => Value::from(text.as_str()).to_string(),
            (Self::Text(text) | Self::Json(text), _) => text.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = "text, a finite number, `true`, `false` or a table";
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Null | Value::Array(_) => {
                Err(de::Error::invalid_type(Unexpected::Other("value"), &wrong))
            }
            value @ (Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                Ok(Self::Json(value.to_string()))
            }
        }
    }
}

impl JsonSchema for Item {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Item".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean", "object"] })
    }
}

/// Returns allowed words as a message lists them.
pub(in crate::config) fn any_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// Returns what serde calls an expectation in the user's words.
pub(in crate::config) fn words(expected: &str) -> String {
    match expected {
        "a string" => String::words(),
        "a boolean" => bool::words(),
        "f64" => "a number".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        "any valid JSON value" => "text, a number, `true`, `false` or a table".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other => other.to_owned(),
    }
}
