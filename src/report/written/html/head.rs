//! Head: what stands at both ends of the page: how the run ended, what it came to, what it was.
//!
//! Unaware of single processes.

use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use crate::event::{Outcome, Tally};
use crate::report::paint::Hue;
use crate::report::written::markup::text;
use crate::report::{flow, said, words};

/// Writes the title of the page.
pub(super) fn title(tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
    let (_, sign, what) = verdict(tally);
    write!(to, "{sign} {}: {what}", text(&tally.job))
}

/// Writes how the run ended and how many of its processes ended in each way.
pub(super) fn head(tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
    let (class, sign, what) = verdict(tally);
    let started = UNIX_EPOCH + Duration::from_millis(tally.started);
    let started = humantime::format_rfc3339_seconds(started);
    writeln!(
        to,
        "<p class=\"job\">{}</p>\n<h1 class=\"{class}\"><span aria-hidden=\"true\">{sign}</span> \
         {what}</h1>\n<p class=\"dim\"><code>{}</code> · \
         <time datetime=\"{started}\">{started}</time></p>",
        text(&tally.job),
        text(&tally.file.to_string_lossy())
    )?;
    let counted = Outcome::ALL.iter().filter_map(|outcome| {
        let count = tally.ended_as(*outcome);
        (count > 0).then(|| (outcome.word(), count, words::outcome(*outcome)))
    });
    let waiting = tally.nodes_waiting();
    let waiting = (waiting > 0).then_some(("waiting", waiting, "not started"));
    let running =
        (tally.nodes_running > 0).then_some(("running", tally.nodes_running, "not ended"));
    let counts: Vec<_> = counted.chain(running).chain(waiting).collect();
    writeln!(to, "<ul class=\"counts\">")?;
    for (class, count, said) in &counts {
        writeln!(to, "<li class=\"{class}\"><b>{count}</b> {said}</li>")?;
    }
    let all: u32 = counts.iter().map(|(_, count, _)| count).sum();
    writeln!(
        to,
        "</ul>\n<svg class=\"share\" viewBox=\"0 0 {all} 1\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\">"
    )?;
    let mut left = 0;
    for (class, count, _) in &counts {
        writeln!(to, "<rect class=\"{class}\" x=\"{left}\" width=\"{count}\" height=\"1\"/>")?;
        left += count;
    }
    writeln!(to, "</svg>")
}

/// Writes what else is known of the whole run.
pub(super) fn facts(tally: &Tally, most: usize, to: &mut dyn Write) -> io::Result<()> {
    let running: u64 = tally.attempts + tally.running.len() as u64;
    let mut facts = vec![("Attempts", format!("{running}, at most {most} at once"))];
    if let Some((node, took)) = tally.slowest.first() {
        let name = text(&tally.nodes[node.index()].name);
        facts.push(("Slowest", format!("<b>{name}</b> {}", words::took(*took))));
    }
    if let Some(bottleneck) = flow::bottleneck(tally) {
        facts.push(("Bottleneck", text(&bottleneck)));
    }
    if tally.services.declared > 0 {
        let failed = tally.services.ended.failed();
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        facts.push(("Services", format!("{}{failed}", tally.services.declared)));
    }
    if let Some((_, _, reason)) = &tally.stop {
        facts.push(("Stopped", text(reason)));
    }
    writeln!(to, "<dl class=\"facts\">")?;
    for (name, value) in facts {
        writeln!(to, "<div><dt>{name}</dt><dd>{value}</dd></div>")?;
    }
    writeln!(to, "</dl>")
}

/// Writes what people should know and that is no failure.
pub(super) fn notes(notes: &[String], to: &mut dyn Write) -> io::Result<()> {
    for note in notes {
        writeln!(to, "<p class=\"note\">{}</p>", text(note))?;
    }
    Ok(())
}

/// Writes where all of this comes from.
pub(super) fn foot(tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
    let (run, folder) = (text(&tally.run), text(&tally.folder.to_string_lossy()));
    let version = env!("CARGO_PKG_VERSION");
    writeln!(to, "<p>Run {run}, kept in <code>{folder}</code>. Written by runner {version}.</p>")
}

/// Returns the class, the sign and the words of how the run ended.
fn verdict(tally: &Tally) -> (&'static str, &'static str, String) {
    let (hue, sign, what) = said::ending(tally);
    let class = match hue {
        Hue::Good => "passed",
        Hue::Warn => "stopped",
        Hue::Bad | Hue::Busy | Hue::Dim | Hue::Bold | Hue::Of(_) => "failed",
    };
    (class, sign, what)
}
