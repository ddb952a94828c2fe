//! Reports: files about a run, written from the events that it has kept.
//!
//! All that are asked for are made in one reading. A file takes its place as a whole or not at all.
//! Unaware of what stands in them.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Fault;
use super::find::find;
use super::replace::anew;
use super::words::safe;
use super::{Invoked, Named};
use crate::event::Tally;
use crate::journal::{events_of, read_events};
use crate::model::Environment;
use crate::report::{Form, Written, written};

/// Where GitHub Actions lets a step write a page about itself.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// A file that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it is.
    pub form: Form,
    /// Where it goes.
    pub path: PathBuf,
}

/// Writes files about a run that is kept.
pub fn report(named: &Named, reports: &[Report]) -> Invoked {
    write(&find(named)?.path, reports, None)?;
    Ok(0)
}

/// Writes files about the run in a folder that has just ended, and adds a page about it to that of
/// the step where GitHub Actions runs it. A run inside another run is told of by that.
pub(super) fn tell(run: &Path, reports: &[Report]) -> Result<(), Fault> {
    let summary = env::var_os(STEP_SUMMARY).filter(|path| !path.is_empty());
    let summary = summary.filter(|_| env::var_os(Environment::RUN).is_none());
    write(run, reports, summary.as_deref().map(Path::new))
}

fn write(run: &Path, reports: &[Report], summary: Option<&Path>) -> Result<(), Fault> {
    if reports.is_empty() && summary.is_none() {
        return Ok(());
    }
    let page = summary.map(|_| Form::Markdown);
    let (mut told, tally) = read(run, reports.iter().map(|report| report.form).chain(page))?;
    let fault = |path: &Path| {
        let path = path.to_owned();
        |error| Fault::File { path, error }
    };
    for (report, told) in reports.iter().zip(&mut told) {
        put(&report.path, told.as_mut(), &tally).map_err(fault(&report.path))?;
    }
    if let Some((path, page)) = summary.zip(told.last_mut()) {
        let file = OpenOptions::new().append(true).create(true).open(path);
        if let Err(error) = file.and_then(|mut file| page.write(&tally, &mut file)) {
            // Nobody has asked for it.
            let told = format!("no page of this run in `{}`: {error}", path.display());
            let _ = writeln!(io::stderr(), "runner: {}", safe(&told));
        }
    }
    Ok(())
}

type Told = (Vec<Box<dyn Written>>, Tally);

/// Returns the fold of all events of the run in a folder.
pub(super) fn read_tally(run: &Path) -> Result<Tally, Fault> {
    Ok(read(run, std::iter::empty())?.1)
}

fn read(run: &Path, forms: impl Iterator<Item = Form>) -> Result<Told, Fault> {
    let mut told: Vec<_> = forms.map(written).collect();
    let mut tally = Tally::default();
    for event in read_events(&events_of(run))? {
        let event = event?;
        tally.count(&event);
        for one in &mut told {
            one.hear(&event, &tally)?;
        }
    }
    Ok((told, tally))
}

/// Writes a file, with the folders that it lies in.
fn put(path: &Path, told: &mut dyn Written, tally: &Tally) -> io::Result<()> {
    let mut fill = |file: &mut File| {
        let mut to = BufWriter::new(file);
        told.write(tally, &mut to)?;
        to.flush()
    };
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        // A pipe or a device has no place that could be taken.
        return fill(&mut OpenOptions::new().write(true).open(&target)?);
    }
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    anew(&target, None, fill)
}
