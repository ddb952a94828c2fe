//! What must hold for every text that is given as a job file, whatever stands in it.
//!
//! It is loaded, its graph is proved, every problem is written in every form, and it is formatted:
//! nothing panics, nothing that is written acts on a terminal, formatting changes no meaning, and
//! all of it together stays below a bound of time.

pub mod mutate;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use runner::app::{self, Load};
use runner::config::{self, Loaded, Purpose};
use runner::diagnostic::{Findings, Format, Style, diff, pretty};
use rustix::time::{ClockId, clock_gettime};

/// The longest text that is tried, in bytes.
pub const LONGEST: usize = 64 << 10;

/// Seconds of processor time that one text may take, once for each thing that is done with it.
const SECONDS: f64 = 1.0;

/// Every way to write problems.
const FORMATS: [Format; 7] = [
    Format::Pretty,
    Format::Short,
    Format::Json,
    Format::GitHub,
    Format::GitLab,
    Format::Sarif,
    Format::Junit,
];

/// Where the text is put: a folder of its own, in memory.
static JOB: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = PathBuf::from(format!("/dev/shm/runner-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder in memory");
    folder.join("job.toml")
});

/// Does with a text everything that `validate` and `fmt` do.
pub fn check(bytes: &[u8]) {
    if bytes.len() > LONGEST {
        return;
    }
    fs::write(&*JOB, bytes).expect("the text is put in its place");
    let (loaded, mut seconds) = timed(load);
    seconds += timed(|| report(&loaded, bytes)).1;
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (formatted, took) = timed(|| config::format(text));
    seconds += took;
    assert!(seconds < SECONDS, "it took {seconds} s");
    match formatted {
        Ok(formatted) => same(text, &formatted, &loaded),
        Err(problems) => assert!(!problems.is_empty(), "it is not said why"),
    }
}

/// Loads the text, proves its graph and looks at the machine, as `validate` does.
fn load() -> Loaded {
    app::check(&JOB, &Load::default(), Purpose::Check)
}

/// Writes the problems in every form.
fn report(loaded: &Loaded, bytes: &[u8]) {
    let choice = bytes.iter().fold(bytes.len(), |sum, byte| sum.wrapping_add(usize::from(*byte)));
    let style = Style { color: false, width: 1 + choice % 300 };
    let mut findings = Findings::default();
    findings.add(loaded.problems.clone(), loaded.sources.clone());
    for format in FORMATS {
        let written = format.write(&findings, &style);
        assert!(harmless(&written), "it acts on a terminal: {written:?}");
    }
    assert!(loaded.job.is_some() || !loaded.is_sound());
    pretty(&loaded.problems, &loaded.sources, &Style { color: true, ..style });
}

/// Compares a text with its canonical form.
fn same(text: &str, formatted: &str, loaded: &Loaded) {
    let drawn = diff("job.toml", text, formatted, false);
    assert!(harmless(&drawn), "it acts on a terminal: {drawn:?}");
    assert_eq!(config::format(formatted).as_deref(), Ok(formatted), "once is not enough");
    let table = |text: &str| text.parse::<toml::Table>().expect("it is TOML");
    // As text, because not every number is equal to itself.
    assert_eq!(sorted(table(text)), sorted(table(formatted)), "it means something else");
    assert_eq!(comments(text), comments(formatted), "a comment is lost");
    fs::write(&*JOB, formatted).expect("the text is put in its place");
    let again = load();
    assert_eq!(meaning(loaded), meaning(&again), "it means something else to us");
}

/// Returns a job and the codes of its problems, places aside.
fn meaning(loaded: &Loaded) -> String {
    let codes = loaded.problems.iter().map(|problem| problem.code.id);
    // What only TOML 1.1 has may be written as 1.0.
    let mut codes: Vec<_> = codes.filter(|code| *code != "W401").collect();
    codes.sort_unstable();
    format!("{codes:?} {:?} {:?}", loaded.job, loaded.draft)
}

/// Returns a table as text that does not depend on the order of its keys.
fn sorted(table: toml::Table) -> String {
    let mut out = String::new();
    for (key, value) in BTreeMap::from_iter(table) {
        let value = match value {
            toml::Value::Table(inner) => sorted(inner),
            toml::Value::Array(entries) => {
                let wrap = |entry| toml::Table::from_iter([(String::new(), entry)]);
                entries.into_iter().map(wrap).map(sorted).collect()
            }
            value => format!("{value:?}"),
        };
        out.extend([&format!("{key:?}"), "{", &value, "}"]);
    }
    out
}

/// Returns how often each character that begins a comment stands in a text, or in its strings.
fn comments(text: &str) -> usize {
    text.matches('#').count()
}

/// Returns whether a text only puts characters on a screen.
fn harmless(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control())
}

/// Returns what a call returns and the seconds of processor time that it took.
fn timed<T>(call: impl FnOnce() -> T) -> (T, f64) {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let start = now();
    let returned = call();
    (returned, now() - start)
}
