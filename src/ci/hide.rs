//! Hide: has a system take a value out of all that it shows from then on.
//!
//! Unaware of what is secret and why.

use super::Ci;
use super::escape::{azure_command, github_command};

/// Returns the orders that hide a value, and where it has several lines each of these of at least
/// `shortest` bytes, because systems look at one line at a time. Nothing where a system has no such
/// order, or the value is no text.
pub fn hide(ci: Ci, value: &[u8], shortest: usize) -> String {
    let Ok(value) = std::str::from_utf8(value) else { return String::new() };
    let order = |text: &str| match ci {
        Ci::GitHub => github_command("add-mask", &[], text),
        Ci::Azure => azure_command("task.setsecret", &[], text),
        Ci::GitLab | Ci::TeamCity | Ci::Buildkite => String::new(),
    };
    let lines = value.split(['\r', '\n']).filter(|line| *line != value);
    let lines = lines.filter(|line| line.trim().len() >= shortest);
    std::iter::once(value).chain(lines).map(order).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_hidden_as_a_whole_and_line_by_line() {
        assert_eq!(hide(Ci::GitHub, b"100%::x", 4), "::add-mask::100%25::x\n");
        assert_eq!(
            hide(Ci::GitHub, b"{\nsecret\r\n}", 4),
            "::add-mask::{%0Asecret%0D%0A}\n::add-mask::secret\n"
        );
        assert_eq!(hide(Ci::Azure, b"a]b%", 4), "##vso[task.setsecret]a]b%AZP25\n");
        assert_eq!(hide(Ci::GitLab, b"secret", 4), "");
        assert_eq!(hide(Ci::GitHub, b"\xff\xff\xff\xff", 4), "");
    }
}
