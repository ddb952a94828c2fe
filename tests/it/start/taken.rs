//! Taken: what runs out of the file of another tool is what ran there, or it fails and is listed.

use runner::draft::{Imported, Tool, import};

use crate::harness::{Test, installed};

/// What a process says of which a part is missing.
const REFUSED: &str = "not taken: see the top";

/// Takes a file over.
fn taken(tool: Tool, text: &str) -> Imported {
    import(tool, "file", text, None).unwrap_or_else(|why| panic!("{why:?}\n{text}"))
}

/// Returns what stands below the head of a process.
fn process<'t>(imported: &'t Imported, name: &str) -> &'t str {
    let head = format!("[process.{name}]\n");
    let (_, below) =
        imported.text.split_once(&head).unwrap_or_else(|| panic!("{name} in\n{}", imported.text));
    below.split("\n[process.").next().unwrap_or_default()
}

/// Asserts which processes fail, because a part of them is missing, and which run.
fn refuses(tool: Tool, text: &str, refused: &[&str], runs: &[&str]) -> Imported {
    let imported = taken(tool, text);
    for (names, is_refused) in [(refused, true), (runs, false)] {
        for name in names {
            let below = process(&imported, name);
            assert_eq!(below.contains(REFUSED), is_refused, "{name} in\n{}", imported.text);
        }
    }
    imported
}

/// Runs `all` of a Makefile with make and with what it became, and compares what both say.
fn as_with_make(text: &str) {
    if !installed("taken", "make") {
        return;
    }
    let ran = Test::new().file("Makefile", text);
    let ran = ran.args(["import", "Makefile", "-o", "job.toml"]).run().exits(0);
    let made = ran.then(["x"]).through(["sh", "-c", "exec make -s all"]).run().exits(0);
    let expected = made.stdout.clone();
    let ran = made.then(["job.toml", "all", "--output", "plain"]).run().exits(0);
    assert_eq!(ran.lines_of("all"), expected.lines().collect::<Vec<_>>(), "{ran}");
}

#[test]
fn a_value_that_only_make_knows_is_never_nothing() {
    let text = "DIR := $(shell pwd)/out\nFOO := $(shell x)\nFOO += y\nSET := a\nSET := b\n\
                ifdef X\nIN = 1\nendif\ndefine LINES\na: b\nendef\nexport LATER := $(word 1,a)\n\
                clean:\n\trm -rf $(DIR)/x\nmore:\n\techo $(FOO)\nwhere:\n\techo $(CURDIR)\n\
                block:\n\techo $(IN)\nlines:\n\techo $(LINES)\nlate:\n\techo $$LATER\n\
                set:\n\techo $(SET) $(UNSET) $(LD) $$LATERS\n\
                own: private MODE = x\nown:\n\techo $(MODE)\nMODE = y\n";
    let refused = ["clean", "more", "where", "block", "lines", "late", "own"];
    let imported = refuses(Tool::Make, text, &refused, &["set"]);
    assert!(process(&imported, "set").contains("echo ${SET} ${UNSET-} ld $LATERS"));
    let listed = imported.left.iter().any(|it| it.why == "`$(CURDIR)` is known to make alone");
    assert!(listed, "{:?}", imported.left);
    refuses(Tool::Make, "include x.mk\na:\n\techo $(A)\nb:\n\techo $(CC)\n", &["a"], &["b"]);
    refuses(Tool::Make, "$(eval $(call x))\na:\n\techo $(A)\nb:\n\ttrue\n", &["a"], &["b"]);
    let text = "include .env\nexport\nA = b\na:\n\trm -rf $$OUT/x\n\
                b:\n\tfor i in $(A) $$A; do echo $$i; done\n";
    refuses(Tool::Make, text, &["a"], &["b"]);
    refuses(Tool::Make, "PATH := $(shell x)\na:\n\ttrue\n", &["a"], &[]);
    refuses(Tool::Make, "vpath %.c src\na: a.c\n\tcc $<\nb: a.c\n\tcc a.c\n", &["a"], &["b"]);
}

#[test]
fn variables_are_exported_as_with_make() {
    as_with_make(
        "export A = one two\nB := $(A) three\nexport B\nC = c\nall:\n\t@echo $$A $$B \"<$$C>\"\n",
    );
    as_with_make("A = $(B)\nB = 'b  c'\n.EXPORT_ALL_VARIABLES:\nall:\n\t@echo \"$$A\" $$B\n");
}

#[test]
fn a_block_in_a_rule_keeps_it_open_and_refuses_it() {
    let text = "all: a b\na:\n\techo 1\nifdef X\n\techo 2\nendif\n\tX = 3\n\tno: 4\nb:\n\
                \techo $(X)\nV = 1\n\tW = 2\nc:\n\techo $(W)\nd:\n\techo $(V)\n";
    let imported = refuses(Tool::Make, text, &["a", "c"], &["b", "d"]);
    assert_eq!(imported.processes, ["all", "a", "b", "c", "d"]);
    assert!(process(&imported, "b").contains("echo ${X-}"), "{}", imported.text);
    let lines: Vec<_> = imported.left.iter().map(|it| it.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8, 12, 14]);
}

#[test]
fn what_comes_before_and_was_not_taken_is_missed() {
    let text = "ifdef X\ncheck:\n\ttrue\nendif\ndeploy: check\n\ttrue\nlib: a.o\n\ttrue\n\
                %.o: %.c\n\tcc $<\nrelease: export A = b\nrelease:\n\ttrue\ntwo::\n\ta\n\
                two::\n\tb\npart: $(wildcard *.c)\npart:\n\ttrue\nfile: x.c\n\ttrue\n";
    refuses(Tool::Make, text, &["deploy", "lib", "release", "two", "part"], &["file"]);
}

#[test]
fn settings_of_make_are_taken_or_listed() {
    let text = "MAKEFLAGS += -s\n.DEFAULT_GOAL := b\nSHELL = /usr/bin/env bash\n\
                .SHELLFLAGS = -eu -o pipefail -c\n.NOTPARALLEL:\na:\n\tfalse; true\nb:\n\tx | y\n";
    let imported = taken(Tool::Make, text);
    let left: Vec<_> = imported.left.iter().map(|it| (it.line, it.why.as_str())).collect();
    let expected = [(1, "options of make"), (2, "what is made where nothing is named")];
    assert_eq!(left, expected);
    assert!(imported.text.contains("\njobs = 1 #"), "{}", imported.text);
    let shell = r#"shell = ["bash", "-eu", "-o", "pipefail", "-c"]"#;
    assert_eq!(imported.text.matches(shell).count(), 1, "{}", imported.text);
    assert_eq!(process(&imported, "a").trim(), "script = \"false; true\"");
    refuses(Tool::Make, "SHELL = python3\na:\n\ttrue\n", &["a"], &[]);
    refuses(Tool::Make, ".SHELLFLAGS = $(shell x)\na:\n\ttrue\n", &["a"], &[]);
    as_with_make(
        "SHELL = /bin/bash\n.SHELLFLAGS = -eu -o pipefail -c\nall:\n\t-@false; echo no\n\
         \t@x=1; echo $$x\n\t-@false | true; echo no\n\t@echo end\n",
    );
    as_with_make(".ONESHELL:\nall:\n\t@x=1\n\tfalse\n\techo $$x\n");
}

#[test]
fn needs_are_seen_by_a_recipe_as_with_make() {
    as_with_make("all: d\nall: b a | o\n\t@echo $< $^ '$+'\nall: a c\na b c d o:\n\t@true\n");
}

#[test]
fn signs_are_found_behind_values_as_with_make() {
    as_with_make(
        "Q = @\nN =\nS = -@false\nE = @echo\nall:\n\t$(Q)echo hi\n\t$(N)@echo you\n\t$(S)\n\
         \t$(E) there\n\t@$(N)-false\n",
    );
}

#[test]
fn comments_in_recipes_are_no_commands() {
    as_with_make("all:\n\t@# one\n\t@echo hi # two\n\t@# three \\\n\techo you\n\t@#\n");
    as_with_make("all:\n\t@#\n");
    for (tool, text) in [
        (Tool::Just, "a:\n    # one\n    echo hi\n    @# two\n    cd . && echo you\n"),
        (Tool::Just, "a:\n    # one \\\n      echo no\n    echo hi && echo you\n"),
        (
            Tool::Task,
            "tasks:\n  a:\n    - '# one'\n    - echo hi\n    - |\n      # two\n      echo you\n",
        ),
    ] {
        let job = taken(tool, text).text;
        let ran = Test::new().file("job.toml", &job).args(["job.toml", "--output", "plain"]);
        let ran = ran.run().exits(0);
        assert_eq!(ran.lines_of("a"), ["hi", "you"], "{ran}\n{job}");
    }
}

/// Runs a process of a file that was taken over, and returns what it says.
fn said(tool: Tool, text: &str, name: &str) -> Vec<String> {
    let job = taken(tool, text).text;
    let ran = Test::new().file("job.toml", &job).args(["job.toml", name, "--output", "plain"]);
    let ran = ran.run().exits(0);
    ran.lines_of(name).iter().map(ToString::to_string).collect()
}

#[test]
fn an_interpreter_keeps_its_flags_and_gets_values_as_they_are() {
    let text = "version := \"1.2\"\n\
                a:\n    #!/bin/bash -u\n    # don't\n    echo \"$-\" '{{version}}'\n\
                b:\n    #!/usr/bin/env -S python3 -O\n    print(\"{{version}}\", __debug__)\n\
                c:\n    #!/usr/bin/env python3 -O\n    print()\nd:\n    #!/bin/sh x\n    true\n\
                e:\n    #!/opt/own\n    true\n";
    refuses(Tool::Just, text, &["c", "d", "e"], &["a", "b"]);
    let flags = said(Tool::Just, text, "a").concat();
    assert!(flags.contains('u') && flags.ends_with(" 1.2"), "{flags}");
    if installed("taken", "python3") {
        assert_eq!(said(Tool::Just, text, "b"), ["1.2 False"]);
    }
}

#[test]
fn what_guards_a_recipe_of_just_refuses_it() {
    let text = "[confirm]\na:\n    true\n[linux]\nos:\n    true\n[macos]\nos:\n    true\n\
                [private]\n[doc(\"x, y\")]\nb:\n    true\n[private, no-cd]\nc:\n    true\n\
                [group: 'x', private]\nall: (d \"a\") b\n    true\nd x=\"1\":\n    true\n\
                e: b\n    true\n";
    let imported = refuses(Tool::Just, text, &["a", "os", "os-2", "c", "all"], &["b", "d", "e"]);
    assert!(process(&imported, "e").contains("needs = [\"b\"]"), "{}", imported.text);
}

#[test]
fn settings_of_just_that_change_recipes_are_taken_or_refuse_them() {
    let text = "set shell := [\"bash\", \"-euo\", \"pipefail\", \"-c\"]\nset export\nA := \"b c\"\n\
                a:\n    -@false; echo no\n    @echo \"$A\"\n    @echo end && true\n";
    assert_eq!(said(Tool::Just, text, "a"), ["b c", "end"]);
    for set in ["positional-arguments", "shell := [\"nu\", \"-c\"]", "working-directory := \"x\""] {
        refuses(Tool::Just, &format!("set {set}\na:\n    rm -rf $1/x\n"), &["a"], &[]);
    }
}

#[test]
fn a_value_that_just_computes_is_never_nothing() {
    let text = "export A := `x`\nB := `x`\nset shell := [\"bash\", \"-c\"]\na:\n    rm -rf $A/x\n\
                b:\n    #!/bin/sh\n    rm -rf $A/x\nc:\n    echo $B\n";
    refuses(Tool::Just, text, &["a", "b"], &["c"]);
    refuses(Tool::Just, &format!("set export\n{text}"), &["a", "b", "c"], &[]);
}

#[test]
fn parameters_with_a_dollar_are_in_the_environment() {
    let text = "a $target=\"debug\" other=\"x\":\n    @echo \"$target\" {{target}} {{other}}\n";
    assert_eq!(said(Tool::Just, text, "a"), ["debug debug x"]);
}

#[test]
fn signs_in_values_of_just_are_text() {
    assert_eq!(said(Tool::Just, "q := \"-@x\"\na:\n    @echo {{q}}; true\n", "a"), ["-@x"]);
}

#[test]
fn what_guards_a_task_or_is_missing_refuses_it() {
    for guard in [
        "prompt: sure?",
        "preconditions: [x]",
        "if: x",
        "platforms: [linux]",
        "status: [x]",
        "requires: { vars: [X] }",
        "env: { A: { sh: x } }",
        "dir: '{{.X}}'",
        "deps: [{ task: b, vars: { A: 1 } }]",
        "deps: [none]",
        "own: x",
    ] {
        let text = format!("tasks:\n  a:\n    {guard}\n    cmds: ['true']\n  b: 'true'\n");
        refuses(Tool::Task, &text, &["a"], &["b"]);
    }
    let text = "env: { A: { sh: x } }\ntasks:\n  a: rm -rf $A/x\n  b: rm -rf $AB/x\n";
    refuses(Tool::Task, text, &["a"], &["b"]);
    refuses(Tool::Task, "set: [pipefail]\ntasks:\n  a: x | y\n", &["a"], &[]);
    let text =
        "tasks:\n  a:\n    sources: [x]\n    generates: [y]\n    run: once\n    cmd: 'true'\n";
    let imported = refuses(Tool::Task, text, &[], &["a"]);
    let listed = imported.left.iter().any(|it| it.why == "it runs though none of them has changed");
    assert!(listed, "{:?}", imported.left);
}

#[test]
fn tasks_that_are_called_one_after_the_other_are_no_needs() {
    let call = |task: &str| format!("      - task: {task}\n");
    let (clean, build) = (call("clean"), call("build"));
    let tasks = "  clean: 'true'\n  build: 'true'\n";
    let text = format!(
        "tasks:\n  two:\n    cmds:\n{clean}{build}  one:\n    cmds:\n{clean}      - 'true'\n\
         \x20 late:\n    cmds:\n{clean}    deps: [build]\n{tasks}",
    );
    let imported = refuses(Tool::Task, &text, &["two", "late"], &["one"]);
    assert!(process(&imported, "one").contains("needs = [\"clean\"]"), "{}", imported.text);
}

#[test]
fn what_comes_before_and_after_a_script_is_one_with_it() {
    let scripts = r#"{"name": "p", "version": "1.2.3", "scripts": {
        "prebuild": "echo one; exit",
        "build": "tool",
        "postbuild": "cd web && tool",
        "test": "npm run build",
        "version": "echo v$npm_package_version",
        "user": "echo $npm_config_user",
        "where": "cd $INIT_CWD",
        "prepare": "true",
        "precheck": "true",
        "check": "npm run precheck",
        "all": "run-p precheck none"
    }}"#;
    let imported = refuses(Tool::Package, scripts, &["user", "where", "all"], &["build", "test"]);
    let names =
        ["build", "test", "version", "user", "where", "prepare", "precheck", "check", "all"];
    let mut processes = imported.processes.clone();
    processes.sort();
    let mut expected = names.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(processes, expected);
    let test = Test::new().file("job.toml", &imported.text).file("web/x", "");
    let test = test.program("node_modules/.bin/tool", "#!/bin/sh\necho two\n");
    let ran = test.args(["job.toml", "test", "version", "--output", "plain"]).run().exits(0);
    assert_eq!(ran.lines_of("build"), ["one", "two", "two"], "{ran}");
    assert_eq!(ran.lines_of("version"), ["v1.2.3"], "{ran}");
}

#[test]
fn many_scripts_are_taken_quickly() {
    let scripts: Vec<String> = (0..20_000).map(|at| format!("\"s{at}\": \"true\"")).collect();
    let text = format!("{{ \"scripts\": {{\n{}\n}} }}", scripts.join(",\n"));
    let imported = taken(Tool::Package, &text.replace("\"s7\": \"true\"", "\"s7\": 7"));
    assert_eq!(imported.processes.len(), 19_999);
    assert_eq!(imported.left.iter().map(|it| it.line).collect::<Vec<_>>(), [9]);
}
