//! Past: what is known of earlier runs of a job file.
//!
//! Unaware of what it is used for.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Fault;
use crate::journal::Durations;

/// What is known of earlier runs of a job file.
#[derive(Debug)]
pub(super) struct Past {
    state: PathBuf,
    durations: Durations,
    /// In front of the name of each node: several job files share a state folder.
    prefix: String,
}

impl Past {
    /// Loads what is known; the state folder is beside the job file unless one is given.
    pub(super) fn load(job: &Path, state: Option<&Path>) -> Self {
        let beside = || job.parent().unwrap_or(Path::new("")).join(".runner");
        let state = state.map_or_else(beside, Path::to_owned);
        let (durations, told) = Durations::load(&state);
        if let Some(told) = told {
            // Only estimates are lost.
            let _ = writeln!(io::stderr(), "runner: {told}");
        }
        Self { state, durations, prefix: prefix(job) }
    }

    /// Returns the state folder.
    pub(super) fn state(&self) -> &Path {
        &self.state
    }

    /// Returns how long each node of the job is expected to take.
    pub(super) fn expected(&self) -> BTreeMap<String, Duration> {
        own(&self.durations, &self.prefix)
    }

    /// Remembers how long nodes took.
    pub(super) fn learn(mut self, took: Vec<(String, Duration)>) -> Result<(), Fault> {
        if took.is_empty() {
            return Ok(());
        }
        for (name, took) in took {
            self.durations.learn(&format!("{}{name}", self.prefix), took);
        }
        Ok(self.durations.save(&self.state)?)
    }
}

/// Returns how long nodes of a job took by files that hold durations of it; the last that knows a
/// node wins.
pub(super) fn told(job: &Path, files: &[PathBuf]) -> Result<BTreeMap<String, Duration>, Fault> {
    let mut all = BTreeMap::new();
    for file in files {
        let known = Durations::of_file(file).map_err(|told| {
            let how = "copy `durations.json` of a state folder, for all shards";
            Fault::Wrong(format!("{told}; {how}"))
        })?;
        all.extend(own(&known, &prefix(job)));
    }
    Ok(all)
}

/// Returns what stands in front of the name of each node of a job file.
fn prefix(job: &Path) -> String {
    format!("{}:", job.file_name().unwrap_or_default().to_string_lossy())
}

fn own(durations: &Durations, prefix: &str) -> BTreeMap<String, Duration> {
    let known = durations.expected().into_iter();
    let ours = known.filter_map(|(name, took)| Some((name.strip_prefix(prefix)?.to_owned(), took)));
    ours.collect()
}
