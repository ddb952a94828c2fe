//! Service: a long-lived process that is there for those that need it.
//!
//! Unaware of who needs it and of how a probe is made.

use std::time::Duration;

use super::{Backoff, Template};

/// `service = true`, with what belongs to it.
#[derive(Debug, Clone, Default)]
pub struct Service {
    /// `ready`; without it the service is ready once it has started.
    pub ready: Option<Ready>,
    /// `restart`.
    pub restart: Restart,
}

/// `ready`: how it is known that a service can be used.
#[derive(Debug, Clone)]
pub struct Ready {
    /// What is looked at.
    pub probe: Probe,
    /// `interval`: between two probes.
    pub interval: Duration,
    /// `timeout`: how long it may take from the start.
    pub timeout: Duration,
}

impl Ready {
    /// `interval` where none is given: nobody notices a wait of that length, and ten probes in a
    /// second would fill the log of a server.
    pub const INTERVAL: Duration = Duration::from_millis(250);

    /// `timeout` where none is given: a database on a slow machine is there by then.
    pub const TIMEOUT: Duration = Duration::from_secs(60);

    /// Returns a probe with the usual times.
    pub fn new(probe: Probe) -> Self {
        Self { probe, interval: Self::INTERVAL, timeout: Self::TIMEOUT }
    }
}

/// What says whether a service is ready.
#[derive(Debug, Clone)]
pub enum Probe {
    /// `tcp`: an address accepts a connection.
    Tcp(Template),
    /// `http`: an address answers a request, with this status.
    Http {
        /// The address.
        url: Template,
        /// `status`.
        status: u16,
    },
    /// `command`: a command passes.
    Command(Vec<Template>),
    /// `line`: a line of its output matches this regular expression.
    Line(String),
    /// `file`: a path is there.
    File(Template),
}

impl Probe {
    /// `status` where none is given.
    pub const STATUS: u16 = 200;

    /// Returns every text that may hold placeholders.
    pub fn templates(&self) -> &[Template] {
        match self {
            Self::Tcp(text) | Self::Http { url: text, .. } | Self::File(text) => {
                std::slice::from_ref(text)
            }
            Self::Command(words) => words,
            Self::Line(_) => &[],
        }
    }
}

/// `restart`: when and how often a service that has ended is started again.
#[derive(Debug, Clone, Copy)]
pub struct Restart {
    /// `when`.
    pub when: RestartWhen,
    /// `backoff`.
    pub backoff: Backoff,
    /// `burst`: so often within `within`; then it is given up.
    pub burst: u32,
    /// `within`.
    pub within: Duration,
}

impl Restart {
    /// `burst` where none is given.
    pub const BURST: u32 = 5;

    /// `within` where none is given.
    pub const WITHIN: Duration = Duration::from_secs(60);

    /// `backoff` where none is given: long enough that a port is free again, and not the pace of a
    /// loop.
    pub const BACKOFF: Backoff =
        Backoff { first: Duration::from_secs(1), most: Duration::from_secs(1), jitter: 0.0 };
}

impl Default for Restart {
    fn default() -> Self {
        let (backoff, burst, within) = (Self::BACKOFF, Self::BURST, Self::WITHIN);
        Self { when: RestartWhen::default(), backoff, burst, within }
    }
}

/// `restart.when`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RestartWhen {
    /// `never`.
    #[default]
    Never,
    /// `on-failure`: unless its exit passes.
    OnFailure,
    /// `always`.
    Always,
}
