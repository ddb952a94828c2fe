//! Junit: a test report in XML, which nearly every CI shows, with a suite for each job file.
//!
//! An error is a case that failed, a warning one that passed and has something to say, and a job
//! file without either is one case that passed. Unaware of how problems are found.

use std::fmt::Write as _;

use super::findings::{Checked, Findings};
use super::found::{Found, Grade};
use super::safe::clean;
use crate::ci::markup;

/// Writes an XML document.
pub(super) fn junit(findings: &Findings) -> String {
    let cases: usize = findings.jobs.iter().map(cases).sum();
    let errors: usize = findings.jobs.iter().map(Checked::errors).sum();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"runner validate\" tests=\"{cases}\" failures=\"{errors}\" \
         errors=\"0\">\n"
    );
    for job in &findings.jobs {
        out.push_str(&suite(job));
    }
    out + "</testsuites>\n"
}

/// Returns how many cases a job file has.
fn cases(job: &Checked) -> usize {
    job.found.len().max(1)
}

fn suite(job: &Checked) -> String {
    let (path, cases, errors) = (escaped(&job.path), cases(job), job.errors());
    let mut out = format!(
        "  <testsuite name=\"{path}\" tests=\"{cases}\" failures=\"{errors}\" errors=\"0\" \
         skipped=\"0\">\n"
    );
    if job.found.is_empty() {
        writeln!(out, "    <testcase name=\"valid\" classname=\"{path}\"/>")
            .expect("text takes everything");
    }
    for found in &job.found {
        out.push_str(&case(found));
    }
    out + "  </testsuite>\n"
}

fn case(found: &Found) -> String {
    let place = &found.place;
    let (file, line, column) = (escaped(&place.file), place.line, place.column);
    let (code, name) = (found.code, found.name);
    let said = match found.severity {
        Grade::Error => format!(
            "<failure type=\"{code}\" message=\"{}\">{}</failure>",
            escaped(&found.message),
            details(found)
        ),
        Grade::Warning => {
            format!("<system-out>{}\n{}</system-out>", escaped(&found.message), details(found))
        }
    };
    format!(
        "    <testcase name=\"{code} {name} at {line}:{column}\" classname=\"{file}\" \
         file=\"{file}\" line=\"{line}\">\n      {said}\n    </testcase>\n"
    )
}

/// Returns every place and what is said there, and the help.
fn details(found: &Found) -> String {
    let labels = found.labels.iter().map(|label| {
        let place = &label.place;
        let at = format!("{}:{}:{}", escaped(&place.file), place.line, place.column);
        if label.text.is_empty() { at } else { format!("{at}: {}", escaped(&label.text)) }
    });
    let help = found.help.iter().map(|help| format!("help: {}", escaped(help)));
    labels.chain(help).collect::<Vec<_>>().join("\n")
}

/// Returns text as it stands in XML.
fn escaped(text: &str) -> String {
    markup(&clean(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_value_before_its_end() {
        assert_eq!(
            escaped("<a b=\"c\">'&\u{0}\u{ffff}"),
            "&lt;a b=&quot;c&quot;&gt;&#39;&amp;\\u{0}\u{fffd}"
        );
    }
}
