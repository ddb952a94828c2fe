//! Service: how a long-lived process becomes ready and is started again.
//!
//! Unaware of what the values mean.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{short, tables};
use crate::config::forms::{Key, List, Time, Wait, Whole};

/// How it is known that a service can be used; one of the first five keys.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("oneOf" = [
    { "required": ["tcp"] },
    { "required": ["http"] },
    { "required": ["command"] },
    { "required": ["line"] },
    { "required": ["file"] },
]))]
pub(in crate::config) struct Ready {
    /// An address accepts connections.
    #[schemars(extend("examples" = ["127.0.0.1:5432"]))]
    pub(in crate::config) tcp: Key<String>,
    /// An address answers a GET request.
    #[schemars(extend("examples" = ["http://127.0.0.1:8080/health"]))]
    pub(in crate::config) http: Key<String>,
    /// The status that it answers with; by default 200.
    pub(in crate::config) status: Key<Whole<100, 599>>,
    /// A command passes, in the folder and the environment of the service.
    #[schemars(extend("minItems" = 1, "examples" = [["pg_isready"]]))]
    pub(in crate::config) command: Key<List<String>>,
    /// A line of its output matches this regular expression.
    #[schemars(extend("examples" = ["listening on port \\d+"]))]
    pub(in crate::config) line: Key<String>,
    /// A path is there.
    pub(in crate::config) file: Key<String>,
    /// How long between two looks; by default `250ms`.
    pub(in crate::config) interval: Key<Time>,
    /// How long it may take; by default `1m`. Then it has failed.
    pub(in crate::config) timeout: Key<Time>,
}

/// When a service that has ended is started again, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum RestartWord {
    Never,
    OnFailure,
    Always,
}

/// When and how often a service is started again.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("required" = ["when"]))]
pub(in crate::config) struct Restart {
    /// When: `never`, `on-failure` (unless its exit code passes) or `always`.
    pub(in crate::config) when: Key<RestartWord>,
    /// The wait before it is started again; by default `1s`.
    #[schemars(extend("examples" = ["1s..1m"]))]
    pub(in crate::config) backoff: Key<Wait>,
    /// How often within `within`, before it is given up; by default 5.
    pub(in crate::config) burst: Key<Whole<1, 1000>>,
    /// The time in which `burst` is counted; by default `1m`.
    pub(in crate::config) within: Key<Time>,
}

/// What becomes of what an attempt leaves running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Leaks {
    Kill,
    Fail,
    Allow,
}

/// Where entries of the cache are shared.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Cache {
    /// The address.
    pub(in crate::config) remote: Key<String>,
}

tables!(Ready, Restart, Cache);
short!(RestartWord, "`never`, `on-failure`, `always`");
