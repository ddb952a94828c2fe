//! Framing: however bytes are cut, they are the same items, and come out as they went in.

use std::path::Path;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{FRAMINGS, declared, nouns};
use crate::model::{Framing, QueueId};
use crate::queue::wire::Wire;
use crate::queue::{Changes, FrameFault, Framer, Origin, Queue, Slice, fits, frame};

/// Cuts bytes into blocks of the given sizes, again and again.
fn cut(bytes: &[u8], sizes: &[usize]) -> Vec<Bytes> {
    let (mut rest, mut blocks) = (bytes, Vec::new());
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (block, behind) = rest.split_at((*size).min(rest.len()));
        blocks.push(Bytes::copy_from_slice(block));
        rest = behind;
    }
    blocks
}

fn framed(queue: &nouns::Queue, blocks: &[Bytes], out: &mut Vec<Slice>) -> Result<(), FrameFault> {
    let mut framer = Framer::new(queue);
    for block in blocks {
        framer.feed(block, out)?;
    }
    out.extend(framer.finish(true)?);
    Ok(())
}

/// A queue of a framing, whose items are short.
fn queue(framing: Framing, crlf: bool) -> nouns::Queue {
    nouns::Queue { framing, crlf, max_item: 30, ..declared(100, 10_000) }
}

/// Puts what should stand around it around each item.
fn written(items: &[Vec<u8>], framing: Framing) -> Vec<u8> {
    let wire = Wire(framing);
    let item = |item: &Vec<u8>| [&wire.head(item.len()), &item[..], wire.tail()].concat();
    items.iter().flat_map(item).collect()
}

/// Bytes that say something in one of the framings, or almost.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let prefixed = vec(
        prop_oneof![
            4 => "[ab\n\\x00]{0,12}".prop_map(|item| format!("{}:{item},", item.len())),
            1 => "[0-9]{0,12}[:,a]".prop_map(String::from),
        ],
        0..6,
    );
    let lengths = vec((0..33_u32, "[ab]{0,32}"), 0..5).prop_map(|items| {
        let item = |(length, text): (u32, String)| {
            let right = u32::try_from(text.len()).unwrap();
            let length = if length % 7 == 0 { length } else { right };
            [&length.to_be_bytes()[..], text.as_bytes()].concat()
        };
        items.into_iter().flat_map(item).collect()
    });
    prop_oneof![
        "[ab\r\n\\x00 ]{0,80}".prop_map(String::into_bytes),
        "[12\n\r ]{0,80}".prop_map(String::into_bytes),
        prefixed.prop_map(|items| items.concat().into_bytes()),
        lengths,
    ]
}

proptest! {
    #[test]
    fn cutting_makes_no_difference(
        bytes in bytes(),
        sizes in vec(1..12_usize, 1..6),
        crlf in any::<bool>(),
    ) {
        for framing in FRAMINGS {
            let queue = queue(framing, crlf);
            let (mut whole, mut parts) = (Vec::new(), Vec::new());
            let one = framed(&queue, &[Bytes::copy_from_slice(&bytes)], &mut whole);
            let other = framed(&queue, &cut(&bytes, &sizes), &mut parts);
            prop_assert_eq!(one, other, "{:?}", framing);
            prop_assert_eq!(whole, parts, "{:?}", framing);
        }
    }

    #[test]
    fn what_is_framed_and_unframed_is_the_same(
        items in vec(vec(any::<u8>(), 0..30), 1..20),
        sizes in vec(1..40_usize, 1..6),
        at_once in 1..9_usize,
    ) {
        for framing in FRAMINGS {
            let declared = queue(framing, false);
            // Blanks around a value are no part of it.
            let blank = |item: &[u8]| framing == Framing::Json && item.trim_ascii() != item;
            let fits = |item: &&Vec<u8>| fits(item, &declared).is_ok() && !blank(item);
            let items: Vec<_> = items.iter().filter(fits).cloned().collect();
            let bytes = written(&items, framing);
            let mut slices = Vec::new();
            framed(&declared, &cut(&bytes, &sizes), &mut slices).unwrap();
            let (id, changes) = (QueueId(0), Changes::default());
            let queue = Queue::new(id, &declared, Path::new("nowhere"), &changes);
            for slice in slices {
                queue.put(slice, Origin::STATIC).unwrap();
            }
            let mut out = Vec::new();
            while let Some(batch) = queue.take_many(at_once, 200) {
                let mut heads = Vec::new();
                for piece in frame(batch.items(), framing, &mut heads) {
                    out.extend_from_slice(&piece);
                }
                batch.accept();
            }
            prop_assert_eq!(out, bytes, "{:?}", framing);
        }
    }
}
