//! Tests of the whole engine: a plan goes in, events come out, and children are only played.
//!
//! Time is virtual: hours of backoff pass at once, and a run is the same each time. [`play`] is the
//! stage; each story is about one promise of the language; `laws` plays random jobs. Unaware of
//! what the system does.

mod deaths;
mod items;
mod laws;
mod play;
mod random;
mod retries;
mod stops;
mod streams;
mod wild;
mod workers;
