//! Forms: the shapes that values of a job file take, each one loader and schema at once.
//!
//! A [`Key`] knows where its value stands and survives a value that does not fit; lists and tables
//! are made of keys. `untagged` and `flatten` of serde would lose the places and the words.
//! Unaware of the tables built from them. What one value may be is in [`choice`] and [`scalar`].

mod choice;
mod scalar;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

pub(super) use choice::{Either, Form, Kind};
pub(super) use scalar::{
    Cell, Fold, Item, Part, Rate, SignalName, Size, Time, Wait, Whole, any_of, words,
};

/// The name under which a [`Key`] asks for its place and value.
pub(super) const KEY: &str = "runner::Key";
/// The name under which an [`Either`] asks for the kind of value.
pub(super) const EITHER: &str = "runner::Either";

/// Bytes of a job file, which is far smaller than 4 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Span {
    /// The first byte.
    pub(super) start: u32,
    /// The byte after the last.
    pub(super) end: u32,
}

impl Span {
    /// Returns the place of a parsed value.
    pub(super) fn of<T>(value: &Spanned<T>) -> Self {
        value.span().into()
    }

    /// Returns the bytes as a range.
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        let narrow = |byte| u32::try_from(byte).unwrap_or(u32::MAX);
        Self { start: narrow(range.start), end: narrow(range.end) }
    }
}

/// A value and its place.
#[derive(Debug, Clone, Default)]
pub(super) struct At<T> {
    /// The value.
    pub(super) value: T,
    /// Where it stands.
    pub(super) at: Span,
}

/// What stands behind a key.
#[derive(Debug, Clone, Default)]
pub(super) enum Key<T> {
    /// The key is not given.
    #[default]
    Absent,
    /// It is given and its value does not fit, which was told.
    Broken(Span),
    /// It is given.
    Given(At<T>),
}

impl<T> Key<T> {
    /// Returns the value, where one that fits is given.
    pub(super) fn get(&self) -> Option<&At<T>> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::Broken(_) => None,
        }
    }

    /// Returns the place, where the key is given, fitting or not.
    pub(super) fn at(&self) -> Option<Span> {
        match self {
            Self::Absent => None,
            Self::Broken(at) => Some(*at),
            Self::Given(value) => Some(value.at),
        }
    }

    /// Returns whether the key is missing altogether.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Returns whether the key is given with a value that does not fit.
    pub(super) fn is_broken(&self) -> bool {
        matches!(self, Self::Broken(_))
    }
}

impl<T: Clone> Key<T> {
    /// Takes the value of `other` where this key is missing.
    pub(super) fn or(&mut self, other: &Self) {
        if self.is_absent() && !other.is_absent() {
            self.clone_from(other);
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Key<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = Key<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its place")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Key<T>, A::Error> {
                let start = seq.next_element()?.unwrap_or_default();
                let end = seq.next_element()?.unwrap_or_default();
                let at = Span { start, end };
                let value = seq.next_element()?;
                Ok(value.map_or(Key::Broken(at), |value| Key::Given(At { value, at })))
            }
        }
        deserializer.deserialize_tuple_struct(KEY, 3, Parts(PhantomData))
    }
}

/// Makes the schema of a wrapper the schema of what it wraps.
macro_rules! transparent {
    ($name:ident) => {
        impl<T: JsonSchema> JsonSchema for $name<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }

            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }

            fn schema_id() -> Cow<'static, str> {
                T::schema_id()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
    };
}

transparent!(Key);

/// A list; entries that do not fit are told and left out.
#[derive(Debug, Clone)]
pub(super) struct List<T> {
    /// The entries that fit.
    pub(super) entries: Vec<At<T>>,
    /// Whether none was left out.
    pub(super) whole: bool,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut list = List { entries: Vec::new(), whole: true };
                while let Some(entry) = seq.next_element::<Key<T>>()? {
                    match entry {
                        Key::Given(entry) => list.entries.push(entry),
                        Key::Absent | Key::Broken(_) => list.whole = false,
                    }
                }
                Ok(list)
            }
        }
        deserializer.deserialize_seq(Entries(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<T>() })
    }
}

/// A table whose keys the user names, in the order of the file.
#[derive(Debug, Clone)]
pub(super) struct Map<T>(pub(super) Vec<(At<String>, Key<T>)>);

impl<T> Default for Map<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Map<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Map<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Map<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<Key<String>, Key<T>>()? {
                    if let Key::Given(key) = key {
                        entries.push((key, value));
                    }
                }
                Ok(Map(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Map<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("TableOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}

/// Tables by name, such as `[process.NAME]`: only for the schema, each is read by itself.
#[derive(Debug, Clone)]
pub(super) struct Named<T>(PhantomData<T>);

impl<'de, T> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        de::IgnoredAny::deserialize(deserializer).map(|_| Self(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": generator.subschema_for::<T>(),
            "propertyNames": { "pattern": "^[A-Za-z0-9._-]{1,64}$" },
        })
    }
}

impl<T> Form for List<T> {
    fn owns(kind: Kind) -> bool {
        kind == Kind::List
    }

    fn words() -> String {
        "a list".to_owned()
    }
}
