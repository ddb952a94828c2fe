//! Job: the top level of a job file, its limits and its pools.
//!
//! Unaware of what the values mean.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Defaults, OneOrMany, Process, Queue};
use crate::config::forms::{Either, Fold, Key, List, Map, Named, Rate, Size, Time, Whole};

/// A job: processes, pools and queues, and the edges between them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(title = "runner job file")]
// Every process executes something, unless the defaults say what.
#[schemars(extend(
    "if" = { "not": {
        "required": ["defaults"],
        "properties": {
            "defaults": { "anyOf": [{ "required": ["command"] }, { "required": ["script"] }] },
        },
    } },
    "then" = { "properties": { "process": { "additionalProperties": {
        "anyOf": [{ "required": ["command"] }, { "required": ["script"] }],
    } } } },
))]
pub(in crate::config) struct JobFile {
    /// The JSON Schema of this file, for editors; ignored by `runner`.
    #[serde(rename = "$schema")]
    pub(in crate::config) schema: Key<String>,
    /// The name of the job; by default the file's name without its ending.
    pub(in crate::config) name: Key<String>,
    /// What the job is for, in a sentence.
    pub(in crate::config) description: Key<String>,
    /// Other job files, relative to this one; their tables are added to this job.
    #[schemars(extend("x-names" = "file", "examples" = [["pools.toml", "lib/build.toml"]]))]
    pub(in crate::config) include: Key<List<String>>,
    /// Values for `{vars.NAME}`; `--var NAME=VALUE` overrides them.
    #[schemars(extend("examples" = [{ "root": "." }]))]
    pub(in crate::config) vars: Key<Map<String>>,
    /// Environment variables of every process.
    #[schemars(extend("examples" = [{ "RUST_BACKTRACE": "1" }]))]
    pub(in crate::config) env: Key<Map<String>>,
    /// Files of `KEY=VALUE` lines, relative to this file; `env` wins over them.
    #[schemars(extend("x-names" = "file", "examples" = [".env", [".env", "ci.env"]]))]
    pub(in crate::config) env_file: Key<OneOrMany<String>>,
    /// What every process inherits of the runner's own environment: everything (`true`, the
    /// default), nothing (`false`), or the variables listed.
    #[schemars(extend("examples" = [true, ["PATH", "HOME"]]))]
    pub(in crate::config) inherit_env: Key<Either<bool, List<String>>>,
    /// Variables whose values are masked in everything that a run writes.
    #[schemars(extend("examples" = [["TOKEN", "DB_PASSWORD"]]))]
    pub(in crate::config) secrets: Key<List<String>>,
    /// Keys for every process of this file that does not give them itself.
    pub(in crate::config) defaults: Key<Defaults>,
    /// Bounds on the whole run.
    pub(in crate::config) limits: Key<Limits>,
    /// Named sets of slots: `[pool.NAME]`.
    pub(in crate::config) pool: Key<Named<Pool>>,
    /// Bounded channels of items: `[queue.NAME]`.
    pub(in crate::config) queue: Key<Named<Queue>>,
    /// What is run: `[process.NAME]`.
    pub(in crate::config) process: Key<Named<Process>>,
    /// Other machines: `[place.NAME]`.
    #[schemars(skip)]
    pub(in crate::config) place: Key<Named<Unread>>,
    /// Queues that span machines: `[broker.NAME]`.
    #[schemars(skip)]
    pub(in crate::config) broker: Key<Named<Unread>>,
}

/// A table that no version reads yet.
#[derive(Debug, JsonSchema)]
pub(in crate::config) struct Unread;

/// Bounds on the whole run.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Limits {
    /// How many children may run at once over all pools; by default as many as these have slots.
    pub(in crate::config) jobs: Key<Whole<1, 65_536>>,
    /// How long the whole run may take.
    #[schemars(extend("examples" = ["10m"]))]
    pub(in crate::config) timeout: Key<Time>,
    /// What happens once a process has failed: `no-new` (the default) lets what runs end, `kill`
    /// stops that too, `continue` runs everything that does not need the failed process.
    pub(in crate::config) on_failure: Key<OnFailure>,
    /// Whether `make`, `cargo` and `ninja` in a process share the slots of the run; by default
    /// `true`.
    pub(in crate::config) jobserver: Key<bool>,
    /// How many folders of earlier runs are kept.
    pub(in crate::config) keep_runs: Key<Whole<1, 1_000_000>>,
}

/// What happens once a process has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum OnFailure {
    NoNew,
    Kill,
    Continue,
}

/// A named set of slots; an attempt holds some while its child lives.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("not" = { "required": ["size", "slots"] }))]
pub(in crate::config) struct Pool {
    /// What the pool stands for.
    pub(in crate::config) description: Key<String>,
    /// How many slots: a number, or a part of the CPUs that the runner may use; by default
    /// `cpus`.
    #[schemars(extend("examples" = [4, "cpus", "cpus*2", "50%"]))]
    pub(in crate::config) size: Key<Either<Whole<1, 65_536>, Fold>>,
    /// Instead of `size`: each slot lends these variables to the attempt that holds it.
    #[schemars(extend("examples" = [[{ "PORT": "5001" }, { "PORT": "5002" }]]))]
    pub(in crate::config) slots: Key<List<Map<String>>>,
    /// How many attempts may start per second, minute or hour.
    #[schemars(extend("examples" = ["10/s", "600/m", "5/h"]))]
    pub(in crate::config) rate: Key<Rate>,
    /// No attempt starts while less memory than this is available to the runner.
    #[schemars(extend("examples" = ["2GiB"]))]
    pub(in crate::config) memory: Key<Size>,
    /// The place where its attempts run.
    #[schemars(skip)]
    pub(in crate::config) place: Key<String>,
}
