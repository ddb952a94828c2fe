//! Queue: bounded channels of items, between the bytes that a producer prints and the bytes that a
//! consumer reads.
//!
//! Everything lives on one thread and is moved without a copy, an allocation or a system call per
//! item: an item is a [`Slice`] of the block it was read in. Every delivery carries its own answer,
//! and one that is dropped unanswered goes back, so that no path through the engine can lose an
//! item. Unaware of who produces and who consumes, of processes and of the graph.
//!
//! Reading order, the way of an item: `slice`, [`framing`], `item`; [`broker`], [`intake`] with
//! [`unique`]; [`stock`] and what it is made of, [`books`], [`row`], [`order`], [`due`],
//! [`window`], [`ages`], [`spill`] with [`segment`]; [`delivery`], [`reader`]; [`wire`], [`keep`];
//! [`changes`], [`waiters`], [`spool`].

mod ages;
mod books;
mod broker;
mod changes;
mod delivery;
mod due;
mod framing;
mod intake;
mod item;
mod keep;
mod order;
mod reader;
mod row;
mod segment;
mod slice;
mod spill;
mod spool;
mod stock;
mod unique;
mod waiters;
mod window;
mod wire;

#[cfg(test)]
mod laws;

pub use books::Level;
pub use broker::{Lane, Queue, Spec};
pub use changes::Changes;
pub use delivery::{Batch, Delivery};
pub use framing::{FrameFault, Framer, fits};
pub use intake::{Ask, NotPut, QueueFault};
pub use item::{Item, Origin};
pub use keep::{Keep, KeepFault, Replay};
pub use reader::Reader;
pub use slice::Slice;
pub use spool::{Spool, SpoolFault};
pub use wire::{frame, unread};
