//! Request: an item, as a worker is asked to work on it.
//!
//! `{"id":"pages:17","attempt":1,"item":…}` and a line feed. An item of a queue of JSON is the
//! value as it is; any other is a string where it is text, and else `{"base64":"…"}`. Unaware of
//! who reads it.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::Framing;

/// Writes the requests of one queue.
#[derive(Debug)]
pub(in crate::engine::worker) struct Requests {
    /// What every request begins with.
    head: Vec<u8>,
    is_json: bool,
}

impl Requests {
    /// Writes requests of the queue of this name.
    pub(in crate::engine::worker) fn new(queue: &str, framing: Framing) -> Self {
        let mut head = b"{\"id\":".to_vec();
        put_text(&mut head, queue);
        // The index belongs to the same string.
        head.pop();
        head.push(b':');
        Self { head, is_json: framing == Framing::Json }
    }

    /// Writes the request of an item: its index, which try it is, and its bytes.
    pub(in crate::engine::worker) fn put(
        &self,
        (index, attempt): (u64, u32),
        item: &[u8],
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(&self.head);
        let _ = write!(out, "{index}\",\"attempt\":{attempt},\"item\":");
        match str::from_utf8(item) {
            _ if self.is_json => out.extend_from_slice(item),
            Ok(text) => put_text(out, text),
            Err(_) => {
                let _ = write!(out, "{{\"base64\":\"{}\"}}", STANDARD.encode(item));
            }
        }
        out.extend_from_slice(b"}\n");
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a text has a form in JSON, and memory takes it");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn request(framing: Framing, bytes: &[u8]) -> String {
        let mut out = Vec::new();
        Requests::new("pages", framing).put((17, 2), bytes, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_item_is_text_bytes_or_the_value_that_it_is() {
        let cases: [(Framing, &[u8], &str); 5] = [
            (Framing::Lines, b"a\tb", r#""a\tb""#),
            (Framing::Nul, b"a\nb", r#""a\nb""#),
            (Framing::Lines, b"\xff", r#"{"base64":"/w=="}"#),
            (Framing::Json, b"{\"n\": 1.50}", r#"{"n": 1.50}"#),
            (Framing::Netstring, b"", r#""""#),
        ];
        for (framing, bytes, item) in cases {
            let line = format!("{{\"id\":\"pages:17\",\"attempt\":2,\"item\":{item}}}\n");
            assert_eq!(request(framing, bytes), line);
        }
    }

    proptest! {
        #[test]
        fn every_item_is_one_line_and_comes_back(bytes: Vec<u8>) {
            let line = request(Framing::U32be, &bytes);
            prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
            let value: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(&value["id"], &json!("pages:17"));
            let back = match &value["item"] {
                Value::String(text) => text.clone().into_bytes(),
                item => STANDARD.decode(item["base64"].as_str().unwrap()).unwrap(),
            };
            prop_assert_eq!(back, bytes);
        }
    }
}
