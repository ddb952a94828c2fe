//! Random: jobs that `check` has nothing against, as the lines of a story.
//!
//! Unaware of what is done with them.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::lives::can_be_lived_through;
use super::story;
use crate::plan::check;

/// Queues of a random job.
const QUEUES: usize = 3;

/// What one process may say.
#[derive(Debug, Clone)]
struct Line {
    role: Role,
    /// Edges to processes before it.
    edges: Vec<(&'static str, usize)>,
    says: Vec<&'static str>,
    pool: Option<&'static str>,
    more: Vec<&'static str>,
}

#[derive(Debug, Clone)]
enum Role {
    Plain,
    /// It is piped from the process before it.
    Piped,
    /// It is there for the processes after it.
    Service,
    Source(usize),
    Consumer {
        verb: &'static str,
        reads: usize,
        feeds: Option<usize>,
    },
}

fn role() -> impl Strategy<Value = Role> {
    let consumer = (prop::sample::select(vec!["reads", "streams"]), 0..QUEUES, 0..QUEUES + 2)
        .prop_map(|(verb, reads, feeds)| {
            let feeds = (feeds > reads && feeds < QUEUES).then_some(feeds);
            Role::Consumer { verb, reads, feeds }
        });
    prop_oneof![
        3 => Just(Role::Plain),
        1 => Just(Role::Piped),
        2 => Just(Role::Service),
        2 => (0..QUEUES).prop_map(Role::Source),
        4 => consumer,
    ]
}

fn line() -> impl Strategy<Value = Line> {
    let edge = prop::sample::select(vec![
        "needs ",
        "needs ",
        "needs ended:",
        "needs failed:",
        "needs started:",
        "after ",
    ]);
    let says = prop::sample::select(vec![
        "retry 2",
        "weight 2",
        "priority 1",
        "priority -1",
        "matrix k=1,2,3",
    ]);
    let pool = prop::sample::select(vec!["x", "y", "x,y", "big"]);
    let more = prop::sample::select(vec![
        "always",
        "on-failure",
        "asks",
        "asks",
        "timeout 2",
        "allow",
        "allows 64",
        "slow 1",
        "backoff 1 4",
        "on 1",
        "never 64",
        "finally",
        "finally",
        "workers 3",
        "workers 1",
        "endless",
        "acks-read",
        "batch 2",
        "batch 5",
        "works",
        "streak 2",
        "held",
        "fails-fast",
        "probed 3",
        "probed 3",
        "restarts always 1",
        "restarts on-failure 2",
    ]);
    (
        role(),
        vec((edge, 0..8_usize), 0..3),
        vec(says, 0..2),
        prop::option::weighted(0.3, pool),
        vec(more, 0..3),
    )
        .prop_map(|(role, edges, says, pool, more)| Line { role, edges, says, pool, more })
}

/// Returns the lines of a random job without a problem.
pub(in crate::engine::core) fn job() -> impl Strategy<Value = String> {
    let limits = vec(
        prop::sample::select(vec![
            "limits continue",
            "limits kill",
            "limits jobs 1",
            "limits jobs 2",
            "limits cpus 1",
            "limits cpus 2",
            "limits timeout 5",
        ]),
        0..3,
    );
    let queues = vec((0..4_usize, 1..4_usize), QUEUES);
    (vec(line(), 1..8), limits, queues).prop_filter_map(
        "a problem that only the generator has",
        |(lines, limits, queues)| {
            let text = |edges| write(&lines, &limits, &queues, edges);
            // Edges beside queues easily make circles.
            let is_right = |text: &String| {
                let job = story::job(text).0;
                check(&job).is_empty() && can_be_lived_through(&job)
            };
            [text(true), text(false)].into_iter().find(is_right)
        },
    )
}

fn write(lines: &[Line], limits: &[&str], queues: &[(usize, usize)], edges: bool) -> String {
    let mut text = "pool x 2\npool y 1 | rate 2\npool big 20\n".to_owned();
    for limit in limits {
        writeln!(text, "{limit}").unwrap();
    }
    let (mut fed, mut read) = ([false; QUEUES], [false; QUEUES]);
    let mut processes = String::new();
    for (at, line) in lines.iter().enumerate() {
        match &line.role {
            Role::Source(queue) => fed[*queue] = true,
            Role::Consumer { reads, feeds, .. } => {
                read[*reads] = true;
                if let Some(queue) = feeds {
                    fed[*queue] = true;
                }
            }
            Role::Plain | Role::Piped | Role::Service => {}
        }
        process(&mut processes, (at, line), lines, edges);
    }
    for (at, line) in lines.iter().enumerate() {
        if matches!(line.role, Role::Service) {
            writeln!(processes, "user{at} needs p{at}").unwrap();
        }
    }
    for queue in (0..QUEUES).filter(|queue| fed[*queue] && !read[*queue]) {
        writeln!(processes, "sink{queue} reads q{queue}").unwrap();
    }
    for (queue, (items, capacity)) in queues.iter().enumerate() {
        let items = if fed[queue] || !read[queue] { *items } else { items + 1 };
        if fed[queue] || read[queue] {
            write!(text, "queue q{queue}").unwrap();
            (0..items).for_each(|item| write!(text, " {item}").unwrap());
            writeln!(text, " | holds {capacity}").unwrap();
        }
    }
    text + &processes
}

fn process(text: &mut String, (at, line): (usize, &Line), lines: &[Line], edges: bool) {
    let is_plain = |at: usize| matches!(lines[at].role, Role::Plain | Role::Piped);
    let piped = |at: usize| at > 0 && matches!(lines[at].role, Role::Piped) && is_plain(at - 1);
    let in_pipe = piped(at) || (at + 1 < lines.len() && piped(at + 1));
    write!(text, "p{at}").unwrap();
    let mut consumes = None;
    match &line.role {
        Role::Piped if piped(at) => write!(text, " pipe p{}", at - 1).unwrap(),
        Role::Plain | Role::Piped => {}
        Role::Service => text.push_str(" service!"),
        Role::Source(queue) => write!(text, " feeds q{queue}").unwrap(),
        Role::Consumer { verb, reads, feeds } => {
            consumes = Some(*verb);
            write!(text, " {verb} q{reads}").unwrap();
            if let Some(queue) = feeds {
                write!(text, " feeds q{queue}").unwrap();
            }
        }
    }
    let serves = matches!(line.role, Role::Service);
    let in_queue = matches!(line.role, Role::Source(_) | Role::Consumer { .. });
    for (edge, to) in line.edges.iter().filter(|(_, to)| *to < at && (edges || !in_queue)) {
        write!(text, " {edge}p{to}").unwrap();
    }
    for says in line.says.iter().filter(|says| !(in_pipe || serves) || !says.starts_with("retry")) {
        let source = matches!(line.role, Role::Source(_));
        if says.starts_with("matrix") && (in_pipe || serves) {
            continue;
        }
        if !(source && says.starts_with("retry") && !line.more.contains(&"held")) {
            write!(text, " {says}").unwrap();
        }
    }
    if let Some(pool) = line.pool {
        let pools = if in_queue || in_pipe || serves { "big" } else { pool };
        let too_heavy = pools.contains('y') && line.says.contains(&"weight 2");
        if !too_heavy {
            pools.split(',').for_each(|pool| write!(text, " pool {pool}").unwrap());
        }
    }
    let fits = |more: &&&str| match **more {
        "workers 3" | "workers 1" | "streak 2" => consumes.is_some(),
        "batch 2" | "batch 5" | "works" => consumes == Some("reads"),
        "endless" | "acks-read" => consumes == Some("streams"),
        "asks" | "finally" => true,
        "fails-fast" => line.says.contains(&"matrix k=1,2,3") && !in_pipe && !serves,
        "held" => matches!(line.role, Role::Source(_)),
        "probed 3" | "restarts always 1" | "restarts on-failure 2" => serves,
        _ => !serves,
    };
    let more: Vec<&str> = line.more.iter().filter(fits).copied().collect();
    if !more.is_empty() {
        write!(text, " | {}", more.join(" ")).unwrap();
    }
    text.push('\n');
}
