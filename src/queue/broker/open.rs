//! Open: a queue is made, with a lane for each of its groups.
//!
//! Unaware of what it is used for.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;

use super::super::changes::{Changes, Notice};
use super::super::intake::{Ask, Intake, Shards};
use super::super::spill::Spill;
use super::super::stock::{Shape, Stock};
use super::super::unique::Unique;
use super::super::waiters::Waiters;
use super::super::wire::Wire;
use super::{Broker, Queue, Way};
use crate::model::{self, OnFull, Order, QueueId};

/// What a queue is like.
pub struct Spec<'a> {
    /// How it is declared.
    pub declared: &'a model::Queue,
    /// One for each of its groups, or one.
    pub lanes: Vec<Lane>,
    /// Where what does not fit into memory goes.
    pub folder: &'a Path,
    /// What makes an item the same item; the whole item where none is given.
    pub key: Option<Ask>,
    /// Its priority, a number; without one the queue is in the order of arrival.
    pub priority: Option<Ask>,
}

/// One lane of a queue.
pub struct Lane {
    /// Its number.
    pub id: QueueId,
    /// What the items of one shard have in common, and how many shards there are: those of one are
    /// lent in order, to one taker at a time.
    pub shard: Option<(Ask, u32)>,
    /// How far ahead of the oldest item that is not settled items are lent.
    pub window: Option<u64>,
}

impl Lane {
    /// Returns a lane without shards and window.
    pub fn new(id: QueueId) -> Self {
        Self { id, shard: None, window: None }
    }
}

impl Queue {
    /// Makes an empty queue and returns its lanes, in their order. Each tells `changes` whenever
    /// its level changes.
    pub fn open(spec: Spec<'_>, changes: &Changes) -> Vec<Self> {
        let Spec { declared, lanes, folder, key, priority } = spec;
        let ranked = priority.is_some() && matches!(declared.order, Order::Priority(_));
        let unique = declared.unique.then(Unique::default);
        let way = |lane: Lane| {
            let (wire, windowed) = (Wire(declared.framing), lane.window.is_some());
            let spill = (declared.on_full == OnFull::Spill).then(|| {
                // Behind a window what came first has to be there first, whatever its priority.
                Spill::new(folder, &declared.name, lane.id, ranked && !windowed, wire)
            });
            let shape = Shape {
                capacity: declared.capacity,
                capacity_bytes: declared.capacity_bytes,
                wire,
                ranked,
                shards: lane.shard.as_ref().map(|(_, count)| *count),
                window: lane.window,
                spill,
            };
            Way {
                stock: RefCell::new(Stock::new(shape)),
                shards: lane.shard.map(|(key, count)| Shards { key, count }),
                consumers: Waiters::default(),
                followers: Waiters::default(),
                forsaken: Cell::new(false),
                notice: Notice::new(lane.id, changes),
            }
        };
        let broker = Rc::new(Broker {
            ways: lanes.into_iter().map(way).collect(),
            intake: RefCell::new(Intake { unique, key, priority: priority.filter(|_| ranked) }),
            next: Cell::new(0),
            producers: Waiters::default(),
            swallows: Cell::default(),
        });
        (0..broker.ways.len()).map(|lane| Self { broker: Rc::clone(&broker), lane }).collect()
    }

    /// Makes an empty queue of one lane that needs no templates.
    pub fn new(id: QueueId, declared: &model::Queue, folder: &Path, changes: &Changes) -> Self {
        let lanes = vec![Lane::new(id)];
        let spec = Spec { declared, lanes, folder, key: None, priority: None };
        Self::open(spec, changes).remove(0)
    }
}
