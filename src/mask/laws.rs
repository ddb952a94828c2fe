//! Laws: what holds for any text, any secrets and any cut into blocks.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

/// Letters of which texts are made: few, so that secrets overlap themselves and each other.
fn letters() -> impl Strategy<Value = u8> {
    proptest::sample::select(b"aab/+ %\"\\\n\xc3\xa9=".to_vec())
}

fn secrets() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::collection::vec(letters(), SHORTEST..12), 1..4)
}

/// A text that holds forms of secrets, whole and in part.
fn text(secrets: &[Vec<u8>]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let forms: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| forms::forms(secret)).collect();
    let part = (proptest::sample::select(forms), 0usize..24)
        .prop_map(|(form, cut)| form[..form.len().min(cut)].to_vec());
    let noise = proptest::collection::vec(letters(), 0..6);
    let pieces = proptest::collection::vec(prop_oneof![part, noise], 0..12);
    pieces.prop_map(|pieces| pieces.concat())
}

fn case() -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<u8>, Vec<usize>)> {
    let cuts = proptest::collection::vec(0usize..9, 0..12);
    (secrets(), cuts).prop_flat_map(|(secrets, cuts)| {
        let text = text(&secrets);
        (Just(secrets), text, Just(cuts))
    })
}

/// Masks as a child would: one look at each place, the longest form that begins there.
fn naive(forms: &[Vec<u8>], text: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let here = forms.iter().filter(|form| text[at..].starts_with(form));
        if let Some(length) = here.map(Vec::len).max() {
            out.extend_from_slice(MASK);
            at += length;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

fn contains(text: &[u8], form: &[u8]) -> bool {
    memchr::memmem::find(text, form).is_some()
}

proptest! {
    #[test]
    fn a_stream_is_masked_like_the_whole_however_it_is_cut((secrets, text, cuts) in case()) {
        let masker = Masker::new(secrets.clone());
        let mut stream = masker.stream();
        let (mut out, mut rest) = (Vec::new(), &text[..]);
        for cut in cuts {
            let (block, next) = rest.split_at(cut.min(rest.len()));
            out.extend(stream.mask(Bytes::copy_from_slice(block)));
            rest = next;
        }
        out.extend(stream.mask(Bytes::copy_from_slice(rest)));
        out.extend(stream.finish());
        let all: Vec<_> = secrets.iter().flat_map(|secret| forms::forms(secret)).collect();
        prop_assert_eq!(&out, &naive(&all, &text));
        prop_assert_eq!(&out, &masker.bytes(&text).into_owned());
        for form in &all {
            prop_assert!(!contains(&out, form), "{:?} in {:?}", form, out);
        }
    }

    #[test]
    fn what_is_shown_of_a_text_is_its_masked_beginning(
        (secrets, text, _) in case(),
        most in 0usize..40,
    ) {
        let masker = Masker::new(secrets);
        let all = masker.bytes(&text).into_owned();
        let shown = masker.beginning(&text, most).into_owned();
        prop_assert!(all.starts_with(&shown) && (shown.len() <= most), "{:?} {:?}", all, shown);
    }

    #[test]
    fn base64_hides_a_secret_wherever_it_lies(
        secret in proptest::collection::vec(any::<u8>(), SHORTEST..40),
        before in proptest::collection::vec(any::<u8>(), 0..9),
        after in proptest::collection::vec(any::<u8>(), 0..9),
    ) {
        let masker = Masker::new([secret.clone()]);
        let text = [before.clone(), secret.clone(), after].concat();
        for written in [BASE64_STANDARD.encode(&text), BASE64_URL_SAFE_NO_PAD.encode(&text)] {
            let masked = masker.text(&written).into_owned();
            prop_assert!(masked.contains("***"), "{} in {}", masked, written);
            // All but the characters that the bytes around it have a part in.
            let determined = 8 * secret.len() / 6 - 1;
            prop_assert!(masked.len() <= written.len() - determined + 3, "{} {}", masked, written);
        }
    }
}

#[test]
fn what_can_be_no_secret_is_not_held_back() {
    let masker = Masker::new([b"hunter2".to_vec()]);
    let mut stream = masker.stream();
    for (block, shown) in [
        ("ready\n", "ready\n"),
        ("a hun", "a "),
        ("dred\n", "hundred\n"),
        ("hunter", ""),
        ("2\n", "***\n"),
    ] {
        assert_eq!(stream.mask(Bytes::from_static(block.as_bytes())), shown, "{block:?}");
    }
}

#[test]
fn without_secrets_a_block_goes_through_as_it_is() {
    let block = Bytes::from_static(b"hunter2");
    let masker = Masker::new([b"abc".to_vec()]);
    assert!(masker.is_idle());
    assert_eq!(masker.stream().mask(block.clone()).as_ptr(), block.as_ptr());
}
