//! Trace: how a plan came about, step by step, for who wonders about it.
//!
//! Unaware of what the plan is for.

use std::io::{self, Write};
use std::path::Path;

use super::choice::Choice;
use super::conditions;
use super::why::reason;
use super::words::{count, rounded, safe};
use crate::plan::{Plan, Why};

/// Tells on standard error what was read, what was asked for, what of it runs and why, and in which
/// order, with what decides that.
pub(super) fn trace(plan: &Plan, choice: &Choice) -> io::Result<()> {
    let mut to = io::stderr().lock();
    let mut step = |text: String| writeln!(to, "plan: {text}");
    for file in &plan.job.files {
        step(format!("reads {}", shown(file)))?;
    }
    for (name, value) in &plan.job.vars {
        step(format!("vars.{} is `{}`", safe(name), safe(value)))?;
    }
    for asked in words(choice) {
        step(format!("asked for {asked}"))?;
    }
    for (process, why) in plan.job.processes.iter().zip(&plan.why) {
        let runs = if matches!(why, Why::Runs(_)) { "runs" } else { "is left out" };
        step(format!("{} {runs}, because {}", safe(&process.name), reason(plan, why)))?;
    }
    for pool in &plan.pools {
        step(format!("pool {} has {}", safe(&pool.name), count(pool.size as usize, "slot")))?;
    }
    match plan.jobs {
        None => {}
        Some(1) => step("one child at a time".to_owned())?,
        Some(jobs) => step(format!("at most {jobs} children at once"))?,
    }
    let launch = conditions::launch(plan);
    for (at, id) in plan.order().into_iter().enumerate() {
        let node = plan.node(id);
        let path = rounded(node.path);
        let priority = node.priority;
        let mut words = vec![format!("priority {priority}"), format!("longest path {path}")];
        words.extend(conditions::remarks(plan, id, &launch));
        step(format!("{}. {}: {}", at + 1, safe(&node.name), words.join(", ")))?;
    }
    Ok(())
}

/// Returns what was asked for, each as one would type it.
fn words(choice: &Choice) -> Vec<String> {
    let with = |option: &str, words: &[String]| -> Vec<String> {
        words.iter().map(|word| format!("{option}`{}`", safe(word))).collect()
    };
    let mut words = with("", &choice.processes);
    words.extend(with("--only ", &choice.only));
    words.extend(with("--skip ", &choice.skip));
    words.extend(with("--since ", choice.since.as_slice()));
    words.extend(choice.shard.map(|(number, of)| format!("--shard {number}/{of}")));
    words
}

fn shown(file: &Path) -> String {
    format!("`{}`", safe(&file.to_string_lossy()))
}
