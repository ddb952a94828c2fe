//! Secrets: the values that the variables of `secrets` have anywhere in a run.
//!
//! Known before the run, because what is printed once can't be taken back. Unaware of how values
//! are found in a text.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use thiserror::Error;

use crate::launch::{Launch, Limits};
use crate::mask::SHORTEST;
use crate::plan::Plan;

/// A secret that can't be masked.
#[derive(Debug, Error)]
#[error(
    "the secret `{name}` has {bytes} {}: one of less than {SHORTEST} cannot be masked \
     (hint: give it a longer value, or take it out of `secrets`)",
    if *.bytes == 1 { "byte" } else { "bytes" }
)]
pub struct ShortSecret {
    name: String,
    bytes: usize,
}

/// Returns the secrets of a plan. A variable that is not set, or is empty, is none.
pub fn secrets(
    plan: &Plan,
    inherited: &[(OsString, OsString)],
) -> Result<Vec<Vec<u8>>, ShortSecret> {
    let secrets = &plan.job.secrets;
    if secrets.is_empty() {
        return Ok(Vec::new());
    }
    let mut values: BTreeSet<(&str, Vec<u8>)> = BTreeSet::new();
    let mut add = |name: &[u8], value: &[u8]| {
        if let Some(secret) = secrets.iter().find(|secret| secret.as_bytes() == name) {
            values.insert((secret, value.to_vec()));
        }
    };
    for (name, value) in inherited {
        add(name.as_bytes(), value.as_bytes());
    }
    for (name, value) in plan.job.pools.iter().flat_map(|pool| &pool.slots).flatten() {
        add(name.as_bytes(), value.as_bytes());
    }
    let launch = Launch::new(&plan.job, "", inherited, Limits::default());
    for node in &plan.nodes {
        let prepared = launch.prepare(plan.process(node.id), &node.cell);
        // What can't be prepared is not started either, and says why.
        let preview = prepared.and_then(|prepared| prepared.preview(&launch));
        for (name, value) in preview.iter().flat_map(|preview| &preview.command.env) {
            add(name.as_bytes(), value.as_bytes());
        }
    }
    values.retain(|(_, value)| !value.is_empty());
    if let Some((name, value)) = values.iter().find(|(_, value)| value.len() < SHORTEST) {
        return Err(ShortSecret { name: (*name).to_owned(), bytes: value.len() });
    }
    Ok(values.into_iter().map(|(_, value)| value).collect())
}
