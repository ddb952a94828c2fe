//! Tests of what is offered, with the cursor where `|` stands.

use super::super::look::tests::look;
use super::*;

/// Returns what is offered in a job with another file beside it.
fn offered(text: &str) -> Vec<String> {
    let part = ("part.toml", "[pool.net]\n[process.login]\n[queue.pages]\n");
    let list = look(&[("job.toml", text), part], |look| complete(look, true));
    list.items.into_iter().map(|item| item.label).collect()
}

/// Returns the text after one offer was taken, with `|` where a snippet puts the cursor.
fn taken(text: &str, label: &str) -> String {
    look(&[("job.toml", text)], |look| {
        let item = complete(look, true).items.into_iter().find(|item| item.label == label);
        let item = item.unwrap_or_else(|| panic!("`{label}` is not offered in {text}"));
        let Some(CompletionTextEdit::Edit(edit)) = item.text_edit else { panic!("an edit") };
        let mut written = look.text().to_owned();
        let bytes = look.lines(&written).bytes(edit.range);
        written.replace_range(bytes, &edit.new_text.replace("$0", "|"));
        written
    })
}

#[test]
fn keys_are_offered_that_are_not_given_yet() {
    let keys = offered("[process.a]\ncommand = [\"a\"]\nne|\nmatrix.os = []\n[process.a.env]\n");
    for (key, is_offered) in
        [("needs", true), ("pool", true), ("command", false), ("matrix", false), ("env", false)]
    {
        assert_eq!(keys.contains(&key.to_owned()), is_offered, "{key}: {keys:?}");
    }
    assert_eq!(
        offered("[process.a]\nneeds = [{ process = \"b\", |}, { when = \"ended\" }]"),
        ["when"]
    );
    assert_eq!(offered("[process.a.env]\n|"), [""; 0]);
    assert_eq!(
        offered("[limits]\nj|obs = 1\ntimeout = \"1s\""),
        ["jobs", "on-failure", "jobserver", "keep-runs"]
    );
}

#[test]
fn keys_come_with_their_brackets() {
    assert_eq!(taken("[process.a]\nne|", "needs"), "[process.a]\nneeds = [|]");
    assert_eq!(taken("[process.a]\ncw|", "cwd"), "[process.a]\ncwd = \"|\"");
    assert_eq!(taken("[process.a]\nwei|", "weight"), "[process.a]\nweight = ");
    assert_eq!(taken("[process.a]\n|stop", "stop"), "[process.a]\nstop = { | }");
    assert_eq!(taken("[process.a]\nne| = []", "needs"), "[process.a]\nneeds = []");
    assert_eq!(taken("na|", "name"), "name = \"|\"");
    assert_eq!(taken("|", "limits"), "[limits]");
    assert_eq!(taken("pro|", "process"), "[process.|]");
}

#[test]
fn headers_are_offered_after_a_bracket() {
    let top = offered("[|");
    assert!(
        ["process", "pool", "queue", "limits", "vars"].iter().all(|t| top.contains(&(*t).into()))
    );
    assert!(!top.contains(&"name".to_owned()));
    assert_eq!(taken("[li|]", "limits"), "[limits]");
    assert_eq!(taken("[li|", "limits"), "[limits]");
    assert_eq!(taken("[|", "process"), "[process.");
    assert_eq!(offered("[process.a]\nneeds = [\"b\"]\n[process.|"), ["b", "a", "login"]);
    assert!(offered("[process.a.|").contains(&"env".to_owned()));
}

#[test]
fn names_are_those_that_fit() {
    let names =
        |line: &str| offered(&format!("[process.a]\n{line}\n[queue.q]\n[pool.p]\n[process.b]\n"));
    for (line, expected) in [
        ("needs = [\"|\"]", &["b", "login"][..]),
        ("needs = [\"b\", |", &["b", "login"]),
        ("after = [\n  \"b\",\n  \"|", &["b", "login"]),
        ("needs = [{ process = \"|", &["b", "login"]),
        ("pool = |", &["p", "net"]),
        ("pool = [\"p\", \"|\"]", &["p", "net"]),
        ("consumes = \"|\"", &["q", "pages"]),
        ("produces = [|]", &["q", "pages"]),
        ("stdin = { pipe = \"|\" }", &["b", "login"]),
        (
            "needs = [{ process = \"b\", when = \"|",
            &["passed", "ended", "failed", "started", "ready"],
        ),
        ("on-end = |", &["eof", "terminate"]),
        ("deliver = |", &["args", "stdin", "batch", "stream", "worker"]),
        ("emit = |", &["input", "on-success"]),
        ("batch = { as = |", &["stdin", "args"]),
        ("produces = { queue = \"q\", from = \"|\" }", &["stdout", "fd3"]),
        ("allow-failure = |", &["true", "false"]),
        ("cwd = \"|\"", &[]),
    ] {
        assert_eq!(names(line), expected, "{line}");
    }
}

#[test]
fn names_are_quoted_and_closed_where_they_are_not() {
    let rest = "\n[process.b]";
    for (before, after) in [
        ("needs = |", "needs = [\"b\"]"),
        ("needs = [|]", "needs = [\"b\"]"),
        ("needs = [\"|\"]", "needs = [\"b\"]"),
        ("needs = [\"|", "needs = [\"b\""),
        ("stdin = { pipe = '|", "stdin = { pipe = 'b'"),
    ] {
        assert_eq!(
            taken(&format!("[process.a]\n{before}{rest}"), "b"),
            format!("[process.a]\n{after}{rest}")
        );
    }
    let word = taken("[process.a]\non-end = e|", "eof");
    assert_eq!(word, "[process.a]\non-end = \"eof\"");
}

#[test]
fn placeholders_are_those_of_the_process() {
    let text = "[vars]\nroot = \".\"\n[process.a]\nconsumes = \"q\"\nmatrix.os = [\"x\"]\n\
                env = { HOST = \"h\" }\ncommand = [\"a\", \"x{|\"]\n\
                [process.b]\nmatrix.no = [\"y\"]\n";
    let expected = [
        "vars.root",
        "process.b.stdout",
        "item",
        "item.index",
        "matrix.os",
        "env.HOST",
        "process.login.stdout",
        "run.id",
        "slot",
    ];
    assert_eq!(offered(text), expected);
    assert!(taken(text, "item").contains("\"x{item}\"]"));
    assert!(taken(&text.replace("{|", "{it|}"), "item").contains("\"x{item}\"]"));
    assert!(taken(&text.replace("{|", "{vars.r|"), "vars.root").contains("\"x{vars.root}\"]"));
    assert_eq!(offered(&text.replace("{|", "{{|")), [""; 0]);
}

#[test]
fn what_an_item_fills_in_knows_no_process() {
    let text = "[vars]\nroot = \".\"\n[queue.q]\nkey = \"{|\"\n[process.a]\nconsumes = \"q\"\n";
    assert_eq!(offered(text), ["item", "vars.root"]);
    let text = "[env]\nB = \"1\"\n[process.a]\nconsumes = \"q\"\nenv = { A = \"1\" }\n\
                shard = \"{|\"\n";
    assert_eq!(offered(text), ["item", "env.B"]);
}

#[test]
fn groups_are_those_of_the_queue() {
    let text = "[queue.q]\ngroups = [\"index\", \"log\"]\n[queue.r]\ngroups = [\"x\"]\n\
                dead = \"D\"\n[process.a]\nconsumes = { queue = \"q\", group = G }\n";
    let dead = text.replace('D', "|").replace('G', "\"\"");
    assert_eq!(offered(&dead), ["q", "pages"]);
    for typed in ["|", "\"|\""] {
        let text = text.replace('D', "q").replace('G', typed);
        assert_eq!(offered(&text), ["index", "log"]);
    }
    let text = text.replace('D', "q").replace('G', "|");
    assert!(taken(&text, "log").contains("group = \"log\" }"));
}

#[test]
fn a_flood_of_names_is_cut_to_what_fits() {
    let tables: Vec<String> = (0..2000).map(|n| format!("[process.p{n}]\n")).collect();
    let text = format!("[process.a]\nneeds = [\"p199|\"]\n{}", tables.concat());
    let list = look(&[("job.toml", &text)], |look| complete(look, false));
    assert!(list.is_incomplete);
    assert_eq!(list.items.len(), 11, "p199 and p1990 to p1999");
}
