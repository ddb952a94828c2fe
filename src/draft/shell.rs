//! Shell: recipe lines, of which each has a shell of its own, as one script.
//!
//! In make and just a line can't see what the one before it has changed, and the first that fails
//! ends the recipe. A line that changes nothing is written as it stands, under `sh -e`; any other
//! gets parentheses around it, in which `-e` means nothing and whose end is that of the line.
//! Unaware of which tool it is.

/// A line of a recipe, continuation lines included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its text.
    pub(super) text: String,
    /// Whether its failure is passed over.
    pub(super) ignored: bool,
}

/// The shell of such a script.
pub(super) const SHELL: [&str; 3] = ["sh", "-e", "-c"];

/// Returns the shell of a line that stands alone: its end is the last thing that it did.
pub(super) fn bare(shell: &[String]) -> Vec<String> {
    let words = shell.iter().filter(|word| *word != "-e");
    words.map(|word| if word == "-eu" { "-u".to_owned() } else { word.clone() }).collect()
}

/// First words of a line that does more than start a program.
const CHANGING: [&str; 30] = [
    "!", "{", ".", "alias", "break", "case", "cd", "continue", "eval", "exec", "exit", "export",
    "for", "if", "popd", "pushd", "read", "readonly", "return", "set", "shift", "source", "time",
    "trap", "ulimit", "umask", "unset", "until", "wait", "while",
];

/// Returns the lines as one script.
pub(super) fn script(lines: &[Line]) -> String {
    let one = |line: &Line| {
        let end = if line.ignored { " || true" } else { " || exit" };
        match (is_plain(&line.text), line.ignored) {
            (true, false) => format!("{}\n", line.text),
            (true, true) => format!("{} || true\n", line.text),
            (false, _) => format!("(\n{}\n){end}\n", line.text),
        }
    };
    let all: String = lines.iter().map(one).collect();
    match lines {
        // One plain line needs no line of its own.
        [line] if is_plain(&line.text) => all.trim_end_matches('\n').to_owned(),
        _ => all,
    }
}

/// Returns whether a line starts one program, or some that are joined by pipes, and changes nothing
/// of its shell.
pub(super) fn is_plain(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    let odd = |c: char| ";&()#`\n\\".contains(c);
    !text.contains(odd)
        && !text.contains("||")
        && !text.contains(":=")
        && !first.contains('=')
        && !CHANGING.contains(&first)
}

/// Returns whether a name can be that of a variable of the environment.
pub(super) fn is_variable(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(word)
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && !name.starts_with("RUNNER_")
}

/// Returns whether a shell reads a value as the words that stand in it.
pub(super) fn is_words(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || "_./:+,@%- ".contains(c))
}

/// Where quotes hide a variable from a shell.
#[derive(Debug, Default)]
pub(super) struct Quotes {
    single: bool,
    double: bool,
    escaped: bool,
}

impl Quotes {
    /// Takes in text.
    pub(super) fn pass(&mut self, text: &str) {
        for c in text.chars() {
            let escaped = std::mem::take(&mut self.escaped);
            match c {
                _ if escaped => {}
                '\\' if !self.single => self.escaped = true,
                '\'' if !self.double => self.single = !self.single,
                '"' if !self.single => self.double = !self.double,
                _ => {}
            }
        }
    }

    /// Returns whether a quote is open.
    pub(super) fn is_open(&self) -> bool {
        self.single || self.double
    }

    /// Returns whether a variable would not be read here.
    pub(super) fn hides(&self) -> bool {
        self.single || self.escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_change_their_shell_stand_alone() {
        let line = |text: &str, ignored| Line { text: text.to_owned(), ignored };
        let lines = [
            line("cc -o a a.c", false),
            line("cd sub && make", false),
            line("rm a | cat", true),
            line("x=1; false; true # all", true),
        ];
        let expected = "cc -o a a.c\n(\ncd sub && make\n) || exit\nrm a | cat || true\n\
                        (\nx=1; false; true # all\n) || true\n";
        assert_eq!(script(&lines), expected);
        assert_eq!(script(&lines[..1]), "cc -o a a.c");
    }
}
