//! Services: what is worth knowing of one, in a few words.
//!
//! Unaware of where it is shown.

use super::words::safe;
use crate::model::{Probe, RestartWhen, Service, Template};

/// Returns how it is known that a service can be used, and whether it is started again.
pub(super) fn remarks(service: &Service) -> Vec<String> {
    let ready = service.ready.as_ref().map(|ready| format!("ready: {}", probe(&ready.probe)));
    let restart = match service.restart.when {
        RestartWhen::Never => None,
        RestartWhen::OnFailure => Some("restarts on failure".to_owned()),
        RestartWhen::Always => Some("restarts always".to_owned()),
    };
    ["service".to_owned()].into_iter().chain(ready).chain(restart).collect()
}

/// Returns what is looked at.
pub(super) fn probe(probe: &Probe) -> String {
    let source = |text: &Template| safe(&text.source());
    match probe {
        Probe::Tcp(address) => format!("tcp {}", source(address)),
        Probe::Http { url, status: Probe::STATUS } => source(url),
        Probe::Http { url, status } => format!("{} with {status}", source(url)),
        Probe::Command(words) => words.iter().map(source).collect::<Vec<_>>().join(" "),
        Probe::Line(line) => format!("line /{}/", safe(line)),
        Probe::File(path) => format!("file {}", source(path)),
    }
}
