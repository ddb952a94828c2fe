//! Matcher: how lines of an output tell of a problem at a place in a file.
//!
//! A matcher is a row of expressions, one for each of some lines that follow each other, whose
//! named groups say what was found. Those that are known by a name are here. Unaware of who prints
//! the lines.

use super::Severity;

/// What a group of an expression can be named: what it finds.
pub const GROUPS: [&str; 6] = ["file", "line", "column", "severity", "code", "message"];

/// How some lines of an output tell of a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// Its name, under which findings are told.
    pub name: String,
    /// How bad a finding is where no line says it.
    pub severity: Severity,
    /// `pattern`: an expression for each line.
    pub patterns: Vec<String>,
    /// `loop`: the last expression finds as many as there are lines that match.
    pub repeats: bool,
}

/// A tool whose output is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `gcc`, and whoever prints as it does.
    Gcc,
    /// Cargo and `rustc`.
    Rustc,
    /// `go`.
    Go,
    /// The compiler of TypeScript.
    Tsc,
    /// `ESLint`.
    Eslint,
    /// Ruff and flake8.
    Ruff,
    /// A traceback of Python.
    Python,
    /// pytest.
    Pytest,
    /// `ShellCheck`.
    Shellcheck,
    /// Maven.
    Maven,
    /// `MSBuild` and `dotnet`.
    Msbuild,
}

impl Tool {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gcc => "gcc",
            Self::Rustc => "rustc",
            Self::Go => "go",
            Self::Tsc => "tsc",
            Self::Eslint => "eslint",
            Self::Ruff => "ruff",
            Self::Python => "python",
            Self::Pytest => "pytest",
            Self::Shellcheck => "shellcheck",
            Self::Maven => "maven",
            Self::Msbuild => "msbuild",
        }
    }

    /// Returns what matches its output: a matcher for each form that it prints.
    pub fn matchers(self) -> Vec<Matcher> {
        let matcher = |(patterns, repeats): &(&[&str], bool)| Matcher {
            name: self.name().to_owned(),
            severity: Severity::Error,
            patterns: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(),
            repeats: *repeats,
        };
        self.forms().iter().map(matcher).collect()
    }

    /// Returns the rows of expressions, and whether the last of each repeats.
    fn forms(self) -> &'static [(&'static [&'static str], bool)] {
        match self {
            Self::Gcc => &[(&[GCC], false)],
            Self::Rustc => &[(&RUSTC, false), (&PANIC, false)],
            Self::Go => &[(&[GO], false)],
            Self::Tsc => &[(&[TSC], false), (&[TSC_PRETTY], false)],
            Self::Eslint => &[(&[ESLINT_COMPACT], false), (&ESLINT, true)],
            Self::Ruff => &[(&[RUFF], false), (&RUFF_FULL, false)],
            Self::Python => &[(&TRACEBACK, false), (&MARKED, false), (&SOURCELESS, false)],
            Self::Pytest => &[
                // Of several lines the first says it, so the form that begins with it comes first.
                (&[REASON, MORE, MORE, MORE, MORE, BLANK, PLACE], false),
                (&[REASON, MORE, MORE, MORE, BLANK, PLACE], false),
                (&[REASON, MORE, MORE, BLANK, PLACE], false),
                (&[REASON, MORE, BLANK, PLACE], false),
                (&[REASON, BLANK, PLACE], false),
                (&[PLACE_ALONE], false),
                (&[SUMMARY], false),
            ],
            Self::Shellcheck => &[(&SHELLCHECK, true)],
            Self::Maven => &[(&[MAVEN], false)],
            Self::Msbuild => &[(&[MSBUILD], false)],
        }
    }
}

/// `src/a.c:7:13: warning: unused variable 'x' [-Wunused-variable]`.
const GCC: &str = concat!(
    r"^(?<file>\S.*?):(?<line>\d+):(?:(?<column>\d+):)? *(?:fatal )?",
    r"(?<severity>error|warning): (?<message>.+?)(?: +\[(?<code>[^\]\s]+)\])?$"
);

/// `error[E0308]: mismatched types`, then `  --> src/main.rs:7:13`.
const RUSTC: [&str; 2] =
    [r"^(?<severity>error|warning)(?:\[(?<code>[^\]]+)\])?: (?<message>.+)$", ARROW];

/// The place under a message.
const ARROW: &str = r"^ *--> (?<file>.+?):(?<line>\d+):(?<column>\d+)$";

/// `thread 'main' panicked at src/main.rs:7:13:`, then what it says.
const PANIC: [&str; 2] = [
    r"^thread '.*' (?:\(\d+\) )?panicked at (?<file>.+?):(?<line>\d+):(?<column>\d+):$",
    r"^(?<message>.+)$",
];

/// `./main.go:7:13: undefined: x`, and `    a_test.go:7: got 1` of a test.
const GO: &str =
    r"^\s*(?:vet: )?(?<file>\S+\.go):(?<line>\d+)(?::(?<column>\d+))?: (?<message>.+)$";

/// `src/a.ts(7,13): error TS2322: Type …`.
const TSC: &str = concat!(
    r"^(?<file>[^\s(].*?)\((?<line>\d+),(?<column>\d+)\): ",
    r"(?<severity>error|warning) (?<code>TS\d+): (?<message>.+)$"
);

/// `src/a.ts:7:13 - error TS2322: Type …`.
const TSC_PRETTY: &str = concat!(
    r"^(?<file>\S.*?):(?<line>\d+):(?<column>\d+) - ",
    r"(?<severity>error|warning) (?<code>TS\d+): (?<message>.+)$"
);

/// `a.js: line 7, col 13, Error - 'x' is not defined. (no-undef)`.
const ESLINT_COMPACT: &str = concat!(
    r"^(?<file>.+): line (?<line>\d+), col (?<column>\d+), ",
    r"(?<severity>Error|Warning|Info) - (?<message>.+?)(?: \((?<code>[^()]+)\))?$"
);

/// A file, then `  7:13  error  'x' is not defined  no-undef` for each.
const ESLINT: [&str; 2] = [
    r"^(?<file>\S.*)$",
    concat!(
        r"^ +(?<line>\d+):(?<column>\d+) +(?<severity>error|warning) +",
        r"(?<message>.+?)(?: {2,}(?<code>\S+))?$"
    ),
];

/// `a.py:7:13: F401 [*] 'os' imported but unused`.
const RUFF: &str = concat!(
    r"^(?<file>\S.*?\.(?:py|pyi|ipynb)):(?<line>\d+):(?<column>\d+): ",
    r"(?<code>[A-Z]+\d+)(?: \[\*\])? (?<message>.+)$"
);

/// `F401 [*] 'os' imported but unused`, then ` --> a.py:7:13`.
const RUFF_FULL: [&str; 2] = [r"^(?<code>[A-Z]+\d+)(?: \[\*\])? (?<message>.+)$", ARROW];

/// The last place of a traceback, with its line of source, then `ValueError: bad`.
const TRACEBACK: [&str; 3] = [FRAME, SOURCE, RAISED];

/// The same with a mark below the source.
const MARKED: [&str; 4] = [FRAME, SOURCE, r"^ +[~^]+ *$", RAISED];

/// The same where the source is not known.
const SOURCELESS: [&str; 2] = [FRAME, RAISED];

const FRAME: &str = r#"^ +File "(?<file>.+)", line (?<line>\d+)(?:, in .+)?$"#;
const SOURCE: &str = r"^    .+$";
const RAISED: &str = r"^(?<code>[A-Za-z_][\w.]*)(?:: (?<message>.+))?$";

/// `E   assert 1 == 2`, and lines that say more, as `E    +  where 1 = f()`; a blank line; then
/// `test_a.py:7: AssertionError`.
const REASON: &str = r"^E +(?<message>\S.*)$";
const MORE: &str = r"^E\b";
const BLANK: &str = r"^$";
const PLACE: &str = r"^(?<file>\S.*?\.py):(?<line>\d+): (?<code>[A-Z]\w*)$";

/// The place alone.
const PLACE_ALONE: &str = concat!(
    r"^(?<file>\S.*?\.py):(?<line>\d+): ",
    r"(?<message>[A-Z]\w*(?:Error|Exception|Failed|Warning)\b.*)$"
);

/// `FAILED test_a.py::test_one - assert 1 == 2`.
const SUMMARY: &str =
    r"^(?:FAILED|ERROR) (?<file>[^:\s]+\.py)(?:::(?<code>\S+))? - (?<message>.+)$";

/// A script and a line, the line itself, then `^-- SC2086 (info): Double quote …` for each.
const SHELLCHECK: [&str; 3] = [
    r"^In (?<file>.+) line (?<line>\d+):$",
    r"^.*$",
    r"^ *\^-+\^? ?(?:-- )?(?<code>SC\d+) \((?<severity>\w+)\): (?<message>.+)$",
];

/// `[ERROR] src/A.java:[7,13] cannot find symbol`.
const MAVEN: &str = concat!(
    r"^\[(?<severity>ERROR|WARNING)\] (?<file>.+?):\[(?<line>\d+),(?<column>\d+)\] ",
    r"(?<message>.+)$"
);

/// `src/A.cs(7,13): error CS0103: The name … [a.csproj]`.
const MSBUILD: &str = concat!(
    r"^\s*(?<file>[^\s(].*?)\((?<line>\d+)(?:,(?<column>\d+))?\): ",
    r"(?<severity>error|warning) (?<code>\w+): (?<message>.+?)(?: \[[^\]]+\])?$"
);
