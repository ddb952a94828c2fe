//! Diagnostic: problems of job files, written for whoever reads them.
//!
//! Takes problems whose places are bytes of a text, as [`config`](crate::config) leaves them, and
//! writes them for a person or for a program. Nothing that stands in a file can act on a terminal.
//! Unaware of how problems are found and of TOML.
//!
//! Reading order: for people, [`mod@pretty`] draws with [`snippet`], or [`narrow`] wraps. For
//! programs, [`findings`] keeps each problem once, as [`found`] resolves it with [`lines`], and
//! there is a file for each format: [`short`], [`json`], [`github`], [`gitlab`], [`sarif`],
//! [`junit`]. Both use [`safe`] and [`summary`], and [`mod@pages`] has what each code means.
//! [`mod@diff`] is what formatting changes.

mod diff;
mod findings;
mod found;
mod github;
mod gitlab;
mod json;
mod junit;
mod lines;
mod narrow;
mod pages;
mod pretty;
mod safe;
mod sarif;
mod short;
mod snippet;
mod summary;

#[cfg(test)]
mod laws;

pub use diff::diff;
pub use findings::Findings;
pub use json::schema;
pub use pages::{Page, page, pages};
pub use pretty::{Style, pretty};

/// How problems are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Drawn for people.
    Pretty,
    /// A line for each.
    Short,
    /// All that is known, as [`schema`] describes it.
    Json,
    /// Workflow commands of GitHub Actions.
    GitHub,
    /// A Code Quality report of GitLab.
    GitLab,
    /// The exchange format of code scanners.
    Sarif,
    /// A test report.
    Junit,
}

impl Format {
    /// Writes what was found in all job files as one document, valid also where that is nothing.
    pub fn write(self, findings: &Findings, style: &Style) -> String {
        match self {
            Self::Pretty => {
                let jobs = findings.jobs.iter();
                jobs.map(|job| pretty(&job.problems, &job.sources, style)).collect()
            }
            Self::Short => short::short(findings),
            Self::Json => json::json(findings),
            Self::GitHub => github::github(findings),
            Self::GitLab => gitlab::gitlab(findings),
            Self::Sarif => sarif::sarif(findings),
            Self::Junit => junit::junit(findings),
        }
    }

    /// Returns whether it is read by people alone.
    pub fn is_for_people(self) -> bool {
        self == Self::Pretty
    }

    /// Returns whether it names files by their paths from the top of their repository.
    pub fn is_of_a_repository(self) -> bool {
        matches!(self, Self::GitHub | Self::GitLab | Self::Sarif)
    }
}
