//! Pieces: a template of which everything that never changes is already text.
//!
//! Unaware of where the rest comes from.

use std::collections::BTreeMap;

use super::Unfit;
use crate::model::{Placeholder, Template, TemplatePart};

/// What holds for every attempt of a node.
pub(super) struct Fixed<'a> {
    /// `vars`.
    pub(super) vars: &'a BTreeMap<String, String>,
    /// The cell.
    pub(super) cell: &'a [(String, String)],
    /// `{run.id}`.
    pub(super) run: &'a str,
}

/// A template, half filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pieces(Vec<Piece>);

/// A piece of it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Value(Placeholder),
}

/// Puts the bytes of a placeholder at the end of a buffer.
pub(super) type Value<'a> = &'a dyn Fn(&Placeholder, &mut Vec<u8>) -> Result<(), Unfit>;

impl Pieces {
    /// Fills in what is fixed.
    pub(super) fn of(template: &Template, fixed: &Fixed<'_>) -> Result<Self, Unfit> {
        let mut pieces = Vec::new();
        for part in template.parts() {
            let piece = match part {
                TemplatePart::Text(text) => Piece::Text(text.clone().into_bytes()),
                TemplatePart::Value(placeholder, _) => Piece::of(placeholder, fixed)?,
            };
            match (pieces.last_mut(), piece) {
                (Some(Piece::Text(last)), Piece::Text(text)) => last.extend(text),
                (_, piece) => pieces.push(piece),
            }
        }
        Ok(Self(pieces))
    }

    /// Returns one that is a placeholder and nothing else.
    pub(super) fn value(placeholder: &Placeholder, fixed: &Fixed<'_>) -> Result<Self, Unfit> {
        Ok(Self(vec![Piece::of(placeholder, fixed)?]))
    }

    /// Returns one without placeholders.
    pub(super) fn text(text: &str) -> Self {
        Self(vec![Piece::Text(text.as_bytes().to_vec())])
    }

    /// Fills in the rest.
    pub(super) fn fill(&self, value: Value<'_>) -> Result<Vec<u8>, Unfit> {
        let mut out = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Value(placeholder) => value(placeholder, &mut out)?,
            }
        }
        Ok(out)
    }
}

impl Piece {
    /// Makes a placeholder text, if its value is the same for every attempt.
    fn of(placeholder: &Placeholder, fixed: &Fixed<'_>) -> Result<Self, Unfit> {
        Ok(match fixed.value(placeholder)? {
            Some(text) => Self::Text(text.as_bytes().to_vec()),
            None => Self::Value(placeholder.clone()),
        })
    }
}

impl Fixed<'_> {
    /// Returns the value of a placeholder, if it is the same for every attempt.
    fn value(&self, placeholder: &Placeholder) -> Result<Option<&str>, Unfit> {
        Ok(match placeholder {
            Placeholder::Var(name) => {
                let missing = || Unfit::Missing(placeholder.name());
                Some(self.vars.get(name).ok_or_else(missing)?)
            }
            // A key that only other cells have is empty, as in GitHub Actions.
            Placeholder::Matrix(key) => {
                let found = self.cell.iter().find(|(have, _)| have == key);
                Some(found.map_or("", |(_, value)| value))
            }
            Placeholder::RunId => Some(self.run),
            Placeholder::Env(_)
            | Placeholder::Item
            | Placeholder::ItemField(_)
            | Placeholder::ItemIndex
            | Placeholder::Stdout(_)
            | Placeholder::Result(..)
            | Placeholder::Slot => None,
        })
    }
}
