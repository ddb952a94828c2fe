//! Looking changes nothing: what only reads a job starts nothing and writes nothing.
//!
//! Not believed but seen: every call that the program makes to the system is listed by strace.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::harness::installed;

/// Calls that start something, write something or speak to somebody. A `?` because not every
/// machine has all of them.
const CALLS: [&str; 35] = [
    "execve",
    "execveat",
    "fork",
    "vfork",
    "clone",
    "clone3",
    "open",
    "openat",
    "openat2",
    "creat",
    "truncate",
    "ftruncate",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "mknod",
    "mknodat",
    "chmod",
    "fchmodat",
    "chown",
    "fchownat",
    "utimensat",
    "setxattr",
    "connect",
    "bind",
    "kill",
];

/// Places that take whatever is written to them and keep nothing.
const HARMLESS: [&str; 3] = ["\"/dev/null\"", "\"/dev/tty\"", "\"/dev/pts/"];

/// Returns what was started and written, after the program itself was.
fn breaches(calls: &str) -> Vec<&str> {
    let mut started = false;
    let mut found = Vec::new();
    for line in calls.lines() {
        let call = line.split_whitespace().nth(1).unwrap_or_default();
        let harmless = match call.split('(').next().unwrap_or_default() {
            "execve" => !std::mem::replace(&mut started, true),
            "clone" | "clone3" => line.contains("CLONE_THREAD"),
            "open" | "openat" | "openat2" => {
                let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"];
                !writes.iter().any(|flag| line.contains(flag))
                    || HARMLESS.iter().any(|path| line.contains(path))
            }
            // How a thread ended, and calls that another thread interrupted.
            "+++" | "---" | "<..." => true,
            _ => false,
        };
        if !harmless {
            found.push(line);
        }
    }
    found
}

/// Runs the program under strace, in the folder of this project, and returns the calls.
#[expect(clippy::disallowed_methods, reason = "the witness is not one of its children")]
fn calls(args: &[&str], job: &Path) -> String {
    let folder = tempfile::tempdir().expect("a folder for the calls");
    let file = folder.path().join("calls");
    let names = CALLS.map(|call| format!("?{call}")).join(",");
    let status = std::process::Command::new("strace")
        .args(["-f", "-qq", "-s", "200", "-e", &format!("trace={names}"), "-o"])
        .arg(&file)
        .arg(env!("CARGO_BIN_EXE_runner"))
        .args(args)
        .arg(job)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("strace can be started");
    assert_eq!(status.code(), Some(0), "{args:?} {}", job.display());
    std::fs::read_to_string(file).expect("the calls")
}

/// Returns every job of this project.
fn jobs() -> Vec<PathBuf> {
    let folders = ["jobs", "jobs/tutorial"];
    let entries = folders.iter().flat_map(|folder| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        std::fs::read_dir(folder).expect("the folder of jobs")
    });
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect()
}

#[test]
fn whoever_only_looks_starts_nothing_and_writes_nothing() {
    if !installed("still", "strace") {
        return;
    }
    let jobs = jobs();
    assert!(jobs.len() > 3, "there are jobs");
    for job in &jobs {
        for args in [&["validate"][..], &["plan"], &["list"], &["graph"], &["run", "--dry-run"]] {
            let calls = calls(args, job);
            assert!(calls.contains("execve("), "strace has seen it start\n{calls}");
            let found = breaches(&calls);
            assert!(found.is_empty(), "{args:?} {}\n{}", job.display(), found.join("\n"));
        }
    }
}

#[test]
fn breaches_are_seen() {
    let own = "7 execve(\"runner\", [\"runner\"], 0x7 /* 3 vars */) = 0\n";
    let fine = "7 openat(AT_FDCWD, \"job.toml\", O_RDONLY|O_CLOEXEC) = 3\n\
                7 openat(AT_FDCWD, \"/dev/null\", O_RDWR) = 4\n\
                7 clone3({flags=CLONE_VM|CLONE_THREAD}) = 8\n";
    assert_eq!(breaches(&format!("{own}{fine}")), [""; 0]);
    for bad in [
        "7 execve(\"sh\", [\"sh\"], 0x7 /* 3 vars */) = 0",
        "7 clone(child_stack=NULL, flags=SIGCHLD) = 8",
        "7 vfork() = 8",
        "7 openat(AT_FDCWD, \"x\", O_WRONLY|O_CREAT|O_CLOEXEC, 0666) = 3",
        "7 mkdir(\".runner\", 0777) = -1 EEXIST (File exists)",
        "7 connect(3, {sa_family=AF_UNIX}, 12) = 0",
    ] {
        assert_eq!(breaches(&format!("{own}{fine}{bad}\n")), [bad]);
    }
}
