//! Process: the table of a process, and of the `defaults` for all of them.
//!
//! Unaware of what the values mean.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::{OneOrMany, tables};
use crate::config::forms::{Cell, Either, Key, List, Map, SignalName, Time, Wait, Whole};

/// An exit code.
pub(in crate::config) type ExitCode = Whole<0, 255>;

/// One command, run once, per cell of a matrix, per item, or as a long-lived reader.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend(
    "not" = { "required": ["command", "script"] },
    "dependencies" = {
        "deliver": ["consumes"],
        "workers": ["consumes"],
        "on-end": ["consumes"],
        "settle": ["consumes"],
        "ack": ["consumes"],
    },
))]
pub(in crate::config) struct Process {
    /// What the process is for.
    pub(in crate::config) description: Key<String>,
    /// Words to select processes by.
    pub(in crate::config) tags: Key<List<String>>,
    /// The program and its arguments, executed directly: no shell ever sees them.
    #[schemars(extend("minItems" = 1, "examples" = [["sha256sum", "{item}"]]))]
    pub(in crate::config) command: Key<List<String>>,
    /// Instead of `command`: text for the shell. A placeholder in it becomes a quoted word.
    #[schemars(extend("examples" = ["make clean && make"]))]
    pub(in crate::config) script: Key<String>,
    /// What runs `script`; by default `["sh", "-eu", "-c"]`.
    #[schemars(extend("minItems" = 1, "examples" = [["bash", "-euo", "pipefail", "-c"]]))]
    pub(in crate::config) shell: Key<List<String>>,
    /// The payload: text, or where it comes from. Without it standard input is closed.
    #[schemars(extend("examples" = ["set q=mx\npython.org\n", { "file": "seed.sql" }]))]
    pub(in crate::config) stdin: Key<Either<String, StdinFrom>>,
    /// Where standard output goes: `log` (the default), `inherit` (to the log, and at the end of
    /// the run to the standard output of the runner), `null` or a file.
    #[schemars(extend("examples" = ["inherit", "null", { "file": "out.txt" }]))]
    pub(in crate::config) stdout: Key<Either<StdoutWord, OutputFile>>,
    /// Where standard error goes: `log` (the default), `null` or a file.
    #[schemars(extend("examples" = ["null", { "file": "err.txt", "append": true }]))]
    pub(in crate::config) stderr: Key<Either<StderrWord, OutputFile>>,
    /// The folder it runs in; by default the folder of the job file.
    pub(in crate::config) cwd: Key<String>,
    /// Environment variables, added to those of the job.
    pub(in crate::config) env: Key<Map<String>>,
    /// Files of `KEY=VALUE` lines, relative to this file; `env` wins over them.
    pub(in crate::config) env_file: Key<OneOrMany<String>>,
    /// What it inherits of the runner's own environment: everything, nothing, or the listed.
    pub(in crate::config) inherit_env: Key<Either<bool, List<String>>>,
    /// Processes that must have passed before it starts, or what else must have become of them.
    #[schemars(extend("examples" = [["build"], [{ "process": "build", "when": "ended" }]]))]
    pub(in crate::config) needs: Key<List<Either<String, Need>>>,
    /// Processes it starts after if they are part of the run, whatever their outcome.
    pub(in crate::config) after: Key<List<String>>,
    /// Whether it runs once the run has failed: `on-success` (the default) does not, `on-failure`
    /// does only then, `always` does both, also after a stop.
    pub(in crate::config) run: Key<RunWhen>,
    /// One instance for each combination of these values, which `{matrix.KEY}` names.
    pub(in crate::config) matrix: Key<Matrix>,
    /// The pool it runs in, or several, of which it takes all at once; by default `default`.
    #[schemars(extend("examples" = ["network", ["network", "disk"]]))]
    pub(in crate::config) pool: Key<OneOrMany<String>>,
    /// How many slots an attempt holds; by default 1.
    pub(in crate::config) weight: Key<Whole<1, 65_536>>,
    /// Among what is ready the higher goes first; by default 0.
    pub(in crate::config) priority: Key<Whole<-1_000_000, 1_000_000>>,
    /// How long an attempt may take, or a table of bounds.
    #[schemars(extend("examples" = ["30s", { "total": "10m", "idle": "1m" }]))]
    pub(in crate::config) timeout: Key<Either<Time, Timeout>>,
    /// How it is asked to end.
    #[schemars(extend("examples" = [{ "signal": "SIGINT", "grace": "5s" }]))]
    pub(in crate::config) stop: Key<Stop>,
    /// How often it is tried again after a failure, or a table; by default 0.
    #[schemars(extend("examples" = [2, { "max": 3, "backoff": "1s..1m" }]))]
    pub(in crate::config) retry: Key<Either<Whole<0, 1000>, Retry>>,
    /// Exit codes that pass; by default `[0]`.
    #[schemars(extend("minItems" = 1))]
    pub(in crate::config) success: Key<List<ExitCode>>,
    /// Whether its failure, or a failure with one of these exit codes, does not fail the run.
    #[schemars(extend("examples" = [true, [3, 4]]))]
    pub(in crate::config) allow_failure: Key<Either<bool, List<ExitCode>>>,
    /// The queue that it takes its items from.
    #[schemars(extend("examples" = ["files"]))]
    pub(in crate::config) consumes: Key<Either<String, Consumes>>,
    /// The queue, or the queues, that its standard output goes to.
    #[schemars(extend("examples" = ["files"]))]
    pub(in crate::config) produces: Key<OneOrMany<String>>,
    /// How an item arrives: `args` as `{item}`, one child an item; `stdin` as all of its standard
    /// input, one child an item; `stream` on the standard input of a long-lived child. By default
    /// `args` where `{item}` is used, else `stdin`.
    pub(in crate::config) deliver: Key<Deliver>,
    /// How many children consume at once; by default as many as the pool has slots.
    pub(in crate::config) workers: Key<Whole<1, 65_536>>,
    /// How a `stream` child is ended: `eof` (the default) closes its standard input, `terminate`
    /// then sends its stop signal as well, once it has read everything: for endless readers.
    pub(in crate::config) on_end: Key<OnEnd>,
    /// How long an endless reader must have been quiet before it is ended; by default `1s`.
    pub(in crate::config) settle: Key<Time>,
    /// When an item of a `stream` counts as done: at the `exit` of the child (the default) or
    /// once it is `read`.
    pub(in crate::config) ack: Key<Ack>,
}

/// Keys for every process of the file that does not give them itself: all but the edges.
#[derive(Debug, Default, Clone)]
pub(in crate::config) struct Defaults(pub(in crate::config) Process);

/// The keys of a process that are edges of the graph and so have no default.
pub(in crate::config) const EDGES: [&str; 4] = ["needs", "after", "consumes", "produces"];

impl<'de> Deserialize<'de> for Defaults {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Process::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for Defaults {
    fn schema_name() -> Cow<'static, str> {
        "Defaults".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Process::json_schema(generator);
        schema.remove("dependencies");
        schema.insert("description".to_owned(), json!("Keys for every process of this file."));
        if let Some(keys) = schema.get_mut("properties").and_then(|keys| keys.as_object_mut()) {
            for edge in EDGES {
                keys.remove(edge);
            }
            let source = json!({ "type": "string" });
            let table = json_schema!({
                "type": "object",
                "properties": { "text": source, "file": source },
                "additionalProperties": false,
                "minProperties": 1,
                "maxProperties": 1,
            });
            if let Some(stdin) = keys.get_mut("stdin").and_then(|stdin| stdin.as_object_mut()) {
                stdin.insert("anyOf".to_owned(), json!([source, table]));
            }
        }
        schema
    }
}

/// Where the payload comes from; one of the keys.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(in crate::config) struct StdinFrom {
    /// The payload itself.
    pub(in crate::config) text: Key<String>,
    /// A file, relative to the folder of the job file.
    pub(in crate::config) file: Key<String>,
    /// The standard output of a process that ended; it is needed too.
    pub(in crate::config) process: Key<String>,
    /// A pipe from a process that runs at the same time.
    pub(in crate::config) pipe: Key<String>,
}

/// Where standard output goes, in a word.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum StdoutWord {
    Log,
    Inherit,
    Null,
}

/// Where standard error goes, in a word.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum StderrWord {
    Log,
    Null,
}

/// Output into a file of the user's.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("required" = ["file"]))]
pub(in crate::config) struct OutputFile {
    /// The path, relative to the folder of the job file.
    pub(in crate::config) file: Key<String>,
    /// Whether the output is added to what is there; by default it replaces it.
    pub(in crate::config) append: Key<bool>,
}

/// A process that must have come to something first.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("required" = ["process"]))]
pub(in crate::config) struct Need {
    /// Its name.
    pub(in crate::config) process: Key<String>,
    /// What must have become of it: `passed` (the default), `ended`, `failed` or `started`.
    pub(in crate::config) when: Key<When>,
}

/// What must have become of a needed process.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum When {
    Passed,
    Ended,
    Failed,
    Started,
}

/// Whether a process runs once the run has failed.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum RunWhen {
    OnSuccess,
    OnFailure,
    Always,
}

/// Lists of values by key, and the `include` and `exclude` of GitHub Actions.
#[derive(Debug, Default, Clone)]
pub(in crate::config) struct Matrix(pub(in crate::config) Map<List<Either<Cell, Map<Cell>>>>);

impl<'de> Deserialize<'de> for Matrix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for Matrix {
    fn schema_name() -> Cow<'static, str> {
        "Matrix".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let axis = generator.subschema_for::<Cell>();
        let cells = generator.subschema_for::<List<Map<Cell>>>();
        let said = |cells: &Schema, words: &str| {
            let mut cells = cells.clone();
            cells.insert("description".to_owned(), json!(words));
            cells
        };
        json_schema!({
            "description": "Lists of values by key: one instance for each combination.",
            "type": "object",
            "properties": {
                "include": said(&cells, "Combinations to add, or keys to add to those that match."),
                "exclude": said(&cells, "Combinations to leave out."),
            },
            "additionalProperties": { "type": "array", "items": axis, "minItems": 1 },
            "examples": [{ "os": ["debian", "alpine"], "version": [1, 2] }],
        })
    }
}

/// Bounds on the time of an attempt.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Timeout {
    /// It is stopped after this long.
    pub(in crate::config) total: Key<Time>,
    /// It is stopped after this long without output.
    pub(in crate::config) idle: Key<Time>,
    /// It is reported as slow after this long.
    pub(in crate::config) slow: Key<Time>,
}

/// How a process is asked to end.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Stop {
    /// The signal that it gets; by default `SIGTERM`.
    #[schemars(extend("examples" = ["SIGTERM", "SIGINT"]))]
    pub(in crate::config) signal: Key<SignalName>,
    /// How long it has before SIGKILL; by default `10s`.
    pub(in crate::config) grace: Key<Time>,
}

/// How and when a process is tried again.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("required" = ["max"]))]
pub(in crate::config) struct Retry {
    /// How often it is tried again: 2 is at most 3 attempts.
    pub(in crate::config) max: Key<Whole<0, 1000>>,
    /// The wait before it is tried again; of `first..most` it doubles each time.
    #[schemars(extend("examples" = ["5s", "1s..1m"]))]
    pub(in crate::config) backoff: Key<Wait>,
    /// The part of the wait that is random, from 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(in crate::config) jitter: Key<f64>,
    /// What is tried again: exit codes, `timeout`, `signal`; by default everything.
    #[schemars(extend("examples" = [[75, "timeout", "signal"]]))]
    pub(in crate::config) on: Key<List<Either<ExitCode, RetryWord>>>,
    /// Exit codes that are never tried again.
    pub(in crate::config) never: Key<List<ExitCode>>,
}

/// A failure that is no exit code.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum RetryWord {
    Timeout,
    Signal,
}

/// A queue to take items from.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("required" = ["queue"]))]
pub(in crate::config) struct Consumes {
    /// Its name.
    pub(in crate::config) queue: Key<String>,
}

/// How an item reaches a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Deliver {
    Args,
    Stdin,
    Stream,
}

/// How a `stream` child is ended.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum OnEnd {
    Eof,
    Terminate,
}

/// When an item of a `stream` counts as done.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Ack {
    Exit,
    Read,
}

tables!(StdinFrom, OutputFile, Need, Timeout, Retry, Consumes, Map<Cell>);

/// Makes words the short form of an `Either`.
macro_rules! short {
    ($name:ty, $words:literal) => {
        impl crate::config::forms::Form for $name {
            fn owns(kind: crate::config::forms::Kind) -> bool {
                kind == crate::config::forms::Kind::Text
            }

            fn words() -> String {
                $words.to_owned()
            }
        }
    };
}

short!(StdoutWord, "`log`, `inherit`, `null`");
short!(StderrWord, "`log`, `null`");
short!(RetryWord, "`timeout`, `signal`");
