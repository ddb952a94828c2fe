//! Import: job files from those of other tools, which run the same text, and what they lack.

use insta::assert_snapshot;
use proptest::prelude::*;

use runner::config::Purpose;
use runner::draft::{Tool, import};

use crate::harness::{Ran, Test, installed};

/// Takes a file over; what it becomes can be proved and is in its canonical form.
fn taken(name: &str, text: &str) -> Ran {
    let ran = Test::new().file(name, text).args(["import", name, "-o", "job.toml"]).run().exits(0);
    let ran = told(ran, &["fmt", "--check", "job.toml"]);
    told(ran, &["validate", "job.toml"])
}

/// Runs a command in between; what is shown stays that of the first one.
fn told(ran: Ran, args: &[&str]) -> Ran {
    let (out, error) = (ran.stdout.clone(), ran.stderr.clone());
    let mut ran = ran.then(args).run().exits(0);
    (ran.stdout, ran.stderr) = (out, error);
    ran
}

/// Returns what is told and what is written.
fn shown(ran: &Ran) -> String {
    format!("{}\n{}", ran.stderr, ran.read("job.toml"))
}

const MAKEFILE: &str = r#"# Settings
CC ?= cc
FLAGS := -O2 -Wall
QUOTED = -DX='"a b"'
VERSION != git describe
SRC = $(wildcard *.c)
include config.mk

.PHONY: all build clean
all: build

# Builds the program
build: main.c out
	@echo "building $@ from $< with $(FLAGS)" '$(FLAGS)' $(QUOTED)
	mkdir -p out && echo $$HOME {item} {{.Id}} $${HOME}
	-rm -f nothing

out: ; mkdir -p $@
release: export MODE = release
release: build
	echo one
	echo $(shell date)
%.o: %.c
	$(CC) -c $<
ifdef DEBUG
debug:
	echo debug
endif
loop: pool
pool: loop
	for i in 1 2; do \
		echo $$i; \
	done
odd
"#;

#[test]
fn a_makefile_is_taken() {
    assert_snapshot!("makefile", shown(&taken("Makefile", MAKEFILE)));
}

const JUSTFILE: &str = r#"set dotenv-load
version := "1.2.3"
quoted := "it's"
export LEVEL := "debug"
now := `date`
alias b := build

# Lists recipes
default:
    @just --list

# Builds it
build target="debug" *args: clean && done
    cargo build --profile {{target}} {{ args }} --version {{version}}
    echo '{{version}}' {{quoted}} {{{{literal}}

[private]
@clean:
    -rm -rf target
    cd sub; \
      ls

fmt mode: (clean "x")
    cargo fmt {{mode}}

dated:
    echo {{now}}

done:
    #!/usr/bin/env python3
    if True:
        print({"a": 1})
odd line
"#;

#[test]
fn a_justfile_is_taken() {
    assert_snapshot!("justfile", shown(&taken("justfile", JUSTFILE)));
}

const TASKFILE: &str = r#"version: '3'
includes:
  docs: ./docs
vars:
  NAME: app
  V: 1.10
  GIT: { sh: git rev-parse HEAD }
env:
  MODE: "test {{.NAME}}"
tasks:
  default:
    cmds:
      - task: clean
      - echo {{.NAME}} {{.V}} "done"
      - cmd: false
        ignore_error: true
      - |
        cd sub
        ls
  build:
    desc: Builds
    sources: [Taskfile.yml]
    generates: [app]
    deps: [lint]
    cmds: [go build ./...]
  check:
    deps: [build, { task: lint, vars: { A: 1 } }]
    status: [test -f x]
  lint: golangci-lint run
  clean:
    - rm -rf out
  dated:
    cmds:
      - echo {{.GIT}}
      - defer: rm x
  db:migrate:
    cmd: echo {item}
    env: { URL: x y }
"#;

#[test]
fn a_taskfile_is_taken() {
    assert_snapshot!("taskfile", shown(&taken("Taskfile.yml", TASKFILE)));
}

#[test]
fn a_procfile_is_taken() {
    let text = "# all\nweb: serve -p $PORT\nworker: work \"a b\"\nodd line\n";
    assert_snapshot!("procfile", shown(&taken("Procfile", text)));
}

const PACKAGE: &str = r#"{
	"scripts": {
		"prebuild": "rimraf dist",
		"build": "tsc -p . && echo \"done\"",
		"postbuild": "cp a b",
		"test": "npm run test:unit",
		"test:unit": "jest --ci",
		"all": "run-p lint build",
		"lint": "eslint 'src/**/*.{js,ts}'",
		"start": "node -e 'console.log(`${process.env.HOME} {item}`)'"
	}
}"#;

#[test]
fn a_package_is_taken() {
    assert_snapshot!("package", shown(&taken("package.json", PACKAGE)));
}

#[test]
fn make_and_the_job_say_the_same() {
    let text = r#"X = $(LATER)  b
LATER = a
NOW := $(X)
Q = "c  d"
all: first
	@echo $@ $(X) $(Q) '$(X)' "$(X)" $$((1+1)) {item}
	@cd sub && pwd | sed 's,.*/,,'
	@pwd | sed 's,.*/,,' | wc -l
	@x=1; false; echo "<$$x>" # no
	-@false
	@echo $(NOW)$(LATER)
	@for i in 1 2; do \
	  echo $$i; \
	done
	@echo $(UNSET)end \$$X
first:
	@mkdir -p sub; echo first
"#;
    if !installed("import", "make") {
        return;
    }
    let ran = taken("Makefile", text).then(["x"]);
    let made = ran.through(["sh", "-c", "exec make -s all"]).run().exits(0);
    let expected = made.stdout.clone();
    assert!(
        expected.starts_with("first\nall a b c  d a  b a  b 2 {item}\nsub\n1\n<1>\n"),
        "{made}"
    );
    let ran = made.then(["job.toml", "--output", "plain"]).run().exits(0);
    let said = [ran.lines_of("first"), ran.lines_of("all")].concat();
    assert_eq!(said, expected.lines().collect::<Vec<_>>(), "{ran}");
}

#[test]
fn paths_are_seen_from_the_job_file() {
    let test = Test::new().file("app/Makefile", "test:\n\ttouch tested\n");
    let ran = test.args(["import", "app/Makefile", "-o", "jobs/app.toml"]).run().exits(0);
    let ran = ran.then(["jobs/app.toml", "--output", "quiet"]).run().exits(0);
    assert!(ran.has("app/tested"), "{ran}");
}

#[test]
fn what_can_not_be_taken_at_all_is_told() {
    for (name, text, said) in [
        ("notes", "", "`notes` does not say whose file it is: name it with --from"),
        ("Makefile", "", "`Makefile`: nothing in it could be taken"),
        ("Makefile", "a:\0", "`Makefile`: it is no text: it holds a zero byte"),
        ("package.json", "{", "`package.json`: it is no JSON: "),
        ("Taskfile.yml", "a: [", "`Taskfile.yml`: it is no YAML: "),
        ("Taskfile.yml", "- a", "`Taskfile.yml`: it holds no table"),
        ("Taskfile.yml", "tasks:\n  a: x\n  a: y\n", "duplicated key in mapping at byte "),
    ] {
        let ran = Test::new().file(name, text).args(["import", name, "-o", "out.toml"]).run();
        assert!(ran.code() == 2 && ran.stderr.contains(said) && !ran.has("out.toml"), "{ran}");
    }
    let ran = Test::new().file("Makefile", "a:\n\ttrue\n").file("out.toml", "mine");
    let ran = ran.args(["import", "Makefile", "-o", "out.toml"]).run().exits(2);
    assert_eq!(ran.read("out.toml"), "mine");
    let ran = Test::new().args(["import", "Makefile"]).run().exits(2);
    assert!(ran.stderr.contains("`Makefile` cannot be read: "), "{ran}");
}

#[test]
fn large_and_hostile_files_are_taken_quickly_or_refused() {
    let lines = |count, line: fn(u32) -> String| (0..count).map(line).collect::<Vec<_>>().concat();
    let chain = lines(2000, |at| format!("t{at}: t{}\n\ttrue\n", at + 1));
    assert_eq!(import(Tool::Make, "m", &chain, None).map(|it| it.processes.len()).ok(), Some(2000));
    let bomb = lines(18, |at| format!("V{at} = $(V{0})$(V{0})\n", at + 1));
    let bomb = import(Tool::Make, "m", &(bomb + "V18 = x\nt:\n\techo $(V0)\n"), None).expect("t");
    assert!(bomb.left.iter().any(|left| left.why == "a value that is too long"), "{bomb:?}");
    let same = lines(20_000, |_| "web: run\n".to_owned());
    let names = import(Tool::Procfile, "p", &same, None).map(|it| it.processes);
    assert_eq!(names.map(|names| names[19_999].clone()).ok().as_deref(), Some("web-20000"));
    let deep = format!("tasks: {}", "[".repeat(100_000));
    assert!(import(Tool::Task, "t", &deep, None).is_err());
}

/// Returns whether a file that was taken over can be proved.
fn is_proved(text: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("job.toml");
    std::fs::write(&path, text).expect("a file");
    let loaded = runner::app::check(&path, &runner::app::Load::default(), Purpose::Check);
    if loaded.is_sound() { Ok(()) } else { Err(format!("{:?}\n{text}", loaded.problems)) }
}

/// What files of other tools are made of, and what they are not.
const PIECES: [&str; 46] = [
    "a",
    "b",
    "c",
    "all",
    "x y",
    ":",
    ": ",
    ":=",
    "=",
    "\n",
    "\n\t",
    "\n    ",
    "\n  - ",
    "$",
    "$(",
    ")",
    "{{",
    "}}",
    "{item}",
    "'",
    "\"",
    "#",
    "[",
    "]",
    ",",
    "@",
    "%",
    "\\\n",
    "ifdef",
    "endif",
    "define",
    "tasks:",
    "cmds:",
    "deps:",
    "vars:",
    "{",
    "}",
    "é",
    "\r",
    "\u{1b}",
    "&",
    "*",
    "pre",
    "post",
    "#!/bin/sh",
    "npm run ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_is_taken_can_be_proved(
        tool in proptest::sample::select(vec![
            Tool::Make, Tool::Just, Tool::Task, Tool::Procfile, Tool::Package,
        ]),
        pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..60),
    ) {
        let text = match tool {
            Tool::Task => format!("tasks:\n  a:\n{}", pieces.concat()),
            Tool::Package => {
                let scripts: serde_json::Map<String, serde_json::Value> =
                    pieces.chunks(2).map(|two| (two[0].into(), two.concat().into())).collect();
                serde_json::json!({ "scripts": scripts }).to_string()
            }
            _ => pieces.concat(),
        };
        if let Ok(imported) = import(tool, "file", &text, Some("..".to_owned())) {
            if let Err(why) = is_proved(&imported.text) {
                prop_assert!(false, "{why}\nof {text:?}");
            }
            prop_assert_eq!(runner::config::format(&imported.text), Ok(imported.text.clone()));
        }
    }
}
