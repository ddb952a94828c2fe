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

impl Line {
    /// Returns the line without the signs in front of it, of which `-` passes over its failure;
    /// none where nothing else is there.
    pub(super) fn of(text: &str, signs: &str) -> Option<Self> {
        let bare = text.trim_start_matches(|c: char| c.is_whitespace() || signs.contains(c));
        let ignored = text[..text.len() - bare.len()].contains('-');
        (!bare.trim().is_empty()).then(|| Self { text: bare.to_owned(), ignored })
    }

    /// Returns whether a shell does nothing with it, where parentheses must hold something.
    fn is_comment(&self) -> bool {
        let mut lines = self.text.lines().map(str::trim_start);
        lines.all(|line| line.is_empty() || line.starts_with('#'))
    }
}

/// A shell, as a tool starts it for each line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shell(Vec<String>);

impl Shell {
    /// Has the words of a shell, of which the last one is followed by the text to run.
    pub(super) fn new(words: &[impl AsRef<str>]) -> Self {
        Self(words.iter().map(|word| word.as_ref().to_owned()).collect())
    }

    /// Returns the words for a line that stands alone: its end is the last thing that it did.
    pub(super) fn alone(&self) -> &[String] {
        &self.0
    }

    /// Returns the words for all lines of a recipe, which ends with the first that fails.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut words = self.0.clone();
        match words.get_mut(1) {
            _ if self.is_strict() => {}
            Some(word) if word == "-u" => "-eu".clone_into(word),
            _ => words.insert(1.min(words.len()), "-e".to_owned()),
        }
        words
    }

    /// Returns whether a line ends where one of its commands fails.
    fn is_strict(&self) -> bool {
        let flags = |word: &String| word.starts_with('-') && !word.starts_with("--");
        self.0.iter().skip(1).any(|word| word == "errexit" || flags(word) && word.contains('e'))
    }
}

/// The shell that make and its kin start.
pub(super) const USUAL: [&str; 2] = ["sh", "-c"];

/// Programs that read a line as a shell does.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "ksh", "ash"];

/// Values in values that are followed: more of them can only be a circle.
pub(super) const DEEPEST: u32 = 20;

/// Returns whether a program, or the path to one, is a shell.
pub(super) fn is_shell(program: &str) -> bool {
    SHELLS.contains(&program.rsplit('/').next().unwrap_or(program))
}

/// First words of a line that does more than start a program.
const CHANGING: [&str; 30] = [
    "!", "{", ".", "alias", "break", "case", "cd", "continue", "eval", "exec", "exit", "export",
    "for", "if", "popd", "pushd", "read", "readonly", "return", "set", "shift", "source", "time",
    "trap", "ulimit", "umask", "unset", "until", "wait", "while",
];

/// Returns the lines as one script for a shell.
pub(super) fn script(lines: &[Line], shell: &Shell) -> String {
    let strict = shell.is_strict();
    let one = |line: &Line| match (is_plain(&line.text), line.ignored) {
        (true, false) => format!("{}\n", line.text),
        (true, true) => format!("{} || true\n", line.text),
        // What stands before `||` is not ended by what fails in it.
        (false, false) if strict => format!("(\n{}\n)\n", line.text),
        (false, true) if strict => format!("set +e\n(\nset -e\n{}\n)\nset -e\n", line.text),
        (false, false) => format!("(\n{}\n) || exit\n", line.text),
        (false, true) => format!("(\n{}\n) || true\n", line.text),
    };
    let all: String = lines.iter().map(one).collect();
    match lines {
        // One plain line needs no line of its own.
        [line] if is_plain(&line.text) => all.trim_end_matches('\n').to_owned(),
        _ => all,
    }
}

/// Returns the lines of which a shell does something.
pub(super) fn without_comments(lines: &[Line]) -> Vec<Line> {
    lines.iter().filter(|line| !line.is_comment()).cloned().collect()
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

/// Returns whether a text for a shell reads a variable of its environment.
pub(super) fn reads(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut all = text.match_indices('$').map(|(at, _)| &text[at + 1..]);
    all.any(|after| {
        let after = after.strip_prefix('{').unwrap_or(after).trim_start_matches(['#', '!']);
        after.strip_prefix(name).is_some_and(|rest| !rest.starts_with(word))
    })
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
        let usual = Shell::new(&USUAL);
        assert_eq!(script(&lines, &usual), expected);
        assert_eq!(script(&lines[..1], &usual), "cc -o a a.c");
        assert_eq!(usual.lines(), ["sh", "-e", "-c"]);
    }

    #[test]
    fn a_shell_that_ends_at_what_fails_does_so_in_each_line() {
        let strict = Shell::new(&["bash", "-eu", "-o", "pipefail", "-c"]);
        let line = |ignored| Line { text: "false; true".to_owned(), ignored };
        let expected = "(\nfalse; true\n)\nset +e\n(\nset -e\nfalse; true\n)\nset -e\n";
        assert_eq!(script(&[line(false), line(true)], &strict), expected);
        assert_eq!(strict.lines(), strict.alone());
        assert_eq!(Shell::new(&["sh", "-u", "-c"]).lines(), ["sh", "-eu", "-c"]);
    }

    #[test]
    fn signs_and_comments_are_no_text() {
        let of = |text| Line::of(text, "@-+").map(|line| (line.text, line.ignored));
        assert_eq!(of(" @- rm x"), Some(("rm x".to_owned(), true)));
        assert_eq!(of("@ "), None);
        let lines = ["# a", "# a \\\necho b", "\n  # b\n"].map(|text| Line::of(text, "@"));
        let lines: Vec<Line> = lines.into_iter().flatten().collect();
        assert_eq!(without_comments(&lines), lines[1..2]);
    }
}
