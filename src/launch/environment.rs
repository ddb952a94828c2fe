//! Environment: the variables of a child, in the order in which they win.
//!
//! Inherited, then the job's files and table, the process's files and table, what slots lend, and
//! last what the runner says itself. `{env.X}` in a value sees what was set before it. The
//! inherited part is shared between nodes, and places are found once. Unaware of commands.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;

use super::fit::{os, variable};
use super::pieces::{Fixed, Pieces};
use super::values::put;
use super::{Unfit, Values};
use crate::model::{Environment as Declared, Inherit};

/// Variables, in order.
pub(super) type Variables = Vec<(OsString, OsString)>;

/// What the names of variables begin with that carry values into a script.
pub(super) const VALUE: &str = "RUNNER_VALUE_";

/// The environment of a node, as far as it is the same for each attempt.
#[derive(Debug)]
pub(super) struct Environment {
    inherited: Rc<Variables>,
    sets: Vec<Set>,
}

/// A variable that is set.
#[derive(Debug)]
struct Set {
    /// Its row in the finished environment.
    at: usize,
    name: OsString,
    value: Pieces,
}

impl Environment {
    /// Joins the layers of a job and of a process.
    pub(super) fn of(
        inherited: Rc<Variables>,
        layers: [&Declared; 2],
        fixed: &Fixed<'_>,
    ) -> Result<Self, Unfit> {
        // Most nodes set nothing, and a graph has thousands of them.
        let sets_any =
            layers.iter().any(|layer| !layer.from_files.is_empty() || !layer.set.is_empty());
        let known = if sets_any { inherited.as_slice() } else { &[] };
        let mut rows: HashMap<OsString, usize> =
            known.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        let mut next = inherited.len();
        let mut sets = Vec::new();
        let mut set = |name: &str, value: Pieces| {
            if !is_own(OsStr::new(name)) {
                let name = OsString::from(name);
                let at = *rows.entry(name.clone()).or_insert_with(|| {
                    next += 1;
                    next - 1
                });
                sets.push(Set { at, name, value });
            }
        };
        for layer in layers {
            for (name, value) in &layer.from_files {
                set(name, Pieces::text(value));
            }
            for (name, value) in &layer.set {
                set(name, Pieces::of(value, fixed)?);
            }
        }
        Ok(Self { inherited, sets })
    }

    /// Returns the variables of one attempt, without what the runner says itself; without values,
    /// those of a preview.
    pub(super) fn variables(&self, values: Option<&Values<'_>>) -> Result<Variables, Unfit> {
        let mut out =
            Vec::with_capacity(self.inherited.len() + self.sets.len() + Declared::OWN.len() + 2);
        out.extend_from_slice(&self.inherited);
        for set in &self.sets {
            let value = set.filled(values, &out)?;
            set.put(value, &mut out);
        }
        for (name, value) in values.map_or(&[][..], |values| values.lent) {
            let value = os(value.clone().into_bytes(), || variable(OsStr::new(name)))?;
            match out.iter_mut().find(|(have, _)| have.as_bytes() == name.as_bytes()) {
                Some((_, old)) => *old = value,
                None => out.push((name.into(), value)),
            }
        }
        Ok(out)
    }

    /// Returns the variables as they are before there is an attempt; what only that knows is empty.
    pub(super) fn before(&self, values: &Values<'_>) -> Result<Variables, Unfit> {
        let mut out = self.inherited.to_vec();
        for set in &self.sets {
            let value = match set.filled(Some(values), &out) {
                Err(Unfit::Missing(_) | Unfit::Unset(_) | Unfit::NoResult { .. }) => {
                    OsString::new()
                }
                filled => filled?,
            };
            set.put(value, &mut out);
        }
        Ok(out)
    }
}

impl Set {
    fn filled(&self, values: Option<&Values<'_>>, before: &Variables) -> Result<OsString, Unfit> {
        let put = |placeholder: &_, to: &mut _| put(placeholder, values, before, to);
        os(self.value.fill(&put)?, || variable(&self.name))
    }

    fn put(&self, value: OsString, out: &mut Variables) {
        match out.get_mut(self.at) {
            Some((_, old)) => *old = value,
            None => out.push((self.name.clone(), value)),
        }
    }
}

/// Returns what is inherited, without the runner's own names.
pub(super) fn inherited(all: &[(OsString, OsString)], inherit: &Inherit) -> Variables {
    let allowed = |name: &OsStr| match inherit {
        Inherit::All => true,
        Inherit::None => false,
        Inherit::Only(names) => names.iter().any(|allowed| allowed.as_str() == name),
    };
    all.iter().filter(|(name, _)| allowed(name) && !is_own(name)).cloned().collect()
}

/// Returns whether only the runner sets a variable.
pub(super) fn is_own(name: &OsStr) -> bool {
    Declared::OWN.iter().any(|own| *own == name) || name.as_bytes().starts_with(VALUE.as_bytes())
}
