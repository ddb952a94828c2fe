//! Ready: how one attempt of a service is probed, with its values filled in.
//!
//! Unaware of how a probe is made.

use std::ffi::OsString;
use std::path::PathBuf;

use super::Unfit;
use super::fit::os;
use super::pieces::Pieces;
use crate::model::{self, Template};

/// What says whether an attempt of a service is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// This address accepts a connection.
    Tcp(String),
    /// This address answers a request, with this status.
    Http {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// This command passes.
    Command(Vec<OsString>),
    /// A line of its output matches this regular expression.
    Line(String),
    /// This path is there.
    File(PathBuf),
}

/// The same, half filled.
#[derive(Debug)]
pub(super) enum Ready {
    Tcp(Pieces),
    Http(Pieces, u16),
    Command(Vec<Pieces>),
    Line(String),
    File(Pieces),
}

impl Ready {
    /// Fills in what is fixed.
    pub(super) fn of(
        probe: &model::Probe,
        of: &dyn Fn(&Template) -> Result<Pieces, Unfit>,
    ) -> Result<Self, Unfit> {
        Ok(match probe {
            model::Probe::Tcp(text) => Self::Tcp(of(text)?),
            model::Probe::Http { url, status } => Self::Http(of(url)?, *status),
            model::Probe::Command(words) => {
                Self::Command(words.iter().map(of).collect::<Result<_, _>>()?)
            }
            model::Probe::Line(line) => Self::Line(line.clone()),
            model::Probe::File(path) => Self::File(of(path)?),
        })
    }

    /// Fills in the rest; `path` is for what names a file.
    pub(super) fn filled(
        &self,
        fill: &dyn Fn(&Pieces) -> Result<Vec<u8>, Unfit>,
        path: &dyn Fn(&Pieces) -> Result<PathBuf, Unfit>,
    ) -> Result<Probe, Unfit> {
        let text = |pieces: &Pieces| Ok(String::from_utf8_lossy(&fill(pieces)?).into_owned());
        Ok(match self {
            Self::Tcp(address) => Probe::Tcp(text(address)?),
            Self::Http(url, status) => Probe::Http { url: text(url)?, status: *status },
            Self::Command(words) => {
                let word = |(at, pieces)| os(fill(pieces)?, || format!("word {at} of the probe"));
                Probe::Command(words.iter().enumerate().map(word).collect::<Result<_, _>>()?)
            }
            Self::Line(line) => Probe::Line(line.clone()),
            Self::File(name) => Probe::File(path(name)?),
        })
    }
}
