//! Page: lines on their way into a file, with at most one blank line between two of them.
//!
//! Unaware of what the lines say.

/// A text that grows by lines.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    newline: &'static str,
    /// Whether a blank line is due before the next line.
    blank: bool,
    /// Whether nothing has been written since the page or a table began.
    fresh: bool,
}

impl Page {
    /// Begins a page whose lines end in `newline`.
    pub(super) fn new(newline: &'static str) -> Self {
        Self { text: String::new(), newline, blank: false, fresh: true }
    }

    /// Writes a line.
    pub(super) fn line(&mut self, line: &str) {
        if std::mem::take(&mut self.blank) {
            self.text.push_str(self.newline);
        }
        self.text.extend([line, self.newline]);
        self.fresh = false;
    }

    /// Writes comments and blank lines; none of these stands at the beginning of a table or at the
    /// end of the page.
    pub(super) fn apart(&mut self, lines: &[&str]) {
        for line in lines {
            if line.is_empty() {
                self.blank = !self.fresh;
            } else {
                self.line(line);
            }
        }
    }

    /// Sets the next line apart from what was written.
    pub(super) fn end_table(&mut self) {
        self.blank = !self.text.is_empty();
    }

    /// Begins a table, whose header was written.
    pub(super) fn begin_table(&mut self) {
        self.fresh = true;
    }

    /// Returns the text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}
