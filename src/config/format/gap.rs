//! Gap: what stands between two pieces of a job file: comments, blank lines, at most one comma.
//!
//! Unaware of the pieces.

/// White space of TOML within a line, and what a line of another system ends with.
const BLANKS: [char; 3] = [' ', '\t', '\r'];

/// What stands between two pieces.
#[derive(Debug, Default)]
pub(super) struct Gap<'t> {
    /// The comment on the line of the first piece, with the blanks before it.
    pub(super) tail: String,
    /// The lines from there to the second piece, without blanks around; empty is a blank line.
    pub(super) lines: Vec<&'t str>,
    /// Whether the second piece stands on another line.
    pub(super) is_broken: bool,
    /// Whether there is a comma.
    pub(super) has_comma: bool,
}

impl<'t> Gap<'t> {
    /// Reads what stands before the first piece of a text.
    pub(super) fn at_start(text: &'t str) -> Self {
        let mut gap = Self::default();
        gap.read(text);
        gap
    }

    /// Reads what stands behind a piece.
    pub(super) fn after(text: &'t str) -> Self {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let mut gap = Self { is_broken: first.len() < text.len(), ..Self::default() };
        let comment = gap.without_comma(first);
        if comment.starts_with('#') {
            gap.tail = blanks_before(&first[..first.len() - first.trim_start().len()]) + comment;
        }
        gap.read(rest);
        gap
    }

    /// Returns whether it holds a comment.
    pub(super) fn has_comment(&self) -> bool {
        !self.tail.is_empty() || self.lines.iter().any(|line| !line.is_empty())
    }

    /// Reads lines; the last is the beginning of the next piece's own, unless the text ends there.
    fn read(&mut self, text: &'t str) {
        for line in text.split('\n') {
            let comment = self.without_comma(line);
            let comma_only = comment.is_empty() && !line.trim_matches(BLANKS).is_empty();
            if !comma_only {
                self.lines.push(comment);
            }
        }
        if self.lines.last().is_some_and(|line| line.is_empty()) {
            self.lines.pop();
        }
    }

    /// Returns a line without blanks around, and notes and takes off its comma.
    fn without_comma(&mut self, line: &'t str) -> &'t str {
        let line = line.trim_matches(BLANKS);
        match line.strip_prefix(',') {
            Some(rest) => {
                self.has_comma = true;
                rest.trim_matches(BLANKS)
            }
            None => line,
        }
    }
}

/// Returns the blanks before a comment at the end of a line: as many as there are, because people
/// line comments up, and at least one.
fn blanks_before(written: &str) -> String {
    if written.is_empty() || written.contains('\t') { " ".to_owned() } else { written.to_owned() }
}

/// Splits lines into what stands apart and the comments that belong to what follows.
pub(super) fn split(mut lines: Vec<&str>) -> (Vec<&str>, Vec<&str>) {
    let apart = lines.iter().rposition(|line| line.is_empty()).map_or(0, |blank| blank + 1);
    let above = lines.split_off(apart);
    (lines, above)
}

/// Splits the lines at the head of a file, where a comment that begins with a directive, such as
/// `#:schema`, belongs to the file.
pub(super) fn split_head(lines: Vec<&str>) -> (Vec<&str>, Vec<&str>) {
    let lines: Vec<&str> = lines.into_iter().skip_while(|line| line.is_empty()).collect();
    let directive = |line: &&str| line.starts_with("#:") || line.starts_with("#!");
    if lines.first().is_some_and(directive) && !lines.contains(&"") {
        return (lines, Vec::new());
    }
    split(lines)
}
