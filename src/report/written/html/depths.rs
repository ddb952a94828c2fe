//! Depths: how full each queue was over time, in a bounded number of points.
//!
//! Where there are more, neighbours become one, and that is the deeper of both: a peak stays.
//! Unaware of how they are drawn.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::QueueId;

/// Points of a queue: as many as a wide screen has columns.
const POINTS: usize = 2_000;

/// Points of all queues.
#[derive(Debug, Default)]
pub(super) struct Depths(BTreeMap<QueueId, Points>);

/// Points of one queue.
#[derive(Debug, Default)]
struct Points {
    /// When it was so deep, in microseconds.
    told: Vec<(u128, u64)>,
    /// How often neighbours became one.
    halved: u32,
    /// Points that the last one stands for.
    last: u32,
}

impl Depths {
    /// Takes in how deep a queue is.
    pub(super) fn told(&mut self, queue: QueueId, at: Duration, depth: u64) {
        self.0.entry(queue).or_default().told(at.as_micros(), depth);
    }

    /// Returns the points of a queue.
    pub(super) fn of(&self, queue: QueueId) -> &[(u128, u64)] {
        self.0.get(&queue).map_or(&[], |points| &points.told)
    }
}

impl Points {
    fn told(&mut self, at: u128, depth: u64) {
        let whole = 1 << self.halved;
        if let Some(last) = self.told.last_mut()
            && self.last < whole
        {
            last.1 = last.1.max(depth);
            self.last += 1;
            return;
        }
        if self.told.len() == POINTS {
            let pairs = self.told.chunks(2);
            let deeper = |pair: &[(u128, u64)]| pair.iter().map(|(_, depth)| *depth).max();
            self.told = pairs.map(|pair| (pair[0].0, deeper(pair).unwrap_or(0))).collect();
            self.halved += 1;
        }
        self.told.push((at, depth));
        self.last = 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_stays_however_long_a_queue_is_told_of() {
        let mut depths = Depths::default();
        let queue = QueueId::at(0);
        for at in 0..1_000_000 {
            let depth = if at == 654_321 { 99 } else { at % 7 };
            depths.told(queue, Duration::from_micros(at), depth);
        }
        let points = depths.of(queue);
        assert!(points.len() <= POINTS && points.len() >= POINTS / 2, "{}", points.len());
        assert!(points.is_sorted(), "in the order of time");
        let (at, _) = points.iter().find(|(_, depth)| *depth == 99).unwrap();
        assert!(at.abs_diff(654_321) < 1_000, "{at}");
    }
}
