//! Tests: the core as stories of what happens to a job, and what it does about it.
//!
//! Every story is judged by the [`referee`] at each step, beyond what it asserts itself.
//!
//! Reading order: [`story`] tells, [`body`] carries out, [`stock`] holds items, [`referee`] judges;
//! [`random`] makes jobs for the laws, and [`player`] plays them; then the themes.

pub(super) mod body;
mod child;
mod conditions;
mod edges;
mod ends;
mod finally;
mod large;
mod lives;
pub(super) mod machine;
mod memory;
pub(super) mod player;
mod pools;
mod queues;
pub(super) mod random;
mod referee;
mod retries;
mod services;
mod stock;
mod stops;
pub(super) mod story;
mod tokens;
mod waits;
