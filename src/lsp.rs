//! Lsp: a language server, so that an editor shows what `runner validate` says while one types.
//!
//! One thread reads messages, the other answers them, one after the other; while no message waits,
//! jobs are checked that have changed, so that only the newest text is. What checks a job is given
//! from above; what may be written is asked of the schema. Nothing is started, nothing is written
//! but answers. Unaware of running, and of how problems are found.
//!
//! Reading order: [`wire`] brings messages, [`session`] answers them, within the [`abilities`] of
//! both. [`documents`] is what is open, by [`address`]; [`verdicts`] is what is wrong with it, as
//! [`findings`] with a [`position`]. [`scan`] reads broken text, [`nouns`] finds names in it,
//! [`language`] knows keys and words; with a [`look`] at all of them, [`complete`] (with
//! [`placeholders`] and [`groups`]), [`hover`], [`jump`], [`symbols`] and [`mod@format`]
//! answer; [`actions`] are cures.

mod abilities;
mod actions;
mod address;
mod complete;
mod documents;
mod findings;
mod format;
mod groups;
mod hover;
mod jump;
mod language;
mod look;
mod nouns;
mod placeholders;
mod position;
mod scan;
mod session;
mod symbols;
mod verdicts;
mod wire;

use std::io::{Read, Write};
use std::sync::mpsc::TryRecvError;

use session::Session;
use wire::Outbox;

pub use verdicts::Check;
pub use wire::Fault;

/// How the talk has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The editor has said that it would end.
    Agreed,
    /// It has gone without a word.
    Abrupt,
}

/// Answers an editor until it ends or goes.
pub fn serve(
    check: &Check<'_>,
    input: impl Read + Send + 'static,
    output: &mut dyn Write,
) -> Result<End, Fault> {
    let mailbox = wire::listen(input);
    let mut session = Session::new(check, Outbox(output));
    let mut answered = 0;
    loop {
        // Whoever never stops asking is told what is wrong all the same.
        let patient = answered < wire::MAILBOX;
        let arrived = match (session.has_work(), patient) {
            (true, true) => mailbox.try_recv(),
            (true, false) => Err(TryRecvError::Empty),
            (false, _) => mailbox.recv().map_err(|_| TryRecvError::Disconnected),
        };
        match arrived {
            Ok(arrived) => {
                answered += 1;
                if let Some(end) = session.take(arrived)? {
                    return Ok(end);
                }
            }
            Err(TryRecvError::Empty) => {
                answered = 0;
                session.work()?;
            }
            Err(TryRecvError::Disconnected) => return Ok(session.end()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::Path;

    use lsp_server::Message;
    use serde_json::{Value, json};

    use super::*;
    use crate::config::{self, Loaded, Options};
    use crate::model::{FileId, Place, Problem, code};

    /// Says all at once and returns every answer.
    fn said(check: &Check<'_>, messages: &[Value]) -> (Vec<Value>, Result<End, Fault>) {
        let frame = |message: &Value| {
            let body = message.to_string();
            format!("Content-Length: {}\r\n\r\n{body}", body.len())
        };
        let input: String = messages.iter().map(frame).collect();
        let mut output = Vec::new();
        let end = serve(check, Cursor::new(input), &mut output);
        let mut output = Cursor::new(output);
        let mut answers = Vec::new();
        while let Some(message) = Message::read(&mut output).unwrap() {
            answers.push(serde_json::to_value(message).unwrap());
        }
        (answers, end)
    }

    fn asked(id: i32, method: &str, params: &Value) -> Value {
        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
    }

    fn told(method: &str, params: &Value) -> Value {
        json!({ "jsonrpc": "2.0", "method": method, "params": params })
    }

    /// Finds one thing wrong with every text: its first letter.
    fn picky(path: &Path, options: &Options) -> Loaded {
        let mut loaded = config::load(path, options);
        let first = Place::span(FileId(0), 0..1);
        let problem = Problem::error(code::BAD_NAME, "a bad letter", first.clone().label("this"));
        loaded.add(vec![problem.help("write `b`").fix(first, "b")]);
        loaded
    }

    #[test]
    fn every_answer_is_about_the_newest_text() {
        let uri = "file:///no/such/job.toml";
        let text = "a = 1\n";
        let document = json!({ "uri": uri, "languageId": "toml", "version": 1, "text": text });
        let at = json!({ "line": 1, "character": 0 });
        let range = json!({ "start": at, "end": at });
        let change = json!({ "range": range, "text": "[process.a]\n" });
        let here = json!({ "uri": uri });
        let (answers, end) = said(
            &picky,
            &[
                asked(1, "initialize", &json!({ "capabilities": {} })),
                told("textDocument/didOpen", &json!({ "textDocument": document })),
                told(
                    "textDocument/didChange",
                    &json!({
                        "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [change],
                    }),
                ),
                asked(
                    2,
                    "textDocument/codeAction",
                    &json!({
                        "textDocument": here, "context": { "diagnostics": [] },
                        "range": { "start": { "line": 0, "character": 0 }, "end": at },
                    }),
                ),
                asked(3, "shutdown", &Value::Null),
                told("exit", &Value::Null),
            ],
        );
        assert_eq!(end.unwrap(), End::Agreed);
        let [begun, shown, actions, ended] = answers.as_slice() else { panic!("{answers:#?}") };
        assert_eq!(begun["result"]["capabilities"]["positionEncoding"], "utf-16");
        assert_eq!(shown["params"]["version"], 2, "only the newest text is checked");
        let problems = shown["params"]["diagnostics"].as_array().unwrap();
        let picked = problems.iter().find(|problem| problem["code"] == "E105").unwrap();
        assert_eq!(picked["message"], "a bad letter\nthis\nhelp: write `b`");
        let action = &actions["result"][0];
        assert_eq!((&action["title"], &action["kind"]), (&json!("write `b`"), &json!("quickfix")));
        assert_eq!(action["edit"]["changes"][uri][0]["newText"], "b");
        assert_eq!(action["diagnostics"][0], *picked);
        assert_eq!((&ended["id"], ended.get("result")), (&json!(3), Some(&Value::Null)));
    }

    #[test]
    fn whoever_goes_in_the_middle_is_gone() {
        let check: &Check<'_> = &config::load;
        assert_eq!(said(check, &[]).1.unwrap(), End::Abrupt);
        assert_eq!(said(check, &[told("exit", &Value::Null)]).1.unwrap(), End::Abrupt);
        let broken = serve(check, Cursor::new("hello\n"), &mut Vec::new());
        assert!(broken.unwrap_err().to_string().contains("\"hello\""));
    }
}
