//! `runner plan`: what would run, in which order, on which pool, and what each waits for.
//!
//! A table that reads well in 80 columns. Unaware of whether anything is run.

use std::io::{self, Write};

use super::conditions;
use super::queues::remarks;
use super::services;
use super::why::reason;
use super::words::{count, padded, safe};
use crate::launch::Launch;
use crate::model::{Deliver, NodeId, When};
use crate::plan::{Node, Plan, Why, cells};

/// Columns of the table; a terminal has at least these.
const WIDTH: usize = 80;

/// Columns of the longest name that keeps to its column; a longer one takes a line of its own.
const MAX_NAME: usize = 30;

/// Columns of the longest condition; a dry run shows all of it.
const MAX_CONDITION: usize = 50;

/// Writes the plan.
pub(super) fn plan(plan: &Plan, launch: &Launch, to: &mut dyn Write) -> io::Result<()> {
    header(plan, to)?;
    let rows: Vec<Row> =
        plan.order().into_iter().enumerate().map(|(at, id)| row(plan, launch, (at, id))).collect();
    let width = |cell: fn(&Row) -> &str, title: &str, most: usize| {
        let widths = rows.iter().map(|row| console::measure_text_width(cell(row)));
        widths.filter(|width| *width <= most).max().unwrap_or(0).max(title.len())
    };
    let number = rows.len().to_string().len();
    let name = width(|row| &row.name, "process", MAX_NAME);
    let pool = width(|row| &row.pool, "pool", MAX_NAME);
    let indent = number + name + pool + 6;
    let line = |first: &str, second: &str, third: &str, fourth: &str| {
        let (second, third) = (padded(second, name), padded(third, pool));
        format!("{first:>number$}  {second}  {third}  {fourth}").trim_end().to_owned()
    };
    writeln!(to, "{}", line("#", "process", "pool", "waits for"))?;
    for row in &rows {
        let mut lines = wrapped(&row.waits, WIDTH.saturating_sub(indent)).into_iter();
        let first = lines.next().unwrap_or_default();
        if console::measure_text_width(&row.name) > name {
            writeln!(to, "{:>number$}  {}", row.number, row.name)?;
            writeln!(to, "{}", line("", "", &row.pool, &first))?;
        } else {
            writeln!(to, "{}", line(&row.number.to_string(), &row.name, &row.pool, &first))?;
        }
        for rest in lines {
            writeln!(to, "{}{rest}", " ".repeat(indent))?;
        }
    }
    footer(plan, to)?;
    reasons(plan, to)
}

/// Writes why each process runs, or does not, where not simply all of them do.
fn reasons(plan: &Plan, to: &mut dyn Write) -> io::Result<()> {
    if plan.why.iter().all(|why| *why == Why::Runs(Vec::new())) {
        return Ok(());
    }
    let mut running = vec![0; plan.why.len()];
    for node in &plan.nodes {
        running[node.process] += 1;
    }
    let (runs, left): (Vec<usize>, Vec<usize>) =
        (0..plan.why.len()).partition(|at| matches!(plan.why[*at], Why::Runs(_)));
    for (title, all) in [("runs because", runs), ("left out because", left)] {
        let name = |at: &usize| safe(&plan.job.processes[*at].name);
        let widths = all.iter().map(|at| name(at).len()).filter(|width| *width <= MAX_NAME);
        let width = widths.max().unwrap_or(0);
        if !all.is_empty() {
            writeln!(to, "\n{title}")?;
        }
        for at in &all {
            let cells = match (running[*at], cells(&plan.job.processes[*at])) {
                (some, all) if 0 < some && some < all => format!("; {some} of {all} cells"),
                _ => String::new(),
            };
            let why = reason(plan, &plan.why[*at]);
            writeln!(to, "  {}  {why}{cells}", padded(&name(at), width))?;
        }
    }
    Ok(())
}

/// One line of the table.
struct Row {
    number: usize,
    name: String,
    pool: String,
    waits: Vec<String>,
}

/// Writes what the job is and how much of it will run.
fn header(plan: &Plan, to: &mut dyn Write) -> io::Result<()> {
    let nodes = count(plan.nodes.len(), "process");
    let declared = plan.queues.chunk_by(|one, next| one.queue == next.queue).count();
    let queues = match declared {
        0 => String::new(),
        number => format!(", {}", count(number, "queue")),
    };
    let bound = match plan.jobs {
        Some(1) => "; one child at a time".to_owned(),
        Some(jobs) => format!("; at most {jobs} children at once"),
        None => String::new(),
    };
    writeln!(to, "{}: {nodes}{queues}{bound}\n", safe(&plan.job.name))
}

/// Writes the sizes of pools and queues.
fn footer(plan: &Plan, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to)?;
    for pool in &plan.pools {
        let rate = pool.rate.map_or(String::new(), |rate| {
            format!(", at most {} in {}", count(rate.starts as usize, "start"), seconds(rate.per))
        });
        writeln!(to, "pool {}: {}{rate}", pool.name, count(pool.size as usize, "slot"))?;
    }
    for queue in &plan.queues {
        let declared = plan.queue(queue.id);
        let mut words = remarks(declared);
        words.extend(declared.items.as_ref().map(|_| "has items of its own".to_owned()));
        words.extend(queue.circle.map(|_| "on a loop".to_owned()));
        words.extend(declared.dead.as_ref().map(|dead| format!("dead items go to {}", safe(dead))));
        let name = plan.queue_name(queue.id);
        for (at, line) in wrapped(&words, WIDTH.saturating_sub(name.len() + 8)).iter().enumerate() {
            let head = if at == 0 { format!("queue {name}:") } else { " ".repeat(name.len() + 7) };
            writeln!(to, "{head} {line}")?;
        }
    }
    Ok(())
}

/// Returns a duration for people.
fn seconds(duration: std::time::Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// Makes one line.
fn row(plan: &Plan, launch: &Launch, (at, id): (usize, NodeId)) -> Row {
    let node = plan.node(id);
    let weight = if node.weight > 1 { format!(" x{}", node.weight) } else { String::new() };
    let pools: Vec<&str> =
        node.pools.iter().map(|pool| plan.pools[pool.index()].name.as_str()).collect();
    let pool = format!("{}{weight}", pools.join(", "));
    Row { number: at + 1, name: safe(&node.name), pool, waits: waits(plan, launch, node) }
}

/// Returns what a node waits for, in words.
pub(super) fn waits(plan: &Plan, launch: &Launch, node: &Node) -> Vec<String> {
    let service = plan.process(node.id).service.as_ref();
    let needs_words = needs(plan, &node.needs).into_iter();
    let mut words: Vec<String> = service.map(services::remarks).unwrap_or_default();
    words.extend(needs_words.map(|(name, when)| match when {
        When::Passed => format!("needs {name}"),
        When::Ended => format!("needs {name} ended"),
        When::Failed => format!("needs {name} failed"),
        When::Started => format!("needs {name} started"),
        When::Ready => format!("needs {name} ready"),
    }));
    let after: Vec<(NodeId, When)> = node.after.iter().map(|id| (*id, When::Ended)).collect();
    words.extend(needs(plan, &after).into_iter().map(|(name, _)| format!("after {name}")));
    words.extend(node.piped_from.map(|id| format!("piped from {}", safe(&plan.node(id).name))));
    let conditions = conditions::remarks(plan, node.id, launch).into_iter();
    words.extend(conditions.map(|it| console::truncate_str(&it, MAX_CONDITION, "…").into_owned()));
    if let Some(queue) = node.consumes {
        let deliver = plan.process(node.id).consumes.as_ref().map(|consumes| consumes.deliver);
        let what = match deliver {
            Some(Deliver::Stream) => "reads queue",
            Some(Deliver::Batch) => "batches of queue",
            Some(Deliver::Worker) => "works on queue",
            Some(Deliver::Args | Deliver::Stdin) | None => "items of queue",
        };
        words.push(format!("{what} {}", plan.queue_name(queue)));
        words.push(count(node.workers as usize, "worker"));
    }
    words
}

/// Names needed nodes, all cells of a matrix in one word.
fn needs(plan: &Plan, needs: &[(NodeId, When)]) -> Vec<(String, When)> {
    let mut words = Vec::new();
    let process = |&(id, _): &(NodeId, When)| plan.node(id).process;
    for group in needs.chunk_by(|a, b| process(a) == process(b)) {
        for wanted in [When::Passed, When::Ended, When::Failed, When::Started, When::Ready] {
            let found: Vec<NodeId> =
                group.iter().filter(|(_, when)| *when == wanted).map(|(id, _)| *id).collect();
            match found[..] {
                [] => {}
                [id] => words.push((safe(&plan.node(id).name), wanted)),
                [first, ..] => {
                    let name = &plan.process(first).name;
                    words.push((format!("{name} ({} cells)", found.len()), wanted));
                }
            }
        }
    }
    words
}

/// Returns phrases in lines of a width, a comma after each but the last.
pub(super) fn wrapped(phrases: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (at, phrase) in phrases.iter().enumerate() {
        let comma = if at + 1 < phrases.len() { "," } else { "" };
        let phrase = format!("{phrase}{comma}");
        let length = console::measure_text_width(&phrase);
        match lines.last_mut() {
            Some(line) if console::measure_text_width(line) + 1 + length <= width => {
                line.push(' ');
                line.push_str(&phrase);
            }
            _ => lines.push(phrase),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::launch::Limits;
    use crate::model::{Condition, Job, Question};
    use crate::plan::{Machine, Selection, plan as planned, sample};

    fn shown(text: &str, jobs: Option<u32>) -> String {
        shown_of(sample::job(text), jobs)
    }

    fn shown_of(job: Job, jobs: Option<u32>) -> String {
        let machine = Machine { cpus: 4, jobs };
        let environment = [("CI".into(), "true".into())];
        let launch = Launch::new(&job, "{run.id}", &environment, Limits::default());
        let made = planned(job, &Selection::default(), &machine, &BTreeMap::new()).unwrap();
        let mut out = Vec::new();
        plan(&made, &launch, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_of_everything() {
        let text = "pool net 8\nbuild\ntest matrix os=linux,mac matrix v=1,2 needs build pool net \
                    weight 2\nscan after build feeds files\nhash reads files feeds sums\n\
                    group streams sums\nreport needs test failed:group\nw\nr pipe w";
        insta::assert_snapshot!(shown(text, None), @r##"
        sample: 11 processes, 2 queues

         #  process          pool     waits for
         1  build            default
         2  scan             default  after build
         3  hash             default  items of queue files, 4 workers
         4  test (linux, 1)  net x2   needs build
         5  test (linux, 2)  net x2   needs build
         6  test (mac, 1)    net x2   needs build
         7  test (mac, 2)    net x2   needs build
         8  group            default  reads queue sums, 4 workers
         9  w                default
        10  report           default  needs test (4 cells), needs group failed
        11  r                default  piped from w

        pool default: 4 slots
        pool net: 8 slots
        queue files: room for 64 items
        queue sums: room for 64 items
        "##);
    }

    #[test]
    fn queues_say_what_is_special_of_them() {
        let text = "queue urls 1 spill! unique! dead=lost groups=page,log\nqueue lost\n\
                    crawl works urls/page feeds urls\nkeep streams urls/log\nbury batches lost";
        insta::assert_snapshot!(shown(text, None), @"
        sample: 3 processes, 2 queues

        #  process  pool     waits for
        1  crawl    default  works on queue urls/page, 4 workers
        2  keep     default  reads queue urls/log, 4 workers
        3  bury     default  batches of queue lost, 4 workers

        pool default: 4 slots
        queue urls/page: room for 64 items, spills to disk, each item once,
                         has items of its own, on a loop, dead items go to lost
        queue urls/log: room for 64 items, spills to disk, each item once,
                        has items of its own, dead items go to lost
        queue lost: room for 64 items
        ");
    }

    #[test]
    fn services_say_how_they_are_known_to_be_ready() {
        insta::assert_snapshot!(shown("db service!\na needs db\nb needs started:db", None), @"
        sample: 3 processes

        #  process  pool     waits for
        1  db       default  service
        2  a        default  needs db ready
        3  b        default  needs db started

        pool default: 4 slots
        ");
    }

    #[test]
    fn conditions_are_shown_and_answered_where_that_takes_no_run() {
        let mut job = sample::job("build\ndeploy needs build\ncell matrix os=linux,mac");
        let env = |name: &str| Question::Env { name: name.to_owned(), is: None };
        let value = |value: &str, is: &str| {
            let is = Some(sample::template(is));
            Question::Value { value: sample::template(value), is }
        };
        let long = ["grep", "-q", "a-word-that-is-long", "a/path/that/is/longer/than/that"];
        let long = long.map(sample::template).to_vec();
        let asked = [
            vec![env("CI"), env("NO_SUCH")],
            vec![value("{process.build.stdout}", "yes"), Question::Command(long)],
            vec![value("{matrix.os}", "mac")],
        ];
        for (process, asked) in job.processes.iter_mut().zip(asked) {
            let condition = |question| Condition { question, not: false };
            process.conditions = asked.into_iter().map(condition).collect();
        }
        insta::assert_snapshot!(shown_of(job, None), @r#"
        sample: 4 processes

        #  process       pool     waits for
        1  build         default  if CI is set (yes), if NO_SUCH is set (no)
        2  deploy        default  needs build, if {process.build.stdout} is "yes",
                                  if `grep -q a-word-that-is-long a/path/that/is/lo…
        3  cell (linux)  default  if {matrix.os} is "mac" (no)
        4  cell (mac)    default  if {matrix.os} is "mac" (yes)

        pool default: 4 slots
        "#);
    }

    #[test]
    fn long_lines_are_wrapped_and_long_names_stand_alone() {
        let names: Vec<String> = (0..12).map(|n| format!("process-number-{n}")).collect();
        let long = "a-name-that-is-much-longer-than-its-column";
        let text = format!("{}\n{long} needs {}", names.join("\n"), names.join(" "));
        let shown = shown(&text, Some(1));
        assert!(shown.lines().all(|line| line.len() <= WIDTH), "{shown}");
        assert!(shown.contains("\n13  a-name-that-is-much-longer-than-its-column\n"), "{shown}");
        assert!(shown.starts_with("sample: 13 processes; one child at a time\n"), "{shown}");
    }
}
