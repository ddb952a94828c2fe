//! Format: what `runner fmt` writes, shows, leaves alone and says.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use runner::config::{Options, format, load};
use walkdir::WalkDir;

use crate::harness::Test;

const LOOSE: &str = "[process.a]\ncommand=['true']\n# Why.\nneeds = [ \"b\" ]\n[process.b]\n\
                     command = ['true']\n";

const TIDY: &str = "[process.a]\n# Why.\nneeds = [\"b\"]\ncommand = ['true']\n\n[process.b]\n\
                    command = ['true']\n";

#[test]
fn files_are_written_anew_where_they_change() {
    let test = Test::new().file("jobs/a.toml", LOOSE).file("jobs/b.toml", TIDY);
    let test = test.file("jobs/.c.toml", LOOSE).file("elsewhere", LOOSE);
    symlink("../elsewhere", test.path("jobs/link.toml")).unwrap();
    let number = |path: PathBuf| fs::metadata(path).unwrap().ino();
    let untouched = number(test.path("jobs/b.toml"));
    let ran = test.args(["fmt", "jobs", "jobs/link.toml"]).run();
    assert_eq!(number(ran.path("jobs/b.toml")), untouched);
    assert_snapshot!(ran, @"
    [stderr]
    formatted jobs/a.toml
    formatted jobs/link.toml
    2 of 3 job files formatted
    [exit code: 0]
    ");
    assert_eq!([ran.read("jobs/a.toml"), ran.read("jobs/b.toml")], [TIDY, TIDY]);
    assert_eq!([ran.read("jobs/.c.toml"), ran.read("elsewhere")], [LOOSE, TIDY]);
}

#[test]
fn check_shows_what_would_change_and_writes_nothing() {
    let test = Test::new().file("a.toml", LOOSE).file("b.toml", TIDY);
    let ran = test.args(["fmt", "--check", "a.toml", "b.toml"]).run();
    assert_snapshot!(ran, @r#"
    [stdout]
    --- a.toml
    +++ a.toml
    @@ -1,6 +1,7 @@
     [process.a]
    -command=['true']
     # Why.
    -needs = [ "b" ]
    +needs = ["b"]
    +command = ['true']
    +
     [process.b]
     command = ['true']
    [stderr]
    1 of 2 job files would be formatted
    [exit code: 1]
    "#);
    assert_eq!(ran.read("a.toml"), LOOSE);
    let ran = Test::new().file("b.toml", TIDY).args(["fmt", "--check", "b.toml"]).run().exits(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "1 job file: it is formatted\n"));
}

#[test]
fn standard_input_goes_to_standard_output() {
    let ran = Test::new().file("in", LOOSE).stdin("in").args(["fmt", "-"]).run().exits(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (TIDY, ""));
    let args = ["fmt", "-", "--check", "--stdin-filename", "x.toml"];
    let ran = Test::new().file("in", LOOSE).stdin("in").args(args).run().exits(1);
    assert!(ran.stdout.starts_with("--- x.toml\n"), "{ran}");
}

#[test]
fn what_is_not_toml_is_told_and_left() {
    let broken = "[process.a]\ncommand=[\"true]\n";
    let wrong = "[process.a]\ncomand=[ 1 ]\n";
    let test = Test::new().file("a.toml", broken).file("b.toml", wrong);
    let ran = test.args(["fmt", "a.toml", "b.toml", "none.toml"]).run();
    assert_snapshot!(ran, @r#"
    [stderr]
    E002 syntax

      × this string is never closed
       ╭─[a.toml:2:10]
     1 │ [process.a]
     2 │ command=["true]
       ·          ───┬──
       ·             ╰── the string starts here and runs to the end of the line
       ╰────
      help: close it: `"true"]`. The other tables of this file were still checked.

    1 problem in a.toml (1 error)
    formatted b.toml
    E001 unreadable

      × `none.toml` cannot be read: there is no such file
      help: check the path

    1 problem in none.toml (1 error)
    1 of 3 job files formatted, 2 left as they are
    [exit code: 2]
    "#);
    assert_eq!(ran.read("a.toml"), broken);
    let ran = Test::new().args(["fmt", "."]).run().exits(4);
    assert!(ran.stderr.starts_with("no job file was found: "), "{ran}");
}

#[test]
fn what_may_not_be_written_stays() {
    let test = Test::new().file("a.toml", LOOSE);
    let mut mode = fs::metadata(test.path("a.toml")).unwrap().permissions();
    mode.set_readonly(true);
    fs::set_permissions(test.path("a.toml"), mode).unwrap();
    let ran = test.args(["fmt", "a.toml"]).run();
    assert_snapshot!(ran, @"
    [stderr]
    runner: failed to write `a.toml`: it is read-only
    [exit code: 3]
    ");
    assert_eq!(ran.read("a.toml"), LOOSE);
}

/// Returns every job file of this repository.
fn job_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let walk =
        ["jobs", "tests/invalid"].into_iter().flat_map(|folder| WalkDir::new(root.join(folder)));
    let files = walk.map(|entry| entry.expect("the folder can be read").into_path());
    let own = files.filter(|path| path.extension().is_some_and(|end| end == "toml"));
    own.chain([root.join("src/config/everything.toml")]).collect()
}

/// Returns the comments on lines of their own, and lines of scripts that look so.
fn comments(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with('#'));
    let mut comments: Vec<_> = lines.collect();
    comments.sort_unstable();
    comments
}

/// Returns a job file as it is understood, places aside.
fn meaning(path: &Path) -> String {
    let loaded = load(path, &Options::default());
    let codes = loaded.problems.iter().map(|problem| problem.code.id);
    // A comma at the end of an inline table, which only TOML 1.1 has, is taken out.
    let mut codes: Vec<_> = codes.filter(|code| *code != "W401").collect();
    codes.sort_unstable();
    format!("{codes:?} {:#?} {:#?}", loaded.job, loaded.draft)
}

#[test]
fn formatting_changes_no_job_of_this_repository() {
    let mut formatted = 0;
    for path in job_files() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let Ok(written) = format(&text) else { continue };
        assert_eq!(comments(&text), comments(&written), "{}", path.display());
        assert_eq!(format(&written).as_ref(), Ok(&written), "{}", path.display());
        // Beside it, because files are named relative to it.
        let folder = tempfile::tempdir().unwrap();
        let copy = |text: &str| {
            let copied = folder.path().join(path.file_name().unwrap());
            fs::write(&copied, text).unwrap();
            meaning(&copied)
        };
        assert_eq!(copy(&text), copy(&written), "{}", path.display());
        formatted += 1;
    }
    assert!(formatted > 20, "only {formatted} files were formatted");
}
