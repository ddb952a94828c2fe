//! Job server: `make` and runners inside processes share the slots of a run, and a run those of the
//! `make` that started it.
//!
//! Each worker takes the lowest seat that is free and stays until the highest was taken once: so as
//! many work at once as there are seats, and never more.

use crate::harness::{Ran, Test, installed};

/// Takes a seat, and keeps it until as many were taken at once as it is told.
const WORK: &str = r#"#!/bin/sh
seat=0
until mkdir "seat.$seat" 2>/dev/null; do seat=$((seat + 1)); done
echo "$seat" >>seats
until grep -qx $(($1 - 1)) seats; do sleep 0.01; done
rmdir "seat.$seat"
"#;

/// A makefile of eight workers.
fn makefile(seats: u32) -> String {
    let names = "a b c d e f g h";
    format!("all: {names}\n{names}:\n\t@./work {seats}\n.PHONY: all {names}\n")
}

/// Returns a job of eight processes that work.
fn eight(seats: u32) -> String {
    let process = |name| format!("[process.{name}]\ncommand = [\"./work\", \"{seats}\"]\n");
    ('a'..='h').map(process).collect()
}

/// Returns how many worked at once.
fn at_once(ran: &Ran) -> u32 {
    let seats = ran.read("seats");
    seats.lines().map(|seat| seat.parse::<u32>().expect("a number") + 1).max().expect("one")
}

fn has_make(test: &str) -> bool {
    installed(test, "make")
}

#[test]
fn a_make_alone_has_all_slots() {
    if !has_make("a_make_alone_has_all_slots") {
        return;
    }
    let test = Test::new().program("work", WORK).file("Makefile", makefile(3));
    let ran = test.job("[process.build]\ncommand = [\"make\"]\n").args(["job.toml", "-j", "3"]);
    let ran = ran.run().exits(0);
    assert_eq!(at_once(&ran), 3, "{ran}");
    assert!(!ran.stderr.contains("warning"), "{ran}");
}

#[test]
fn makes_in_scripts_share_them() {
    if !has_make("makes_in_scripts_share_them") {
        return;
    }
    let test = Test::new().program("work", WORK).file("Makefile", makefile(3));
    let build = "script = \"echo build; make -s; echo built\"\n";
    let job = format!("[process.one]\n{build}[process.two]\n{build}");
    let ran = test.job(&job).args(["job.toml", "-j", "3"]).run().exits(0);
    assert_eq!(at_once(&ran), 3, "{ran}");
    assert_eq!(ran.read("seats").lines().count(), 16, "{ran}");
}

#[test]
fn a_run_under_make_takes_its_slots() {
    if !has_make("a_run_under_make_takes_its_slots") {
        return;
    }
    let test = Test::new().program("work", WORK).job(&eight(3));
    let makefile = "one two:\n\t@+$(RUN) --state-dir $@\n";
    let test = test.file("Makefile", makefile).args(["job.toml", "-j", "8"]);
    let ran = test.through(["sh", "-c", "make -sj3 one two RUN=\"$*\"", "sh"]).run().exits(0);
    assert_eq!(at_once(&ran), 3, "{ran}");
    assert_eq!(ran.read("seats").lines().count(), 16, "{ran}");
}

#[test]
fn a_make_that_keeps_its_slots_to_itself_is_told_of_and_does_no_harm() {
    if !has_make("a_make_that_keeps_its_slots_to_itself_is_told_of_and_does_no_harm") {
        return;
    }
    // Without `+` make closes its pipe, but says where it was.
    let test = Test::new().program("work", WORK).job(&eight(2));
    let test = test.file("Makefile", "one:\n\t@$(RUN)\n").args(["job.toml", "-j", "2"]);
    let ran = test.through(["sh", "-c", "make -sj3 one RUN=\"$*\"", "sh"]).run().exits(0);
    assert_eq!(at_once(&ran), 2, "{ran}");
}

#[test]
fn runners_inside_a_run_share_them() {
    let test = Test::new().program("work", WORK).file("inner.toml", eight(3));
    let inner = |name| {
        format!(
            "[process.{name}]\ncommand = [\"{}\", \"--state-dir\", \"{name}\", \"inner.toml\"]\n",
            env!("CARGO_BIN_EXE_runner")
        )
    };
    let job = format!("{}{}", inner("one"), inner("two"));
    let ran = test.job(&job).args(["job.toml", "-j", "3"]).run().exits(0);
    assert_eq!(at_once(&ran), 3, "{ran}");
    assert_eq!(ran.read("seats").lines().count(), 16, "{ran}");
}

#[test]
fn slots_that_died_with_who_had_them_come_back() {
    if !has_make("slots_that_died_with_who_had_them_come_back") {
        return;
    }
    let dead = "all: a b c\na b c:\n\t@touch $@; until [ -e a -a -e b -a -e c ]; do sleep 0.01; \
                done; kill -9 $$PPID; sleep 100\n";
    let test = Test::new().program("work", WORK).file("Makefile", dead);
    let after =
        eight(3).replace("command", "needs = [{ process = \"build\", when = \"ended\" }]\ncommand");
    let job = format!("[process.build]\nallow-failure = true\ncommand = [\"make\"]\n{after}");
    let ran = test.job(&job).args(["job.toml", "-j", "3"]).run().exits(0);
    assert_eq!(at_once(&ran), 3, "{ran}");
}

#[test]
fn who_wants_none_of_it_says_so() {
    let job = "[process.a]\nscript = \"echo flags: ${MAKEFLAGS-}${CARGO_MAKEFLAGS-}\"\n";
    let ran = Test::new().job(job).run().exits(0);
    let pipe = format!("/.runner/runs/{}/jobserver", ran.run_id());
    let told = ran.lines_of("a")[0].to_owned();
    assert!(told.contains("--jobserver-auth=fifo:/") && told.contains(&pipe), "{ran}");
    let ran = Test::new().job(&format!("limits.jobserver = false\n{job}")).run().exits(0);
    assert_eq!(ran.lines_of("a"), ["flags:"], "{ran}");
    let own = format!("{job}env.MAKEFLAGS = \"-k\"\n");
    let ran = Test::new().job(&own).run().exits(0);
    assert_eq!(ran.lines_of("a"), ["flags: -k"], "{ran}");
}

#[test]
fn a_server_that_is_gone_is_told_of() {
    let test = Test::new().job("[process.a]\ncommand = [\"true\"]\n");
    let ran = test.env("MAKEFLAGS", " -j8 --jobserver-auth=fifo:/no/such/pipe -- A=B").run();
    let ran = ran.exits(0);
    let told = "the job server `fifo:/no/such/pipe` of MAKEFLAGS cannot be used";
    assert!(ran.stderr.contains(told), "{ran}");
}
