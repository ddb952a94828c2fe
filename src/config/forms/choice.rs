//! Choice: a value in one of two forms, told apart by its kind alone.
//!
//! The kind decides before anything is read, so that a mistake inside the long form is told as it
//! is, and never as "did not match any variant". Unaware of the forms to choose from.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Unexpected, Visitor};

use super::EITHER;

/// The kinds of value that TOML has, in the user's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::config) enum Kind {
    /// A string.
    Text,
    /// An integer.
    Whole,
    /// A float.
    Number,
    /// A boolean.
    Flag,
    /// A date or time.
    Date,
    /// An array.
    List,
    /// A table.
    Table,
}

impl Kind {
    /// Every kind, by number.
    pub(in crate::config) const ALL: [Self; 7] =
        [Self::Text, Self::Whole, Self::Number, Self::Flag, Self::Date, Self::List, Self::Table];

    /// Returns how a message calls it.
    pub(in crate::config) fn words(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Whole => "a whole number",
            Self::Number => "a number with a fraction",
            Self::Flag => "true or false",
            Self::Date => "a date",
            Self::List => "a list",
            Self::Table => "a table",
        }
    }
}

/// A type that an [`Either`] can choose, because it owns some kinds of value.
pub(in crate::config) trait Form {
    /// Returns whether it reads this kind of value.
    fn owns(kind: Kind) -> bool;
    /// How a message calls it.
    fn words() -> String;
}

/// One of two forms, chosen by the kind of value that stands there.
#[derive(Debug, Clone)]
pub(in crate::config) enum Either<A, B> {
    /// The short form.
    A(A),
    /// The long form.
    B(B),
}

impl<'de, A, B> Deserialize<'de> for Either<A, B>
where
    A: Deserialize<'de> + Form,
    B: Deserialize<'de> + Form,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Choice<A, B>(PhantomData<(A, B)>);
        impl<'de, A, B> Visitor<'de> for Choice<A, B>
        where
            A: Deserialize<'de> + Form,
            B: Deserialize<'de> + Form,
        {
            type Value = Either<A, B>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&<Either<A, B> as Form>::words())
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
                let number: u8 = seq.next_element()?.unwrap_or_default();
                let kind = Kind::ALL[usize::from(number) % Kind::ALL.len()];
                let chosen = if A::owns(kind) {
                    seq.next_element()?.map(Either::A)
                } else if B::owns(kind) {
                    seq.next_element()?.map(Either::B)
                } else {
                    None
                };
                let wrong = || de::Error::invalid_type(Unexpected::Other("value"), &self);
                chosen.ok_or_else(wrong)
            }
        }
        deserializer.deserialize_tuple_struct(EITHER, 2, Choice(PhantomData))
    }
}

impl<A: Form, B: Form> Form for Either<A, B> {
    fn owns(kind: Kind) -> bool {
        A::owns(kind) || B::owns(kind)
    }

    fn words() -> String {
        let (first, second) = (A::words().replace(" or ", ", "), B::words());
        let joint = if second.contains(" or ") { ", " } else { " or " };
        first + joint + &second
    }
}

impl<A: JsonSchema, B: JsonSchema> JsonSchema for Either<A, B> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}Or{}", A::schema_name(), B::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut forms = Vec::new();
        for form in [generator.subschema_for::<A>(), generator.subschema_for::<B>()] {
            // A choice in a choice is one choice.
            match form.get("anyOf").and_then(|inner| inner.as_array()) {
                Some(inner) => forms.extend(inner.iter().cloned()),
                None => forms.push(form.to_value()),
            }
        }
        json_schema!({ "anyOf": forms })
    }
}
