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
use super::{Invoked, Named};
use crate::event::Tally;
use crate::journal::{events_of, read_events};
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
/// the step where GitHub Actions runs it.
pub(super) fn tell(run: &Path, reports: &[Report]) -> Result<(), Fault> {
    let summary = env::var_os(STEP_SUMMARY).filter(|path| !path.is_empty());
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
        file.and_then(|mut file| page.write(&tally, &mut file)).map_err(fault(path))?;
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
    let mut fill = |file: File| {
        let mut to = BufWriter::new(file);
        told.write(tally, &mut to)?;
        to.flush()
    };
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        // A pipe or a device has no place that could be taken.
        return fill(OpenOptions::new().write(true).open(&target)?);
    }
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = File::create(&beside).and_then(fill).and_then(|()| fs::rename(&beside, &target));
    if written.is_err() {
        // What went wrong before is what matters.
        let _ = fs::remove_file(&beside);
    }
    written
}
