//! Conditions: what must hold for a process to run, in words, and whether it does.
//!
//! Only what is known without running anything is answered. Unaware of where it is shown.

use super::words::safe;
use crate::launch::{Launch, Limits};
use crate::model::{Condition, NodeId};
use crate::plan::Plan;

/// What stands for `{run.id}` where there is no run.
const NO_RUN: &str = "{run.id}";

/// What stands behind a condition that does not hold.
pub(super) const NO: &str = " (no)";

/// Returns what launches of a plan have in common that is not run.
pub(super) fn launch(plan: &Plan) -> Launch {
    let environment: Vec<_> = std::env::vars_os().collect();
    Launch::new(&plan.job, NO_RUN, &environment, Limits::default())
}

/// Returns the conditions of a node: `if CI is set (no)`.
pub(super) fn remarks(plan: &Plan, id: NodeId, launch: &Launch) -> Vec<String> {
    let process = plan.process(id);
    if process.conditions.is_empty() {
        return Vec::new();
    }
    let known = launch.conditions(process, &plan.node(id).cell).ok();
    let remark = |(at, condition): (usize, &Condition)| {
        let answer = match known.as_ref().and_then(|known| known.known(at)) {
            Some(true) => " (yes)",
            Some(false) => NO,
            None => "",
        };
        format!("if {}{answer}", safe(&condition.says()))
    };
    process.conditions.iter().enumerate().map(remark).collect()
}
