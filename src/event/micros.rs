//! Micros: durations as whole microseconds, which every reader of JSON has exactly.
//!
//! Unaware of what took so long.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serializer};

/// A duration, in whole microseconds.
#[derive(JsonSchema)]
pub(super) struct Micros(#[expect(dead_code, reason = "it is only a schema")] u64);

pub(super) fn serialize<S: Serializer>(d: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(u64::try_from(d.as_micros()).unwrap_or(u64::MAX))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(Duration::from_micros)
}

/// The same where there may be none.
pub(super) mod optional {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
    pub(in crate::event) fn serialize<S: Serializer>(
        d: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match d {
            Some(d) => super::serialize(d, to),
            None => to.serialize_none(),
        }
    }

    pub(in crate::event) fn deserialize<'de, D>(from: D) -> Result<Option<Duration>, D::Error>
    where
        D: Deserializer<'de>,
    {
        Ok(Option::<u64>::deserialize(from)?.map(Duration::from_micros))
    }
}
