//! Lsp: `runner lsp` as an editor meets it, one scenario each.
//!
//! The messages and their types are those of the crates that the server uses; so that no mistake is
//! made twice, a client of another house goes through everything too, where it is installed.

mod editor;

use std::fmt::Write;

use insta::assert_snapshot;
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidSaveTextDocument, Exit,
};
use lsp_types::request::{
    CodeActionRequest, Completion, DocumentSymbolRequest, Formatting, GotoDefinition, HoverRequest,
    References,
};
use lsp_types::{
    CodeActionOrCommand, CompletionItem, CompletionResponse, CompletionTextEdit,
    DiagnosticSeverity, GotoDefinitionResponse, HoverContents, Location, Range, TextEdit,
};
use serde_json::json;

use crate::harness::{Test, installed};
use editor::{Editor, UTF_16};

const GOOD: &str = "[process.a]\ncommand = [\"true\"]\n";

#[test]
fn problems_come_and_go_as_one_types() {
    let mut editor = Editor::new(UTF_16);
    editor.open("job.toml", GOOD);
    assert_eq!(editor.codes("job.toml"), [""; 0]);
    editor.replace("job.toml", "command", "comand");
    let problems = editor.problems("job.toml");
    let mut shown = String::new();
    for problem in &problems {
        let place = editor.words("job.toml", problem.range);
        let _ = writeln!(shown, "{place}: {:?}: {}", problem.severity, problem.message);
    }
    assert!(shown.contains("comand: Some(Error): [process.a] has no key `comand`"), "{shown}");
    assert!(shown.contains("`command`"), "{shown}");
    editor.replace("job.toml", "comand", "command");
    assert_eq!(editor.codes("job.toml"), [""; 0]);
    assert_eq!(editor.end(), 0);
}

#[test]
fn both_sides_of_a_problem_are_shown() {
    let mut editor = Editor::new(UTF_16);
    editor.open(
        "job.toml",
        "[process.a]\nneeds = [\"b\"]\ncommand = [\"true\"]\n\
                             [process.b]\nneeds = [\"a\"]\ncommand = [\"true\"]\n",
    );
    let cycle = editor.problems("job.toml").remove(0);
    assert_eq!(cycle.severity, Some(DiagnosticSeverity::ERROR));
    let related = cycle.related_information.expect("the other edge");
    assert_eq!(related[0].location.uri, editor.uri("job.toml"));
    assert_ne!(related[0].location.range, cycle.range);
}

#[test]
fn included_files_are_read_as_they_are_typed() {
    let mut editor = Editor::new(UTF_16);
    editor.file("part.toml", "[pool.net]\nsize = 1\n");
    editor.open(
        "job.toml",
        "include = [\"part.toml\"]\n[process.a]\npool = \"net\"\ncommand = [\"true\"]\n",
    );
    assert_eq!(editor.codes("job.toml"), [""; 0]);
    editor.open("part.toml", "[pool.net]\nsize = 1\n[process.p]\ncommand = [\"true\"]\n");
    assert_eq!(editor.codes("part.toml"), [""; 0]);
    editor.replace("part.toml", "pool.net", "pool.nett");
    editor.wait_for_codes("job.toml", &["E202"]);
    editor.replace("part.toml", "size = 1", "size = 0");
    editor.wait_for_codes("job.toml", &["E202"]);
    // Told once, though two jobs read it.
    editor.wait_for_codes("part.toml", &["E103"]);
    let uri = editor.uri("part.toml");
    editor.tell::<DidCloseTextDocument>(&json!({ "textDocument": { "uri": uri } }));
    // What lies on the disk counts again.
    editor.wait_for_codes("job.toml", &[]);
}

#[test]
fn a_file_that_was_saved_elsewhere_is_read_again() {
    let mut editor = Editor::new(UTF_16);
    editor.open(
        "job.toml",
        "include = [\"part.toml\"]\n[process.a]\npool = \"net\"\ncommand = [\"true\"]\n",
    );
    assert_eq!(editor.codes("job.toml"), ["E001"]);
    editor.file("part.toml", "[pool.net]\n");
    let uri = editor.uri("job.toml");
    editor.tell::<DidSaveTextDocument>(&json!({ "textDocument": { "uri": uri } }));
    editor.wait_for_codes("job.toml", &[]);
}

/// Asks what can be typed behind some words.
fn offered(editor: &mut Editor, words: &str) -> Vec<CompletionItem> {
    match editor.ask_at::<Completion>("job.toml", words) {
        Some(CompletionResponse::List(list)) => list.items,
        other => panic!("{other:?}"),
    }
}

fn labels(items: &[CompletionItem]) -> Vec<&str> {
    items.iter().map(|item| item.label.as_str()).collect()
}

#[test]
fn keys_names_and_words_are_completed() {
    let mut editor = Editor::new(UTF_16);
    editor.file("part.toml", "[pool.net]\n[queue.pages]\nitems = [\"a\"]\n");
    // Nothing of this is TOML: it is being typed.
    let text = "include = [\"part.toml\"]\n[process.b]\n[process.a]\npool = \"n\nneeds = [\n\
                on-end = \"\"\nconsumes = \ncommand = [\"{\"]\nst\n[";
    editor.open("job.toml", text);
    let keys = offered(&mut editor, "\nst");
    assert_eq!(labels(&keys)[..2], ["description", "tags"]);
    let stdin = keys.iter().find(|item| item.label == "stdin").expect("`stdin`");
    assert!(
        format!("{:?}", stdin.documentation).contains("The payload: text, or where it comes from")
    );
    assert_eq!(labels(&offered(&mut editor, "pool = \"n")), ["net"]);
    assert_eq!(labels(&offered(&mut editor, "needs = [")), ["b"]);
    assert_eq!(labels(&offered(&mut editor, "on-end = \"")), ["eof", "terminate"]);
    assert_eq!(labels(&offered(&mut editor, "consumes = ")), ["pages"]);
    assert!(labels(&offered(&mut editor, "command = [\"{")).contains(&"process.b.stdout"));
    assert!(labels(&offered(&mut editor, "\nst\n[")).contains(&"process"));
    let queue = offered(&mut editor, "consumes = ").remove(0);
    let Some(CompletionTextEdit::Edit(edit)) = queue.text_edit else { panic!("an edit") };
    editor.edit("job.toml", &[edit]);
    assert!(editor.text("job.toml").contains("\nconsumes = \"pages\"\n"));
}

#[test]
fn keys_are_explained() {
    let mut editor = Editor::new(UTF_16);
    editor.open("job.toml", "[process.a]\nretry = 2\ncommand = [\"true\"]\n");
    let hover = editor.ask_at::<HoverRequest>("job.toml", "ret").expect("a text");
    assert_eq!(editor.words("job.toml", hover.range.expect("a place")), "retry");
    let HoverContents::Markup(text) = hover.contents else { panic!("Markdown") };
    assert_snapshot!(text.value, @r#"
    How often it is tried again after a failure, or a table; by default 0.

    From 0 to 1000.

    ```toml
    2
    { max = 3, backoff = "1s..1m" }
    ```
    "#);
}

fn only(found: Option<GotoDefinitionResponse>) -> Location {
    match found {
        Some(GotoDefinitionResponse::Array(mut places)) if places.len() == 1 => places.remove(0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn names_lead_to_their_declaration_across_files() {
    let mut editor = Editor::new(UTF_16);
    let part = "[pool.net]\n[process.login]\ncommand = [\"true\"]\n";
    editor.file("part.toml", part);
    editor.open(
        "job.toml",
        "include = [\"part.toml\"]\n[process.a]\npool = \"net\"\n\
                             needs = [\"login\"]\n\
                             command = [\"echo\", \"{process.login.stdout}\"]\n",
    );
    let part = editor.uri("part.toml");
    let place = only(editor.ask_at::<GotoDefinition>("job.toml", "pool = \"n"));
    assert_eq!((place.uri, place.range.start.line), (part.clone(), 0));
    let place = only(editor.ask_at::<GotoDefinition>("job.toml", "{process.log"));
    assert_eq!((place.uri, place.range.start.character), (part.clone(), 9));
    let place = only(editor.ask_at::<GotoDefinition>("job.toml", "[\"part"));
    assert_eq!((place.uri, place.range), (part, Range::default()));
    let uses = editor.ask_at::<References>("job.toml", "needs = [\"log").expect("places");
    assert_eq!(uses.len(), 3, "{uses:?}");
    let uri = editor.uri("job.toml");
    let outline = editor.ask::<DocumentSymbolRequest>(&json!({ "textDocument": { "uri": uri } }));
    assert!(
        format!("{outline:?}").contains("name: \"a\", detail: Some(\"process\")"),
        "{outline:?}"
    );
}

#[test]
fn a_quick_fix_makes_the_file_right() {
    let mut editor = Editor::new(UTF_16);
    editor.open("job.toml", "# 🦀\n[process.a]\ncomand = [\"🦀\"]\n");
    let range = Range::new(lsp_types::Position::new(2, 3), lsp_types::Position::new(2, 3));
    let uri = editor.uri("job.toml");
    // Asked before anything was shown: the newest text is checked first.
    let actions = editor.ask::<CodeActionRequest>(&json!({
        "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": [] },
    }));
    let Some(CodeActionOrCommand::CodeAction(action)) = actions.expect("actions").pop() else {
        panic!("an action");
    };
    assert!(action.title.starts_with("write `command = "), "{}", action.title);
    let edit = serde_json::to_value(action.edit).expect("an edit");
    let edits: Vec<TextEdit> =
        serde_json::from_value(edit["changes"][uri.as_str()].clone()).expect("edits");
    editor.edit("job.toml", &edits);
    assert_eq!(editor.text("job.toml"), "# 🦀\n[process.a]\ncommand = [\"🦀\"]\n");
    assert!(!editor.codes("job.toml").iter().any(|code| code.starts_with('E')));
}

#[test]
fn a_document_is_brought_into_form() {
    let mut editor = Editor::new(UTF_16);
    editor.open("job.toml", "[process.a]\ncommand=['🦀']   # x\n");
    let uri = editor.uri("job.toml");
    let params = json!({
        "textDocument": { "uri": uri }, "options": { "tabSize": 2, "insertSpaces": true },
    });
    let edits = editor.ask::<Formatting>(&params).expect("edits");
    editor.edit("job.toml", &edits);
    assert_eq!(editor.text("job.toml"), "[process.a]\ncommand = ['🦀']   # x\n");
    assert_eq!(editor.ask::<Formatting>(&params), Some(Vec::new()));
}

#[test]
fn columns_count_what_was_agreed() {
    for encodings in [UTF_16, &["utf-8", "utf-16"], &[]] {
        let mut editor = Editor::new(encodings);
        let is_marked = |editor: &mut Editor| {
            let problems = editor.problems("job.toml");
            let mut places = problems.iter().map(|problem| editor.words("job.toml", problem.range));
            places.any(|words| words == "{vars.x}")
        };
        editor.open("job.toml", "[process.a]\ncommand = [\"🦀🦀\", \"{vars.é}\", \"{vars.x}\"]\n");
        assert!(is_marked(&mut editor), "{encodings:?}");
        editor.replace("job.toml", "🦀\", \"{vars.é", "é\", \"{vars.🦀");
        assert!(is_marked(&mut editor), "{encodings:?}");
    }
}

#[test]
fn it_ends_as_was_agreed() {
    assert_eq!(Editor::new(UTF_16).end(), 0);
    assert_eq!(Editor::new(UTF_16).vanish(), 1);
    let mut editor = Editor::silent();
    editor.tell::<Exit>(&json!(null));
    assert_eq!(editor.vanish(), 1);
    let mut editor = Editor::new(UTF_16);
    let code = |response: lsp_server::Response| response.response_result.unwrap_err().code;
    assert_eq!(code(editor.request("initialize", &json!({ "capabilities": {} }))), -32600);
    editor.ask::<lsp_types::request::Shutdown>(&json!(null));
    assert_eq!(code(editor.request("textDocument/hover", &json!({}))), -32600);
    assert_eq!(editor.vanish(), 0, "the rest of the goodbye is not needed");
}

#[test]
fn what_it_does_not_understand_is_refused_and_nothing_else_happens() {
    let mut editor = Editor::silent();
    let code = |response: lsp_server::Response| response.response_result.unwrap_err().code;
    assert_eq!(code(editor.request("textDocument/hover", &json!({}))), -32002);
    let mut editor = Editor::new(UTF_16);
    assert_eq!(code(editor.request("textDocument/brew", &json!({}))), -32601);
    assert_eq!(code(editor.request("textDocument/hover", &json!({ "position": 1 }))), -32602);
    editor.say(b"Content-Length: 10\r\n\r\n{\"id\": 1,}");
    assert_eq!(editor.raw()["error"]["code"], -32700);
    let uri = editor.uri("never-opened.toml");
    editor.tell::<DidChangeTextDocument>(&json!({
        "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "text": "x" }],
    }));
    editor.tell::<DidChangeTextDocument>(&json!({ "textDocument": 7 }));
    editor.open("job.toml", GOOD);
    assert_eq!(editor.codes("job.toml"), [""; 0]);
    assert_eq!(editor.end(), 0);
}

#[test]
fn a_file_that_is_too_large_is_named() {
    let mut editor = Editor::new(UTF_16);
    editor.open("job.toml", &format!("{GOOD}{}", "# far too much\n".repeat(700_000)));
    let problem = editor.problems("job.toml").remove(0);
    assert!(problem.message.contains("it is larger than 8 MiB"), "{}", problem.message);
    assert!(editor.ask_at::<HoverRequest>("job.toml", "comm").is_none());
    assert_eq!(editor.end(), 0);
}

#[test]
fn help_names_it() {
    let ran = Test::new().args(["lsp", "--help"]).run().exits(0);
    assert!(ran.stdout.contains("language server"), "{ran}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the client starts the program itself")]
fn a_client_of_another_house_agrees() {
    let test = "lsp::a_client_of_another_house_agrees";
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/lsp/client.py");
    if !installed(test, "python3") || !module(test, "pygls") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let run = std::process::Command::new("python3")
        .args([script, env!("CARGO_BIN_EXE_runner")])
        .arg(folder.path())
        .output()
        .expect("python3 can be started");
    let said = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    assert!(said.contains("all of it went as it should"), "{said}");
}

/// Returns whether Python has a module; says so where it has not, as [`installed`] does.
#[expect(clippy::disallowed_methods, reason = "python3 is not one of the program's children")]
fn module(test: &str, name: &str) -> bool {
    let mut python = std::process::Command::new("python3");
    let found = python.args(["-c", &format!("import {name}")]).output();
    let found = found.is_ok_and(|run| run.status.success());
    found || installed(test, &format!("python3 with {name}"))
}
