//! Lanes: what a queue asks of items, and who of its readers gets which.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::{declared, nouns, polled, word};
use crate::model::{Order, QueueId, Template};
use crate::queue::{Changes, Delivery, Lane, NotPut, Origin, Queue, Spec};

/// Opens a queue whose items are `PRIORITY SHARD KEY`.
fn open(declared: &nouns::Queue, lanes: Vec<Lane>) -> Vec<Queue> {
    let (key, priority) = (Some(word(2)), Some(word(0)));
    let spec = Spec { declared, lanes, folder: Path::new("nowhere"), key, priority };
    Queue::open(spec, &Changes::default())
}

fn sharded(shards: u32) -> Queue {
    let lane = Lane { shard: Some((word(1), shards)), ..Lane::new(QueueId(0)) };
    open(&declared(100, 1000), vec![lane]).remove(0)
}

fn put(queue: &Queue, item: &'static str) -> Result<(), NotPut> {
    queue.put(Bytes::from(item), Origin::STATIC)
}

fn text(lent: Option<&Delivery>) -> Option<String> {
    lent.map(|lent| String::from_utf8_lossy(&lent.item.bytes).into_owned())
}

#[test]
fn every_open_lane_sees_every_item_and_the_slowest_holds_the_capacity() {
    let lanes = (0..2).map(|id| Lane::new(QueueId(id))).collect();
    let [quick, slow] = open(&declared(2, 1000), lanes).try_into().unwrap();
    for item in ["a", "b"] {
        put(&quick, item).unwrap();
        quick.take().unwrap().accept();
    }
    assert!(matches!(put(&quick, "c"), Err(NotPut::Full(_))));
    assert_eq!((quick.level().full, slow.level().full), (false, true));
    let first = slow.take();
    assert_eq!(text(first.as_ref()).unwrap(), "a");
    slow.close();
    put(&quick, "c").unwrap();
    assert_eq!((quick.level().put, slow.level().put), (3, 2));
    assert_eq!(quick.take().unwrap().item.index, 2);
    quick.close();
    assert!(matches!(put(&quick, "d"), Err(NotPut::Closed)));
}

#[test]
fn an_item_is_there_once() {
    let unique = nouns::Queue { unique: true, ..declared(2, 1000) };
    let queue = open(&unique, vec![Lane::new(QueueId(0))]).remove(0);
    for item in ["1 a x", "2 b x", "1 a y"] {
        put(&queue, item).unwrap();
    }
    assert_eq!((queue.level().put, queue.level().duplicates), (2, 1));
    // What was refused was not there.
    assert!(matches!(put(&queue, "1 a z"), Err(NotPut::Full(_))));
    while let Some(lent) = queue.take() {
        lent.accept();
    }
    put(&queue, "1 a z").unwrap();
    assert_eq!(queue.level().put, 3);
    let told = put(&queue, "short").unwrap_err();
    assert!(matches!(&told, NotPut::Unfit(reason) if reason == "it is short"), "{told:?}");
}

#[test]
fn what_has_no_priority_is_the_fault_of_who_made_it() {
    let ranked = nouns::Queue {
        order: Order::Priority(Template::default()),
        unique: true,
        ..declared(9, 1000)
    };
    let queue = open(&ranked, vec![Lane::new(QueueId(0))]).remove(0);
    let told = put(&queue, "high a x").unwrap_err();
    let reason = "its priority `high` is no number";
    assert!(matches!(&told, NotPut::Unfit(said) if said == reason), "{told:?}");
    for item in ["1 a x", "9.5 a y", "-1 a z", "10 a v", "9.5 a w"] {
        put(&queue, item).unwrap();
    }
    let order = std::iter::from_fn(|| queue.take().map(|lent| (text(Some(&lent)), lent.accept())));
    let order: Vec<_> = order.map(|(text, ())| text.unwrap()).collect();
    assert_eq!(order, ["10 a v", "9.5 a y", "9.5 a w", "1 a x", "-1 a z"]);
}

#[test]
fn of_a_shard_one_taker_has_something_until_it_is_settled() {
    let queue = sharded(64);
    for item in ["1 a x", "1 a y", "1 b z"] {
        put(&queue, item).unwrap();
    }
    assert_eq!((queue.level().waiting, queue.level().takers), (3, 2));
    let (a, b) = (queue.take().unwrap(), queue.take().unwrap());
    assert_eq!(text(Some(&b)).unwrap(), "1 b z");
    assert_ne!(a.shard(), b.shard());
    assert!(queue.take().is_none());
    assert_eq!((queue.level().waiting, queue.level().held), (0, 1));
    a.again(Duration::from_secs(1));
    assert!(queue.take().is_none(), "what is tried again is not overtaken");
    queue.ripen(Instant::now() + Duration::from_secs(2));
    let a = queue.take();
    assert_eq!(text(a.as_ref()).unwrap(), "1 a x");
    a.unwrap().accept();
    assert_eq!(text(queue.take().as_ref()).unwrap(), "1 a y");
}

#[test]
fn a_reader_holds_one_shard_for_its_life() {
    let queue = sharded(64);
    let (one, two) = (queue.reader(), queue.reader());
    let mut ready = Box::pin(one.ready());
    assert_eq!(polled(&mut ready), None);
    for item in ["1 a x", "1 b y", "1 a z"] {
        put(&queue, item).unwrap();
    }
    assert_eq!(polled(&mut ready), Some(true));
    drop(ready);
    let lent = [one.take().unwrap(), one.take().unwrap()];
    assert_eq!(lent.each_ref().map(|lent| lent.item.index), [0, 2]);
    assert!(one.take().is_none() && !one.has_waiting());
    assert_eq!(two.take().unwrap().item.index, 1);
    assert_ne!(one.shard(), two.shard());
    // It is held though nothing of it is lent.
    drop(lent);
    assert_eq!(queue.level().held, 3);
    drop(one);
    assert_eq!(queue.level().takers, 1);
    queue.close();
    assert_eq!(polled(&mut Box::pin(two.ready())), Some(true));
}

#[test]
fn a_reader_waits_for_what_is_tried_again() {
    let queue = sharded(1);
    let reader = queue.reader();
    for item in ["1 a x", "1 a y"] {
        put(&queue, item).unwrap();
    }
    reader.take().unwrap().again(Duration::from_secs(1));
    assert!(!reader.has_waiting() && reader.take().is_none());
    queue.ripen(Instant::now() + Duration::from_secs(2));
    let order = [reader.take().unwrap(), reader.take().unwrap()];
    assert_eq!(order.map(|lent| lent.item.index), [0, 1]);
}

#[test]
fn a_suspect_runs_alone_and_costs_no_try() {
    let queue = super::queue(10, 100);
    for item in ["a", "b", "c"] {
        put(&queue, item).unwrap();
    }
    let lent = queue.take_batch(Some(2), None).unwrap().split();
    lent.into_iter().for_each(Delivery::suspect);
    assert!(queue.next_is_alone());
    assert_eq!((queue.level().waiting, queue.level().parted), (3, 2));
    let batch = queue.take_batch(None, None).unwrap();
    assert!(batch.is_alone());
    let one = batch.one().unwrap();
    assert!(one.alone && one.item.attempt == 1);
    one.again(Duration::ZERO);
    queue.take().unwrap().accept();
    assert!(!queue.next_is_alone());
    queue.ripen(Instant::now());
    let again = queue.take().unwrap();
    assert!(again.alone && again.item.attempt == 2 && again.item.index == 0);
}

#[test]
fn a_bad_item_is_found_by_halves() {
    let queue = super::queue(10_000, 1 << 20);
    for _ in 0..1000 {
        put(&queue, "x").unwrap();
    }
    let (bad, mut runs) = (700, 0);
    while let Some(batch) = queue.take_batch(Some(1000), None) {
        runs += 1;
        if batch.items().iter().all(|item| item.index != bad) {
            batch.accept();
        } else if batch.items().len() == 1 {
            batch.one().unwrap().bury();
        } else {
            batch.halve();
        }
    }
    assert_eq!((queue.level().done, queue.level().dead), (999, 1));
    assert!(runs <= 1 + 2 * 10, "{runs}");
}
