//! Order: problems as a reader meets them in the file, each once.
//!
//! Unaware of what they say.

use std::ops::Range;

use super::document::{Document, span_of};
use crate::model::{FileId, Part, Place, Problem, Severity, Source, code};

/// Returns whether a problem of the graph is one, although some tables could not be read.
pub(super) fn holds(problem: &Problem, edges_known: bool, names_known: bool) -> bool {
    match problem.code {
        code::CYCLE => true,
        code::UNKNOWN_PROCESS | code::UNKNOWN_POOL | code::UNKNOWN_QUEUE => names_known,
        _ => edges_known && names_known,
    }
}

/// Returns whether a problem does not forbid to run.
pub(super) fn is_warning(problem: &Problem) -> bool {
    problem.severity == Severity::Warning
}

/// Sorts by file and place, and leaves out what was told before: a default is read for each
/// process, and wrong once.
pub(super) fn sort(problems: &mut Vec<Problem>, sources: &[Source]) {
    let whole = Place::whole(FileId::default());
    let first = |problem: &Problem| problem.labels.first().map(|label| label.place.clone());
    let places: Vec<Place> =
        problems.iter().map(|problem| first(problem).unwrap_or_else(|| whole.clone())).collect();
    let starts = spans(&places.iter().collect::<Vec<_>>(), sources);
    let mut keyed: Vec<_> = places
        .iter()
        .zip(starts)
        .map(|(place, span)| (place.file, span.start))
        .zip(std::mem::take(problems))
        .collect();
    keyed.sort_by(|(at, left), (other, right)| {
        (at, left.code, &left.message).cmp(&(other, right.code, &right.message))
    });
    keyed.dedup_by(|(_, left), (_, right)| left == right);
    problems.extend(keyed.into_iter().map(|(_, problem)| problem));
}

/// Returns the bytes of each place, parsing a file again only for a place that is a path in it.
pub(super) fn spans(places: &[&Place], sources: &[Source]) -> Vec<Range<usize>> {
    let mut spans = vec![0..0; places.len()];
    let mut paths: Vec<Vec<usize>> = vec![Vec::new(); sources.len()];
    for (index, place) in places.iter().enumerate() {
        match (&place.part, paths.get_mut(usize::from(place.file.0))) {
            (Part::Bytes(range), _) => spans[index] = range.clone(),
            (Part::Key | Part::Value | Part::Within(_), Some(paths)) => paths.push(index),
            (Part::Key | Part::Value | Part::Within(_), None) | (Part::Whole, _) => {}
        }
    }
    for (source, paths) in sources.iter().zip(paths).filter(|(_, paths)| !paths.is_empty()) {
        let mut blank = String::new();
        let document = Document::parse(&source.text, &mut blank);
        for index in paths {
            spans[index] = span_of(&document.root, &source.text, places[index]);
        }
    }
    spans
}
