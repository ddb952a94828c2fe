//! Mode: how a run is shown, chosen by what was asked, the environment and the terminal.
//!
//! Pure: the environment is a function, so every choice is a row of a table in the tests. Unaware
//! of how a mode draws.

use crate::ci::{Ci, is_on};

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Bars, on a terminal.
    Live,
    /// Each line as it comes, with the name of its process.
    Plain,
    /// The output of a process in one piece when it ends.
    Group,
    /// Failures only.
    Quiet,
    /// The event stream, on standard output.
    Json,
}

/// What `--color` asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Color {
    /// Where it is of use.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Mode {
    /// Returns the mode of a run. `asked` is `None` for `auto`; `terminal` says whether standard
    /// error is a terminal that is wide enough for bars.
    pub fn choose(
        asked: Option<Self>,
        terminal: bool,
        env: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let capable = terminal && !is_dumb(&env);
        match asked {
            Some(mode) if mode != Self::Live => mode,
            None if in_ci(&env) => Self::Group,
            Some(_) | None if capable => Self::Live,
            Some(_) | None => Self::Plain,
        }
    }
}

/// Returns whether colours are used on a stream that is a terminal or not.
pub fn color(asked: Color, env: impl Fn(&str) -> Option<String>, terminal: bool) -> bool {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    match asked {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR").is_some() => false,
        Color::Auto => match set("FORCE_COLOR").or_else(|| set("CLICOLOR_FORCE")) {
            Some(force) if force != "0" && force != "false" => true,
            Some(_) if set("FORCE_COLOR").is_some() => false,
            Some(_) | None => {
                terminal && !is_dumb(&env) && set("CLICOLOR").is_none_or(|c| c != "0")
            }
        },
    }
}

fn in_ci(env: impl Fn(&str) -> Option<String>) -> bool {
    is_on(&env, "CI") || Ci::detect(env).is_some()
}

fn is_dumb(env: impl Fn(&str) -> Option<String>) -> bool {
    env("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env<'a>(set: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn a_mode_suits_its_place() {
        let term = ("TERM", "xterm-256color");
        for (asked, terminal, set, mode) in [
            (None, true, &[term][..], Mode::Live),
            (None, false, &[term], Mode::Plain),
            (None, true, &[("TERM", "dumb")], Mode::Plain),
            (None, true, &[], Mode::Plain),
            (None, true, &[term, ("CI", "true")], Mode::Group),
            (None, true, &[term, ("CI", "")], Mode::Live),
            (None, true, &[term, ("CI", "false")], Mode::Live),
            (None, false, &[("GITLAB_CI", "1")], Mode::Group),
            (None, false, &[("GITHUB_ACTIONS", "true")], Mode::Group),
            (None, false, &[("TEAMCITY_VERSION", "2024.1")], Mode::Group),
            (Some(Mode::Live), true, &[term, ("CI", "1")], Mode::Live),
            (Some(Mode::Live), false, &[term], Mode::Plain),
            (Some(Mode::Live), true, &[("TERM", "dumb")], Mode::Plain),
            (Some(Mode::Quiet), true, &[term, ("CI", "1")], Mode::Quiet),
            (Some(Mode::Json), true, &[term], Mode::Json),
        ] {
            assert_eq!(Mode::choose(asked, terminal, env(set)), mode, "{asked:?} {set:?}");
        }
    }

    #[test]
    fn colour_is_used_where_it_is_wanted() {
        let term = ("TERM", "xterm");
        for (asked, set, terminal, used) in [
            (Color::Auto, &[term][..], true, true),
            (Color::Auto, &[term], false, false),
            (Color::Auto, &[("TERM", "dumb")], true, false),
            (Color::Auto, &[term, ("NO_COLOR", "1"), ("FORCE_COLOR", "1")], true, false),
            (Color::Auto, &[term, ("NO_COLOR", "")], true, true),
            (Color::Auto, &[("FORCE_COLOR", "1")], false, true),
            (Color::Auto, &[term, ("FORCE_COLOR", "0")], true, false),
            (Color::Auto, &[("CLICOLOR_FORCE", "1")], false, true),
            (Color::Auto, &[term, ("CLICOLOR_FORCE", "0")], true, true),
            (Color::Auto, &[term, ("CLICOLOR", "0")], true, false),
            (Color::Always, &[("NO_COLOR", "1")], false, true),
            (Color::Never, &[term, ("FORCE_COLOR", "1")], true, false),
        ] {
            assert_eq!(color(asked, env(set), terminal), used, "{asked:?} {set:?}");
        }
    }
}
