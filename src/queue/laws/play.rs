//! Play: random steps, taken by a queue and by its model at once.

use std::collections::HashSet;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::Instant;

use super::model::{Kind, Known, Lane as Model, Place};
use super::steps::{Setting, Step, setting, step};
use super::{declared, nouns, polled, word};
use crate::model::{OnFull, Order, QueueId, Template};
use crate::queue::intake::Shards;
use crate::queue::row::Bond;
use crate::queue::{
    Batch, Changes, Delivery, Item, Keep, Lane, NotPut, Origin, Queue, Reader, Slice, Spec,
};

const CAPACITY: u64 = 5;
const CAPACITY_BYTES: u64 = 90;

/// Plays the engine: holds what is lent, beside a model of each lane.
struct Player {
    setting: Setting,
    queues: Vec<Queue>,
    models: Vec<Model>,
    seen: HashSet<u8>,
    lent: Vec<(usize, Delivery)>,
    batches: Vec<(usize, Batch)>,
    keeps: Vec<Keep>,
    reader: Option<Reader>,
    /// Whether what was kept is inside again, so that there may be more than fits.
    overfull: Vec<bool>,
    folder: tempfile::TempDir,
}

impl Player {
    fn new(setting: &Setting) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let order = Order::Priority(Template::default());
        let declared = nouns::Queue {
            on_full: if setting.spills { OnFull::Spill } else { OnFull::Block },
            order: if setting.ranked { order } else { Order::Fifo },
            unique: setting.unique,
            ..declared(CAPACITY, CAPACITY_BYTES)
        };
        let lane = |id| Lane {
            shard: setting.shards.filter(|_| id == 0).map(|count| (word(1), count)),
            window: setting.window.filter(|_| id == 0),
            ..Lane::new(QueueId(id))
        };
        let spec = Spec {
            declared: &declared,
            lanes: (0..setting.lanes).map(lane).collect(),
            folder: folder.path(),
            key: Some(word(2)),
            priority: Some(word(0)),
        };
        let queues = Queue::open(spec, &Changes::default());
        let model = |id| {
            let (shards, window) = (setting.shards, setting.window);
            let plain = Kind { shards: None, window: None, spills: setting.spills };
            Model::new(if id == 0 { Kind { shards, window, ..plain } } else { plain })
        };
        let keep = |queue: &Queue| Keep::new(queue, folder.path(), 1 << 20);
        Self {
            setting: setting.clone(),
            models: (0..setting.lanes).map(model).collect(),
            seen: HashSet::new(),
            lent: Vec::new(),
            batches: Vec::new(),
            keeps: queues.iter().map(keep).collect(),
            reader: None,
            overfull: vec![false; queues.len()],
            queues,
            folder,
        }
    }

    fn play(&mut self, step: &Step, lane: usize) {
        let lane = lane % self.queues.len();
        match *step {
            Step::Put(rank, shard, key, origin) => self.put(rank, shard, key, origin),
            Step::Take => {
                let waits = self.queues[lane].level().waiting > 0;
                let lent = self.queues[lane].take();
                assert_eq!(lent.is_some(), waits);
                self.take(lane, lent, None);
            }
            Step::TakeMany(items, bytes) => {
                let batch = self.queues[lane].take_many(items, bytes);
                self.take_batch(lane, batch, (items.max(1), bytes, 1));
            }
            Step::TakeBatch(items, bytes) => {
                let batch = self.queues[lane].take_batch(items, bytes);
                let most =
                    |bound: Option<u64>| bound.map_or(99, |most| usize::try_from(most).unwrap());
                self.take_batch(lane, batch, (most(items).max(1), most(bytes), 0));
            }
            Step::Accept(at) => self.answer(at, Place::Gone, Delivery::accept),
            Step::Bury(at) => {
                let dead = self.lent.get(at).map(|(lane, _)| *lane);
                self.answer(at, Place::Gone, Delivery::bury);
                if let Some(lane) = dead {
                    self.models[lane].done -= 1;
                    self.models[lane].dead += 1;
                }
            }
            Step::Again(at) => self.postpone(at, 1),
            Step::Later(at) => self.postpone(at, 0),
            Step::GiveBack(at) => self.answer(at, Place::Waiting, drop),
            Step::Suspect(at) => {
                if let Some((lane, lent)) = self.lent.get(at) {
                    self.models[*lane].items.get_mut(&lent.item.index).unwrap().bond = Bond::Alone;
                }
                self.answer(at, Place::Waiting, Delivery::suspect);
            }
            Step::AcceptFirst(_)
            | Step::AcceptBut(_)
            | Step::Halve
            | Step::Split
            | Step::One
            | Step::Keep(_) => self.answer_batch(step),
            Step::SettleKept(how) => self.settle_kept(lane, how),
            Step::Replay => self.replay(lane),
            Step::Open => drop(self.reader.get_or_insert_with(|| self.queues[0].reader())),
            Step::Read(items) => self.read(items),
            Step::LetGo => {
                self.reader = None;
                self.models[0].readers.clear();
            }
            Step::Ripen => self.ripen(lane),
            Step::Close => {
                self.queues[lane].close();
                self.models[lane].closed = true;
            }
            Step::Discard(origin) => {
                let before = self.models[lane].items.len() as u64;
                self.models[lane].discarded.insert(origin, before);
                let gone = self.models[lane].sweep(|item| item.origin == origin);
                self.sweep(lane, &gone, |queue, each| queue.discard(Origin(origin), each));
            }
            Step::DropRest => {
                let gone = self.models[lane].sweep(|_| true);
                self.sweep(lane, &gone, |queue, each| queue.drop_rest(each));
            }
        }
    }

    fn put(&mut self, rank: i64, shard: u8, key: u8, origin: u32) {
        let key = key % if self.setting.unique { 40 } else { u8::MAX };
        let bytes = format!("{rank} {shard} {key} {}", "x".repeat(usize::from(key % 30)));
        let open: Vec<usize> =
            (0..self.queues.len()).filter(|lane| !self.models[*lane].closed).collect();
        match self.queues[0].put(bytes::Bytes::from(bytes.clone()), Origin(origin)) {
            Ok(()) if self.setting.unique && self.seen.contains(&key) => {}
            Ok(()) => {
                assert!(!open.is_empty());
                self.seen.insert(key);
                for lane in open {
                    let model = &mut self.models[lane];
                    let count = model.kind.shards.unwrap_or(1);
                    let shard = Shards { key: word(1), count }.of(bytes.as_bytes()).unwrap();
                    let known = Known {
                        rank: if self.setting.ranked { -rank } else { 0 },
                        shard,
                        origin,
                        attempt: 1,
                        bytes: bytes.clone().into_bytes(),
                        bond: Bond::Loose,
                        place: Place::Waiting,
                        answered: false,
                    };
                    model.items.insert(model.items.len() as u64, known);
                }
            }
            Err(NotPut::Full(back)) => {
                assert_eq!(back, Slice::from(bytes::Bytes::from(bytes)));
                let depth = |lane: usize| self.queues[lane].level().depth();
                assert!(!self.setting.spills && open.into_iter().any(|lane| depth(lane) > 0));
            }
            Err(NotPut::Closed) => assert!(open.is_empty()),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn lend(&mut self, lane: usize, item: &Item, reader: Option<u32>) {
        self.models[lane].lend(item.index, reader);
        let known = &self.models[lane].items[&item.index];
        assert_eq!((&*item.bytes, item.attempt), (&known.bytes[..], known.attempt));
        assert_eq!(item.origin, Origin(known.origin));
    }

    fn take(&mut self, lane: usize, lent: Option<Delivery>, reader: Option<u32>) {
        if let Some(lent) = lent {
            self.lend(lane, &lent.item, reader);
            let known = &self.models[lane].items[&lent.item.index];
            assert_eq!(lent.alone, known.bond == Bond::Alone);
            assert_eq!(lent.shard(), self.models[lane].kind.shards.map(|_| known.shard));
            self.lent.push((lane, lent));
        }
    }

    /// Checks a batch against its bounds: items, bytes, and what each has around it.
    fn take_batch(&mut self, lane: usize, batch: Option<Batch>, bound: (usize, usize, usize)) {
        let Some(batch) = batch else { return };
        let (items, bytes, around) = bound;
        let known = |item: &Item| &self.models[lane].items[&item.index];
        let first = known(&batch.items()[0]).clone();
        if let Place::Part(_) = first.place {
            let same = self.models[lane].count(|item| item.place == first.place);
            assert_eq!(same, batch.items().len() as u64, "a part is lent as it is");
        } else {
            let size: usize = batch.items().iter().map(|item| item.bytes.len() + around).sum();
            assert!(batch.items().len() <= items);
            assert!(size <= bytes || batch.items().len() == 1);
        }
        assert_eq!(batch.is_alone(), first.bond == Bond::Alone);
        let shards: HashSet<u32> = batch.items().iter().map(|item| known(item).shard).collect();
        assert_eq!(shards.len(), 1);
        // Whoever lends the first holds the shard for the others.
        let held = self.models[lane].kind.shards.map(|_| first.shard);
        for (at, item) in batch.items().iter().enumerate() {
            self.lend(lane, item, held.filter(|_| at > 0));
        }
        self.batches.push((lane, batch));
    }

    fn answer(&mut self, at: usize, place: Place, answer: impl FnOnce(Delivery)) {
        if at >= self.lent.len() {
            return;
        }
        let (lane, lent) = self.lent.remove(at);
        let index = lent.item.index;
        answer(lent);
        let model = &mut self.models[lane];
        if place == Place::Gone {
            model.done += 1;
            model.set(index, place);
        } else {
            model.give_back(&[index], model.items[&index].bond);
        }
    }

    fn postpone(&mut self, at: usize, tries: u32) {
        if at >= self.lent.len() {
            return;
        }
        let (lane, lent) = self.lent.remove(at);
        let (model, index) = (&mut self.models[lane], lent.item.index);
        let wait = Duration::from_secs(1);
        if tries == 1 {
            lent.again(wait);
        } else {
            lent.later(wait);
        }
        if model.is_unwanted(index) {
            return model.give_back(&[index], Bond::Loose);
        }
        model.items.get_mut(&index).unwrap().attempt += tries;
        model.set(index, Place::Due);
    }

    fn answer_batch(&mut self, step: &Step) {
        let Some((lane, mut batch)) = self.batches.pop() else { return };
        let indexes: Vec<u64> = batch.items().iter().map(|item| item.index).collect();
        let model = &mut self.models[lane];
        let bond = model.items[&indexes[0]].bond;
        let mut settle = |indexes: &[u64], place| {
            for index in indexes {
                model.done += u64::from(place == Place::Gone);
                model.set(*index, place);
            }
        };
        match *step {
            Step::AcceptFirst(first) => {
                batch.split_off(first).accept();
                settle(&indexes[..first.min(indexes.len())], Place::Gone);
                if !batch.items().is_empty() {
                    self.batches.push((lane, batch));
                }
            }
            Step::AcceptBut(unread) => {
                let read = indexes.len().saturating_sub(unread);
                batch.accept_but(unread);
                settle(&indexes[..read], Place::Gone);
                model.give_back(&indexes[read..], bond);
            }
            Step::Keep(unread) => {
                let read = indexes.len().saturating_sub(unread);
                self.keeps[lane].add(batch, unread).unwrap();
                settle(&indexes[..read], Place::Kept);
                model.give_back(&indexes[read..], bond);
            }
            Step::Halve => {
                batch.halve();
                let (one, two) = indexes.split_at(indexes.len().div_ceil(2));
                model.give_back(one, Bond::Part);
                model.give_back(two, Bond::Part);
            }
            Step::One if indexes.len() == 1 => self.lent.push((lane, batch.one().unwrap())),
            Step::One => self.batches.push((lane, batch.one().unwrap_err())),
            _ => self.lent.extend(batch.split().into_iter().map(|lent| (lane, lent))),
        }
    }

    fn new_keep(&mut self, lane: usize) -> (Keep, Vec<u64>) {
        let new = Keep::new(&self.queues[lane], self.folder.path(), 1 << 20);
        let kept = self.models[lane].items.iter().filter(|(_, item)| item.place == Place::Kept);
        let kept = kept.map(|(index, _)| *index).collect();
        (std::mem::replace(&mut self.keeps[lane], new), kept)
    }

    fn settle_kept(&mut self, lane: usize, how: u8) {
        let (keep, kept) = self.new_keep(lane);
        assert_eq!(keep.items(), kept.len() as u64);
        let (model, count) = (&mut self.models[lane], kept.len() as u64);
        match how {
            0 => {
                keep.accept();
                model.done += count;
            }
            1 => {
                let mut shown = Vec::new();
                keep.bury(&mut |item| shown.push(item.index)).unwrap();
                shown.sort_unstable();
                assert_eq!(shown, kept);
                model.dead += count;
            }
            _ => {
                keep.leave();
                model.left += count;
            }
        }
        for index in kept {
            model.set(index, Place::Gone);
        }
    }

    fn replay(&mut self, lane: usize) {
        let (keep, kept) = self.new_keep(lane);
        let mut replay = keep.replay();
        for index in kept {
            let model = &mut self.models[lane];
            if model.is_unwanted(index) {
                model.give_back(&[index], Bond::Loose);
            } else {
                let item = model.items.get_mut(&index).unwrap();
                item.attempt += 1;
                item.bond = Bond::Loose;
                model.set(index, Place::Lent);
            }
        }
        while let Some(batch) = replay.next_batch(30).unwrap() {
            for item in batch.items() {
                let known = &self.models[lane].items[&item.index];
                assert_eq!((&*item.bytes, item.attempt), (&known.bytes[..], known.attempt));
            }
            self.batches.push((lane, batch));
        }
        self.overfull[lane] = true;
    }

    fn read(&mut self, items: usize) {
        let Some(reader) = self.reader.take() else { return };
        let held = reader.shard();
        if items == 0 {
            self.take(0, reader.take(), held);
        } else if let Some(batch) = reader.take_many(items, 40) {
            for (at, item) in batch.items().iter().enumerate() {
                let held = if at > 0 { reader.shard() } else { held };
                self.lend(0, item, held);
            }
            self.batches.push((0, batch));
        }
        self.models[0].readers = reader.shard().into_iter().collect();
        self.reader = Some(reader);
    }

    fn ripen(&mut self, lane: usize) {
        self.queues[lane].ripen(Instant::now() + Duration::from_secs(2));
        let model = &mut self.models[lane];
        let due = model.items.iter().filter(|(_, item)| item.place == Place::Due);
        let due: Vec<(u64, Bond)> = due.map(|(index, item)| (*index, item.bond)).collect();
        for (index, bond) in due {
            model.give_back(&[index], bond);
        }
    }

    fn sweep<E: std::fmt::Debug>(
        &self,
        lane: usize,
        gone: &[u64],
        sweep: impl FnOnce(&Queue, &mut dyn FnMut(&Item)) -> Result<u64, E>,
    ) {
        let mut shown = Vec::new();
        let count = sweep(&self.queues[lane], &mut |item| {
            assert_eq!(&*item.bytes, self.models[lane].items[&item.index].bytes);
            shown.push(item.index);
        });
        shown.sort_unstable();
        assert_eq!(shown, gone);
        assert_eq!(count.unwrap(), gone.len() as u64);
    }

    fn check(&mut self) {
        for (lane, queue) in self.queues.iter().enumerate() {
            assert!(queue.fault().is_none());
            let (level, model) = (queue.level(), &self.models[lane]);
            model.check(&level);
            let inside = level.depth() - level.spilled;
            let fits = inside <= CAPACITY && (level.bytes <= CAPACITY_BYTES || inside == 1);
            assert!(fits || self.overfull[lane], "{level:?}");
            self.overfull[lane] &= !fits;
            if model.kind.window.is_some() {
                assert!(turn(queue, model.lowest()) && !turn(queue, model.lowest() + 1));
            }
        }
    }

    /// Lets go of everything, and works off what is there.
    fn end(mut self) {
        (self.lent, self.batches, self.keeps, self.reader) = (vec![], vec![], vec![], None);
        for (queue, model) in self.queues.iter().zip(&self.models) {
            queue.close();
            queue.ripen(Instant::now() + Duration::from_secs(2));
            while let Some(lent) = queue.take() {
                assert_eq!(&*lent.item.bytes, model.items[&lent.item.index].bytes);
                lent.accept();
            }
            let level = queue.level();
            assert!(level.drained(), "{level:?}");
            assert_eq!(level.put, level.done + level.dead + level.left);
        }
        self.queues.clear();
        let names = std::fs::read_dir(self.folder.path()).unwrap();
        assert_eq!(names.count(), 0, "what was read is removed");
    }
}

fn turn(queue: &Queue, index: u64) -> bool {
    polled(&mut std::pin::pin!(queue.turn(index))).is_some()
}

proptest! {
    #[test]
    fn every_item_is_in_one_place(
        setting in setting(),
        steps in vec((step(), 0..2_usize), 1..150),
    ) {
        let mut player = Player::new(&setting);
        for (step, lane) in &steps {
            player.play(step, *lane);
            player.check();
        }
        player.end();
    }
}
