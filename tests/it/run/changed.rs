//! Changed: conditions that git answers.

use insta::assert_snapshot;

use crate::harness::{Test, installed};

/// A repository of two commits on a branch, and processes that ask what has changed in it.
const JOB: &str = r#"
limits.jobs = 1
limits.on-failure = "continue"

[process.repository]
script = """
unset GIT_DIR
git init -q -b main .
git config user.email a@example.org
git config user.name a
git config maintenance.auto false
mkdir -p src docs
touch src/a docs/b
git add src docs
git commit -qm one
git checkout -qb work
echo more >> src/a
git commit -qam two
touch docs/new
"""

[process.committed]
needs = ["repository"]
if = { changed = ["src/**"], since = "main" }
command = ["true"]

[process.uncommitted]
needs = ["repository"]
if = { changed = ["docs/*"] }
command = ["true"]

[process.same]
needs = ["repository"]
matrix.part = ["src", "lib"]
if = { changed = ["{matrix.part}/**", "none"] }
command = ["true"]

[process.contrary]
needs = ["repository"]
if = { changed = ["src/**"], since = "main", not = true }
command = ["true"]
"#;

#[test]
fn git_is_asked_what_has_changed() {
    if !installed("git_is_asked_what_has_changed", "git") {
        return;
    }
    let test = Test::new().job(JOB).env("GIT_DIR", "/nowhere").env("GIT_CONFIG_NOSYSTEM", "1");
    let test = test.file(".gitignore", ".*\njob.toml\n");
    assert_snapshot!(test.run().sorted(), @"
    committed: passed in [time]
    committed: started
    contrary: skipped (`src/a` has changed since main)
    repository: passed in [time]
    repository: started
    same (lib): skipped (nothing in lib/**, none has changed since HEAD)
    same (src): skipped (nothing in src/**, none has changed since HEAD)
    uncommitted: passed in [time]
    uncommitted: started

    job: passed in [time]
      processes  3 passed · 3 skipped
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn a_folder_in_no_repository_is_no_answer() {
    if !installed("a_folder_in_no_repository_is_no_answer", "git") {
        return;
    }
    let ceiling = Test::new();
    let above = ceiling.path("..");
    let test = ceiling
        .job("[process.a]\nif = { changed = [\"x\"] }\ncommand = [\"true\"]\n")
        .env("GIT_CEILING_DIRECTORIES", above);
    assert_snapshot!(test.run(), @"
    [stderr]
    a: failed (its condition cannot be answered: `[dir]` is in no git repository)
    nothing new starts: `a` failed

    ✗ a  its condition cannot be answered: `[dir]` is in no git repository
      again  runner job.toml a

    job: failed in [time]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn a_revision_that_git_does_not_know_is_no_answer() {
    if !installed("a_revision_that_git_does_not_know_is_no_answer", "git") {
        return;
    }
    let job = r#"
[process.repository]
command = ["git", "init", "-q", "."]

[process.unknown]
needs = ["repository"]
if = { changed = ["src/**"], since = "origin/main" }
command = ["true"]
"#;
    let ran = Test::new().job(job).run().exits(1).to_string();
    let said = "its condition cannot be answered: git knows no revision `origin/main` here";
    assert!(ran.contains(said), "{ran}");
}
