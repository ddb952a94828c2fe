//! Settle: what came of items that a later run has tried again.
//!
//! That run's own events say it, so it can be found out at any later time, also where that run was
//! killed before it could write it down. What is not certain stays open. Unaware of who asks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use crate::app::Fault;
use crate::app::find::Found;
use crate::app::words::safe;
use crate::event::{Event, EventKind, Letters, Verdict};
use crate::journal::{Fate, Fates, events_of, mark, marked, read_events, take_run};
use crate::model::QueueId;

/// Takes a run, so that nobody else changes what became of its items meanwhile.
pub(super) fn take(found: &Found) -> Result<File, Fault> {
    take_run(&found.path)?.ok_or_else(|| {
        let id = safe(&found.id);
        Fault::Wrong(format!("run {id} goes on, or its items are being tried again; wait for that"))
    })
}

/// Writes down what came of the items of a run in those that tried them again.
pub(super) fn settle(found: &Found) -> Result<(), Fault> {
    let fates = Fates::read(&found.path)?;
    for fate in fates.unsettled() {
        let Fate::Retrying { run, folder, mixed, flows } = fate else { continue };
        let items = marked(&found.path, fate)?;
        let mut heard = Heard::of(&items, *mixed);
        let events = events_of(folder);
        // A run that was removed can't be asked any more, nor one that had no time to begin.
        if events.is_file() {
            for event in read_events(&events)? {
                heard.hear(event?);
            }
        }
        let over = heard.over(*flows);
        let over = items.iter().zip(over);
        let over = over.filter(|(item, over)| *over && fates.of(item) == Some(fate));
        let retried = Fate::Retried { run: run.clone() };
        mark(&found.path, &retried, over.map(|(item, _)| item.as_str()))?;
    }
    Ok(())
}

/// What a run says of the items that were put into its queues.
struct Heard {
    /// By the name of a queue: the positions of its items, in their order.
    places: BTreeMap<String, Vec<usize>>,
    /// Whether other items come in between, so that their numbers say nothing.
    mixed: bool,
    done: Vec<bool>,
    dead: Vec<bool>,
    letters: Letters,
    /// Queues that were not emptied, as far as is known.
    open: BTreeSet<QueueId>,
}

impl Heard {
    fn of(items: &[String], mixed: bool) -> Self {
        let mut places = BTreeMap::<String, Vec<usize>>::new();
        for (at, item) in items.iter().enumerate() {
            let queue = item.rsplit_once(':').map_or("", |(queue, _)| queue);
            places.entry(queue.to_owned()).or_default().push(at);
        }
        let (done, dead) = (vec![false; items.len()], vec![false; items.len()]);
        let (letters, open) = (Letters::default(), BTreeSet::new());
        Self { places, mixed, done, dead, letters, open }
    }

    fn hear(&mut self, event: Event) {
        match event.kind {
            EventKind::QueueDeclared { queue, .. } => {
                self.open.insert(queue);
                self.letters.hear(event);
            }
            EventKind::ItemEnded { queue, ref item, verdict, .. } => {
                if matches!(verdict, Verdict::Passed | Verdict::Ended)
                    && let Some(place) = self.place(queue, item.index)
                {
                    self.done[place] = true;
                }
            }
            EventKind::ItemDead { queue, ref item, .. } => {
                if let Some(place) = self.place(queue, item.index) {
                    self.dead[place] = true;
                }
            }
            EventKind::QueueDrained { queue, done, dead, left: 0 } => {
                self.emptied(queue, done + dead);
            }
            _ => {}
        }
    }

    fn place(&self, queue: QueueId, index: u64) -> Option<usize> {
        let places = self.places.get(self.letters.queue(queue)).filter(|_| !self.mixed)?;
        places.get(usize::try_from(index).ok()?).copied()
    }

    /// Takes in that a queue is empty, and of how many items it has seen the end: with fewer than
    /// were to be put in, some never were.
    fn emptied(&mut self, queue: QueueId, ended: u64) {
        self.open.remove(&queue);
        let places = self.places.get(self.letters.queue(queue)).into_iter().flatten();
        if places.clone().count() as u64 <= ended {
            places.for_each(|place| self.done[*place] = true);
        }
    }

    /// Returns of each item whether it has come to its end. Where what was made of it flows on, it
    /// has not before that has; what died lies there, and can be tried there again.
    fn over(self, flows: bool) -> Vec<bool> {
        let is_kept = !flows || self.open.is_empty();
        self.done.iter().zip(self.dead).map(|(done, dead)| dead || *done && is_kept).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::{Exit, ItemRef, Text};
    use crate::model::{AttemptId, NodeId};

    fn declared(queue: u32, name: &str) -> EventKind {
        EventKind::QueueDeclared { queue: QueueId(queue), name: name.to_owned(), capacity: 1 }
    }

    fn item(index: u64) -> ItemRef {
        ItemRef { id: String::new(), index, preview: Text::default() }
    }

    fn ended(index: u64, verdict: Verdict) -> EventKind {
        EventKind::ItemEnded {
            queue: QueueId(1),
            node: NodeId(0),
            attempt: AttemptId(0),
            item: item(index),
            number: 1,
            exit: Exit::Code(0),
            verdict,
            took: Duration::ZERO,
            again: None,
            reason: None,
        }
    }

    fn died(index: u64) -> EventKind {
        EventKind::ItemDead {
            queue: QueueId(1),
            node: NodeId(0),
            item: item(index),
            bytes: Text::default(),
            exact: None,
            attempts: 1,
            tries: Vec::new(),
            stderr: Text::default(),
        }
    }

    fn drained(queue: u32, [done, dead, left]: [u64; 3]) -> EventKind {
        EventKind::QueueDrained { queue: QueueId(queue), done, dead, left }
    }

    fn over(kinds: &[EventKind], [mixed, flows]: [bool; 2]) -> Vec<bool> {
        let items = ["p:4", "q:2", "q:5", "q:9"].map(str::to_owned);
        let mut heard = Heard::of(&items, mixed);
        for kind in [declared(0, "other"), declared(1, "q")].iter().chain(kinds) {
            heard.hear(Event { at: Duration::ZERO, kind: kind.clone() });
        }
        heard.over(flows)
    }

    #[test]
    fn what_is_certain_is_settled() {
        let plain = [false, false];
        let two = [ended(0, Verdict::Failed), ended(1, Verdict::Passed), ended(7, Verdict::Passed)];
        assert_eq!(over(&two, plain), [false, false, true, false]);
        assert_eq!(over(&two, [true, false]), [false; 4], "numbers of mixed items say nothing");
        let all = [false, true, true, true];
        assert_eq!(over(&[drained(1, [2, 1, 0])], plain), all);
        assert_eq!(over(&[drained(1, [9, 0, 0])], [true, false]), all);
        assert_eq!(over(&[drained(1, [2, 0, 0])], plain), [false; 4], "one was never put in");
        assert_eq!(over(&[drained(1, [3, 0, 1])], plain), [false; 4], "one was left");
    }

    #[test]
    fn what_flows_on_is_over_when_all_is() {
        let flows = [false, true];
        let one = [ended(1, Verdict::Passed), died(2), drained(0, [0, 0, 0])];
        assert_eq!(over(&one, flows), [false, false, false, true]);
        let both = [drained(1, [3, 0, 0]), drained(0, [3, 0, 0])];
        assert_eq!(over(&both, flows), [false, true, true, true]);
        let left = [drained(1, [3, 0, 0]), drained(0, [1, 0, 2])];
        assert_eq!(over(&left, flows), [false; 4]);
    }
}
