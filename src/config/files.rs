//! Files: a job file and all that it includes, each read once.
//!
//! Includes are followed in the order they stand, each relative to the file that names it, without
//! recursion. A file that two others include is read once; one that leads back to itself is an
//! error. Unaware of what the files say beyond that.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::lower::{File, Include, Lowering};
use super::read::Unreadable;
use super::{Loaded, Options, order, read};
use crate::model::{FileId, Label, Place, Problem, Source, code};

/// The most files of one job: what includes more was generated wrongly.
const MOST_FILES: usize = 1000;

/// A file that was read: where it is and who named it.
struct Known {
    folder: PathBuf,
    parent: Option<usize>,
}

/// A file still to read.
struct Wanted {
    path: PathBuf,
    /// The file that names it, and where.
    named: Option<(usize, Include)>,
}

/// Reads a job file and all that it includes.
pub(super) fn load(path: &Path, options: &Options) -> Loaded {
    let mut lowering = Lowering::new(options);
    let mut files = Files::default();
    let mut wanted = vec![Wanted { path: path.to_path_buf(), named: None }];
    while let Some(next) = wanted.pop() {
        let Some(id) = files.open(&next, options, &mut lowering) else { continue };
        let source = &files.sources[id];
        let mut blank = String::new();
        let document = Document::parse(&source.text, &mut blank);
        let number = FileId(u16::try_from(id).unwrap_or(u16::MAX));
        let file = File { id: number, text: &source.text, base: &files.known[id].folder };
        let folder = shown_folder(&next.path);
        let includes = lowering.file(file, &document);
        // The last is read first from a stack.
        wanted.extend(includes.into_iter().rev().map(|include| Wanted {
            path: folder.join(&include.value),
            named: Some((id, include)),
        }));
    }
    lowering.finish();
    if lowering.job.name.is_empty() {
        lowering.job.name = stem(path);
    }
    lowering.job.files = files.sources.iter().map(|source| source.path.clone().into()).collect();
    let mut problems = lowering.problems;
    order::sort(&mut problems, &files.sources);
    let sound = problems.iter().all(Problem::is_warning);
    let read = !files.known.is_empty();
    let (job, draft) =
        if sound { (Some(lowering.job), None) } else { (None, read.then_some(lowering.job)) };
    Loaded {
        job,
        draft,
        problems,
        sources: files.sources,
        edges_known: lowering.edges_known,
        names_known: lowering.names_known,
    }
}

/// Reads one file alone; `-` is standard input.
pub(super) fn source(path: &Path, options: &Options) -> Result<Source, Box<Problem>> {
    let (shown, text) = text(path, path, path == Path::new("-"), options);
    match text {
        Ok(text) => Ok(Source { path: shown, text }),
        Err(error) => {
            Err(Box::new(unreadable(&shown, error, Place::span(FileId(0), 0..0).label(""))))
        }
    }
}

/// Reads a text, and returns it with the name that messages give it.
fn text(
    path: &Path,
    canonical: &Path,
    standard: bool,
    options: &Options,
) -> (String, Result<String, Unreadable>) {
    let text = match options.texts.get(canonical) {
        Some(text) => read::given(text),
        None if standard => read::stdin(),
        None => read::file(path),
    };
    let shown = if standard {
        options.stdin_name.clone().unwrap_or_else(|| "standard input".to_owned())
    } else {
        path.display().to_string()
    };
    (shown, text)
}

fn unreadable(shown: &str, error: Unreadable, label: Label) -> Problem {
    let said = format!("`{shown}` cannot be read: {}", error.why);
    Problem::error(code::UNREADABLE, said, label).help(error.help)
}

/// The files that were read so far.
#[derive(Default)]
struct Files {
    known: Vec<Known>,
    by_path: HashMap<PathBuf, usize>,
    sources: Vec<Source>,
}

impl Files {
    /// Reads a file, unless it was read before; returns its number where there is text to parse.
    fn open(
        &mut self,
        wanted: &Wanted,
        options: &Options,
        lowering: &mut Lowering<'_>,
    ) -> Option<usize> {
        let standard = wanted.named.is_none() && wanted.path == Path::new("-");
        let path = if standard { PathBuf::from(".") } else { wanted.path.clone() };
        let canonical = path.canonicalize().unwrap_or_else(|_| path.clone());
        if let Some(known) = self.by_path.get(&canonical).filter(|_| !standard) {
            self.again(*known, wanted, lowering);
            return None;
        }
        let id = self.known.len();
        if id >= MOST_FILES {
            let said = format!("this job has more than {MOST_FILES} files");
            lowering.problems.push(Problem::error(
                code::UNREADABLE,
                said,
                label(wanted, "one more"),
            ));
            lowering.names_known = false;
            return None;
        }
        let (shown, text) = text(&path, &canonical, standard, options);
        let parent = wanted.named.as_ref().map(|(parent, _)| *parent);
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                let label = label(wanted, "included here");
                lowering.problems.push(unreadable(&shown, error, label));
                lowering.names_known = false;
                if wanted.named.is_none() {
                    self.sources.push(Source { path: shown, text: String::new() });
                }
                return None;
            }
        };
        let folder = if standard { canonical.clone() } else { folder(&canonical) };
        self.by_path.insert(canonical, id);
        self.known.push(Known { folder, parent });
        self.sources.push(Source { path: shown, text });
        Some(id)
    }

    /// Says where a file that is included again leads back to itself.
    fn again(&self, known: usize, wanted: &Wanted, lowering: &mut Lowering<'_>) {
        let mut chain = Vec::new();
        let mut at = wanted.named.as_ref().map(|(parent, _)| *parent);
        while let Some(id) = at {
            chain.push(self.sources[id].path.as_str());
            if id == known {
                chain.reverse();
                let first = chain[0];
                let said = format!("includes lead in a circle: {} -> {first}", chain.join(" -> "));
                let label = label(wanted, "leads back");
                let problem = Problem::error(code::INCLUDE_LOOP, said, label);
                lowering.problems.push(problem.help("remove this entry"));
                return;
            }
            at = self.known[id].parent;
        }
    }
}

fn label(wanted: &Wanted, text: &str) -> Label {
    match &wanted.named {
        Some((parent, include)) => {
            let file = FileId(u16::try_from(*parent).unwrap_or(u16::MAX));
            Place::span(file, include.at.range()).label(text)
        }
        None => Place::whole(FileId::default()).label(""),
    }
}

/// Returns the folder of a file, absolute.
fn folder(canonical: &Path) -> PathBuf {
    canonical.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Returns the folder of a file as the user wrote it, so that messages show paths that he knows.
fn shown_folder(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    stem.filter(|stem| stem != "-").unwrap_or_else(|| "job".to_owned())
}
