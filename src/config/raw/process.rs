//! Process: the table of a process, and of the `defaults` for all of them.
//!
//! Unaware of what the values mean.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::{
    Ack, Batch, Cache, Condition, Consumes, Deliver, Emit, ExitCode, Flaky, Leaks, Matrix, Need,
    OnEnd, OneOrMany, OutputFile, ProblemMatcher, Produces, Ready, Recycle, Restart, RestartWord,
    Retry, RunWhen, StderrWord, StdinFrom, StdoutWord, Stop, Timeout, Tool, Wire, WordOrCommand,
};
use crate::config::forms::{Either, Key, List, Map, Size, Time, Whole};

/// One command, run once, per cell of a matrix, per item, or as a long-lived reader.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend(
    "not" = { "required": ["command", "script"] },
    "dependencies" = {
        "deliver": ["consumes"],
        "batch": ["consumes"],
        "wire": ["consumes"],
        "workers": ["consumes"],
        "shard": ["consumes"],
        "on-end": ["consumes"],
        "settle": ["consumes"],
        "ack": ["consumes"],
        "keep-bytes": ["consumes"],
        "recycle": ["consumes"],
        "fail-streak": ["consumes"],
        "emit": ["produces"],
        "fail-fast": ["matrix"],
        "ready": ["service"],
        "restart": ["service"],
    },
))]
pub(in crate::config) struct Process {
    /// What the process is for.
    pub(in crate::config) description: Key<String>,
    /// Words to select processes by.
    pub(in crate::config) tags: Key<List<String>>,
    /// Processes that must have passed before it starts, or what else must have become of them.
    #[schemars(extend("examples" = [["build"], [{ "process": "build", "when": "ended" }]]))]
    #[schemars(extend("x-names" = "process"))]
    pub(in crate::config) needs: Key<List<Either<String, Need>>>,
    /// Processes it starts after if they are part of the run, whatever their outcome.
    #[schemars(extend("x-names" = "process"))]
    pub(in crate::config) after: Key<List<String>>,
    /// Whether it runs once the run has failed: `on-success` (the default) does not, `on-failure`
    /// does only then, `always` does both, also after a stop.
    pub(in crate::config) run: Key<RunWhen>,
    /// What must hold for it to run, all of it; else it is skipped, and what needs it runs.
    #[serde(rename = "if")]
    #[schemars(extend("examples" = [{ "env": "CI" }, [{ "exists": "web" }, { "os": "linux" }]]))]
    pub(in crate::config) condition: Key<OneOrMany<Condition>>,
    /// One instance for each combination of these values, which `{matrix.KEY}` names.
    pub(in crate::config) matrix: Key<Matrix>,
    /// Whether the first cell of its matrix that fails ends the others.
    pub(in crate::config) fail_fast: Key<bool>,
    /// The queue that it takes its items from.
    #[schemars(extend("x-names" = "queue", "examples" = ["files"]))]
    pub(in crate::config) consumes: Key<Either<String, Consumes>>,
    /// How an item arrives: `args` as `{item}`, one child an item; `stdin` as all of its standard
    /// input, one child an item; `batch` with others, one child for all of them; `stream` on the
    /// standard input of a long-lived child; `worker` as a request that such a child replies to. By
    /// default `args` where `{item}` is used, else `stdin`.
    pub(in crate::config) deliver: Key<Deliver>,
    /// How many items one child of `deliver = "batch"` gets, and how.
    #[schemars(extend("examples" = [{ "items": 100 }, { "items": 1000, "as": "args" }]))]
    pub(in crate::config) batch: Key<Batch>,
    /// Where a worker is asked and replies: `fd` (the default) is descriptors 3 and 4, `stdio` its
    /// standard input and output.
    pub(in crate::config) wire: Key<Wire>,
    /// How many children consume at once; by default as many as the pool has slots.
    pub(in crate::config) workers: Key<Whole<1, 65_536>>,
    /// Items for which this is the same go to the same slot, one after the other.
    #[schemars(extend("examples" = ["{item.user}"]))]
    pub(in crate::config) shard: Key<String>,
    /// How a `stream` child is ended: `eof` (the default) closes its standard input, `terminate`
    /// then sends its stop signal as well, once it has read everything: for endless readers.
    pub(in crate::config) on_end: Key<OnEnd>,
    /// How long an endless reader must have been quiet before it is ended; by default `1s`.
    pub(in crate::config) settle: Key<Time>,
    /// When an item of a `stream` counts as done: at the `exit` of the child (the default) or
    /// once it is `read`.
    pub(in crate::config) ack: Key<Ack>,
    /// How many bytes of items are kept for a `stream` child until its exit, to be read again if it
    /// fails; by default `1GiB`.
    #[schemars(extend("examples" = ["1GiB"]))]
    pub(in crate::config) keep_bytes: Key<Size>,
    /// When a long-lived child is replaced by a fresh one, between items.
    #[schemars(extend("examples" = [{ "items": 1000 }, { "memory": "512MiB" }]))]
    pub(in crate::config) recycle: Key<Recycle>,
    /// How many different items in a row may fail before it pauses, and goes on with one at a time;
    /// by default 20.
    pub(in crate::config) fail_streak: Key<Whole<1, 1_000_000>>,
    /// The pool it runs in, or several, of which it takes all at once; by default `default`.
    #[schemars(extend("x-names" = "pool", "examples" = ["network", ["network", "disk"]]))]
    pub(in crate::config) pool: Key<OneOrMany<String>>,
    /// How many slots an attempt holds; by default 1.
    pub(in crate::config) weight: Key<Whole<1, 65_536>>,
    /// Among what is ready the higher goes first; by default 0.
    pub(in crate::config) priority: Key<Whole<-1_000_000, 1_000_000>>,
    /// The folder it runs in; by default the folder of the job file.
    pub(in crate::config) cwd: Key<String>,
    /// Environment variables, added to those of the job.
    pub(in crate::config) env: Key<Map<String>>,
    /// Files of `KEY=VALUE` lines, relative to this file; `env` wins over them.
    #[schemars(extend("x-names" = "file"))]
    pub(in crate::config) env_file: Key<OneOrMany<String>>,
    /// What it inherits of the runner's own environment: everything, nothing, or the listed.
    pub(in crate::config) inherit_env: Key<Either<bool, List<String>>>,
    /// The payload: text, or where it comes from. Without it standard input is closed.
    #[schemars(extend("examples" = ["set q=mx\npython.org\n", { "file": "seed.sql" }]))]
    pub(in crate::config) stdin: Key<Either<String, StdinFrom>>,
    /// The program and its arguments, executed directly: no shell ever sees them.
    #[schemars(extend("minItems" = 1, "examples" = [["sha256sum", "{item}"]]))]
    pub(in crate::config) command: Key<List<String>>,
    /// What runs `script`; by default `["sh", "-eu", "-c"]`.
    #[schemars(extend("minItems" = 1, "examples" = [["bash", "-euo", "pipefail", "-c"]]))]
    pub(in crate::config) shell: Key<List<String>>,
    /// Instead of `command`: text for the shell. A placeholder in it becomes a quoted word.
    #[schemars(extend("examples" = ["make clean && make"]))]
    pub(in crate::config) script: Key<String>,
    /// Where standard output goes: `log` (the default), `inherit` (to the log, and at the end of
    /// the run to the standard output of the runner), `null` or a file.
    #[schemars(extend("examples" = ["inherit", "null", { "file": "out.txt" }]))]
    pub(in crate::config) stdout: Key<Either<StdoutWord, OutputFile>>,
    /// Where standard error goes: `log` (the default), `null` or a file.
    #[schemars(extend("examples" = ["null", { "file": "err.txt", "append": true }]))]
    pub(in crate::config) stderr: Key<Either<StderrWord, OutputFile>>,
    /// What finds problems in what it prints, so that they are shown at their place in the code: a
    /// tool, an own matcher, or a list of them.
    #[schemars(extend("examples" = ["rustc", ["eslint", "tsc"]]))]
    pub(in crate::config) problem_matcher: Key<OneOrMany<Either<Tool, ProblemMatcher>>>,
    /// The queue, or the queues, that its standard output goes to, or what a worker replies.
    #[schemars(extend("x-names" = "queue"))]
    #[schemars(extend("examples" = ["files", { "queue": "files", "from": "fd3" }]))]
    pub(in crate::config) produces: Key<OneOrMany<Either<String, Produces>>>,
    /// When what it produces enters its queues, if not as it comes: `input` keeps the order of the
    /// items that it consumed; `on-success` holds the items of a source back until it has passed.
    pub(in crate::config) emit: Key<Emit>,
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
    /// What runs after it, once, whatever its outcome: a script, the words of a command, or a list
    /// of commands.
    pub(in crate::config) finally: Key<Either<String, List<WordOrCommand>>>,
    /// What it is when it passes only when tried again.
    #[schemars(skip)]
    pub(in crate::config) flaky: Key<Flaky>,
    /// What becomes of what an attempt leaves running: `kill` (the default) ends it, `fail` fails
    /// the attempt too, `allow` lets it live on, also after the run.
    pub(in crate::config) leaks: Key<Leaks>,
    /// Whether it owns the terminal alone while it runs: its streams are the runner's own, where
    /// nothing else is said.
    pub(in crate::config) interactive: Key<bool>,
    /// Globs of the files that it reads: `--since` leaves it out where none of them has changed.
    /// `[]` reads none of its own.
    #[schemars(extend("examples" = [["src/**", "Cargo.*"]]))]
    pub(in crate::config) inputs: Key<List<String>>,
    /// Globs of the files that it writes.
    #[schemars(skip)]
    pub(in crate::config) outputs: Key<List<String>>,
    /// Whether it is skipped when nothing that it depends on has changed.
    #[schemars(skip)]
    pub(in crate::config) cache: Key<Either<bool, Cache>>,
    /// Whether it is long-lived: started for its first dependant, stopped after its last.
    pub(in crate::config) service: Key<bool>,
    /// How it is known that a service can be used; by default it can once it has started.
    #[schemars(extend("examples" = [{ "tcp": "127.0.0.1:5432" }, { "line": "ready to accept" }]))]
    pub(in crate::config) ready: Key<Ready>,
    /// When a service that has ended by itself is started again; by default never.
    #[schemars(extend("examples" = ["on-failure", { "when": "always", "burst": 3 }]))]
    pub(in crate::config) restart: Key<Either<RestartWord, Restart>>,
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
