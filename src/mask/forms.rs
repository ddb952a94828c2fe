//! Forms: how programs write a value into JSON, an address, a header.
//!
//! All of them are made beforehand, so that looking for one costs no more than for several. Unaware
//! of where they are looked for.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::SHORTEST;

/// Characters besides letters and digits that are left as they are in addresses: by the standard,
/// by `encodeURIComponent` of browsers, by forms, in a path, by `encodeURI`; the last leaves none.
const KEPT: [&[u8]; 6] = [b"-._~", b"-._~!*'()", b"*-._", b"-._~/", b"-._~!*'();/?:@&=+$,#", b""];

/// Digits of both cases.
const DIGITS: [&[u8; 16]; 2] = [b"0123456789ABCDEF", b"0123456789abcdef"];

/// Returns a value in every form, itself among them; none is shorter than a secret may be.
pub(super) fn forms(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![value.to_vec()];
    // A program that reads a line, or trims what it is given, does not write the end of the line.
    let trimmed = value.trim_ascii();
    if trimmed.len() >= SHORTEST {
        forms.push(trimmed.to_vec());
    }
    forms.dedup();
    let plain = forms.clone();
    for value in &plain {
        forms.extend(json(value));
        forms.extend(percent(value));
        forms.extend(base64(value));
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

/// Returns what stands between the quotes of a text in JSON: as little escaped as may be, with `/`
/// escaped, as Go writes it for HTML, and in ASCII only.
fn json(value: &[u8]) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(value) else { return Vec::new() };
    let short = |c: char| match c {
        '"' => Some("\\\""),
        '\\' => Some("\\\\"),
        '\n' => Some("\\n"),
        '\r' => Some("\\r"),
        '\t' => Some("\\t"),
        '\u{8}' => Some("\\b"),
        '\u{c}' => Some("\\f"),
        _ => None,
    };
    let mut forms = Vec::new();
    for digits in DIGITS {
        let hex = |c: char, out: &mut String| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    out.push(char::from(digits[usize::from(*unit >> shift & 15)]));
                }
            }
        };
        let write = |slash: bool, html: bool, ascii: bool| {
            let mut out = String::new();
            for c in text.chars() {
                match short(c) {
                    Some(escape) => out.push_str(escape),
                    None if c.is_ascii_control() => hex(c, &mut out),
                    None if html && "<>&\u{2028}\u{2029}".contains(c) => hex(c, &mut out),
                    None if ascii && !c.is_ascii() => hex(c, &mut out),
                    None if slash && c == '/' => out.push_str("\\/"),
                    None => out.push(c),
                }
            }
            out.into_bytes()
        };
        forms.push(write(false, false, false));
        forms.push(write(false, true, false));
        forms.push(write(false, false, true));
        forms.push(write(false, true, true));
        forms.push(write(true, false, false));
        forms.push(write(true, false, true));
    }
    forms
}

/// Returns a value as it stands in addresses.
fn percent(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for (kept, digits) in KEPT.iter().flat_map(|kept| DIGITS.map(|digits| (kept, digits))) {
        for blank in [&b"%20"[..], b"+"] {
            let mut form = Vec::new();
            for byte in value {
                match byte {
                    b' ' => form.extend_from_slice(blank),
                    byte if byte.is_ascii_alphanumeric() || kept.contains(byte) => form.push(*byte),
                    byte => {
                        form.push(b'%');
                        form.extend([byte >> 4, byte & 15].map(|half| digits[usize::from(half)]));
                    }
                }
            }
            forms.push(form);
        }
    }
    forms
}

/// Returns a value in base64, as far as it is determined by it: alone, and inside a longer text, at
/// each of the three places where it may lie among groups of three bytes.
fn base64(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let text = [&[0; 2][..before], value].concat();
        let (first, last) = ((8 * before).div_ceil(6), 8 * text.len() / 6);
        for written in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
            let written = &written.as_bytes()[first..];
            let whole = written.len() > last - first;
            forms.push(written[..last - first].to_vec());
            if whole {
                // Nothing follows it, so the bits behind it are zero.
                forms.push(written.to_vec());
                let pad = [written, &b"=="[..(3 - text.len() % 3) % 3]].concat();
                forms.push(pad);
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(value: &str, form: &str) {
        let forms = forms(value.as_bytes());
        let found = forms.iter().any(|known| known == form.as_bytes());
        assert!(found, "{form:?} is no form of {value:?}");
    }

    #[test]
    fn a_value_is_known_as_programs_write_it() {
        for form in
            ["pa/ss \"é&\n", "pa/ss \\\"é&\\n", "pa\\/ss \\\"é&\\n", "pa/ss \\\"é\\u0026\\n"]
        {
            has("pa/ss \"é&\n", form);
        }
        for form in ["pa/ss \\\"\\u00e9&\\n", "pa/ss \\\"\\u00E9&\\n", "pa/ss \"é&"] {
            has("pa/ss \"é&\n", form);
        }
        for form in ["a%20b%2Fc%3d%7E", "a%20b%2Fc%3D~", "a+b%2fc%3d%7e", "a%20b/c%3D~"] {
            has("a b/c=~", &form.replace("%2F", "%2f").replace("%3D", "%3d").replace("%7E", "%7e"));
        }
        has("a b/c=~", "a+b%2Fc%3D%7E");
        has("ab?>ab?>", "YWI_PmFiPz4");
        has("ab?>ab?>", "YWI/PmFiPz4=");
    }
}
