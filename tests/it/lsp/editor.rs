//! Editor: the other side of `runner lsp`, which opens files, types in them and asks.
//!
//! It keeps the texts as an editor would, and puts edits into them itself. Unaware of what is
//! right.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::str::FromStr;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use lsp_server::{Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidOpenTextDocument, Exit, Initialized, Notification as Told,
};
use lsp_types::request::{Initialize, Request as Asked, Shutdown};
use lsp_types::{
    Diagnostic, InitializeResult, Position, PublishDiagnosticsParams, Range, TextEdit, Uri,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::DEADLINE;

/// What columns count, unless a test says otherwise.
pub(crate) const UTF_16: &[&str] = &["utf-16"];

/// An editor with a server of its own, in a fresh folder.
#[derive(Debug)]
pub(crate) struct Editor {
    server: Child,
    input: Option<ChildStdin>,
    output: Receiver<Value>,
    folder: TempDir,
    texts: HashMap<String, (i32, String)>,
    /// What was shown last, by document.
    shown: HashMap<String, PublishDiagnosticsParams>,
    asked: i32,
    utf8: bool,
}

impl Editor {
    /// Starts a server and introduces itself.
    pub(crate) fn new(encodings: &[&str]) -> Self {
        let mut editor = Self::silent();
        let found: InitializeResult = editor.ask::<Initialize>(&json!({
            "processId": null,
            "rootUri": null,
            "capabilities": {
                "general": { "positionEncodings": encodings },
                "textDocument": {
                    "completion": { "completionItem": { "snippetSupport": false } },
                    "publishDiagnostics": { "relatedInformation": true },
                    "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
                },
            },
        }));
        let encoding = found.capabilities.position_encoding.expect("an encoding");
        editor.utf8 = encoding.as_str() == "utf-8";
        editor.tell::<Initialized>(&json!({}));
        editor
    }

    /// Starts a server and says nothing.
    #[expect(clippy::disallowed_methods, reason = "the program itself is not one of its children")]
    pub(crate) fn silent() -> Self {
        let mut server = std::process::Command::new(env!("CARGO_BIN_EXE_runner"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`runner` can be started");
        Self {
            input: server.stdin.take(),
            output: listen(server.stdout.take().expect("its output")),
            server,
            folder: TempDir::with_prefix("runner-test-").expect("a folder for the test"),
            texts: HashMap::new(),
            shown: HashMap::new(),
            asked: 0,
            utf8: false,
        }
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    /// Opens a document, saved or not.
    pub(crate) fn open(&mut self, name: &str, text: &str) {
        self.texts.insert(name.to_owned(), (1, text.to_owned()));
        let uri = self.uri(name);
        self.tell::<DidOpenTextDocument>(&json!({
            "textDocument": { "uri": uri, "languageId": "toml", "version": 1, "text": text },
        }));
    }

    /// Replaces the only place where some words stand.
    pub(crate) fn replace(&mut self, name: &str, words: &str, by: &str) {
        let text = self.text(name);
        let start = text.find(words).expect("the words stand there");
        let area = self.area(name, start, start + words.len());
        self.edit(name, &[TextEdit { range: area, new_text: by.to_owned() }]);
    }

    /// Makes edits in a document, as one change.
    pub(crate) fn edit(&mut self, name: &str, edits: &[TextEdit]) {
        let mut text = self.text(name);
        for edit in edits {
            let (from, to) = (self.byte(&text, edit.range.start), self.byte(&text, edit.range.end));
            text.replace_range(from..to, &edit.new_text);
        }
        let uri = self.uri(name);
        let known = self.texts.get_mut(name).expect("it is open");
        *known = (known.0 + 1, text);
        let version = known.0;
        let change = |edit: &TextEdit| json!({ "range": edit.range, "text": edit.new_text });
        self.tell::<DidChangeTextDocument>(&json!({
            "textDocument": { "uri": uri, "version": version },
            "contentChanges": edits.iter().map(change).collect::<Vec<_>>(),
        }));
    }

    /// Returns what is shown for a document as it is now, once that is known.
    pub(crate) fn problems(&mut self, name: &str) -> Vec<Diagnostic> {
        let (uri, version) = (self.uri(name), self.texts.get(name).map(|(version, _)| *version));
        loop {
            match self.shown.get(uri.as_str()) {
                Some(shown) if shown.version == version => return shown.diagnostics.clone(),
                Some(_) | None => self.listen(),
            }
        }
    }

    /// Returns the codes of what is shown for a document as it is now.
    pub(crate) fn codes(&mut self, name: &str) -> Vec<String> {
        codes(&self.problems(name))
    }

    /// Waits until just this is shown for a document, whichever file has changed.
    pub(crate) fn wait_for_codes(&mut self, name: &str, expected: &[&str]) {
        let uri = self.uri(name);
        while self.shown.get(uri.as_str()).map(|shown| codes(&shown.diagnostics)).as_deref()
            != Some(expected.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>().as_slice())
        {
            self.listen();
        }
    }

    /// Asks something about the place behind the first of some words.
    pub(crate) fn ask_at<R: Asked>(&mut self, name: &str, words: &str) -> R::Result {
        let text = self.text(name);
        let byte = text.find(words).expect("the words stand there") + words.len();
        let position = self.area(name, byte, byte).start;
        let uri = self.uri(name);
        self.ask::<R>(&json!({
            "textDocument": { "uri": uri },
            "position": position,
            "context": { "includeDeclaration": true, "triggerKind": 1 },
        }))
    }

    /// Asks and waits for the answer.
    pub(crate) fn ask<R: Asked>(&mut self, params: &Value) -> R::Result {
        let response = self.request(R::METHOD, params);
        let answer = response.response_result.unwrap_or_else(|error| panic!("{error:?}"));
        serde_json::from_value(answer).expect("an answer of the protocol")
    }

    /// Asks, and returns whatever the answer is.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> Response {
        self.asked += 1;
        let id = RequestId::from(self.asked);
        let (method, params) = (method.to_owned(), params.clone());
        self.send(&Request { id: id.clone(), method, params }.into());
        loop {
            if let Some(response) = self.hear() {
                assert_eq!(response.id, id);
                return response;
            }
        }
    }

    /// Tells something.
    pub(crate) fn tell<N: Told>(&mut self, params: &Value) {
        let (method, params) = (N::METHOD.to_owned(), params.clone());
        self.send(&Notification { method, params }.into());
    }

    /// Says bytes that may be no message.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("it is open");
        input.write_all(bytes).and_then(|()| input.flush()).expect("the server listens");
    }

    /// Returns the next message as it stands.
    pub(crate) fn raw(&mut self) -> Value {
        self.output.recv_timeout(DEADLINE).expect("the server answers")
    }

    /// Ends the talk as it should be, and returns the exit code.
    pub(crate) fn end(mut self) -> i32 {
        self.ask::<Shutdown>(&Value::Null);
        self.tell::<Exit>(&Value::Null);
        self.exit_code()
    }

    /// Goes without a word, and returns the exit code.
    pub(crate) fn vanish(mut self) -> i32 {
        self.exit_code()
    }

    fn exit_code(&mut self) -> i32 {
        self.input = None;
        self.server.wait().expect("a child").code().expect("an exit code")
    }

    /// Returns the path of a file, as the server knows it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().expect("a folder").join(name)
    }

    /// Returns how a document is named.
    pub(crate) fn uri(&self, name: &str) -> Uri {
        Uri::from_str(&format!("file://{}", self.path(name).display())).expect("a URI")
    }

    /// Returns the text of a document.
    pub(crate) fn text(&self, name: &str) -> String {
        self.texts[name].1.clone()
    }

    /// Returns the words that stand at a place of a document.
    pub(crate) fn words(&self, name: &str, area: Range) -> String {
        let text = self.text(name);
        text[self.byte(&text, area.start)..self.byte(&text, area.end)].to_owned()
    }

    fn area(&self, name: &str, from: usize, to: usize) -> Range {
        let text = self.text(name);
        let position = |byte: usize| {
            let line = text[..byte].rfind('\n').map_or(0, |newline| newline + 1);
            let before = &text[line..byte];
            let column = if self.utf8 { before.len() } else { before.encode_utf16().count() };
            let count = text[..byte].matches('\n').count();
            Position::new(u32::try_from(count).expect("few"), u32::try_from(column).expect("few"))
        };
        Range { start: position(from), end: position(to) }
    }

    fn byte(&self, text: &str, position: Position) -> usize {
        let line = text.split_inclusive('\n').take(position.line as usize).map(str::len).sum();
        let mut left = position.character as usize;
        for (at, letter) in text[line..].char_indices() {
            if left == 0 {
                return line + at;
            }
            left -= if self.utf8 { letter.len_utf8() } else { letter.len_utf16() };
        }
        text.len()
    }

    /// Waits for something to be shown.
    fn listen(&mut self) {
        let answer = self.hear();
        assert!(answer.is_none(), "an answer that nobody waits for: {answer:?}");
    }

    /// Returns the next message if it is an answer; keeps what it shows.
    fn hear(&mut self) -> Option<Response> {
        let message = self.raw();
        if message.get("method").is_none() {
            return Some(serde_json::from_value(message).expect("an answer"));
        }
        assert_eq!(message["method"], "textDocument/publishDiagnostics");
        let told: PublishDiagnosticsParams =
            serde_json::from_value(message["params"].clone()).expect("problems");
        self.shown.insert(told.uri.to_string(), told);
        None
    }

    fn send(&mut self, message: &Message) {
        message.write(self.input.as_mut().expect("it is open")).expect("the server listens");
    }
}

fn codes(problems: &[Diagnostic]) -> Vec<String> {
    let code = |problem: &Diagnostic| match &problem.code {
        Some(lsp_types::NumberOrString::String(code)) => code.clone(),
        other => panic!("{other:?}"),
    };
    problems.iter().map(code).collect()
}

/// Reads messages as they come, so that waiting for one has an end.
fn listen(output: ChildStdout) -> Receiver<Value> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        while let Some(message) = read(&mut output) {
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Reads one message.
fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut header = String::new();
    while !header.ends_with("\r\n\r\n") {
        if output.read_line(&mut header).ok()? == 0 {
            return None;
        }
    }
    let length = header.strip_prefix("Content-Length: ")?.trim_end();
    let mut body = vec![0; length.parse().ok()?];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
