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
    /// The one of the queue's `groups` that it reads for; every group sees every item.
    #[schemars(extend("examples" = ["index"]))]
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
    /// What of the child is framed into it: `stdout` (the default), or `fd3`, so that its standard
    /// output stays a log.
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
    Batch,
    Stream,
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
#[schemars(extend("anyOf" = [{ "required": ["items"] }, { "required": ["bytes"] }]))]
pub(in crate::config) struct Batch {
    /// At most so many items.
    pub(in crate::config) items: Key<Whole<1, 100_000_000>>,
    /// At most so many bytes of items, but at least one item.
    #[schemars(extend("examples" = ["1MiB"]))]
    pub(in crate::config) bytes: Key<Size>,
    /// How long it waits for more once it has one item; by default `1s`.
    pub(in crate::config) linger: Key<Time>,
    /// How they arrive: framed on `stdin` (the default), or as `args` behind the others; in a
    /// `script` these are `"$@"`.
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
#[schemars(extend("minProperties" = 1))]
pub(in crate::config) struct Recycle {
    /// After so many items.
    pub(in crate::config) items: Key<Whole<1, 1_000_000_000>>,
    /// Once it holds so much memory.
    #[schemars(extend("examples" = ["512MiB"]))]
    pub(in crate::config) memory: Key<Size>,
    /// After so long.
    #[schemars(extend("examples" = ["1h"]))]
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
