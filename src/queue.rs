//! Queue: bounded channels of items, between the bytes that a producer prints and the bytes that a
//! consumer reads.
//!
//! Everything lives on one thread and is moved without a copy, an allocation or a system call per
//! item: an item is a [`Slice`] of the block it was read in. Every delivery carries its own answer,
//! and one that is dropped unanswered goes back, so that no path through the engine can lose an
//! item. Unaware of who produces and who consumes, of processes and of the graph.
//!
//! Reading order: `slice`, [`framing`], [`stock`], [`broker`], [`delivery`], [`changes`],
//! [`waiters`], [`spool`].

mod broker;
mod changes;
mod delivery;
mod framing;
mod slice;
mod spool;
mod stock;
mod waiters;

#[cfg(test)]
mod laws;

pub use broker::Queue;
pub use changes::Changes;
pub use delivery::{Batch, Delivery, Kept};
pub use framing::{FrameFault, Framer, fits, frame, unread};
pub use slice::Slice;
/// Shim.
#[derive(Debug)]
pub enum NotPut {
    /// Shim.
    Full(Slice),
    /// Shim.
    Closed,
    /// Shim.
    Unfit(String),
    /// Shim.
    Fault(SpoolFault),
}
/// Shim.
#[derive(Debug, Clone, Copy)]
pub struct Origin(pub u32);
impl Origin {
    /// Shim.
    pub const STATIC: Self = Self(u32::MAX);
    /// Shim.
    pub fn of(n: crate::model::NodeId) -> Self {
        Self(n.0)
    }
}
pub use spool::{Spool, SpoolFault};
pub use stock::{Item, Level};
