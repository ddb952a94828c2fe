//! Why: in words, why a process of a plan runs or does not.
//!
//! Unaware of how that was decided.

use super::words::safe;
use crate::plan::{Ground, Left, Plan, Why};

/// Returns the reason, as it stands behind "because".
pub(super) fn reason(plan: &Plan, why: &Why) -> String {
    match why {
        Why::Runs(grounds) if grounds.is_empty() => "the whole job runs".to_owned(),
        Why::Runs(grounds) => {
            let words: Vec<String> =
                grounds.iter().map(|ground| ground_words(plan, ground)).collect();
            words.join(", and ")
        }
        Why::Left(left) => left_words(plan, left),
    }
}

fn ground_words(plan: &Plan, ground: &Ground) -> String {
    let process = |at: usize| safe(&plan.job.processes[at].name);
    let queue = |at: usize| safe(&plan.job.queues[at].name);
    match ground {
        Ground::Named(word) => format!("`{}` names it", safe(word)),
        Ground::Tagged(tag) => format!("it is tagged `{}`", safe(tag)),
        Ground::Affected(what) => what.clone(),
        Ground::Depends(at) => format!("it depends on `{}`, which is affected", process(*at)),
        Ground::Again(why) => why.clone(),
        Ground::Dealt => "it is in this shard".to_owned(),
        Ground::Needed(at) => format!("`{}` needs it", process(*at)),
        Ground::Feeds(at) => format!("it feeds queue `{}`", queue(*at)),
        Ground::Reads(at) => format!("it reads queue `{}`", queue(*at)),
        Ground::Piped(at) => format!("a pipe joins it to `{}`", process(*at)),
    }
}

fn left_words(plan: &Plan, left: &Left) -> String {
    match left {
        Left::Unasked => "nobody asked for it".to_owned(),
        Left::Unaffected => "nothing that it reads has changed".to_owned(),
        Left::Done => "it passed before".to_owned(),
        Left::Skipped(word) => format!("`--skip {}` means it", safe(word)),
        Left::Without(at) => {
            format!(
                "it can't run without `{}`, which is left out",
                safe(&plan.job.processes[*at].name)
            )
        }
        Left::Elsewhere => "it is in another shard".to_owned(),
    }
}
