//! Decode: reads a parsed table through serde without copying it and without stopping at a mistake.
//!
//! A deserializer over borrowed TOML values. Two things make it never fail half-way: it knows the
//! fields of each struct and so sets unknown keys aside itself, and it hands every [`forms::Key`]
//! its value in a protocol of its own, in which a value that does not fit is noted and left out. So
//! one pass finds every mistake of a table, in linear time.
//! Unaware of what the keys mean and of how a mistake is worded.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Unexpected, Visitor};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::forms::{self, Kind, Span};
use super::names;

/// Where mistakes of one table are noted.
#[derive(Debug, Default)]
pub(super) struct Sink {
    mistakes: RefCell<Vec<Mistake>>,
}

/// One value that does not fit, or one key that does not belong.
#[derive(Debug)]
pub(super) struct Mistake {
    /// Where: the value; the key where it does not belong.
    pub(super) at: Span,
    /// The nearest key above, and whether the value is an entry of its list.
    pub(super) name: Name,
    /// What stands there.
    pub(super) value: Value,
    /// What is wrong.
    pub(super) fault: Fault,
}

/// A value as it stands in the file, as far as a cure may need it.
#[derive(Debug)]
pub(super) struct Value {
    /// What kind of value it is.
    pub(super) kind: Kind,
    /// Where it stands.
    pub(super) at: Span,
    /// The value as text, where it is a single one.
    pub(super) text: String,
    /// The entries of a list of texts; the keys of a table.
    pub(super) words: Vec<String>,
}

impl Value {
    fn of(value: &Spanned<DeValue<'_>>) -> Self {
        let (kind, mut words) = (kind(value), Vec::new());
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            DeValue::Array(list) => {
                let entries = list.iter().take(MOST_WORDS);
                words.extend(entries.filter_map(|word| word.get_ref().as_str()).map(str::to_owned));
                words.truncate(if words.len() == list.len() { MOST_WORDS } else { 0 });
                String::new()
            }
            DeValue::Table(table) => {
                words.extend(table.keys().take(MOST_WORDS).map(|key| key.get_ref().to_string()));
                String::new()
            }
        };
        Self { kind, at: Span::of(value), text, words }
    }
}

/// The longest list that a cure writes again.
const MOST_WORDS: usize = 20;

/// How a value is called in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// The table itself that is read.
    Table,
    /// `key`.
    Key(String),
    /// An entry of the list `key`.
    EntryOf(String),
}

/// What is wrong with a value.
#[derive(Debug)]
pub(super) enum Fault {
    /// The kind of value; what is expected instead.
    Type(String),
    /// The value, of the right kind; what is expected instead.
    Value(String),
    /// A word that is not among those allowed.
    Word(&'static [&'static str]),
    /// The key: its name, the struct that does not have it and the keys that it has.
    Key(String, &'static str, &'static [&'static str]),
    /// Nothing but its time: this key or word is of the language, and not of this version.
    Later(String),
    /// Anything else, in words.
    Other(String),
}

impl Sink {
    /// Returns what was noted.
    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes.into_inner()
    }
}

/// Reads one table; `None` only where it is no table at all.
pub(super) fn table<T: de::DeserializeOwned>(
    value: &Spanned<DeValue<'_>>,
    sink: &Sink,
) -> Option<T> {
    let node = Node { value, name: NameRef::Table, sink };
    match T::deserialize(node) {
        Ok(read) => Some(read),
        Err(fault) => {
            node.note(fault);
            None
        }
    }
}

/// A value on its way through serde.
#[derive(Clone, Copy)]
struct Node<'a, 'i> {
    value: &'a Spanned<DeValue<'i>>,
    name: NameRef<'a>,
    sink: &'a Sink,
}

#[derive(Clone, Copy)]
enum NameRef<'a> {
    Table,
    Key(&'a str),
    EntryOf(&'a str),
}

impl<'a> NameRef<'a> {
    fn key(self) -> &'a str {
        match self {
            Self::Table => "",
            Self::Key(key) | Self::EntryOf(key) => key,
        }
    }

    fn owned(self) -> Name {
        match self {
            Self::Table => Name::Table,
            Self::Key(key) => Name::Key(key.to_owned()),
            Self::EntryOf(key) => Name::EntryOf(key.to_owned()),
        }
    }
}

impl Node<'_, '_> {
    fn note(self, fault: Fault) {
        let (at, name) = (Span::of(self.value), self.name.owned());
        let mistake = Mistake { at, name, value: Value::of(self.value), fault };
        self.sink.mistakes.borrow_mut().push(mistake);
    }
}

fn kind(value: &Spanned<DeValue<'_>>) -> Kind {
    match value.get_ref() {
        DeValue::String(_) => Kind::Text,
        DeValue::Integer(_) => Kind::Whole,
        DeValue::Float(_) => Kind::Number,
        DeValue::Boolean(_) => Kind::Flag,
        DeValue::Datetime(_) => Kind::Date,
        DeValue::Array(_) => Kind::List,
        DeValue::Table(_) => Kind::Table,
    }
}

impl<'de> Deserializer<'de> for Node<'_, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value.get_ref() {
            DeValue::String(text) => visitor.visit_str(text),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => visitor.visit_i64(number),
                    // Too large for any key: the visitor's own words say what would fit.
                    Err(_) => Err(de::Error::invalid_value(Unexpected::Other("number"), &visitor)),
                }
            }
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(de::Error::invalid_value(Unexpected::Other("number"), &visitor)),
            },
            DeValue::Boolean(flag) => visitor.visit_bool(*flag),
            DeValue::Datetime(_) => {
                Err(de::Error::invalid_type(Unexpected::Other("date"), &visitor))
            }
            DeValue::Array(list) => visitor.visit_seq(Items { node: self, rest: list.iter() }),
            DeValue::Table(table) => visitor.visit_map(Entries::new(self, table, None)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value.get_ref() {
            DeValue::Table(table) => {
                visitor.visit_map(Entries::new(self, table, Some((name, fields))))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match name {
            forms::KEY => visitor.visit_seq(Parts { node: self, step: 0 }),
            forms::EITHER => visitor.visit_seq(Choice { node: self, step: 0 }),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value.get_ref() {
            DeValue::String(text) => {
                let word: StrDeserializer<'_, Fault> = text.as_ref().into_deserializer();
                visitor.visit_enum(word)
            }
            _ => Err(Fault::Type(forms::any_of(words))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple map identifier
    }
}

/// What a [`forms::Key`] is told: start, end, and its value unless that does not fit.
struct Parts<'a, 'i> {
    node: Node<'a, 'i>,
    step: u8,
}

impl<'de> de::SeqAccess<'de> for Parts<'_, '_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        self.step += 1;
        let span = Span::of(self.node.value);
        match self.step {
            1 => seed.deserialize(span.start.into_deserializer()).map(Some),
            2 => seed.deserialize(span.end.into_deserializer()).map(Some),
            _ => Ok(seed.deserialize(self.node).map_err(|fault| self.node.note(fault)).ok()),
        }
    }
}

/// What a [`forms::Either`] is told: the kind of value, then the value.
struct Choice<'a, 'i> {
    node: Node<'a, 'i>,
    step: u8,
}

impl<'de> de::SeqAccess<'de> for Choice<'_, '_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        self.step += 1;
        match self.step {
            1 => seed.deserialize((kind(self.node.value) as u8).into_deserializer()).map(Some),
            _ => seed.deserialize(self.node).map(Some),
        }
    }
}

/// The entries of a list.
struct Items<'a, 'i> {
    node: Node<'a, 'i>,
    rest: std::slice::Iter<'a, Spanned<DeValue<'i>>>,
}

impl<'de> de::SeqAccess<'de> for Items<'_, '_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some(value) = self.rest.next() else { return Ok(None) };
        let name = NameRef::EntryOf(self.node.name.key());
        seed.deserialize(Node { value, name, sink: self.node.sink }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A struct's name with its fields, as serde gives them.
type Fields = (&'static str, &'static [&'static str]);

/// The entries of a table.
struct Entries<'a, 'i> {
    node: Node<'a, 'i>,
    rest: toml::map::Iter<'a, Spanned<DeString<'i>>, Spanned<DeValue<'i>>>,
    value: Option<Node<'a, 'i>>,
    fields: Option<Fields>,
}

impl<'a, 'i> Entries<'a, 'i> {
    fn new(node: Node<'a, 'i>, table: &'a DeTable<'i>, fields: Option<Fields>) -> Self {
        Self { node, rest: table.iter(), value: None, fields }
    }

    /// Notes what is to be said of a key.
    fn note(&self, key: &Spanned<DeString<'i>>, value: &Spanned<DeValue<'i>>, fault: Fault) {
        let (at, name) = (Span::of(key), self.node.name.owned());
        let mistake = Mistake { at, name, value: Value::of(value), fault };
        self.node.sink.mistakes.borrow_mut().push(mistake);
    }
}

impl<'de> de::MapAccess<'de> for Entries<'_, '_> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        while let Some((key, value)) = self.rest.next() {
            let name = NameRef::Key(key.get_ref());
            let node = Node { value, name, sink: self.node.sink };
            let written = key.get_ref().as_ref();
            match self.fields {
                Some((table, fields)) if !fields.contains(&written) => {
                    self.note(key, value, Fault::Key(written.to_owned(), table, fields));
                    continue;
                }
                Some((table, _)) if names::is_reserved(table, written) => {
                    self.note(key, value, Fault::Later(written.to_owned()));
                }
                Some(_) | None => {}
            }
            self.value = Some(node);
            return seed.deserialize(KeyNode(key)).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let node = self.value.take().expect("serde asks for a value after its key only");
        seed.deserialize(node)
    }
}

/// A key on its way through serde: text, with its place for a [`forms::Key`].
struct KeyNode<'a, 'i>(&'a Spanned<DeString<'i>>);

impl<'de> Deserializer<'de> for KeyNode<'_, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.0.get_ref())
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_seq(KeyParts { key: self.0, step: 0 })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct newtype_struct seq tuple map struct enum identifier ignored_any
    }
}

/// What a [`forms::Key`] is told of a key: start, end, and its text.
struct KeyParts<'a, 'i> {
    key: &'a Spanned<DeString<'i>>,
    step: u8,
}

impl<'de> de::SeqAccess<'de> for KeyParts<'_, '_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        self.step += 1;
        let span = Span::of(self.key);
        match self.step {
            1 => seed.deserialize(span.start.into_deserializer()).map(Some),
            2 => seed.deserialize(span.end.into_deserializer()).map(Some),
            _ => seed.deserialize(self.key.get_ref().as_ref().into_deserializer()).map(Some),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(expected) | Self::Value(expected) => write!(f, "expected {expected}"),
            Self::Word(words) => write!(f, "expected {}", forms::any_of(words)),
            Self::Key(_, table, _) => write!(f, "no such key in {table}"),
            Self::Later(_) => f.write_str("not in this version"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self::Other(words.to_string())
    }

    fn invalid_type(_found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::Type(forms::words(&expected.to_string()))
    }

    fn invalid_value(_found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::Value(forms::words(&expected.to_string()))
    }

    fn unknown_variant(_found: &str, words: &'static [&'static str]) -> Self {
        Self::Word(words)
    }
}
