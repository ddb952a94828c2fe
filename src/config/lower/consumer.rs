//! Consumer: how a process takes the items of a queue.
//!
//! What is not said has the value of [`Consumes::new`]. Unaware of which queues exist.

use super::Reader;
use crate::config::forms::{At, Either, Key, Whole};
use crate::config::raw::{self, Process as Raw};
use crate::model::{Ack, Batch, BatchForm, Consumes, Deliver, OnEnd, Problem, Recycle, Wire, code};

impl Reader<'_, '_, '_> {
    /// Reads `consumes` and all that belongs to it.
    pub(super) fn consumes(&mut self, raw: &Raw, deliver: raw::Deliver) -> Option<Consumes> {
        // What is wrong with these is told also where nothing is consumed.
        let batch = self.batch(&raw.batch);
        let recycle = self.recycle(&raw.recycle);
        let keep_bytes = self.bytes(&raw.keep_bytes);
        let settle = raw.settle.get().and_then(|settle| self.duration(settle));
        let shard = self.mark("shard", &raw.shard);
        let (queue, group) = match raw.consumes.get()? {
            At { value: Either::A(queue), .. } => (queue.clone(), None),
            At { value: Either::B(table), at } => {
                let queue = self.required(&table.queue, ("consumes", "queue"), *at)?;
                (queue.value.clone(), table.group.get().map(|group| group.value.clone()))
            }
        };
        let plain = Consumes::new(queue, lowered(deliver));
        Some(Consumes {
            group,
            batch,
            workers: narrow(&raw.workers),
            on_end: match raw.on_end.get().map(|on_end| on_end.value) {
                Some(raw::OnEnd::Eof) | None => OnEnd::Eof,
                Some(raw::OnEnd::Terminate) => OnEnd::Terminate,
            },
            settle: settle.unwrap_or(plain.settle),
            ack: match raw.ack.get().map(|ack| ack.value) {
                Some(raw::Ack::Exit) | None => Ack::Exit,
                Some(raw::Ack::Read) => Ack::Read,
            },
            keep_bytes: keep_bytes.unwrap_or(plain.keep_bytes),
            wire: match raw.wire.get().map(|wire| wire.value) {
                Some(raw::Wire::Fd) | None => Wire::Fd,
                Some(raw::Wire::Stdio) => Wire::Stdio,
            },
            recycle,
            shard,
            fail_streak: narrow(&raw.fail_streak).unwrap_or(plain.fail_streak),
            ..plain
        })
    }

    fn batch(&mut self, key: &Key<raw::Batch>) -> Batch {
        let plain = Batch::default();
        let Some(At { value: batch, .. }) = key.get() else { return plain };
        Batch {
            items: count(&batch.items),
            bytes: self.bytes(&batch.bytes),
            linger: self.positive("batch.linger", &batch.linger).unwrap_or(plain.linger),
            form: match batch.form.get().map(|form| form.value) {
                Some(raw::BatchForm::Stdin) | None => BatchForm::Stdin,
                Some(raw::BatchForm::Args) => BatchForm::Args,
            },
        }
    }

    fn recycle(&mut self, key: &Key<raw::Recycle>) -> Recycle {
        let Some(At { value: recycle, at }) = key.get() else { return Recycle::default() };
        let bounds = [recycle.items.at(), recycle.memory.at(), recycle.age.at()];
        if bounds.iter().all(Option::is_none) && !self.slipped(&["recycle"]) {
            let said = "`recycle` does not say when a child is replaced";
            let problem = Problem::error(code::MISSING, said, self.label(*at, "after what?"));
            self.tell(problem.help("write recycle = { items = 1000 }"));
        }
        Recycle {
            items: count(&recycle.items),
            memory: self.bytes(&recycle.memory),
            age: self.positive("recycle.age", &recycle.age),
        }
    }
}

fn lowered(deliver: raw::Deliver) -> Deliver {
    match deliver {
        raw::Deliver::Args => Deliver::Args,
        raw::Deliver::Stdin => Deliver::Stdin,
        raw::Deliver::Batch => Deliver::Batch,
        raw::Deliver::Stream => Deliver::Stream,
        raw::Deliver::Worker => Deliver::Worker,
    }
}

fn count<const LEAST: i64, const MOST: i64>(key: &Key<Whole<LEAST, MOST>>) -> Option<u64> {
    key.get().and_then(|number| u64::try_from(number.value.0).ok())
}

fn narrow<const LEAST: i64, const MOST: i64>(key: &Key<Whole<LEAST, MOST>>) -> Option<u32> {
    key.get().and_then(|number| u32::try_from(number.value.0).ok())
}
