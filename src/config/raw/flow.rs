//! Flow: how a process takes items from a queue and puts them into others.
//!
//! Unaware of what the values mean.

use schemars::JsonSchema;
use serde::Deserialize;

use super::tables;
use crate::config::forms::{Key, Size, Time, Whole};

/// A queue to take items from.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("required" = ["queue"]))]
pub(in crate::config) struct Consumes {
    /// Its name.
    #[schemars(extend("x-names" = "queue"))]
    pub(in crate::config) queue: Key<String>,
    /// The group of readers that this one is of; every group sees every item.
    #[schemars(skip)]
    pub(in crate::config) group: Key<String>,
}

/// A queue to put items into.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("required" = ["queue"]))]
pub(in crate::config) struct Produces {
    /// Its name.
    #[schemars(extend("x-names" = "queue"))]
    pub(in crate::config) queue: Key<String>,
    /// The descriptor whose output is framed: `stdout` (the default) or `fd3`.
    #[schemars(skip)]
    pub(in crate::config) from: Key<From>,
}

/// A descriptor of a producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum From {
    Stdout,
    Fd3,
}

/// How an item reaches a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Deliver {
    Args,
    Stdin,
    Stream,
    #[schemars(skip)]
    Batch,
    #[schemars(skip)]
    Worker,
}

/// How a `stream` child is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum OnEnd {
    Eof,
    Terminate,
}

/// When an item of a `stream` counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Ack {
    Exit,
    Read,
}

/// How many items one child of `deliver = "batch"` gets, and how.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Batch {
    /// How many items at most.
    pub(in crate::config) items: Key<Whole<1, 100_000_000>>,
    /// How many bytes of items at most.
    pub(in crate::config) bytes: Key<Size>,
    /// How long it waits for more once it has one.
    pub(in crate::config) linger: Key<Time>,
    /// How they arrive: `stdin` (the default) or `args`.
    #[serde(rename = "as")]
    pub(in crate::config) form: Key<BatchForm>,
}

/// How the items of a batch arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum BatchForm {
    Stdin,
    Args,
}

/// When a long-lived child is replaced by a fresh one, between items.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Recycle {
    /// After so many items.
    pub(in crate::config) items: Key<Whole<1, 1_000_000_000>>,
    /// Once it holds so much memory.
    pub(in crate::config) memory: Key<Size>,
    /// After so long.
    pub(in crate::config) age: Key<Time>,
}

/// When what a process produces enters its queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Emit {
    Input,
    OnSuccess,
}

/// Where a worker speaks its protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Wire {
    Fd,
    Stdio,
}

tables!(Consumes, Produces);
