//! Tidy: the rules of the house, proved.
//!
//! Each rule is a function from a text to what breaks it, which is shown a broken toy beside it:
//! a rule that can't fail is no rule. What follows from the rules, and why, stands in
//! ARCHITECTURE.md.

mod floors;
mod shape;
mod tokens;
mod tree;
mod words;

use tree::{File, files, is, rust};

/// Lines of a function in the middle of all.
const FUNCTION_MEDIAN: usize = 8;

/// Lines of a file in the middle of all.
const FILE_MEDIAN: usize = 180;

/// The first line of a job file says how many folders up the schema lies.
const SCHEMA: &str = "schemas/runner.schema.json";

#[test]
fn rooms_import_from_lower_floors_only() {
    let source = rust().into_iter().filter(|file| file.path.starts_with("src/"));
    tidy(source.flat_map(|file| floors::check(&file.path, &file.text)));
}

#[test]
fn files_functions_and_lines_are_short() {
    tidy(rust().iter().flat_map(|file| shape::lengths(&file.path, &file.text)));
}

#[test]
fn files_open_with_what_they_are() {
    tidy(rust().iter().flat_map(|file| shape::head(&file.path, &file.text)));
}

#[test]
fn the_middle_file_and_function_are_short() {
    let source = || rust().into_iter().filter(|file| file.path.starts_with("src/"));
    let functions = source().flat_map(|file| shape::function_lengths(&file.text)).collect();
    let function = shape::median(functions);
    let file = shape::median(source().map(|file| file.text.lines().count()).collect());
    println!("median function: {function} lines; median file: {file} lines");
    assert!(function <= FUNCTION_MEDIAN, "the median function has {function} lines");
    assert!(file <= FILE_MEDIAN, "the median file has {file} lines");
}

#[test]
fn no_forbidden_word_stands_anywhere() {
    let own = files().into_iter().filter(|file| file.path != "Cargo.lock");
    tidy(own.flat_map(|file| words::check(&file.path, &file.text)));
}

#[test]
fn no_path_of_a_machine_stands_anywhere() {
    let checkout = env!("CARGO_MANIFEST_DIR");
    tidy(files().iter().flat_map(|file| words::paths(&file.path, &file.text, checkout)));
}

#[test]
fn no_test_file_is_forgotten() {
    let tests: Vec<_> = rust().into_iter().filter(|file| file.path.starts_with("tests/")).collect();
    let cargo = files().into_iter().find(|file| file.path == "Cargo.toml").expect("it is there");
    tidy(forgotten(&tests, &cargo.text));
}

#[test]
fn job_files_name_their_schema() {
    let jobs =
        files().into_iter().filter(|file| file.path.starts_with("jobs/") && is(&file.path, "toml"));
    let jobs: Vec<_> = jobs.collect();
    assert!(!jobs.is_empty(), "there are no job files");
    tidy(jobs.iter().flat_map(|file| unschemed(&file.path, &file.text)));
}

#[test]
fn the_changelog_tells_this_version() {
    let files = files();
    let changelog = files.iter().find(|file| file.path == "CHANGELOG.md").expect("it is there");
    tidy(untold(&changelog.text, env!("CARGO_PKG_VERSION")));
}

#[test]
fn broken_toys_are_refused() {
    let toy = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let tests = [
        toy("tests/it/main.rs", "mod a;\n"),
        toy("tests/it/a.rs", "mod b;\n"),
        toy("tests/it/a/b.rs", ""),
        toy("tests/it/a/lost.rs", ""),
        toy("tests/other.rs", ""),
    ];
    let cargo = "path = \"tests/it/main.rs\"";
    assert_eq!(forgotten(&tests, cargo).len(), 2);
    assert_eq!(forgotten(&tests[..3], cargo), Vec::<String>::new());
    let near = "#:schema ../schemas/runner.schema.json\n";
    assert_eq!(unschemed("jobs/a.toml", near), Vec::<String>::new());
    assert_eq!(unschemed("jobs/deep/a.toml", near).len(), 1);
    assert_eq!(unschemed("jobs/a.toml", "name = \"a\"\n").len(), 1);
    assert_eq!(untold("## [1.2.3] - 2026-01-01\n", "1.2.3"), Vec::<String>::new());
    assert_eq!(untold("## [1.2.2] - 2026-01-01\n", "1.2.3").len(), 1);
}

/// Fails with everything that was found.
fn tidy(found: impl IntoIterator<Item = String>) {
    let found: Vec<_> = found.into_iter().collect();
    assert!(found.is_empty(), "{} breaches:\n{}\n", found.len(), found.join("\n"));
}

/// Returns the test files that neither another file nor Cargo names, so that nobody runs them.
fn forgotten(files: &[File], cargo: &str) -> Vec<String> {
    let named = |file: &File| {
        let path = file.path.strip_suffix(".rs")?;
        let (folder, name) = path.rsplit_once('/')?;
        let parents = [format!("{folder}.rs"), format!("{folder}/main.rs")];
        let line = format!("mod {name};");
        let parent = files.iter().find(|file| parents.contains(&file.path))?;
        parent.text.lines().any(|text| text.trim_end().ends_with(&line)).then_some(())
    };
    let root = |file: &File| cargo.contains(&format!("path = \"{}\"", file.path));
    let lost = files.iter().filter(|file| !root(file) && named(file).is_none());
    lost.map(|file| format!("{}: no file says `mod` for it", file.path)).collect()
}

/// Returns whether a job file does not start with the schema that editors should use.
fn unschemed(path: &str, text: &str) -> Vec<String> {
    let up = "../".repeat(path.matches('/').count());
    let expected = format!("#:schema {up}{SCHEMA}");
    let told = text.lines().next() == Some(&expected);
    (!told).then(|| format!("{path}:1: is not `{expected}`")).into_iter().collect()
}

/// Returns whether a changelog does not tell of a version.
fn untold(changelog: &str, version: &str) -> Vec<String> {
    let told = changelog.lines().any(|line| line.starts_with(&format!("## [{version}]")));
    (!told).then(|| format!("CHANGELOG.md: has no `## [{version}]`")).into_iter().collect()
}
