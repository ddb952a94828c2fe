//! Man: pages that a reader of manuals takes without a warning.

use std::fs;

use insta::assert_snapshot;

use crate::harness::{Test, installed};

#[test]
fn a_page_is_printed() {
    assert_snapshot!("page", Test::new().args(["man", "dead", "list"]).run().exits(0).stdout);
}

#[test]
fn every_command_has_a_page_in_the_folder() {
    let ran = Test::new().args(["man", "--out", "share/man1"]).run().exits(0);
    let names = fs::read_dir(ran.path("share/man1")).expect("the folder");
    let mut names: Vec<_> = names.map(|entry| entry.expect("a page").file_name()).collect();
    names.sort();
    let has = |name: &str| names.iter().any(|have| have == name);
    assert!(has("runner.1") && has("runner-dead-retry.1") && has("runner-man.1"), "{names:?}");
    assert_eq!(ran.read("share/man1/runner-plan.1"), {
        Test::new().args(["man", "plan"]).run().exits(0).stdout
    });
    if !installed("man", "groff") {
        return;
    }
    let script = "cd share/man1; for it in *; do groff -man -ww -Tutf8 $it >/dev/null; done";
    let ran = ran.then(["x"]).through(["sh", "-c", script]).run().exits(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn what_has_no_page_is_told() {
    let ran = Test::new().args(["man", "dead", "lst"]).run().exits(2);
    assert_eq!(ran.stderr, "runner: `runner dead` has no command `lst`; did you mean `list`?\n");
    let ran = Test::new().file("f", "").args(["man", "--out", "f"]).run().exits(3);
    assert!(ran.stderr.starts_with("runner: failed to write `f`: "), "{ran}");
}
