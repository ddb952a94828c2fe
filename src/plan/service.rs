//! Service: long-lived processes that are started for those that need them.
//!
//! Unaware of when one is ready.

use super::links::{Kind, Links, place};
use crate::model::{Problem, code};

/// Tells of services that nothing needs.
pub(super) fn check(links: &Links<'_>) -> Vec<Problem> {
    let processes = &links.job.processes;
    if !processes.iter().any(|process| process.service) {
        return Vec::new();
    }
    let mut needed = vec![false; processes.len()];
    for edge in links.edges.iter().flatten() {
        needed[edge.to] |= match edge.kind {
            Kind::Need(_) | Kind::Stdin | Kind::Stdout | Kind::Pipe => true,
            Kind::After => false,
        };
    }
    for &meant in &links.meant_processes {
        needed[meant] = true;
    }
    let told = processes.iter().enumerate().filter(|(at, process)| {
        // What a queue or a pipe joins it to can't do without it either.
        let joined = process.consumes.is_some() || !process.produces.is_empty();
        let reads = links.edges[*at].iter().any(|edge| edge.kind == Kind::Pipe);
        process.service && !needed[*at] && !joined && !reads
    });
    told.map(|(_, process)| {
        let name = &process.name;
        let message = format!("nothing needs service `{name}`, so it would never start");
        let label = place(process).then("service").label("started for the first that needs it");
        let help = format!("add `needs = [\"{name}\"]` to the process that uses it");
        Problem::error(code::UNNEEDED, message, label).help(help)
    })
    .collect()
}
