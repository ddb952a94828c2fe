//! Declared: a process as it is told before anything starts.
//!
//! What nodes of a matrix have in common is told once, so that the stream of a large one stays
//! short. Unaware of who reads it.

use std::collections::BTreeSet;

use crate::event::{EventKind, Needed};
use crate::launch::Launch;
use crate::model::{Action, NodeId};
use crate::plan::{Node, Plan};

/// Returns what is told of the process of a node.
pub(super) fn process(plan: &Plan, launch: &Launch, node: &Node) -> EventKind {
    let declared = plan.process(node.id);
    let name = |id: NodeId| plan.process(id).name.clone();
    let (command, script) = match &declared.action {
        Action::Command(words) => (words.iter().map(|word| launch.told(word)).collect(), None),
        Action::Script { shell, text } => (shell.clone(), Some(launch.told(text))),
    };
    let needs: BTreeSet<_> = node.needs.iter().map(|(id, when)| (name(*id), when.word())).collect();
    let after: BTreeSet<_> = node.after.iter().copied().map(name).collect();
    EventKind::ProcessDeclared {
        process: declared.name.clone(),
        description: declared.description.clone(),
        command,
        script,
        needs: needs.into_iter().map(Needed::from).collect(),
        after: after.into_iter().collect(),
        piped_from: node.piped_from.map(name),
        dead: node.dead.clone(),
    }
}
