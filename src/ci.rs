//! Ci: the systems that show what a run says, and the orders that they take from it.
//!
//! Each has its own words to fold lines, to mark a place in a file and to hide a value, and its own
//! way to escape what stands in them. Pure text. Unaware of what is told and of where it goes.
//!
//! Reading order: this file; [`fold`](mod@fold), [`annotation`](mod@annotation), [`hide`](mod@hide)
//! are orders, [`escape`] is what keeps them one line; [`mod@quality`] is GitLab's report about
//! code, and [`fingerprint`] is what an entry of it is recognised by; [`mod@markup`] is how text
//! stands in the files that they read.

mod annotation;
mod escape;
mod fingerprint;
mod fold;
mod hide;
mod markup;
mod quality;

pub use annotation::{Annotation, annotation, heading};
pub use escape::github_command;
pub use fingerprint::Fingerprints;
pub use fold::{Fold, fold};
pub use hide::hide;
pub use markup::markup;
pub use quality::{Entry, quality};

/// A system that shows the output of its jobs, and takes orders from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ci {
    /// GitHub Actions, and those that speak its commands.
    GitHub,
    /// GitLab.
    GitLab,
    /// Azure Pipelines.
    Azure,
    /// `TeamCity`.
    TeamCity,
    /// Buildkite.
    Buildkite,
}

impl Ci {
    /// What each system sets.
    const NAMES: [(&str, Self); 5] = [
        ("GITHUB_ACTIONS", Self::GitHub),
        ("GITLAB_CI", Self::GitLab),
        ("TF_BUILD", Self::Azure),
        ("TEAMCITY_VERSION", Self::TeamCity),
        ("BUILDKITE", Self::Buildkite),
    ];

    /// Returns the system that this program runs in, where it is a known one.
    pub fn detect(env: impl Fn(&str) -> Option<String>) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| is_on(&env, name)).map(|(_, ci)| *ci)
    }
}

/// Returns whether a variable says yes.
pub fn is_on(env: impl Fn(&str) -> Option<String>, name: &str) -> bool {
    env(name).is_some_and(|value| !value.is_empty() && value != "false")
}
