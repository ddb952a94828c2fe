//! Queue: the table of a bounded channel of items.
//!
//! Unaware of what the values mean.

use schemars::JsonSchema;
use serde::Deserialize;

use super::tables;
use crate::config::forms::{Either, Item, Key, List, Part, Size, Whole};

/// A bounded channel of items from producers to consumers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("dependencies" = { "key": ["unique"], "priority": ["order"] }))]
pub(in crate::config) struct Queue {
    /// What the items are.
    pub(in crate::config) description: Key<String>,
    /// How many items it holds, lent ones included; by default 1024.
    pub(in crate::config) capacity: Key<Whole<1, 100_000_000>>,
    /// How many bytes of items it holds; by default `64MiB`.
    #[schemars(extend("examples" = ["64MiB"]))]
    pub(in crate::config) capacity_bytes: Key<Size>,
    /// How long one item may be; by default `1MiB`. A longer one fails its producer.
    #[schemars(extend("examples" = ["1MiB"]))]
    pub(in crate::config) max_item: Key<Size>,
    /// What happens once it is full: `block` (the default) stops its producers in their own write,
    /// `spill` puts what does not fit on disk.
    pub(in crate::config) on_full: Key<OnFull>,
    /// Where an item ends: `lines` (the default) at a line feed, `nul` at a zero byte; `json` is
    /// one JSON value a line; `netstring` and `u32be` have the length in front, so that an item may
    /// hold any byte.
    pub(in crate::config) framing: Key<Framing>,
    /// Whether one CR before the line feed of `lines` is no part of the item.
    pub(in crate::config) crlf: Key<bool>,
    /// Items that are there from the start, beside or instead of producers.
    #[schemars(extend("examples" = [["a", "b"], { "range": [0, 5] }, { "glob": "src/**/*.rs" }]))]
    pub(in crate::config) items: Key<Either<List<Item>, ItemsFrom>>,
    /// What makes an item the same item; by default the whole item.
    #[schemars(extend("examples" = ["{item.url}"]))]
    pub(in crate::config) key: Key<String>,
    /// Whether an item is accepted once per run, whoever puts it in.
    pub(in crate::config) unique: Key<bool>,
    /// Which item goes first: `fifo` (the default) the one that came first, `priority` the one of
    /// the greatest number.
    pub(in crate::config) order: Key<Order>,
    /// The number of an item, for `order = "priority"`.
    #[schemars(extend("examples" = ["{item.prio}"]))]
    pub(in crate::config) priority: Key<String>,
    /// Groups of readers, each of which sees every item. Without any, readers share the items.
    #[schemars(extend("minItems" = 1, "examples" = [["index", "archive"]]))]
    pub(in crate::config) groups: Key<List<String>>,
    /// What becomes of what a producer made that fails: `drain` (the default) works it off,
    /// `discard` lists and drops it.
    pub(in crate::config) on_producer_failure: Key<OnProducerFailure>,
    /// The queue that items go to which failed for good; by default they stay in the run's folder.
    #[schemars(extend("x-names" = "queue", "examples" = ["failed"]))]
    pub(in crate::config) dead: Key<String>,
    /// How many items may fail for good without failing the run: a number, or a part of all; by
    /// default 0.
    #[schemars(extend("examples" = [3, "2%"]))]
    pub(in crate::config) tolerate: Key<Either<Whole<0, 1_000_000_000>, Part>>,
    /// The broker by which it spans machines.
    #[schemars(skip)]
    pub(in crate::config) broker: Key<String>,
    /// Whether its items are in the journal.
    #[schemars(skip)]
    pub(in crate::config) durable: Key<bool>,
}

/// What happens once a queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum OnFull {
    Block,
    Spill,
}

/// Which item goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Order {
    Fifo,
    Priority,
}

/// What becomes of the items of a producer that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum OnProducerFailure {
    Drain,
    Discard,
}

/// Where an item ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Framing {
    Lines,
    Nul,
    Json,
    Netstring,
    U32be,
}

/// Where the items of a queue come from; one of the keys.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(in crate::config) struct ItemsFrom {
    /// A file, framed as the queue is.
    #[schemars(extend("x-names" = "file"))]
    pub(in crate::config) file: Key<String>,
    /// The paths that match, in order, relative to the folder of the job file.
    #[schemars(extend("examples" = ["src/**/*.rs"]))]
    pub(in crate::config) glob: Key<String>,
    /// Whole numbers from the first up to, but without, the second.
    #[schemars(extend("minItems" = 2, "maxItems" = 2, "examples" = [[0, 5]]))]
    pub(in crate::config) range: Key<List<Whole<{ i64::MIN }, { i64::MAX }>>>,
    /// What a command prints, framed as the queue is.
    #[schemars(extend("minItems" = 1, "examples" = [["git", "ls-files"]]))]
    pub(in crate::config) command: Key<List<String>>,
}

tables!(ItemsFrom);
