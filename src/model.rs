//! Model: the nouns that a user declares, and what can be wrong with them.
//!
//! Plain data without behaviour beyond what a noun knows of itself. Everything above speaks in
//! these types, so the same word stands in the job file, in the code, in an event and in a message.
//! Unaware of serde, TOML, tokio and petgraph.
//!
//! Reading order: [`job`], [`process`], [`condition`], [`service`], [`matcher`], [`pool`],
//! [`queue`], [`template`], [`mod@name`], [`ids`], [`problem`], [`mod@nearest`].

mod condition;
mod ids;
mod job;
mod matcher;
mod name;
mod nearest;
mod pool;
mod problem;
mod process;
mod queue;
mod service;
mod template;

pub use condition::{Condition, Os, Question};
pub use ids::{AttemptId, NodeId, PoolId, QueueId};
pub use job::{Environment, Inherit, Job, Limits, OnFailure};
pub use matcher::{GROUPS, Matcher, Tool};
pub use name::{LONGEST_NAME, is_part_of_name, unusable};
pub use nearest::{fold, nearest, nearest_at};
pub use pool::{Pool, Rate, Size};
pub use problem::{Code, FileId, Fix, Label, Part, Place, Problem, Severity, Source, Step, code};
pub use process::{
    Action, AllowFailure, Backoff, Cell, Emit, Leaks, Matrix, Need, Output, Process, Retry,
    RetryOn, RunWhen, Stdin, Stop, Timeout, When,
};
pub use queue::{
    Ack, Batch, BatchForm, Consumes, Deliver, Framing, From, Items, OnEnd, OnFull,
    OnProducerFailure, Order, Produces, Queue, Recycle, Tolerate, Wire,
};
pub use service::{Probe, Ready, Restart, RestartWhen, Service};
pub use template::{Part as TemplatePart, Placeholder, Template, TemplateError};
