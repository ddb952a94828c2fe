//! Order: problems as a reader meets them in the file, each once.
//!
//! Unaware of what they say.

use super::document::{Document, span_of};
use crate::model::{Part, Place, Problem, Source, code};

/// Returns whether a problem of the graph is one, although some tables could not be read.
pub(super) fn holds(problem: &Problem, edges_known: bool, names_known: bool) -> bool {
    match problem.code {
        code::CYCLE => true,
        code::UNKNOWN_PROCESS | code::UNKNOWN_POOL | code::UNKNOWN_QUEUE => names_known,
        _ => edges_known && names_known,
    }
}

/// Finds the bytes of every place, sorts by file and place, and leaves out what was told before: a
/// default is read for each process, and wrong once.
pub(super) fn sort(problems: &mut Vec<Problem>, sources: &[Source]) {
    locate(problems, sources);
    let key = |problem: &Problem| {
        let place = problem.labels.first().map(|label| &label.place);
        // What is right and only too new comes last, so that it hides no mistake.
        let reserved = problem.code == code::RESERVED;
        place.map(|place| (place.file, reserved, place.bytes().start))
    };
    problems.sort_by(|left, right| {
        let (at, other) = (key(left), key(right));
        (at, left.code, &left.message).cmp(&(other, right.code, &right.message))
    });
    problems.dedup();
}

/// Makes every place a range of bytes, parsing a file again only for a place that is a path in it.
fn locate(problems: &mut [Problem], sources: &[Source]) {
    let mut paths: Vec<Vec<&mut Place>> = Vec::new();
    paths.resize_with(sources.len(), Vec::new);
    for problem in problems {
        let labels = problem.labels.iter_mut().map(|label| &mut label.place);
        for place in labels.chain(problem.fix.iter_mut().map(|fix| &mut fix.place)) {
            let file = paths.get_mut(usize::from(place.file.0));
            match (&place.part, file) {
                (Part::Key | Part::Value | Part::Within(_), Some(file)) => file.push(place),
                (Part::Key | Part::Value | Part::Within(_), None)
                | (Part::Bytes(_) | Part::Whole, _) => {}
            }
        }
    }
    for (source, paths) in sources.iter().zip(paths).filter(|(_, paths)| !paths.is_empty()) {
        let mut blank = String::new();
        let document = Document::parse(&source.text, &mut blank);
        for place in paths {
            let bytes = span_of(&document.root, &source.text, place);
            *place = Place::span(place.file, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FileId;

    #[test]
    fn a_path_becomes_the_bytes_that_it_leads_to() {
        let text = "[process.a]\nneeds = [\"b\",\n  \"c\"]\n".to_owned();
        let place = Place::value(FileId(0), ["process", "a", "needs"]).item(1);
        let own = Place::key(FileId(0), ["process", "a"]).label("the one who needs it");
        let problem =
            Problem::error(code::UNKNOWN_PROCESS, "no `c`", place.clone().label("")).also(own);
        let mut problems = vec![problem.clone().fix(place, "b"), problem];
        let sources = [Source { path: "job.toml".to_owned(), text: text.clone() }];
        sort(&mut problems, &sources);
        let found = |label: &crate::model::Label| text[label.place.bytes()].to_owned();
        assert_eq!(problems[0].labels.iter().map(found).collect::<Vec<_>>(), ["\"c\"", "a"]);
        let fix = problems.iter().find_map(|problem| problem.fix.as_ref());
        assert_eq!(&text[fix.unwrap().place.bytes()], "\"c\"");
        assert_eq!(problems.len(), 2, "they differ in their cure");
    }
}
