//! Kept: what a child has read comes to a fresh one as it was, whatever became of the first.

use std::path::Path;

use bytes::Bytes;

use super::{declared, nouns};
use crate::model::{Framing, QueueId};
use crate::queue::{Batch, Changes, Keep, KeepFault, Level, Origin, Queue};

fn queue(framing: Framing) -> Queue {
    let declared = nouns::Queue { framing, ..declared(1000, 1 << 20) };
    let queue = Queue::new(QueueId(0), &declared, Path::new("nowhere"), &Changes::default());
    for number in 0..100_u32 {
        let item = Bytes::from(format!("{number}{}", " ".repeat(number as usize)));
        queue.put(item, Origin(number / 30)).unwrap();
    }
    queue
}

fn seen(batch: &Batch) -> Vec<(u64, u32, Origin, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let item =
        |item: &crate::queue::Item| (item.index, item.attempt, item.origin, text(&item.bytes));
    batch.items().iter().map(item).collect()
}

fn counts(queue: &Queue) -> [u64; 5] {
    let Level { waiting, lent, kept, done, left, .. } = queue.level();
    [waiting, lent, kept, done, left]
}

#[test]
fn a_fresh_child_gets_what_the_first_has_read() {
    for framing in [Framing::Lines, Framing::Netstring] {
        let (folder, queue) = (tempfile::tempdir().unwrap(), queue(framing));
        let mut first = Keep::new(&queue, folder.path(), 1 << 20);
        let batch = queue.take_batch(Some(60), None).unwrap();
        let mut expected = seen(&batch);
        first.add(batch, 10).unwrap();
        assert_eq!(counts(&queue), [50, 0, 50, 0, 0]);
        let mut replay = first.replay();
        let mut second = Keep::new(&queue, folder.path(), 1 << 20);
        let batch = replay.next_batch(300).unwrap().unwrap();
        for item in &mut expected {
            item.1 += 1;
        }
        let read = batch.items().len();
        assert_eq!(seen(&batch), expected[..read]);
        second.add(batch, 0).unwrap();
        // The second dies as well; the third gets what it has read, and what it has not.
        second.join(replay);
        assert_eq!((second.items(), counts(&queue)), (50, [50, 0, 50, 0, 0]));
        let (mut replay, mut all) = (second.replay(), Vec::new());
        while let Some(batch) = replay.next_batch(300).unwrap() {
            all.extend(seen(&batch));
            batch.accept();
        }
        expected[..read].iter_mut().for_each(|item| item.1 += 1);
        assert_eq!(all, expected[..50]);
        assert_eq!(counts(&queue), [50, 0, 0, 50, 0]);
    }
}

#[test]
fn what_is_more_than_may_be_kept_goes_back() {
    let (folder, queue) = (tempfile::tempdir().unwrap(), queue(Framing::Lines));
    let mut keep = Keep::new(&queue, folder.path(), 200);
    keep.add(queue.take_batch(Some(5), None).unwrap(), 0).unwrap();
    let fault = keep.add(queue.take_batch(Some(50), None).unwrap(), 0).unwrap_err();
    assert!(matches!(fault, KeepFault::Full { most: 200 }));
    let told = "it has read more than `keep-bytes`, 200 bytes, and not ended";
    assert_eq!(fault.to_string(), told);
    assert_eq!(counts(&queue), [95, 0, 5, 0, 0]);
    drop(keep);
    assert_eq!(counts(&queue), [95, 0, 0, 0, 5]);
}

#[test]
fn what_a_fresh_child_does_not_read_waits_again() {
    let (folder, queue) = (tempfile::tempdir().unwrap(), queue(Framing::Lines));
    let mut keep = Keep::new(&queue, folder.path(), 1 << 20);
    keep.add(queue.take_batch(Some(5), None).unwrap(), 0).unwrap();
    let mut replay = keep.replay();
    let batch = replay.next_batch(9).unwrap().unwrap();
    let lent = batch.items().len() as u64;
    batch.accept_but(1);
    assert_eq!(counts(&queue), [96, 0, 5 - lent, lent - 1, 0]);
    assert_eq!(queue.take().unwrap().item.index, lent - 1, "it is the first again");
    drop(replay);
    assert_eq!(counts(&queue), [96, 0, 0, lent - 1, 5 - lent]);
}
