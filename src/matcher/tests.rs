//! What tools print, and what is found in it.
//!
//! The samples are what the tools print today, shortened. Unaware of how it is found.

use super::*;
use crate::model::Tool;

/// Returns the findings as `file:line:column severity code message`, from an output that comes in
/// blocks of so many bytes.
fn found(matchers: &[Matcher], output: &str, block: usize) -> Vec<String> {
    let mut told = Vec::new();
    let mut tell = |finding: Finding| {
        let Finding { severity, file, line, column, code, message, .. } = finding;
        let number = |at: Option<u32>| at.map_or("-".to_owned(), |at| at.to_string());
        let place = format!("{file}:{}:{}", number(line), number(column));
        let code = code.unwrap_or_default();
        told.push(format!("{place} {severity:?} {code} {message}"));
    };
    let mut view = Matchers::new(matchers).view();
    output.as_bytes().chunks(block).for_each(|block| view.pass(block, &mut tell));
    view.finish(&mut tell);
    told
}

/// A tool, what it prints, and what is found in that.
type Sample = (Tool, &'static str, &'static [&'static str]);

const SAMPLES: [Sample; 11] = [
    (
        Tool::Gcc,
        "a.c: In function 'main':\na.c:7:13: warning: unused 'x' [-Wunused]\n\
         a.c:8:2: note: y\n\
         a b.h:1: error: no\nfatal.c:1:10: fatal error: x.h: No such file\n\
         m.py:3: error: Name \"x\" is not defined  [name-defined]\n",
        &[
            "a.c:7:13 Warning -Wunused unused 'x'",
            "a b.h:1:- Error  no",
            "fatal.c:1:10 Error  x.h: No such file",
            "m.py:3:- Error name-defined Name \"x\" is not defined",
        ],
    ),
    (
        Tool::Rustc,
        "\x1b[1merror[E0308]\x1b[0m: mismatched\n  --> src/a.rs:7:13\n   |\nwarning: unused\n \
         --> b.rs:1:1\nerror: could not compile `x`\n\nthread 'main' (7) panicked at \
         src/m.rs:2:5:\n\
         no way\n",
        &[
            "src/a.rs:7:13 Error E0308 mismatched",
            "b.rs:1:1 Warning  unused",
            "src/m.rs:2:5 Error  no way",
        ],
    ),
    (
        Tool::Go,
        "# x\n./m.go:7:2: undefined: y\n--- FAIL: TestA (0.00s)\n    a_test.go:9: got 1\n",
        &["./m.go:7:2 Error  undefined: y", "a_test.go:9:- Error  got 1"],
    ),
    (
        Tool::Tsc,
        "src/a.ts(7,13): error TS2322: Type 'x'.\nsrc/b.ts:1:2 - error TS1005: ';' expected.\n",
        &["src/a.ts:7:13 Error TS2322 Type 'x'.", "src/b.ts:1:2 Error TS1005 ';' expected."],
    ),
    (
        Tool::Eslint,
        "\n/w/a.js\n  1:0   error  Missing \"use strict\" statement  strict\n  5:10  warning  \
         'x' is unused  no-unused-vars\n\n✖ 2 problems\n\
         b.js: line 50, col 11, Error - 'y' is unused. (no-unused-vars)\n",
        &[
            "/w/a.js:1:- Error strict Missing \"use strict\" statement",
            "/w/a.js:5:10 Warning no-unused-vars 'x' is unused",
            "b.js:50:11 Error no-unused-vars 'y' is unused.",
        ],
    ),
    (
        Tool::Ruff,
        "a.py:1:8: F401 [*] `os` imported but unused\n\
         E711 Comparison to `None`\n --> b.py:2:9\n",
        &[
            "a.py:1:8 Error F401 `os` imported but unused",
            "b.py:2:9 Error E711 Comparison to `None`",
        ],
    ),
    (
        Tool::Python,
        "Traceback (most recent call last):\n  File \"/w/a.py\", line 9, in <module>\n    f()\n    \
         ~^^\n  File \"/w/b.py\", line 2, in f\n    raise ValueError(\"bad\")\nValueError: bad\n  \
         File \"x.py\", line 1\nKeyboardInterrupt\n",
        &["/w/b.py:2:- Error ValueError bad", "x.py:1:- Error KeyboardInterrupt KeyboardInterrupt"],
    ),
    (
        Tool::Pytest,
        "    def test_a():\n>       assert 1 == 2\nE       assert 1 == 2\n\n\
         test_a.py:7: AssertionError\n\
         E       assert 1 == 2\nE        +  where 1 = f()\n\ntest_a.py:9: AssertionError\n\
         E       AssertionError: assert 'a' == 'b'\nE         \nE         - b\nE         + a\n\n\
         test_a.py:11: AssertionError\n\
         test_b.py:3: ValueError\n====\nFAILED test_a.py::test_a - assert 1 == 2\n",
        &[
            "test_a.py:7:- Error AssertionError assert 1 == 2",
            "test_a.py:9:- Error AssertionError assert 1 == 2",
            "test_a.py:11:- Error AssertionError AssertionError: assert 'a' == 'b'",
            "test_b.py:3:- Error  ValueError",
            "test_a.py:-:- Error test_a assert 1 == 2",
        ],
    ),
    (
        Tool::Shellcheck,
        "\nIn a.sh line 3:\necho $x\n     ^-- SC2154 (warning): x is referenced.\n     ^-- SC2086 \
         (info): Double quote.\n\nIn a.sh line 9:\nrm $y\n   ^------^ SC9999 (error): no\n",
        &[
            "a.sh:3:- Warning SC2154 x is referenced.",
            "a.sh:3:- Warning SC2086 Double quote.",
            "a.sh:9:- Error SC9999 no",
        ],
    ),
    (
        Tool::Maven,
        "[INFO] x\n[ERROR] /w/A.java:[7,13] cannot find symbol\n",
        &["/w/A.java:7:13 Error  cannot find symbol"],
    ),
    (
        Tool::Msbuild,
        "  a.cs(7,13): error CS0103: The name 'x' [/w/a.csproj]\n",
        &["a.cs:7:13 Error CS0103 The name 'x'"],
    ),
];

#[test]
fn each_tool_is_understood() {
    for (tool, output, wanted) in SAMPLES {
        for block in [1, 7, usize::MAX] {
            assert_eq!(found(&tool.matchers(), output, block), wanted, "{tool:?}");
        }
        let groups = |pattern: &String| {
            let regex = Regex::new(pattern).unwrap();
            let named = regex.capture_names().flatten().map(str::to_owned);
            named.collect::<Vec<_>>()
        };
        let named: Vec<_> = tool.matchers().iter().flat_map(|m| m.patterns.clone()).collect();
        let odd = named.iter().flat_map(groups);
        let odd: Vec<_> = odd.filter(|name| !crate::model::GROUPS.contains(&&**name)).collect();
        assert!(odd.is_empty(), "{tool:?} {odd:?}");
    }
}

#[test]
fn only_lines_that_follow_each_other_tell_of_one_problem() {
    let patterns = [r"^at (?<file>\S+)$", r"^(?<message>!.*)$"].map(str::to_owned).to_vec();
    let severity = Severity::Warning;
    let mut own = Matcher { name: "own".into(), severity, patterns, repeats: false };
    let output = "at a\nx\n!no\nat b\nat c\n!yes\n!no\n";
    assert_eq!(found(&[own.clone()], output, 9), ["c:-:- Warning  !yes"]);
    own.repeats = true;
    let wanted = ["c:-:- Warning  !yes", "c:-:- Warning  !no"];
    assert_eq!(found(&[own], output, 9), wanted);
}

#[test]
fn a_line_is_looked_at_as_it_ends_and_up_to_a_bound() {
    let gcc = Tool::Gcc.matchers();
    let redrawn = "10%\r20%\ra.c:1:1: error: no\r\n";
    assert_eq!(found(&gcc, redrawn, 3), ["a.c:1:1 Error  no"]);
    assert_eq!(found(&gcc, "a.c:1:1: error: no end", 3), ["a.c:1:1 Error  no end"]);
    let long = format!("a.c:1:1: error: {}\n", "x".repeat(1 << 20));
    let told = found(&gcc, &long, 1 << 16);
    assert_eq!(told[0].chars().count(), "a.c:1:1 Error  ".len() + MESSAGE);
}
