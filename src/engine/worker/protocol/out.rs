//! Out: the items that came of one, as a worker lists them.
//!
//! For a queue of JSON each value is an item as it stands. For any other a string is its bytes,
//! `{"base64":"…"}` the bytes that it stands for, and anything else is its JSON without blanks.
//! Unaware of the queue that they go to, but for its framing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::Framing;

/// Bytes that are no text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Encoded {
    base64: String,
}

/// Returns the item that a value stands for in a queue of this framing.
pub(in crate::engine::worker) fn item(
    value: &RawValue,
    framing: Framing,
) -> Result<Bytes, &'static str> {
    let json = value.get();
    match json.as_bytes().first() {
        _ if framing == Framing::Json => Ok(Bytes::copy_from_slice(json.as_bytes())),
        Some(b'"') => {
            let text: Result<String, _> = serde_json::from_str(json);
            text.map(Bytes::from).map_err(|_| "a string of `out` holds half a character")
        }
        Some(b'{') => match encoded(json) {
            Some(base64) => {
                let bytes = STANDARD.decode(base64);
                bytes.map(Bytes::from).map_err(|_| "`base64` of `out` holds something else")
            }
            None => Ok(compact(json)),
        },
        _ => Ok(compact(json)),
    }
}

/// Returns the text of `{"base64":"…"}`.
fn encoded(json: &str) -> Option<String> {
    // Most objects are none, and are told from it without being taken apart.
    let key = json.strip_prefix('{')?.trim_start();
    if !key.starts_with("\"base64\"") {
        return None;
    }
    serde_json::from_str(json).ok().map(|Encoded { base64 }| base64)
}

/// Returns a value without the blanks between its parts; numbers and strings stay as they are.
fn compact(json: &str) -> Bytes {
    let (mut inside, mut escaped) = (false, false);
    let kept = json.bytes().filter(|byte| {
        if inside {
            inside = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            return true;
        }
        inside = *byte == b'"';
        !byte.is_ascii_whitespace()
    });
    kept.collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn of(json: &str, framing: Framing) -> Result<Bytes, &'static str> {
        item(serde_json::from_str(json).unwrap(), framing)
    }

    #[test]
    fn a_value_is_text_bytes_or_json() {
        let cases: &[(&str, &[u8])] = &[
            (r#""a\n\u00e4""#, "a\nä".as_bytes()),
            (r#"{"base64":"/w=="}"#, b"\xff"),
            (r#"{ "base64" : "" }"#, b""),
            (r#"{ "base64" : "eA==", "n" : 1.50 }"#, br#"{"base64":"eA==","n":1.50}"#),
            (r#"{"base64": 7}"#, br#"{"base64":7}"#),
            (r#"[ 1, "a \" b\\", null ]"#, br#"[1,"a \" b\\",null]"#),
            ("12345678901234567890.10", b"12345678901234567890.10"),
        ];
        for (json, bytes) in cases {
            assert_eq!(of(json, Framing::Lines).unwrap(), bytes, "{json}");
            assert_eq!(of(json, Framing::Json).unwrap(), json.as_bytes());
        }
        for (json, wrong) in [
            (r#""\ud800""#, "a string of `out` holds half a character"),
            (r#"{"base64":"?"}"#, "`base64` of `out` holds something else"),
        ] {
            assert_eq!(of(json, Framing::Nul), Err(wrong));
        }
    }

    proptest! {
        #[test]
        fn blanks_are_all_that_is_left_out(text: Vec<String>) {
            let value = Value::from(text);
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(compact(&pretty), serde_json::to_string(&value).unwrap());
        }
    }
}
