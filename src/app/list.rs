//! `runner list`: the processes, pools and queues of a job with their descriptions.
//!
//! For people as text; for programs as JSON, whose shape is stable. Queues are shown with who feeds
//! and who reads them, as the file says it. Unaware of the graph.
//!
//! ```json
//! { "name": "…", "description": null,
//!   "processes": [{ "name": "…", "description": null, "tags": [], "needs":
//!     [{ "process": "…", "when": "passed" }], "after": [], "pools": ["default"], "cells": 1,
//!     "consumes": null, "produces": [], "service": false, "ready": null }],
//!   "pools": [{ "name": "…", "description": null, "size": 4 }],
//!   "queues": [{ "name": "…", "description": null, "capacity": 1024, "framing": "lines",
//!     "on_full": "block", "unique": false, "groups": [], "dead": null, "items": false,
//!     "producers": ["…"], "consumers": [{ "process": "…", "group": null, "deliver": "args" }] }] }
//! ```
//!
//! `size` is a number, or text where it depends on the machine: `"cpus*2"`, `"50%"`. Keys are added
//! and never renamed.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::queues::{End, Ends, remarks};
use super::services::{self, probe};
use super::words::{count, padded, safe};
use crate::model::{Consumes, Job, OnFull, Pool, Process, Queue, Size, When};
use crate::plan::cells;

/// Columns of the longest name that keeps to its column.
const MAX_NAME: usize = 30;

/// Writes the list for people.
pub(super) fn list(job: &Job, to: &mut dyn Write) -> io::Result<()> {
    match &job.description {
        Some(description) => writeln!(to, "{}: {}", safe(&job.name), first_line(description))?,
        None => writeln!(to, "{}", safe(&job.name))?,
    }
    let processes = job.processes.iter().map(|process| {
        let cells = cells(process);
        let many = (cells > 1).then(|| format!("({cells} cells)"));
        let serves = process.service.as_ref();
        let many = many.or(serves.map(|it| format!("({})", services::remarks(it).join(", "))));
        Line { name: &process.name, remark: many, about: &process.description, more: Vec::new() }
    });
    section(to, "processes", processes.collect())?;
    let pools = job.pools.iter().map(|pool| Line {
        name: &pool.name,
        remark: Some(size_words(pool)),
        about: &pool.description,
        more: Vec::new(),
    });
    section(to, "pools", pools.collect())?;
    let ends = Ends::of(job);
    let queues = job.queues.iter().map(|queue| Line {
        name: &queue.name,
        remark: Some(format!("({})", remarks(queue).join(", "))),
        about: &queue.description,
        more: ends.of_queue(queue).lines(queue),
    });
    section(to, "queues", queues.collect())
}

/// Writes the list for programs.
pub(super) fn json(job: &Job, to: &mut dyn Write) -> io::Result<()> {
    let ends = Ends::of(job);
    let list = json!({
        "name": job.name,
        "description": job.description,
        "processes": job.processes.iter().map(process).collect::<Vec<_>>(),
        "pools": job.pools.iter().map(pool).collect::<Vec<_>>(),
        "queues": job.queues.iter().map(|it| queue(it, ends.of_queue(it))).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *to, &list)?;
    writeln!(to)
}

/// What is listed of one thing.
struct Line<'a> {
    name: &'a str,
    remark: Option<String>,
    /// Its description.
    about: &'a Option<String>,
    /// Lines below it.
    more: Vec<String>,
}

/// Writes the lines of one kind, if there are any.
fn section(to: &mut dyn Write, title: &str, lines: Vec<Line<'_>>) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(to, "\n{title}")?;
    let widths = lines.iter().map(|line| line.name.len()).filter(|width| *width <= MAX_NAME);
    let width = widths.max().unwrap_or(0);
    for Line { name, remark, about, more } in lines {
        let about = about.as_deref().map(first_line);
        let words: Vec<String> = about.into_iter().chain(remark).collect();
        writeln!(to, "{}", format!("  {}  {}", padded(name, width), words.join(" ")).trim_end())?;
        for line in more {
            writeln!(to, "  {}  {line}", padded("", width))?;
        }
    }
    Ok(())
}

/// Returns the first line of a description.
fn first_line(text: &str) -> String {
    safe(text.lines().next().unwrap_or_default())
}

/// Returns the size of a pool in words.
fn size_words(pool: &Pool) -> String {
    match pool.size {
        Size::Count(slots) => format!("({})", count(slots as usize, "slot")),
        Size::Cpus(factor) => format!("({})", cpus(factor)),
    }
}

/// Returns a size that depends on the machine, as it is written in a job file.
fn cpus(factor: f64) -> String {
    if (factor - 1.0).abs() < f64::EPSILON {
        "cpus".to_owned()
    } else if factor > 1.0 && factor.fract() == 0.0 {
        format!("cpus*{factor}")
    } else {
        format!("{}%", factor * 100.0)
    }
}

/// Returns a process for programs.
fn process(process: &Process) -> Value {
    let need =
        |need: &crate::model::Need| json!({ "process": need.process, "when": when(need.when) });
    let ready = process.service.as_ref().and_then(|service| service.ready.as_ref());
    json!({
        "name": process.name,
        "description": process.description,
        "tags": process.tags,
        "needs": process.needs.iter().map(need).collect::<Vec<_>>(),
        "after": process.after,
        "pools": process.pools.clone().unwrap_or_else(|| vec!["default".to_owned()]),
        "cells": cells(process),
        "consumes": process.consumes.as_ref().map(|consumes| &consumes.queue),
        "produces": process.produces.iter().map(|fed| &fed.queue).collect::<Vec<_>>(),
        "service": process.service.is_some(),
        "ready": ready.map(|ready| probe(&ready.probe)),
    })
}

/// Returns a pool for programs.
fn pool(pool: &Pool) -> Value {
    let size = match pool.size {
        Size::Count(slots) => json!(slots),
        Size::Cpus(factor) => json!(cpus(factor)),
    };
    json!({ "name": pool.name, "description": pool.description, "size": size })
}

/// Returns a queue for programs.
fn queue(queue: &Queue, end: &End<'_>) -> Value {
    let consumer = |(process, said): &(&str, &Consumes)| {
        let (group, deliver) = (&said.group, said.deliver.word());
        json!({ "process": process, "group": group, "deliver": deliver })
    };
    json!({
        "name": queue.name,
        "description": queue.description,
        "capacity": queue.capacity,
        "framing": queue.framing.word(),
        "on_full": match queue.on_full {
            OnFull::Block => "block",
            OnFull::Spill => "spill",
        },
        "unique": queue.unique,
        "groups": queue.groups,
        "dead": queue.dead,
        "items": queue.items.is_some(),
        "producers": end.producers,
        "consumers": end.consumers.iter().map(consumer).collect::<Vec<_>>(),
    })
}

/// Returns the word of the language.
pub(super) fn when(when: When) -> &'static str {
    match when {
        When::Passed => "passed",
        When::Ended => "ended",
        When::Failed => "failed",
        When::Started => "started",
        When::Ready => "ready",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    fn job() -> Job {
        let mut job = sample::job(
            "pool net 1\npool half cpus\nscan feeds files\nhash needs ended:scan reads files pool \
             net matrix k=1,2",
        );
        job.description = Some("finds things".to_owned());
        job.pools[1].size = Size::Cpus(0.5);
        job.processes[0].description = Some("walks\nthe tree".to_owned());
        job
    }

    fn written(write: fn(&Job, &mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&job(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_read_a_list() {
        insta::assert_snapshot!(written(list), @"
        sample: finds things

        processes
          scan  walks
          hash  (2 cells)

        pools
          net   (1 slot)
          half  (50%)

        queues
          files  (room for 64 items)
                 scan -> hash (args)
        ");
    }

    #[test]
    fn queues_are_shown_with_who_feeds_and_reads_them() {
        let mut job = sample::job(
            "queue urls 1 spill! unique! dead=lost groups=page,log\nqueue lost\n\
             crawl works urls/page feeds urls\nkeep streams urls/log\nbury batches lost",
        );
        job.queues[0].key = Some(sample::template("{item.url}"));
        job.queues[0].framing = crate::model::Framing::Json;
        let mut out = Vec::new();
        list(&job, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        let (_, queues) = out.split_once("queues\n").unwrap();
        insta::assert_snapshot!(queues, @"
        urls  (room for 64 items, json, spills to disk, each {item.url} once)
              items, crawl -> page: crawl (worker)
              items, crawl -> log: keep (stream)
              dead -> lost
        lost  (room for 64 items)
              dead of urls -> bury (batch)
        ");
    }

    #[test]
    fn services_are_shown_with_how_they_are_known_to_be_ready() {
        let mut job = sample::job("db service!\nweb service! needs db\ntest needs web");
        let ready = |probe| Some(crate::model::Ready::new(probe));
        let [db, web, _] = &mut job.processes[..] else { panic!("three") };
        db.service.as_mut().unwrap().ready =
            ready(crate::model::Probe::Tcp(sample::template("127.0.0.1:{env.PORT}")));
        let web = web.service.as_mut().unwrap();
        web.ready = ready(crate::model::Probe::Line("listening".to_owned()));
        web.restart.when = crate::model::RestartWhen::Always;
        let mut out = Vec::new();
        list(&job, &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"
        sample

        processes
          db    (service, ready: tcp 127.0.0.1:{env.PORT})
          web   (service, ready: line /listening/, restarts always)
          test
        ");
    }

    #[test]
    fn programs_read_a_stable_shape() {
        let value: Value = serde_json::from_str(&written(json)).unwrap();
        let expected = json!({
            "name": "sample", "description": "finds things",
            "processes": [
                { "name": "scan", "description": "walks\nthe tree", "tags": [], "needs": [],
                  "after": [], "pools": ["default"], "cells": 1, "consumes": null,
                  "produces": ["files"], "service": false, "ready": null },
                { "name": "hash", "description": null, "tags": [],
                  "needs": [{ "process": "scan", "when": "ended" }], "after": [],
                  "pools": ["net"], "cells": 2, "consumes": "files", "produces": [],
                  "service": false, "ready": null },
            ],
            "pools": [
                { "name": "net", "description": null, "size": 1 },
                { "name": "half", "description": null, "size": "50%" },
            ],
            "queues": [{
                "name": "files", "description": null, "capacity": 64, "framing": "lines",
                "on_full": "block", "unique": false, "groups": [], "dead": null, "items": false,
                "producers": ["scan"],
                "consumers": [{ "process": "hash", "group": null, "deliver": "args" }],
            }],
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn sizes_are_written_as_in_a_file() {
        let sizes = [1.0, 2.0, 0.25, 1.5].map(cpus);
        assert_eq!(sizes, ["cpus", "cpus*2", "25%", "150%"]);
    }
}
