//! Reply: what a worker says of an item, or of itself.
//!
//! Strict, because a word that is spelled wrong would else be an item that never ends: keys that do
//! not exist, and keys that contradict each other, are nonsense. Unaware of which items a worker
//! has in hand.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Nonsense;

/// The largest window: what keeps any worker busy, and few enough items to run each alone where one
/// of them ends their worker.
const LARGEST_WINDOW: usize = 1000;

/// What a worker says.
#[derive(Debug)]
pub(in crate::engine::worker) enum Reply<'a> {
    /// It takes so many items at a time.
    Ready(usize),
    /// Something about the item of this id.
    About(Cow<'a, str>, Said<'a>),
}

/// What a worker says of an item.
#[derive(Debug)]
pub(in crate::engine::worker) enum Said<'a> {
    /// It is done, and this came of it.
    Done(Vec<&'a RawValue>),
    /// It failed.
    Failed {
        /// Why.
        error: String,
        /// Whether that may be different the next time.
        retry: bool,
    },
    /// It is to come again after a while.
    Later(Duration),
    /// It is being worked on.
    Progress,
}

/// The keys of a reply, not taken apart.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Keys<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    ok: Option<&'a RawValue>,
    #[serde(borrow)]
    out: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    retry: Option<&'a RawValue>,
    #[serde(borrow)]
    later: Option<&'a RawValue>,
    #[serde(borrow)]
    progress: Option<&'a RawValue>,
    #[serde(borrow)]
    ready: Option<&'a RawValue>,
    #[serde(borrow)]
    window: Option<&'a RawValue>,
}

/// Reads a line.
pub(in crate::engine::worker) fn read(line: &[u8]) -> Result<Reply<'_>, Nonsense> {
    let wrong = |wrong: String| Nonsense::new(line, wrong);
    let text = str::from_utf8(line).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
    keys(text).and_then(|keys| keys.reply()).map_err(wrong)
}

fn keys(text: &str) -> Result<Keys<'_>, String> {
    // A list would be taken for the values of all keys in their order.
    if !text.trim_start().starts_with('{') {
        return Err("it is no JSON object".to_owned());
    }
    serde_json::from_str(text).map_err(|error| {
        if !error.is_data() {
            return format!("it is not JSON: {error}");
        }
        // "unknown field `x`, expected one of …", "duplicate field `x` at …"
        let said = error.to_string();
        match (said.split('`').nth(1), said.starts_with("unknown")) {
            (Some(key), true) => format!("`{key}` is no key of it"),
            (Some(key), false) => format!("`{key}` is given twice"),
            (None, _) => "it is no JSON object".to_owned(),
        }
    })
}

impl<'a> Keys<'a> {
    fn reply(&self) -> Result<Reply<'a>, String> {
        let Some(id) = self.id else { return self.ready() };
        if self.ready.is_some() || self.window.is_some() {
            return Err("`ready` and `window` have no `id`".to_owned());
        }
        let id = text("id", id)?;
        let said = match (self.ok, self.later, self.progress) {
            (Some(ok), None, None) => self.verdict(flag("ok", ok)?)?,
            (None, Some(later), None) => Said::Later(duration(later)?),
            (None, None, Some(progress)) => progressed(progress)?,
            (None, None, None) => {
                return Err("it has none of `ok`, `later` and `progress`".to_owned());
            }
            _ => return Err("it has several of `ok`, `later` and `progress`".to_owned()),
        };
        let is_verdict = matches!(said, Said::Done(_) | Said::Failed { .. });
        if !is_verdict && (self.out.is_some() || self.error.is_some() || self.retry.is_some()) {
            return Err("`out`, `error` and `retry` go with `ok`".to_owned());
        }
        Ok(Reply::About(id, said))
    }

    fn ready(&self) -> Result<Reply<'a>, String> {
        let others = [self.ok, self.out, self.error, self.retry, self.later, self.progress];
        match self.ready {
            Some(ready) if others.iter().all(Option::is_none) && flag("ready", ready)? => {}
            _ => return Err("it has no `id`, nor is it `{\"ready\":true}`".to_owned()),
        }
        let Some(window) = self.window else { return Ok(Reply::Ready(1)) };
        match window.get().parse() {
            Ok(window) if (1..=LARGEST_WINDOW).contains(&window) => Ok(Reply::Ready(window)),
            _ => Err(format!("`window` is no whole number from 1 to {LARGEST_WINDOW}")),
        }
    }

    fn verdict(&self, ok: bool) -> Result<Said<'a>, String> {
        if ok {
            if self.error.is_some() || self.retry.is_some() {
                return Err("`error` and `retry` go with `\"ok\":false`".to_owned());
            }
            let out = self.out.map(|out| serde_json::from_str(out.get()));
            let out = out.transpose().map_err(|_| "`out` is no list".to_owned())?;
            return Ok(Said::Done(out.unwrap_or_default()));
        }
        if self.out.is_some() {
            return Err("`out` goes with `\"ok\":true`".to_owned());
        }
        let error = self.error.map(|error| text("error", error)).transpose()?;
        let error = error.map_or_else(|| "no reason was given".to_owned(), Cow::into_owned);
        let retry = self.retry.map(|retry| flag("retry", retry)).transpose()?.unwrap_or(true);
        Ok(Said::Failed { error, retry })
    }
}

fn flag(key: &str, value: &RawValue) -> Result<bool, String> {
    match value.get() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("`{key}` is neither true nor false")),
    }
}

fn text<'a>(key: &str, value: &'a RawValue) -> Result<Cow<'a, str>, String> {
    let inner = value.get().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match inner {
        Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str(value.get())
            .map(Cow::Owned)
            .map_err(|_| format!("`{key}` holds half a character")),
        None => Err(format!("`{key}` is no string")),
    }
}

fn duration(value: &RawValue) -> Result<Duration, String> {
    let parsed = text("later", value).ok().and_then(|text| humantime::parse_duration(&text).ok());
    parsed.ok_or_else(|| "`later` is no duration such as \"5s\"".to_owned())
}

fn progressed(value: &RawValue) -> Result<Said<'static>, String> {
    let number: Result<f64, _> = serde_json::from_str(value.get());
    number.map(|_| Said::Progress).map_err(|_| "`progress` is no number".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replies_are_read() {
        let cases = [
            (r#"{"ready":true}"#, "Ready(1)"),
            (r#" {"window": 64, "ready": true} "#, "Ready(64)"),
            (r#"{"id":"q:1","ok":true}"#, r#"About("q:1", Done([]))"#),
            (r#"{"id":"q:1","ok":true,"out":null}"#, r#"About("q:1", Done([]))"#),
            (
                r#"{"id":"\u0071:1","ok":true,"out":["a",{"b": 1}]}"#,
                r#"About("q:1", Done([RawValue("a"), RawValue({"b": 1})]))"#,
            ),
            (
                r#"{"id":"q:1","ok":false,"error":"no \"x\"","retry":false}"#,
                r#"About("q:1", Failed { error: "no \"x\"", retry: false })"#,
            ),
            (
                r#"{"id":"q:1","ok":false}"#,
                r#"About("q:1", Failed { error: "no reason was given", retry: true })"#,
            ),
            (r#"{"id":"q:1","later":"1m30s"}"#, r#"About("q:1", Later(90s))"#),
            (r#"{"id":"q:1","progress":0.4}"#, r#"About("q:1", Progress)"#),
        ];
        for (line, said) in cases {
            assert_eq!(format!("{:?}", read(line.as_bytes()).unwrap()), said, "{line}");
        }
    }

    #[test]
    fn anything_else_is_nonsense_and_says_why() {
        let cases: &[(&[u8], &str)] = &[
            (b"", "it is no JSON object"),
            (b"hello", "it is no JSON object"),
            (br#"["q:1",true]"#, "it is no JSON object"),
            (b"\xff{}", "it is not UTF-8"),
            (br#"{"id":"q:1","ok":true"#, "it is not JSON: EOF while parsing an object at line 1"),
            (br#"{"id":"q:1","okay":true}"#, "`okay` is no key of it"),
            (br#"{"id":"q:1","ok":true,"ok":true}"#, "`ok` is given twice"),
            (b"{}", "it has no `id`, nor is it `{\"ready\":true}`"),
            (br#"{"ok":true}"#, "it has no `id`, nor is it"),
            (br#"{"ready":false}"#, "it has no `id`, nor is it"),
            (br#"{"ready":true,"progress":1}"#, "it has no `id`, nor is it"),
            (br#"{"ready":true,"window":0}"#, "`window` is no whole number from 1 to 1000"),
            (br#"{"ready":true,"window":1001}"#, "`window` is no whole number from 1 to 1000"),
            (br#"{"ready":true,"window":"4"}"#, "`window` is no whole number from 1 to 1000"),
            (br#"{"id":"q:1","ready":true}"#, "`ready` and `window` have no `id`"),
            (br#"{"id":7,"ok":true}"#, "`id` is no string"),
            (br#"{"id":"q:1"}"#, "it has none of `ok`, `later` and `progress`"),
            (br#"{"id":"q:1","ok":true,"later":"5s"}"#, "it has several of `ok`, `later` and"),
            (br#"{"id":"q:1","ok":"yes"}"#, "`ok` is neither true nor false"),
            (br#"{"id":"q:1","ok":true,"out":"a"}"#, "`out` is no list"),
            (
                br#"{"id":"q:1","ok":true,"error":"a"}"#,
                "`error` and `retry` go with `\"ok\":false`",
            ),
            (br#"{"id":"q:1","ok":false,"out":[]}"#, "`out` goes with `\"ok\":true`"),
            (br#"{"id":"q:1","ok":false,"error":"\ud800"}"#, "`error` holds half a character"),
            (br#"{"id":"q:1","later":5}"#, "`later` is no duration such as \"5s\""),
            (br#"{"id":"q:1","later":"soon"}"#, "`later` is no duration such as \"5s\""),
            (br#"{"id":"q:1","progress":"half"}"#, "`progress` is no number"),
            (br#"{"id":"q:1","progress":1,"out":[]}"#, "`out`, `error` and `retry` go with `ok`"),
        ];
        for (line, why) in cases {
            let said = read(line).unwrap_err().to_string();
            let shown = line.escape_ascii();
            assert!(said.contains(&format!(" is no reply of a worker: {why}")), "{shown}: {said}");
        }
    }

    #[test]
    fn a_line_is_shown_cut_and_escaped() {
        let said = |line: &[u8]| read(line).unwrap_err().to_string();
        assert!(said(b"a\x1b[0m\tb").starts_with("`a\\u{1b}[0m\\tb` is no reply"));
        let long = "ä".repeat(500);
        assert!(said(long.as_bytes()).starts_with(&format!("`{}…` is", "ä".repeat(100))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(
            line: Vec<u8>,
            json in r#"\{("(id|ok|out)":(1|"a"|\[\]),?)*\}?"#,
        ) {
            let _ = read(&line);
            let _ = read(json.as_bytes());
        }
    }
}
