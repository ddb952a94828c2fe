//! Waking: who waits for a queue, and wakes up when.

use bytes::Bytes;

use super::{Queue, polled, queue};
use crate::queue::Origin;

fn put(queue: &Queue, bytes: impl Into<Bytes>) -> bool {
    queue.put(bytes.into(), Origin::STATIC).is_ok()
}

#[tokio::test(flavor = "current_thread")]
async fn every_blocked_producer_comes_to_its_turn() {
    // The last one's items need most of the queue, so that it can't put after any other did; the
    // others never end.
    let queue = queue(4, 100);
    let tasks = tokio::task::LocalSet::new();
    for size in [10, 20, 90] {
        let queue = queue.clone();
        tasks.spawn_local(async move {
            loop {
                if !put(&queue, vec![b'x'; size]) {
                    assert!(queue.room().await);
                }
            }
        });
    }
    let consumed = async {
        let mut sizes = Vec::new();
        for _ in 0..100 {
            assert!(queue.ready().await);
            let delivery = queue.take().unwrap();
            sizes.push(delivery.item.bytes.len());
            delivery.accept();
        }
        sizes
    };
    let sizes = tasks.run_until(consumed).await;
    for size in [10, 20, 90] {
        let count = sizes.iter().filter(|other| **other == size).count();
        assert!(count >= 10, "{count} of {size} bytes: {sizes:?}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn closing_wakes_everybody() {
    let queue = queue(1, 100);
    assert!(put(&queue, "a"));
    let delivery = queue.take().unwrap();
    assert!(!put(&queue, "b"));
    let (room, ready, ()) = tokio::join!(queue.room(), queue.ready(), async {
        assert!(queue.level().producers_blocked && queue.level().consumers_starved);
        queue.close();
    });
    assert!(!room && !ready);
    assert!(!queue.level().producers_blocked && !queue.level().drained());
    delivery.accept();
    assert!(queue.level().drained());
}

#[tokio::test(flavor = "current_thread")]
async fn a_producer_wakes_up_for_a_quarter_of_the_queue() {
    let queue = queue(8, 1000);
    while put(&queue, "a") {}
    assert!(queue.level().full && queue.level().depth() == 8);
    let mut woken = Box::pin(queue.room());
    for open in [false, true] {
        assert!(polled(&mut woken).is_none());
        queue.take().unwrap().accept();
        assert_eq!(queue.level().full, !open);
    }
    assert_eq!(polled(&mut woken), Some(true));
}
