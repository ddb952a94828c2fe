//! Fold: lines under a title that is opened by who wants to read them.
//!
//! Buildkite ends a fold where the next begins; the others say its end. Unaware of what is folded.

use super::Ci;
use super::escape::{github_command, teamcity_message};

/// What stands around lines that are folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// The title and what opens the fold.
    pub open: String,
    /// What shuts it.
    pub shut: String,
}

/// Returns what folds lines under a title, which is one line. GitLab wants a name that no other
/// fold has, made of letters, digits, `_`, `.` and `-`, and the time in seconds since 1970.
pub fn fold(ci: Ci, title: &str, (name, second): (&str, u64)) -> Fold {
    let (open, shut) = match ci {
        Ci::GitHub => (github_command("group", &[], title), github_command("endgroup", &[], "")),
        Ci::GitLab => (
            format!("\x1b[0Ksection_start:{second}:{name}[collapsed=true]\r\x1b[0K{title}\n"),
            format!("\x1b[0Ksection_end:{second}:{name}\r\x1b[0K\n"),
        ),
        Ci::Azure => (format!("##[group]{title}\n"), "##[endgroup]\n".to_owned()),
        Ci::TeamCity => (
            teamcity_message("blockOpened", &[("name", title)]),
            teamcity_message("blockClosed", &[("name", title)]),
        ),
        Ci::Buildkite => (format!("--- {title}\n"), String::new()),
    };
    Fold { open, shut }
}
