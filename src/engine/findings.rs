//! Findings: what the problem matchers of a process find in what its attempts print.
//!
//! Bounded by attempt, each once. Told as an event when the line has passed, so before the attempt
//! has ended. Unaware of what a problem looks like.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::PathBuf;
use std::rc::Rc;

use super::context::Context;
use crate::event::{EventKind, Finding};
use crate::lookup;
use crate::matcher::{Matchers, View};
use crate::model::{AttemptId, NodeId};

/// Findings of an attempt that are heard: more than anybody mends before the next run.
const MOST: usize = 200;

/// What both streams of an attempt are looked at with.
#[derive(Debug, Clone)]
pub(super) struct Findings {
    matchers: Matchers,
    whose: (NodeId, AttemptId),
    cwd: PathBuf,
    told: Rc<RefCell<Told>>,
}

/// What an attempt has told.
#[derive(Debug, Default)]
struct Told {
    /// As it was printed: what is known need not be looked for on the disk, and a compiler repeats
    /// a warning a thousand times.
    heard: HashSet<Finding>,
    /// With files as the repository names them: one file has many names.
    named: HashSet<Finding>,
}

/// A stream that is looked at.
#[derive(Debug)]
pub(super) struct Watched {
    findings: Findings,
    view: View,
}

impl Findings {
    /// Returns what an attempt that runs in a folder is looked at with; nothing where its process
    /// has no matcher.
    pub(super) fn of(context: &Context, whose: (NodeId, AttemptId), cwd: PathBuf) -> Option<Self> {
        let matchers = context.matchers(whose.0)?;
        Some(Self { matchers, whose, cwd, told: Rc::default() })
    }

    /// Begins to look at one of its streams.
    pub(super) fn watch(&self) -> Watched {
        Watched { findings: self.clone(), view: self.matchers.view() }
    }

    fn tell(&self, context: &Context, mut finding: Finding) {
        let Told { heard, named } = &mut *self.told.borrow_mut();
        if heard.len() == MOST || !heard.insert(finding.clone()) {
            return;
        }
        finding.file = lookup::named(&finding.file, &self.cwd, &context.top);
        if named.insert(finding.clone()) {
            let (node, attempt) = self.whose;
            context.teller.tell(EventKind::Found { attempt, node, finding });
        }
    }
}

impl Watched {
    /// Takes in a block.
    pub(super) fn pass(&mut self, context: &Context, block: &[u8]) {
        let Self { findings, view } = self;
        view.pass(block, &mut |finding| findings.tell(context, finding));
    }

    /// Takes in that nothing more comes.
    pub(super) fn finish(self, context: &Context) {
        let Self { findings, view } = self;
        view.finish(&mut |finding| findings.tell(context, finding));
    }
}
