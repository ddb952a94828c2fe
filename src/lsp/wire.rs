//! Wire: messages cut out of a stream of bytes, and put into one.
//!
//! The crate of the protocol would take any length that a header claims and end at the first
//! message that is no JSON; here a length has a bound, and what can't be read is answered. Messages
//! wait in a mailbox of their own, so that the newest text is known before the last one is checked.
//! Unaware of what they ask for.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use lsp_server::{ErrorCode, Message};
use serde_json::json;
use thiserror::Error;

/// The longest message: the largest job file with every letter escaped, and some more.
const LONGEST_MESSAGE: u64 = 64 << 20;

/// The longest header of a message; there are two fields, of a word each.
const LONGEST_HEADER: u64 = 4 << 10;

/// How many messages wait; whoever sends more waits in its own write.
pub(super) const MAILBOX: usize = 64;

/// Why there is no speaking any more.
#[derive(Debug, Error)]
pub enum Fault {
    /// What stands before a message can't be read, so that nobody knows where the next begins.
    #[error("understand the editor: this is no header of a message: {0:?}")]
    Header(String),
    /// The stream broke.
    #[error("speak with the editor: {0}")]
    Stream(#[from] io::Error),
}

/// What has arrived.
#[derive(Debug)]
pub(super) enum Arrived {
    /// A message.
    Message(Message),
    /// A message that can't be read: the code of the error, and why.
    Unreadable(ErrorCode, String),
    /// The end of everything: nothing is read after it.
    Broken(Fault),
}

/// Reads messages as they come; the mailbox closes when the other side has gone.
pub(super) fn listen(input: impl Read + Send + 'static) -> Receiver<Arrived> {
    let (sender, mailbox) = sync_channel(MAILBOX);
    // Never joined: it may wait for input for ever, and has nothing to clean up.
    thread::spawn(move || {
        let mut input = BufReader::new(input);
        loop {
            let (arrived, last) = match next(&mut input) {
                Ok(Some(arrived)) => (arrived, false),
                Ok(None) => return,
                Err(fault) => (Arrived::Broken(fault), true),
            };
            if sender.send(arrived).is_err() || last {
                return;
            }
        }
    });
    mailbox
}

/// Returns the next message; `None` at the end, also in the middle of a message.
fn next(input: &mut impl BufRead) -> Result<Option<Arrived>, Fault> {
    let Some(length) = length(input)? else { return Ok(None) };
    if length > LONGEST_MESSAGE {
        io::copy(&mut input.take(length), &mut io::sink())?;
        let why = format!("a message of {length} bytes is longer than {LONGEST_MESSAGE}");
        return Ok(Some(Arrived::Unreadable(ErrorCode::InvalidRequest, why)));
    }
    let mut body = Vec::new();
    input.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice(&body) {
        Ok(message) => Arrived::Message(message),
        Err(error) if error.is_data() => {
            let why = "this is no request, no notification and no response".to_owned();
            Arrived::Unreadable(ErrorCode::InvalidRequest, why)
        }
        Err(error) => Arrived::Unreadable(ErrorCode::ParseError, error.to_string()),
    }))
}

/// Reads a header and returns the length that it states; `None` at the end of the stream.
fn length(input: &mut impl BufRead) -> Result<Option<u64>, Fault> {
    let mut header = input.take(LONGEST_HEADER);
    let mut length = None;
    loop {
        let mut line = Vec::new();
        header.read_until(b'\n', &mut line)?;
        let shown = || Fault::Header(String::from_utf8_lossy(&line).trim_end().to_owned());
        match (line.as_slice(), length) {
            ([], _) if header.limit() > 0 => return Ok(None),
            (b"\r\n" | b"\n", Some(length)) => return Ok(Some(length)),
            (field, _) => length = self::field(field).ok_or_else(shown)?.or(length),
        }
    }
}

/// Returns what a field of a header says of the length; `None` where it is no field.
#[expect(clippy::option_option, reason = "no field, another field, a length")]
fn field(line: &[u8]) -> Option<Option<u64>> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (name, value) = line.split_once(':')?;
    if !name.eq_ignore_ascii_case("Content-Length") {
        return Some(None);
    }
    value.trim().parse().ok().map(Some)
}

/// Where messages go.
pub(super) struct Outbox<'w>(pub(super) &'w mut dyn Write);

impl Outbox<'_> {
    /// Sends a message.
    pub(super) fn send(&mut self, message: impl Into<Message>) -> Result<(), Fault> {
        Ok(message.into().write(&mut self.0)?)
    }

    /// Answers what could not be read, and so has no number.
    pub(super) fn refuse(&mut self, code: ErrorCode, why: &str) -> Result<(), Fault> {
        let error = json!({ "code": code as i32, "message": why });
        let text = json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string();
        write!(self.0, "Content-Length: {}\r\n\r\n{text}", text.len())?;
        Ok(self.0.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            found.push(match next(&mut bytes) {
                Ok(Some(Arrived::Message(Message::Notification(told)))) => told.method,
                Ok(Some(Arrived::Message(other))) => format!("{other:?}"),
                Ok(Some(Arrived::Unreadable(code, _))) => format!("{code:?}"),
                Ok(Some(Arrived::Broken(fault))) | Err(fault) => return vec![fault.to_string()],
                Ok(None) => return found,
            });
        }
    }

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn messages_follow_each_other() {
        let text = framed("{\"method\":\"a\"}")
            + "content-length:14\r\nContent-Type: x; charset=utf-8\r\n\r\n{\"method\":\"b\"}";
        assert_eq!(all(text.as_bytes()), ["a", "b"]);
        assert_eq!(all(b""), [""; 0]);
    }

    #[test]
    fn what_cannot_be_read_is_told_and_passed() {
        let deep = "[".repeat(100_000);
        for (body, code) in [
            ("{\"method\":", "ParseError"),
            ("\u{0}", "ParseError"),
            (deep.as_str(), "ParseError"),
            ("[]", "InvalidRequest"),
            ("{\"id\":{},\"x\":1}", "InvalidRequest"),
        ] {
            let text = framed(body) + &framed("{\"method\":\"next\"}");
            assert_eq!(all(text.as_bytes()), [code, "next"], "{body:.20}");
        }
    }

    #[test]
    fn half_a_message_is_the_end() {
        let text = framed("{\"method\":\"a\"}");
        for end in 0..text.len() {
            let half = all(&text.as_bytes()[..end]);
            assert!(half.is_empty() || half[0].contains("no header"), "{half:?}");
        }
    }

    #[test]
    fn headers_have_a_form_and_a_bound() {
        let endless = "x".repeat(1 << 20);
        for header in ["\r\n", "hello\r\n\r\n", "Content-Length: -1\r\n\r\n", &endless] {
            let told = all(header.as_bytes());
            assert!(told[0].contains("this is no header of a message"), "{told:?}");
        }
        let claimed = format!("Content-Length: {}\r\n\r\n{{}}", u64::MAX);
        assert_eq!(all(claimed.as_bytes()), ["InvalidRequest"], "nothing is set aside for it");
    }
}
