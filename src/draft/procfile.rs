//! Procfile: programs that run side by side until somebody stops them.
//!
//! All of them have a place at once, and one that fails ends the others; with foreman one that ends
//! well does so too. Unaware of what they are.

use super::ledger::Ledger;
use super::sheet::{Process, Sheet};
use super::values::string;

/// The first port that foreman gives, and the distance to that of the next process.
const PORTS: (usize, usize) = (5000, 100);

/// Reads a Procfile.
pub(super) fn read(ledger: &mut Ledger<'_>) -> Sheet {
    let mut processes: Vec<Process> = Vec::new();
    for (at, line) in ledger.lines().into_iter().enumerate() {
        let word = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let Some((name, command)) = line.split_once(':') else { continue };
        let (name, command) = (name.trim(), command.trim());
        if name.is_empty() || !name.chars().all(word) || command.is_empty() {
            continue;
        }
        ledger.take(at + 1);
        let port = PORTS.0 + PORTS.1 * processes.len();
        let port = command.contains("PORT").then(|| ("PORT".to_owned(), port.to_string()));
        processes.push(Process {
            called: name.to_owned(),
            line: at + 1,
            script: Some(command.to_owned()),
            env: port.into_iter().collect(),
            keys: vec![("pool", string("procfile"))],
            ..Process::default()
        });
    }
    let size = processes.len().max(1);
    Sheet {
        shell: ["sh", "-c"].map(str::to_owned).to_vec(),
        tables: vec![
            "[limits]".to_owned(),
            "on-failure = \"kill\" # one that fails ends the others".to_owned(),
            String::new(),
            "# All of them at once.".to_owned(),
            "[pool.procfile]".to_owned(),
            format!("size = {size}"),
        ],
        processes,
        ..Sheet::default()
    }
}
