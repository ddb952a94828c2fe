//! Fence: keeps what children print from giving orders to the system that shows it.
//!
//! GitHub can be told not to listen, until it hears a word that no child knows. To the others an
//! order is shown so that people read the same and it is none; what only a control character makes
//! an order, [`super::sanitize`] has taken out before. Unaware of where lines come from.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::io;

use super::Screen;
use super::sanitize::colors;
use crate::ci::Ci;

/// What orders begin with, wherever they stand in a line: the old ones of GitHub, which Azure has
/// too, those of Azure and of `TeamCity`.
const ORDERS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// What opens and shuts sections of Buildkite at the start of a line.
const SECTIONS: [&str; 4] = ["---", "+++", "~~~", "^^^"];

/// Returns a line that gives no orders to the system it is shown on.
pub(super) fn blunt(line: Cow<'_, str>, ci: Option<Ci>) -> Cow<'_, str> {
    match ci {
        Some(Ci::GitHub | Ci::Azure | Ci::TeamCity) if line.contains("##") => {
            let apart =
                |line: String, order: &&str| line.replace(*order, &format!("# {}", &order[1..]));
            ORDERS.iter().fold(line.into_owned(), apart).into()
        }
        // It takes colours out before it looks.
        Some(Ci::Buildkite) if SECTIONS.iter().any(|sign| uncolored(&line).starts_with(sign)) => {
            format!(" {line}").into()
        }
        Some(_) | None => line,
    }
}

/// Returns a line without the colours that it begins with.
fn uncolored(line: &str) -> &str {
    &line[colors(line)..]
}

/// Makes a line of JSON one that gives no orders; it says the same.
pub(super) fn quote(line: &mut Vec<u8>) {
    let places: Vec<_> = memchr::memmem::find_iter(line, "##").collect();
    for at in places.into_iter().rev() {
        line.splice(at + 1..at + 2, *b"\\u0023");
    }
}

/// What stands around output of children, where the system knows a fence.
#[must_use = "a fence that is not shut silences what comes after it"]
pub(super) struct Fence(Option<String>);

impl Fence {
    /// Has the system take no orders from here on.
    pub(super) fn open(screen: &mut Screen) -> io::Result<Self> {
        if screen.ci != Some(Ci::GitHub) {
            return Ok(Self(None));
        }
        let word = format!("{:016x}", RandomState::new().hash_one(0));
        screen.say(&format!("::stop-commands::{word}\n"))?;
        Ok(Self(Some(word)))
    }

    /// Has it take orders again.
    pub(super) fn shut(self, screen: &mut Screen) -> io::Result<()> {
        match self.0 {
            Some(word) => screen.say(&format!("::{word}::\n")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_none_any_more() {
        for (ci, line, shown) in [
            (Ci::GitHub, "a ##[add-mask]x", "a # #[add-mask]x"),
            (Ci::Azure, "##vso[task.complete] ##[error]", "# #vso[task.complete] # #[error]"),
            (Ci::TeamCity, "##teamcity[x] ###[", "# #teamcity[x] ## #["),
            (Ci::TeamCity, "## a heading", "## a heading"),
            (Ci::Buildkite, "--- build", " --- build"),
            (Ci::Buildkite, "\x1b[1m\x1b[31m+++ x", " \x1b[1m\x1b[31m+++ x"),
            (Ci::Buildkite, "a --- b", "a --- b"),
            (Ci::GitLab, "--- ##[x]", "--- ##[x]"),
        ] {
            assert_eq!(blunt(line.into(), Some(ci)), shown);
            assert_eq!(blunt(line.into(), None), line);
        }
    }

    #[test]
    fn json_says_the_same_without_orders() {
        for text in ["##[group]", "###[a] ####", "# #", ""] {
            let mut line = serde_json::to_vec(text).unwrap();
            quote(&mut line);
            assert!(memchr::memmem::find(&line, b"##").is_none(), "{text}");
            assert_eq!(serde_json::from_slice::<String>(&line).unwrap(), text);
        }
    }
}
