//! Book: what the pages say is true.
//!
//! The README and each page of `docs/` is a session: its job files are written, checked, formatted
//! and run, and its consoles are typed, from top to bottom, in one fresh folder. [`page`] reads a
//! page, [`session`] does what stands in it. Beside that: links lead somewhere, promises have their
//! tests, the reference is what the schema says.

mod links;
mod page;
mod promises;
mod reference;
mod session;

use std::fs;
use std::path::Path;

use page::Page;

/// Pages without a session: what they show is proved by tests of their own, or by nobody.
const OTHERS: [(&str, &str); 4] = [
    ("docs/SUMMARY.md", "the contents"),
    ("docs/codes.md", "each of its jobs has the problem of its section: `codes`"),
    ("docs/faults.md", "measured by a script"),
    ("docs/reference.md", "generated"),
];

/// Declares the test of each page that is a session, and the list of them.
macro_rules! sessions {
    ($($name:ident: $path:literal,)*) => {
        /// The pages that are sessions.
        const SESSIONS: &[&str] = &[$($path),*];

        $(#[test]
        fn $name() {
            session::hold(&Page::read($path));
        })*
    };
}

sessions! {
    readme: "README.md",
    ci: "docs/ci.md",
    coming_from: "docs/coming-from.md",
    editors: "docs/editors.md",
    getting_started: "docs/getting-started.md",
    guide_ci: "docs/guide-ci.md",
    guide_items: "docs/guide-items.md",
    guide_queues: "docs/guide-queues.md",
    guide_services: "docs/guide-services.md",
    introduction: "docs/introduction.md",
    language: "docs/language.md",
    promises: "docs/promises.md",
    recipes: "docs/recipes.md",
    reports: "docs/reports.md",
    selection: "docs/selection.md",
    start: "docs/start.md",
}

#[test]
fn every_page_is_a_chapter_and_has_its_test() {
    let summary = text("docs/SUMMARY.md");
    for path in pages() {
        let others = || OTHERS.iter().any(|(other, _)| *other == path);
        assert!(SESSIONS.contains(&path.as_str()) || others(), "`{path}` has no test");
        let name = path.trim_start_matches("docs/");
        let is_chapter = summary.contains(&format!("]({name})"));
        assert!(is_chapter || matches!(name, "README.md" | "SUMMARY.md"), "no chapter: `{name}`");
    }
}

/// Returns the paths of all pages, from the folder of the repository.
fn pages() -> Vec<String> {
    let names = fs::read_dir(root().join("docs")).expect("the pages");
    let names = names.map(|entry| entry.expect("a page").file_name());
    let names = names.filter_map(|name| name.into_string().ok());
    let pages = names.filter(|name| Path::new(name).extension() == Some("md".as_ref()));
    pages.map(|name| format!("docs/{name}")).chain(["README.md".to_owned()]).collect()
}

/// Returns what a file of the repository holds.
fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|_| panic!("`{path}` can't be read"))
}

/// Returns the folder of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
