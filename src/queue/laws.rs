//! Laws: what holds for a queue whatever happens to it.
//!
//! Random steps against a naive model, and random cuttings of random bytes.

use std::time::Duration;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::Instant;

use super::{Batch, Changes, Delivery, Framer, Kept, Queue, Slice, frame};
use crate::model::{self, FileId, Framing, QueueId};

const CAPACITY: u64 = 6;
const CAPACITY_BYTES: u64 = 40;

/// One thing that is done to a queue; numbers choose among what is there.
#[derive(Debug, Clone)]
enum Step {
    Put(usize),
    Take,
    TakeMany(usize, usize),
    Accept(usize),
    Again(usize),
    Bury(usize),
    GiveBack(usize),
    AcceptFirst(usize),
    AcceptBut(usize),
    KeepBut(usize),
    Split,
    SettleKept(bool),
    Ripen,
    Close,
    DropRest,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..50_usize).prop_map(Step::Put),
        4 => Just(Step::Take),
        2 => (0..4_usize, 0..30_usize).prop_map(|(items, bytes)| Step::TakeMany(items, bytes)),
        4 => (0..9_usize).prop_map(Step::Accept),
        2 => (0..9_usize).prop_map(Step::Again),
        1 => (0..9_usize).prop_map(Step::Bury),
        2 => (0..9_usize).prop_map(Step::GiveBack),
        1 => (0..4_usize).prop_map(Step::AcceptFirst),
        1 => (0..4_usize).prop_map(Step::AcceptBut),
        1 => (0..4_usize).prop_map(Step::KeepBut),
        1 => Just(Step::Split),
        1 => any::<bool>().prop_map(Step::SettleKept),
        2 => Just(Step::Ripen),
        1 => Just(Step::Close),
        1 => Just(Step::DropRest),
    ]
}

/// Plays the engine: holds what is lent, and a model of what waits.
struct Player {
    queue: Queue,
    lent: Vec<Delivery>,
    batch: Option<Batch>,
    kept: Option<Kept>,
    /// Index and try of what waits, in the order in which it must come.
    waiting: Vec<(u64, u32)>,
    due: Vec<(u64, u32)>,
}

impl Player {
    fn new() -> Self {
        Self {
            queue: queue(CAPACITY, CAPACITY_BYTES),
            lent: Vec::new(),
            batch: None,
            kept: None,
            waiting: Vec::new(),
            due: Vec::new(),
        }
    }

    fn play(&mut self, step: &Step) {
        match *step {
            Step::Put(size) => self.put(size),
            Step::Take => {
                if let Some(lent) = self.queue.take() {
                    assert_eq!(self.waiting.remove(0), (lent.item.index, lent.item.attempt));
                    self.lent.push(lent);
                }
            }
            Step::TakeMany(items, bytes) => self.take_many(items, bytes),
            Step::Accept(at) => self.answer(at, Delivery::accept),
            Step::Bury(at) => self.answer(at, Delivery::bury),
            Step::GiveBack(at) => {
                let lent = self.lent.get(at).map(|lent| (lent.item.index, lent.item.attempt));
                self.waiting.extend(lent);
                self.answer(at, drop);
            }
            Step::Again(at) => {
                let lent = self.lent.get(at).map(|lent| (lent.item.index, lent.item.attempt + 1));
                self.due.extend(lent);
                self.answer(at, |lent| lent.again(Duration::from_secs(1)));
            }
            Step::AcceptFirst(read) => {
                let read = self.batch.as_mut().map(|batch| batch.split_off(read));
                read.into_iter().for_each(Batch::accept);
            }
            Step::AcceptBut(unread) => {
                if let Some(batch) = self.part(unread) {
                    batch.accept_but(unread);
                }
            }
            Step::KeepBut(unread) => {
                if let Some(batch) = self.part(unread) {
                    let kept = batch.keep_but(unread);
                    match &mut self.kept {
                        Some(all) => all.join(kept),
                        none => *none = Some(kept),
                    }
                }
            }
            Step::Split => self.lent.extend(self.batch.take().into_iter().flat_map(Batch::split)),
            Step::SettleKept(done) => {
                let settle = if done { Kept::accept } else { Kept::bury };
                self.kept.take().into_iter().for_each(settle);
            }
            Step::Ripen => {
                self.queue.ripen(Instant::now() + Duration::from_secs(2));
                self.waiting.append(&mut self.due);
            }
            Step::Close => self.queue.close(),
            Step::DropRest => {
                let dropped = self.queue.drop_rest();
                assert_eq!(dropped, (self.waiting.len() + self.due.len()) as u64);
                self.waiting.clear();
                self.due.clear();
            }
        }
        self.waiting.sort_unstable();
    }

    fn put(&mut self, size: usize) {
        let before = self.queue.level();
        match self.queue.put(Bytes::from(vec![b'x'; size]), super::Origin::STATIC) {
            Ok(()) => self.waiting.push((before.put, 1)),
            Err(_) => assert!(before.closed || before.depth() > 0, "refused while empty"),
        }
    }

    fn take_many(&mut self, items: usize, bytes: usize) {
        if self.batch.is_some() {
            return;
        }
        self.batch = self.queue.take_many(items, bytes);
        let lent = self.batch.iter().flat_map(Batch::items);
        let lent: Vec<(u64, u32)> = lent.map(|item| (item.index, item.attempt)).collect();
        assert!(lent.len() <= items.max(1));
        assert_eq!(lent, self.waiting.drain(..lent.len()).collect::<Vec<_>>());
    }

    fn part(&mut self, unread: usize) -> Option<Batch> {
        let batch = self.batch.take()?;
        let back = batch.items().iter().rev().take(unread);
        self.waiting.extend(back.map(|item| (item.index, item.attempt)));
        Some(batch)
    }

    fn answer(&mut self, at: usize, answer: impl FnOnce(Delivery)) {
        if at < self.lent.len() {
            answer(self.lent.remove(at));
        }
    }

    fn check(&self) {
        let level = self.queue.level();
        let settled = level.done + level.dead + level.left + level.kept;
        assert_eq!(level.put, settled + level.depth(), "in = out");
        assert!(level.depth() <= CAPACITY, "{level:?}");
        assert!(level.bytes <= CAPACITY_BYTES || level.depth() == 1);
        assert_eq!(level.waiting, self.waiting.len() as u64);
        assert_eq!(level.due, self.due.len() as u64);
        let lent = self.lent.len() + self.batch.as_ref().map_or(0, |batch| batch.items().len());
        assert_eq!(level.lent, lent as u64);
        assert_eq!(level.next_due.is_some(), level.due > 0);
        if level.depth() == 0 {
            assert!(!level.full && level.bytes == 0, "{level:?}");
        }
        assert_eq!(level.drained(), level.closed && level.depth() == 0 && level.kept == 0);
    }
}

fn queue(capacity: u64, capacity_bytes: u64) -> Queue {
    let plain = model::Queue::new("q", FileId(0), std::path::PathBuf::new());
    let spec = model::Queue { capacity, capacity_bytes, ..plain };
    Queue::new(QueueId(0), &spec, &Changes::default())
}

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

fn framed(
    framing: Framing,
    blocks: &[Bytes],
    out: &mut Vec<Slice>,
) -> Result<(), super::FrameFault> {
    let mut framer = Framer::new(framing, 30);
    for block in blocks {
        framer.feed(block, out)?;
    }
    out.extend(framer.finish(true)?);
    Ok(())
}

proptest! {
    #[test]
    fn every_item_is_in_one_place(steps in vec(step(), 1..120)) {
        let mut player = Player::new();
        for step in &steps {
            player.play(step);
            player.check();
        }
        let Player { queue, lent, batch, kept, .. } = player;
        drop((lent, batch, kept));
        queue.close();
        queue.drop_rest();
        prop_assert!(queue.level().drained());
    }

    #[test]
    fn cutting_makes_no_difference(
        bytes in "[ab\\n\\x00 ]{0,80}",
        json in any::<bool>(),
        sizes in vec(1..12_usize, 1..6),
    ) {
        let text = if json { bytes.replace(['a', 'b', '\0'], "12") } else { bytes };
        for framing in [Framing::Lines, Framing::Nul, Framing::Json] {
            let (mut whole, mut parts) = (Vec::new(), Vec::new());
            let one = framed(framing, &[Bytes::copy_from_slice(text.as_bytes())], &mut whole);
            let other = framed(framing, &cut(text.as_bytes(), &sizes), &mut parts);
            prop_assert_eq!(one, other);
            prop_assert_eq!(whole, parts);
        }
    }

    #[test]
    fn what_is_framed_and_unframed_is_the_same(
        items in vec(vec(1..255_u8, 0..20), 1..20),
        sizes in vec(1..40_usize, 1..6),
        items_at_once in 1..9_usize,
    ) {
        let bytes: Vec<u8> = items.iter().flat_map(|item| [item, &b"\0"[..]].concat()).collect();
        let (queue, mut slices) = (queue(100, 10_000), Vec::new());
        framed(Framing::Nul, &cut(&bytes, &sizes), &mut slices).unwrap();
        for slice in slices {
            queue.put(slice, super::Origin::STATIC).unwrap();
        }
        let mut written = Vec::new();
        while let Some(batch) = queue.take_many(items_at_once, 200) {
            let pieces = frame(batch.items(), Framing::Nul);
            for piece in &pieces {
                written.extend_from_slice(piece);
            }
            batch.accept();
        }
        prop_assert_eq!(written, bytes);
    }
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
                if queue.put(Bytes::from(vec![b'x'; size]), super::Origin::STATIC).is_err() {
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
    queue.put(Bytes::from("a"), super::Origin::STATIC).unwrap();
    let delivery = queue.take().unwrap();
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
    while queue.put(Bytes::from("a"), super::Origin::STATIC).is_ok() {}
    assert!(queue.level().full && queue.level().depth() == 8);
    let mut woken = Box::pin(queue.room());
    for open in [false, true] {
        assert!(futures_ready(&mut woken).is_none());
        queue.take().unwrap().accept();
        assert_eq!(queue.level().full, !open);
    }
    assert_eq!(futures_ready(&mut woken), Some(true));
}

fn futures_ready<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::Pin::new(future).poll(&mut context) {
        std::task::Poll::Ready(answer) => Some(answer),
        std::task::Poll::Pending => None,
    }
}
