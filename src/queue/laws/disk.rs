//! Disk: what does not fit goes there and comes back, and nothing is lost where it can't.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use bytes::Bytes;

use super::{declared, nouns};
use crate::model::{OnFull, QueueId};
use crate::queue::{Changes, NotPut, Origin, Queue};

/// Items that go through a queue; the memory that they need does not depend on it.
const MANY: u64 = 20_000;

fn spilling(folder: &Path) -> Queue {
    let declared = nouns::Queue { on_full: OnFull::Spill, ..declared(100, 1 << 20) };
    Queue::new(QueueId(7), &declared, folder, &Changes::default())
}

fn put(queue: &Queue, number: u64) -> Result<(), NotPut> {
    queue.put(Bytes::from(format!("{number:0100}")), Origin(3))
}

/// Takes so many items, which are in their order, and accepts them.
fn take(queue: &Queue, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let lent = queue.take().unwrap();
        assert_eq!((lent.item.index, lent.item.origin), (number, Origin(3)));
        assert_eq!(*lent.item.bytes, *format!("{number:0100}").as_bytes());
        lent.accept();
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn more_than_fits_comes_back_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let queue = spilling(folder.path());
    for number in 0..MANY {
        put(&queue, number).unwrap();
    }
    let level = queue.level();
    assert_eq!((level.waiting, level.spilled, level.full), (100, MANY - 100, false));
    let files = names(folder.path());
    assert!(files.len() > 10 && files[0] == "spill-q-7-0", "{files:?}");
    let mode = fs::metadata(folder.path().join(&files[0])).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    take(&queue, 0..MANY);
    assert_eq!(queue.level().spilled, 0);
    assert!(names(folder.path()).is_empty(), "what was read is removed");
}

#[test]
fn what_is_not_read_is_removed_with_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let queue = spilling(folder.path());
    for number in 0..200 {
        put(&queue, number).unwrap();
    }
    assert!(!names(folder.path()).is_empty());
    drop(queue);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // The second file is on a disk that is always full.
    let full = folder.path().join("spill-q-7-1");
    symlink("/dev/full", &full).unwrap();
    let queue = spilling(folder.path());
    let put_in = (0..MANY).find_map(|number| Some((number, put(&queue, number).err()?)));
    let (accepted, fault) = put_in.unwrap();
    let NotPut::Fault(fault) = fault else { panic!("{fault:?}") };
    let told = fault.to_string();
    let path = format!("failed to write the spool `{}`: ", full.display());
    assert!(told.starts_with(&path), "{told}");
    assert_eq!(queue.level().put, accepted);
    // Once there is room it goes on where it was.
    fs::remove_file(&full).unwrap();
    for number in accepted..accepted + 100 {
        put(&queue, number).unwrap();
    }
    take(&queue, 0..2);
    let written = names(folder.path());
    assert!(written.contains(&"spill-q-7-0".to_owned()), "{written:?}");
    drop(queue);
    assert_eq!(names(folder.path()), written, "after a fault it stays for a person");
}

#[test]
fn what_cannot_be_read_back_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let queue = spilling(folder.path());
    for number in 0..1000 {
        put(&queue, number).unwrap();
    }
    fs::write(folder.path().join("spill-q-7-0"), "").unwrap();
    take(&queue, 0..100);
    let told = queue.fault().unwrap().to_string();
    assert!(told.starts_with("read the spool `") && told.contains("spill-q-7-0"), "{told}");
    let level = queue.level();
    assert_eq!((level.waiting, level.held), (0, 900), "they are not lost");
}
