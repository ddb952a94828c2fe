//! Security: what others on the machine must not see (X).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::harness::Test;

/// Calls something with every file and folder below a folder, and its mode.
fn each(folder: &Path, see: &mut impl FnMut(&Path, u32)) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let status = fs::symlink_metadata(&path).expect("its status");
        if !status.is_symlink() {
            see(&path, status.permissions().mode() & 0o777);
        }
        if status.is_dir() {
            each(&path, see);
        }
    }
}

#[test]
fn x09_what_a_run_leaves_is_for_its_owner_only() {
    let job = r#"
limits.on-failure = "continue"

[queue.numbers]
items = { range = [0, 9] }
capacity-bytes = "1B"
on-full = "spill"

[process.say]
consumes = "numbers"
script = "echo {item}; head -c 100000 /dev/zero >&2; [ {item} != 3 ]"
workers = 4

[process.touch]
script = "umask; touch made"
"#;
    let ran = Test::new()
        .job(job)
        .through(["sh", "-c", "umask 022; exec \"$@\"", "sh"])
        .args(["job.toml", "--output", "quiet"])
        .run()
        .exits(1);
    let mut seen = 0;
    each(&ran.path(".runner"), &mut |path, mode| {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}\n{ran}", path.display());
        seen += 1;
    });
    assert!(seen > 8, "{seen}");
    let of_child = fs::metadata(ran.path("made")).expect("a file").permissions().mode();
    assert_eq!(of_child & 0o777, 0o644, "a child keeps the mask of its user");
}
