//! Worker: a long-lived child that is asked and replies, item by item.
//!
//! As many items as its window says are in its hand at once. What it says is read at any time, also
//! while what came of an item waits for room: a worker is never stopped in the middle of a reply.
//! It is closed, by the end of its wire, once there is nothing more to do or it is to be replaced.
//! When it dies, one item in its hand is charged with that; of several each is a suspect and is run
//! alone. Unaware of what decides that it ends.
//!
//! Reading order: `protocol`, what is said; [`wire`], on which; [`hand`] and [`pending`], where an
//! item is; [`works`], what is asked of the workers of a node; [`books`], what is told
//! of an item; [`desk`] joins these; [`asked`], the life of a worker; [`after`], its end.

mod after;
mod asked;
mod books;
mod desk;
mod hand;
mod pending;
mod protocol;
mod wire;
mod works;

pub(super) use after::{Death, conclude};
pub(super) use asked::work;
pub(super) use desk::{Desk, Wanted};
pub(super) use wire::Wire;
