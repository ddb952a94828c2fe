//! Jobs checked against a machine that is made for them.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use tempfile::TempDir;

use super::check_in;
use crate::model::{
    Action, Consumes, Deliver, FileId, Items, Job, Need, Output, Problem, Process, Queue, Stdin,
    Template, When, code,
};

/// A folder with a job in `job` and programs in `bin`.
struct Machine {
    home: TempDir,
    job: Job,
}

impl Machine {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["job", "bin", "late"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        let machine = Self { home, job: Job::default() };
        machine.program("bin/python3", "\x7fELF");
        machine.program("bin/sh", "\x7fELF");
        machine
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn program(&self, path: &str, text: &str) {
        self.file(path, text);
        let path = self.home.path().join(path);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn process(&mut self, command: &str) -> &mut Process {
        let name = format!("p{}", self.job.processes.len());
        let words = command.split(' ').map(|word| Template::parse(word).0).collect();
        let base = self.home.path().join("job");
        self.job.processes.push(Process::new(name, FileId(0), base, Action::Command(words)));
        self.job.processes.last_mut().unwrap()
    }

    fn later(&mut self, command: &str) -> &mut Process {
        let process = self.process(command);
        process.needs = vec![Need { process: "p0".to_owned(), when: When::Passed }];
        process
    }

    fn queue(&mut self, items: Items) {
        let mut queue = Queue::new("q", FileId(0), self.home.path().join("job"));
        queue.items = Some(items);
        self.job.queues.push(queue);
    }

    fn path(&self, folders: &[&str]) -> OsString {
        std::env::join_paths(folders.iter().map(|folder| self.home.path().join(folder))).unwrap()
    }

    fn problems(&self) -> Vec<Problem> {
        let path = self.path(&["bin", "late"]);
        check_in(&self.job, &[("PATH".into(), path), ("SET".into(), "set".into())])
    }

    /// Returns each problem in a line: code, message, help; the machine's folder is `~`.
    fn told(&self) -> Vec<String> {
        let home = self.home.path().display().to_string();
        let line = |problem: Problem| {
            assert!(problem.is_warning());
            let help = problem.help.expect("each has a cure");
            format!("{} {}: {help}", problem.code.id, problem.message).replace(&home, "~")
        };
        self.problems().into_iter().map(line).collect()
    }
}

#[test]
fn programs_are_looked_for_as_the_spawner_does() {
    let mut machine = Machine::new();
    for fine in ["python3 x", "{vars.tool}", "{item}", "{env.NOT_SET}", "{slot}/x"] {
        machine.process(fine);
    }
    machine.job.vars.insert("tool".to_owned(), "python3".to_owned());
    machine.program("late/plain", "\x7fELF");
    machine.file("bin/plain", "");
    machine.process("plain");
    assert_eq!(machine.told(), [""; 0]);

    machine.file("bin/locked", "");
    machine.program("job/mine", "\x7fELF");
    for bad in ["pyhton3", "nothing-like-it", "locked", "mine", "{env.SET}", "./mien", "job"] {
        machine.process(bad);
    }
    for line in ["python3 -u x.py", "python3 x.py > out"] {
        machine.process("").action = Action::Command(vec![Template::literal(line)]);
    }
    symlink("gone", machine.home.path().join("job/link")).unwrap();
    machine.process("./link");
    assert_eq!(
        machine.told(),
        [
            "W501 `pyhton3` is not on the PATH: did you mean `python3`?",
            "W501 `nothing-like-it` is not on the PATH: install it, or write the path of the \
             program",
            "W502 `locked` is not executable: run `chmod +x ~/bin/locked`",
            "W501 `mine` is not on the PATH: write `./mine` for the one in the folder it runs in",
            "W501 `set` is not on the PATH: install it, or write the path of the program",
            "W501 there is no program `./mien`: did you mean `./mine`?",
            "W501 `job` is not on the PATH: install it, or write the path of the program",
            "W501 `python3 -u x.py` is not on the PATH: write its words apart: \"python3\", \
             \"-u\", \"x.py\"",
            "W501 `python3 x.py > out` is not on the PATH: write it for a shell: script = \
             '''python3 x.py > out'''",
            "W501 `./link` is a link to `gone`, which is not there: check the path: it begins in \
             the folder that the program runs in",
        ]
    );
    let fixes = machine.problems().into_iter().map(|problem| problem.fix.map(|fix| fix.text));
    let fixes: Vec<_> = fixes.flatten().collect();
    assert_eq!(fixes, ["\"python3\"", "\"./mine\"", "\"./mine\"", "\"python3\", \"-u\", \"x.py\""]);
}

#[test]
fn the_path_is_that_of_the_child() {
    let mut machine = Machine::new();
    machine.program("other/tool", "\x7fELF");
    let other = machine.home.path().join("other").display().to_string();
    machine.process("tool").env.set =
        vec![("PATH".to_owned(), Template::parse(&format!("{other}:{{env.PATH}}")).0)];
    machine.process("python3").env.from_files = vec![("PATH".to_owned(), other)];
    machine.process("tool").env.set = vec![("PATH".to_owned(), Template::parse("{slot}").0)];
    machine.process("tool");
    let told = machine.problems().into_iter().map(|problem| problem.labels[0].place.path.clone());
    let told: Vec<_> = told.map(|path| format!("{:?}", path[1])).collect();
    assert_eq!(told, ["Key(\"p1\")", "Key(\"p3\")"]);
}

#[test]
fn what_may_not_be_looked_at_is_no_proof() {
    let mut machine = Machine::new();
    let ring = machine.home.path().join("job/ring");
    symlink(&ring, &ring).unwrap();
    let pipe = machine.home.path().join("job/pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o700);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    machine.process("./ring/x").stdin = Stdin::File(Template::literal("ring/x"));
    machine.process("./pipe").stdin = Stdin::File(Template::literal("pipe"));
    assert_eq!(machine.told(), [""; 0]);
}

#[test]
fn first_lines_of_scripts_are_followed() {
    let mut machine = Machine::new();
    let home = machine.home.path().display().to_string();
    machine.program("bin/env", "\x7fELF");
    machine.file("bin/plain", "");
    for (at, line) in [
        "#!~/bin/sh",
        "#!~/bin/env python3",
        "#!~/bin/env -S python3 -u",
        "#!~/bin/env -i anything",
        "#!~/bin/sh\r",
        "#!~/bin/env python3\r",
        "#!~/bin/env python3 -u",
        "#!~/bin/env pyhton3",
        "#!~/bin/pyhton3",
        "#!~/bin/plain",
        "#!",
        "echo",
    ]
    .iter()
    .enumerate()
    {
        let name = format!("s{at}");
        machine.program(&format!("job/{name}"), &(line.replace('~', &home) + "\n"));
        machine.process(&format!("./{name}"));
    }
    assert_eq!(
        machine.told(),
        [
            "W503 `./s4` cannot be started: its first line ends in CR LF: save it with Unix line \
             ends: `sed -i 's/\\r$//' ./s4`",
            "W503 `./s5` cannot be started: its first line ends in CR LF: save it with Unix line \
             ends: `sed -i 's/\\r$//' ./s5`",
            "W503 `./s6` cannot be started: `env` takes `python3 -u` for one name: begin it with \
             `#!~/bin/env -S python3 -u`",
            "W503 `./s7` cannot be started: `env` finds no `pyhton3`: did you mean \
             `#!~/bin/env python3`?",
            "W503 `./s8` cannot be started: its interpreter `~/bin/pyhton3` is not there: did you \
             mean `#!~/bin/python3`?",
            "W503 `./s9` cannot be started: its interpreter `~/bin/plain` is not executable: \
             begin it with a line like `#!/bin/sh`",
            "W503 `./s10` cannot be started: its first line names no interpreter: begin it with a \
             line like `#!/bin/sh`",
            "W503 `./s11` cannot be started: its first line names no interpreter: begin it with a \
             line like `#!/bin/sh`",
        ]
    );
}

#[test]
fn what_a_process_before_may_make_is_not_missed() {
    let mut machine = Machine::new();
    machine.process("sh");
    let there = machine.home.path().join("late");
    machine.process("sh").cwd = Some(Template::literal("../late"));
    let late = there.join("built").display().to_string();
    let gone = machine.home.path().join("gone/built").display().to_string();
    for command in ["./built", "{vars.late}", "venv/bin/python"] {
        let process = machine.later(command);
        process.cwd = Some(Template::literal("made"));
        process.stdin = Stdin::File(Template::literal("made/in"));
        process.stdout = Output::File { path: Template::literal("made/out"), append: false };
        process.inputs = Some(vec![Template::literal("made/**/*.rs")]);
    }
    machine.job.vars.insert("late".to_owned(), late);
    machine.later("in-late");
    machine.later(&gone).cwd = Some(Template::literal("../gone"));
    let codes: Vec<_> = machine.problems().iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [code::NO_FOLDER, code::NO_PROGRAM], "nobody works there");
}

#[test]
fn items_are_awaited_only_where_something_can_make_them() {
    let consumes = || Consumes::new("q", Deliver::Args);
    let mut machine = Machine::new();
    machine.queue(Items::File(Template::literal("list")));
    machine.process("./tool").consumes = Some(consumes());
    let codes = |machine: &Machine| -> Vec<_> {
        machine.problems().iter().map(|problem| problem.code).collect()
    };
    assert_eq!(codes(&machine), [code::NO_FILE, code::NO_PROGRAM]);
    machine.process("sh").produces = vec![crate::model::Produces::stdout("q")];
    assert_eq!(codes(&machine), [code::NO_FILE]);
    machine.later("sh").consumes = Some(consumes());
    assert_eq!(codes(&machine), []);
}

#[test]
fn files_and_folders_are_looked_for_beside_the_job_file() {
    let mut machine = Machine::new();
    machine.file("job/in/a.rs", "");
    machine.queue(Items::Glob(Template::literal("in/*.rs")));
    machine.process("sh").inputs =
        Some(["in/{a,b}.rs", "int/*.rs"].map(Template::literal).to_vec());
    let process = machine.process("sh");
    process.cwd = Some(Template::literal("ni"));
    process.stdin = Stdin::File(Template::literal("in/b.rs"));
    process.stdout = Output::File { path: Template::literal("out/a/b"), append: false };
    process.stderr = Output::File { path: Template::literal("in"), append: false };
    machine.process("sh").cwd = Some(Template::literal("in/a.rs"));
    assert_eq!(
        machine.told(),
        [
            "W506 nothing matches `int/*.rs`: did you mean `in/*.rs`?",
            "W504 the folder `ni` is not there: did you mean `in`?",
            "W505 the file `in/b.rs` is not there: did you mean `in/a.rs`?",
            "W505 `out/a/b` cannot be written: its folder is not there: make it: `mkdir -p \
             out/a`, from the folder of the job file",
            "W505 `in` is a folder, not a file: name a file in it",
            "W504 `in/a.rs` is a file, not a folder: name a folder",
        ]
    );
}

#[test]
fn a_large_job_gets_few_suggestions() {
    let mut machine = Machine::new();
    machine.program("bin/tool-12345x", "\x7fELF");
    for at in 10_000..20_000 {
        machine.process(&format!("tool-{at}")).inputs =
            Some(vec![Template::literal(format!("src/{at}/*.rs"))]);
    }
    let problems = machine.problems();
    assert_eq!(problems.len(), 20_000);
    // Suggestions are the slow part, and nobody reads so many.
    let near = problems.iter().filter(|problem| problem.fix.is_some()).count();
    assert!((1..=200).contains(&near), "{near}");
}
