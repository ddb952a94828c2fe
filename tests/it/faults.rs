//! Faults: what breaks runners, each with the id under which the catalogue of faults has it.
//!
//! Real processes under the whole program; what a room proves of itself stands in the room.

mod instants;
mod lifecycle;
mod output;
mod resources;
mod security;
mod signals;
