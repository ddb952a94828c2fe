//! Service: long-lived processes that are started for those that need them.
//!
//! Unaware of when one is ready.

use super::links::{Edge, Kind, Links, place};
use crate::model::{Problem, When, code};

/// Tells of services that nothing needs, of waits for what is none to be ready, and of pipes that
/// would never end.
pub(super) fn check(links: &Links<'_>) -> Vec<Problem> {
    let mut problems = unneeded(links);
    for (at, edges) in links.edges.iter().enumerate() {
        problems.extend(edges.iter().filter_map(|edge| misused(links, at, edge)));
    }
    problems
}

fn unneeded(links: &Links<'_>) -> Vec<Problem> {
    let processes = &links.job.processes;
    if processes.iter().all(|process| process.service.is_none()) {
        return Vec::new();
    }
    let mut needed = vec![false; processes.len()];
    for edge in links.edges.iter().flatten() {
        needed[edge.to] |= match edge.kind {
            Kind::Need(when) => when.holds(),
            // What is told as wrong is meant as something.
            Kind::Pipe => true,
            Kind::Stdin | Kind::Stdout | Kind::Result | Kind::After => false,
        };
    }
    for &meant in &links.meant_processes {
        needed[meant] = true;
    }
    let told = processes.iter().zip(needed);
    let told = told.filter(|(process, needed)| process.service.is_some() && !needed);
    told.map(|(process, _)| {
        let name = &process.name;
        let message = format!("nothing needs service `{name}`, so it would never start");
        let label = place(process).then("service").label("started for the first that needs it");
        let help = format!("add `needs = [\"{name}\"]` to the process that uses it");
        Problem::error(code::UNNEEDED, message, label).help(help)
    })
    .collect()
}

/// Tells where a service is used as what it is not, or something else as a service.
fn misused(links: &Links<'_>, at: usize, edge: &Edge) -> Option<Problem> {
    let (user, named) = (links.process(at), links.process(edge.to));
    let (of, to) = (&user.name, &named.name);
    let here = edge.spot.place(user);
    let (message, label, help) = match (edge.kind, &named.service) {
        (Kind::Need(When::Ready), None) => (
            format!("process `{of}` waits until `{to}` is ready, which is no service"),
            "this process ends by itself",
            format!("wait for its `started`, or add `service = true` to [process.{to}]"),
        ),
        (Kind::Pipe, Some(_)) => (
            format!("process `{of}` reads service `{to}` through a pipe, which has no end"),
            "it runs for as long as others need it",
            format!("remove `service = true` from [process.{to}]"),
        ),
        (Kind::Pipe, None) if user.service.is_some() => (
            format!("service `{of}` reads `{to}` through a pipe, and so starts with it"),
            "a service starts when it is needed",
            format!("remove `service = true` from [process.{of}]"),
        ),
        (
            Kind::Need(_) | Kind::After | Kind::Stdin | Kind::Stdout | Kind::Result | Kind::Pipe,
            _,
        ) => return None,
    };
    Some(Problem::error(code::CONFLICT, message, here.label(label)).help(help))
}
