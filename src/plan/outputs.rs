//! Outputs: what one process can read of another that has ended: its output and its results.
//!
//! Unaware of how it is read.

use super::links::{Edge, Kind, Links, place};
use crate::model::{Deliver, From, Output, Problem, Process, code};

/// Tells of outputs and results that are read but not kept, or that are several.
pub(super) fn check(links: &Links<'_>, cells: &[usize]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, edges) in links.edges.iter().enumerate() {
        for edge in edges {
            problems.extend(match edge.kind {
                Kind::Stdin | Kind::Stdout => output(links, cells, at, edge),
                Kind::Result => result(links, cells, at, edge),
                Kind::Need(_) | Kind::After | Kind::Pipe => None,
            });
        }
    }
    problems
}

/// Tells why one output can't be read.
fn output(links: &Links<'_>, cells: &[usize], at: usize, edge: &Edge) -> Option<Problem> {
    let (reader, writer) = (links.process(at), links.process(edge.to));
    let there = |key: &str, text: &str| place(writer).then(key).label(text);
    let (why, label, help) = if cells[edge.to] > 1 {
        let why = format!("has {} cells, each with its own", cells[edge.to]);
        let help = "let the cells feed a queue, or write files";
        (why, there("matrix", "its cells"), help)
    } else if !links.readers[edge.to].is_empty() {
        let help = "read the pipe at its end instead";
        let reader = links.process(links.readers[edge.to][0]);
        let label = place(reader).then("stdin").then("pipe").label("it goes here");
        ("goes through a pipe".to_owned(), label, help)
    } else if prints_items(writer) {
        let help = "consume the queue instead";
        ("goes to a queue".to_owned(), there("produces", "it goes here"), help)
    } else {
        match writer.stdout {
            Output::Log | Output::Inherit => return None,
            Output::Null => {
                let why = "goes nowhere".to_owned();
                (why, there("stdout", "it goes nowhere"), "remove `stdout = \"null\"` there")
            }
            Output::File { .. } => {
                let help = "name the file and need the process: `stdin = { file = … }`, `needs`";
                ("goes to a file".to_owned(), there("stdout", "it goes here"), help)
            }
        }
    };
    let message =
        format!("process `{}` reads the output of `{}`, which {why}", reader.name, writer.name);
    let read = edge.spot.place(reader).label("it is read here");
    Some(Problem::error(code::CONFLICT, message, read).also(label).help(help))
}

/// Returns whether what a process prints goes into a queue, and so not into its log.
fn prints_items(process: &Process) -> bool {
    let works = process.consumes.as_ref().is_some_and(|said| said.deliver == Deliver::Worker);
    !works && process.produces.iter().any(|fed| fed.from == From::Stdout)
}

/// Tells why there is no such result.
fn result(links: &Links<'_>, cells: &[usize], at: usize, edge: &Edge) -> Option<Problem> {
    let (reader, writer) = (links.process(at), links.process(edge.to));
    let there = |key: &str, text: &str| place(writer).then(key).label(text);
    let (why, label, help) = if cells[edge.to] > 1 {
        let why = format!("has {} cells, each with its own", cells[edge.to]);
        (why, there("matrix", "its cells"), "let the cells feed a queue, or write files")
    } else if writer.consumes.is_some() {
        let help = "what is made of items goes to a queue: `produces`";
        ("has none: it has items".to_owned(), there("consumes", "it takes items here"), help)
    } else if writer.service.is_some() {
        let help = "let another process ask it, and write the result";
        let label = there("service", "it ends after those that need it");
        ("has none: it is a service".to_owned(), label, help)
    } else {
        return None;
    };
    let message =
        format!("process `{}` reads a result of `{}`, which {why}", reader.name, writer.name);
    let read = edge.spot.place(reader).label("it is read here");
    Some(Problem::error(code::CONFLICT, message, read).also(label).help(help))
}
