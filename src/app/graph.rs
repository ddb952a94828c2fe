//! `runner graph`: the plan as a drawing, for mermaid, for Graphviz, or as JSON.
//!
//! Processes are boxes, services are rounded; queues are cylinders, one for each group, with how
//! items end unless they are lines. An edge says what it waits for, unless it waits for a pass; one
//! from a queue says how items arrive. Dead items take a dashed way, and queues of a loop are
//! thick. A pool that is named by processes gives them its colour and its name. Unaware of who
//! draws it.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::list::when;
use super::queues::framing;
use crate::model::{Deliver, NodeId, Stdin, When};
use crate::plan::{Node, Plan, Queue};

/// How a graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For mermaid, as GitHub shows it.
    Mermaid,
    /// For Graphviz.
    Dot,
    /// For programs: `nodes`, `queues`, `edges`.
    Json,
}

/// Colours of pools, in turn: light enough for black text, told apart also without green or red.
const COLOURS: [&str; 6] = ["#cfe8fc", "#fde2b8", "#d9d2f2", "#d5ecd4", "#f9d3d9", "#e4e4e4"];

/// Writes the graph of a plan.
pub(super) fn graph(plan: &Plan, format: Format, to: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Mermaid => mermaid(plan, to),
        Format::Dot => dot(plan, to),
        Format::Json => programs(plan, to),
    }
}

/// One end of an edge.
#[derive(Clone, Copy)]
enum End {
    Node(u32),
    Queue(u32),
}

/// What an edge stands for.
#[derive(Clone, Copy)]
enum Kind {
    Needs(When),
    /// `needs`, because the output is the payload.
    Stdin(When),
    After,
    Pipe,
    Feeds,
    Reads(Deliver),
    Dead,
}

impl Kind {
    /// Returns what is written at the edge.
    fn label(self) -> Option<&'static str> {
        match self {
            Self::Needs(When::Passed) | Self::Feeds => None,
            Self::Reads(deliver) => Some(deliver.word()),
            Self::Dead => Some("dead"),
            Self::Needs(other) => Some(when(other)),
            Self::Stdin(_) => Some("stdin"),
            Self::After => Some("after"),
            Self::Pipe => Some("pipe"),
        }
    }
}

/// Calls `found` with every edge, from what comes first to what comes after it.
fn each_edge(
    plan: &Plan,
    mut found: impl FnMut(End, End, Kind) -> io::Result<()>,
) -> io::Result<()> {
    for node in &plan.nodes {
        let here = End::Node(node.id.0);
        for (id, when) in &node.needs {
            let kind = if feeds_stdin(plan, node, *id) { Kind::Stdin } else { Kind::Needs };
            found(End::Node(id.0), here, kind(*when))?;
        }
        for id in &node.after {
            found(End::Node(id.0), here, Kind::After)?;
        }
        if let Some(id) = node.piped_from {
            found(End::Node(id.0), here, Kind::Pipe)?;
        }
        for queue in &node.produces {
            found(here, End::Queue(queue.0), Kind::Feeds)?;
        }
        if let (Some(queue), Some(said)) = (node.consumes, &plan.process(node.id).consumes) {
            found(End::Queue(queue.0), here, Kind::Reads(said.deliver))?;
        }
        for queue in &node.dead {
            found(here, End::Queue(queue.0), Kind::Dead)?;
        }
    }
    Ok(())
}

/// Returns whether what one node printed is the payload of another.
fn feeds_stdin(plan: &Plan, node: &Node, from: NodeId) -> bool {
    match &plan.process(node.id).stdin {
        Stdin::Process(name) => *name == plan.process(from).name,
        Stdin::Closed | Stdin::Text(_) | Stdin::File(_) | Stdin::Pipe(_) | Stdin::Inherit => false,
    }
}

/// Returns the pools that a node names, with the colour of the first.
fn pools(plan: &Plan, node: &Node) -> Option<(Vec<String>, usize)> {
    let first = node.pools.first().filter(|_| node.names_pools)?;
    let names = node.pools.iter().map(|pool| plan.pools[pool.index()].name.clone()).collect();
    Some((names, first.index() % COLOURS.len()))
}

/// Returns whether a node is a service.
fn serves(plan: &Plan, node: &Node) -> bool {
    plan.process(node.id).service.is_some()
}

/// Writes for mermaid.
fn mermaid(plan: &Plan, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "flowchart LR")?;
    for node in &plan.nodes {
        let name = entities(&node.name);
        let (open, close) = if serves(plan, node) { ("([", "])") } else { ("[", "]") };
        match pools(plan, node) {
            None => writeln!(to, "  p{}{open}\"{name}\"{close}", node.id)?,
            Some((pools, colour)) => {
                let label = format!("{name}<br/>pool {}", entities(&pools.join(", ")));
                writeln!(to, "  p{}{open}\"{label}\"{close}:::pool{colour}", node.id)?;
            }
        }
    }
    for queue in &plan.queues {
        let lines: Vec<String> = lines(plan, queue).iter().map(|line| entities(line)).collect();
        let class = if queue.circle.is_some() { ":::ring" } else { "" };
        writeln!(to, "  q{}[(\"{}\")]{class}", queue.id, lines.join("<br/>"))?;
    }
    each_edge(plan, |from, end, kind| {
        let arrow = match kind {
            Kind::Needs(_) | Kind::Stdin(_) | Kind::Feeds | Kind::Reads(_) => "-->",
            Kind::After | Kind::Dead => "-.->",
            Kind::Pipe => "==>",
        };
        let label = kind.label().map(|label| format!("|{label}|")).unwrap_or_default();
        writeln!(to, "  {} {arrow}{label} {}", name(from), name(end))
    })?;
    let used = |colour: &usize| {
        plan.nodes.iter().any(|node| pools(plan, node).is_some_and(|(_, used)| used == *colour))
    };
    for colour in (0..COLOURS.len()).filter(used) {
        writeln!(to, "  classDef pool{colour} fill:{},color:#000", COLOURS[colour])?;
    }
    if plan.queues.iter().any(|queue| queue.circle.is_some()) {
        writeln!(to, "  classDef ring stroke-width:3px")?;
    }
    Ok(())
}

/// Writes for Graphviz.
fn dot(plan: &Plan, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "digraph \"{}\" {{", escaped(&plan.job.name))?;
    writeln!(to, "  rankdir=LR;\n  node [shape=box, style=filled, fillcolor=white];")?;
    for node in &plan.nodes {
        let name = escaped(&node.name);
        let round = if serves(plan, node) { ", style=\"filled,rounded\"" } else { "" };
        match pools(plan, node) {
            None => writeln!(to, "  p{} [label=\"{name}\"{round}];", node.id)?,
            Some((pools, colour)) => {
                let label = format!("{name}\\npool {}", escaped(&pools.join(", ")));
                let colour = format!("fillcolor=\"{}\"", COLOURS[colour]);
                writeln!(to, "  p{} [label=\"{label}\", {colour}{round}];", node.id)?;
            }
        }
    }
    for queue in &plan.queues {
        let lines: Vec<String> = lines(plan, queue).iter().map(|line| escaped(line)).collect();
        let thick = if queue.circle.is_some() { ", penwidth=3" } else { "" };
        let label = lines.join("\\n");
        writeln!(to, "  q{} [label=\"{label}\", shape=cylinder{thick}];", queue.id)?;
    }
    each_edge(plan, |from, end, kind| {
        let style = match kind {
            Kind::Needs(_) | Kind::Stdin(_) | Kind::Feeds | Kind::Reads(_) => None,
            Kind::After | Kind::Dead => Some("style=dashed".to_owned()),
            Kind::Pipe => Some("style=bold".to_owned()),
        };
        let label = kind.label().map(|label| format!("label=\"{label}\""));
        let attributes: Vec<String> = label.into_iter().chain(style).collect();
        let attributes = match &attributes[..] {
            [] => String::new(),
            some => format!(" [{}]", some.join(", ")),
        };
        writeln!(to, "  {} -> {}{attributes};", name(from), name(end))
    })?;
    writeln!(to, "}}")
}

/// Writes for programs.
fn programs(plan: &Plan, to: &mut dyn Write) -> io::Result<()> {
    let node = |node: &Node| {
        let cell: Map<String, Value> =
            node.cell.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let pools: Vec<&str> =
            node.pools.iter().map(|pool| plan.pools[pool.index()].name.as_str()).collect();
        json!({
            "id": format!("p{}", node.id),
            "name": node.name,
            "process": plan.process(node.id).name,
            "cell": cell,
            "pools": pools,
            "service": serves(plan, node),
        })
    };
    let queue = |queue: &Queue| {
        let declared = plan.queue(queue.id);
        json!({
            "id": format!("q{}", queue.id),
            "name": plan.queue_name(queue.id),
            "queue": declared.name,
            "group": queue.group,
            "framing": declared.framing.word(),
            "loop": queue.circle,
        })
    };
    let mut edges = Vec::new();
    each_edge(plan, |from, end, kind| {
        let (word, more) = match kind {
            Kind::Needs(condition) => ("needs", Some(("when", when(condition)))),
            Kind::Stdin(condition) => ("stdin", Some(("when", when(condition)))),
            Kind::After => ("after", None),
            Kind::Pipe => ("pipe", None),
            Kind::Feeds => ("produces", None),
            Kind::Reads(deliver) => ("consumes", Some(("deliver", deliver.word()))),
            Kind::Dead => ("dead", None),
        };
        let mut edge = json!({ "from": name(from), "to": name(end), "kind": word });
        if let Some((key, value)) = more {
            edge[key] = json!(value);
        }
        edges.push(edge);
        Ok(())
    })?;
    let graph = json!({
        "job": plan.job.name,
        "nodes": plan.nodes.iter().map(node).collect::<Vec<_>>(),
        "queues": plan.queues.iter().map(queue).collect::<Vec<_>>(),
        "edges": edges,
    });
    serde_json::to_writer_pretty(&mut *to, &graph)?;
    writeln!(to)
}

/// Returns what is written on a queue.
fn lines(plan: &Plan, queue: &Queue) -> Vec<String> {
    let name = plan.queue_name(queue.id);
    [name].into_iter().chain(framing(plan.queue(queue.id))).collect()
}

/// Returns the name of an end in the drawing.
fn name(end: End) -> String {
    match end {
        End::Node(id) => format!("p{id}"),
        End::Queue(id) => format!("q{id}"),
    }
}

/// Returns text for a label of mermaid, where every odd character is an entity.
fn entities(text: &str) -> String {
    let entity = |c: char| match c {
        _ if c.is_control() => " ".to_owned(),
        _ if c.is_alphanumeric() || " ,.()-_:/+=".contains(c) => c.to_string(),
        _ => format!("#{};", u32::from(c)),
    };
    text.chars().map(entity).collect()
}

/// Returns text for a string of Graphviz.
fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        _ if c.is_control() => " ".to_owned(),
        _ => c.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::plan::{Machine, Selection, plan, sample};

    const TEXT: &str = "pool net 2\nbuild\ntest matrix v=a\"b\\,c#`<d> needs build pool net\nscan \
                    after build feeds q\nread streams q\nw\nr pipe w\n\
                    s stdin build needs failed:scan";

    /// A loop with two groups and a place for what dies.
    const QUEUES: &str = "queue urls 1 spill! groups=page,log dead=lost\nqueue lost spill!\n\
                          crawl works urls/page feeds urls\nkeep streams urls/log\nbury reads lost";

    fn drawn(text: &str, format: Format) -> String {
        let machine = Machine { cpus: 4, jobs: None };
        let plan =
            plan(sample::job(text), &Selection::default(), &machine, &BTreeMap::new()).unwrap();
        let mut out = Vec::new();
        graph(&plan, format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn mermaid_is_written() {
        insta::assert_snapshot!(drawn(TEXT, Format::Mermaid), @r#"
        flowchart LR
          p0["build"]
          p1["test (a#34;b#92;)<br/>pool net"]:::pool1
          p2["test (c#35;#96;#60;d#62;)<br/>pool net"]:::pool1
          p3["scan"]
          p4["read"]
          p5["w"]
          p6["r"]
          p7["s"]
          q0[("q")]
          p0 --> p1
          p0 --> p2
          p0 -.->|after| p3
          p3 --> q0
          q0 -->|stream| p4
          p5 ==>|pipe| p6
          p0 -->|stdin| p7
          p3 -->|failed| p7
          classDef pool1 fill:#fde2b8,color:#000
        "#);
    }

    #[test]
    fn dot_is_written() {
        insta::assert_snapshot!(drawn(TEXT, Format::Dot), @r##"
        digraph "sample" {
          rankdir=LR;
          node [shape=box, style=filled, fillcolor=white];
          p0 [label="build"];
          p1 [label="test (a\"b\\)\npool net", fillcolor="#fde2b8"];
          p2 [label="test (c#`<d>)\npool net", fillcolor="#fde2b8"];
          p3 [label="scan"];
          p4 [label="read"];
          p5 [label="w"];
          p6 [label="r"];
          p7 [label="s"];
          q0 [label="q", shape=cylinder];
          p0 -> p1;
          p0 -> p2;
          p0 -> p3 [label="after", style=dashed];
          p3 -> q0;
          q0 -> p4 [label="stream"];
          p5 -> p6 [label="pipe", style=bold];
          p0 -> p7 [label="stdin"];
          p3 -> p7 [label="failed"];
        }
        "##);
    }

    #[test]
    fn groups_loops_and_dead_items_are_drawn() {
        insta::assert_snapshot!(drawn(QUEUES, Format::Mermaid), @r#"
        flowchart LR
          p0["crawl"]
          p1["keep"]
          p2["bury"]
          q0[("urls/page")]:::ring
          q1[("urls/log")]
          q2[("lost")]
          p0 --> q0
          p0 --> q1
          q0 -->|worker| p0
          p0 -.->|dead| q2
          q1 -->|stream| p1
          p1 -.->|dead| q2
          q2 -->|args| p2
          classDef ring stroke-width:3px
        "#);
        insta::assert_snapshot!(drawn(QUEUES, Format::Dot), @r#"
        digraph "sample" {
          rankdir=LR;
          node [shape=box, style=filled, fillcolor=white];
          p0 [label="crawl"];
          p1 [label="keep"];
          p2 [label="bury"];
          q0 [label="urls/page", shape=cylinder, penwidth=3];
          q1 [label="urls/log", shape=cylinder];
          q2 [label="lost", shape=cylinder];
          p0 -> q0;
          p0 -> q1;
          q0 -> p0 [label="worker"];
          p0 -> q2 [label="dead", style=dashed];
          q1 -> p1 [label="stream"];
          p1 -> q2 [label="dead", style=dashed];
          q2 -> p2 [label="args"];
        }
        "#);
    }

    #[test]
    fn services_are_rounded() {
        let text = "pool p 2\ndb service! pool p\nweb service! needs db\ntest needs web";
        insta::assert_snapshot!(drawn(text, Format::Mermaid), @r#"
        flowchart LR
          p0(["db<br/>pool p"]):::pool1
          p1(["web"])
          p2["test"]
          p0 -->|ready| p1
          p1 -->|ready| p2
          classDef pool1 fill:#fde2b8,color:#000
        "#);
        let dot = drawn(text, Format::Dot);
        let round = [
            r##"p0 [label="db\npool p", fillcolor="#fde2b8", style="filled,rounded"];"##,
            r#"p1 [label="web", style="filled,rounded"];"#,
        ];
        assert!(round.iter().all(|node| dot.contains(node)), "{dot}");
    }

    #[test]
    fn json_is_written() {
        let value: Value = serde_json::from_str(&drawn(TEXT, Format::Json)).unwrap();
        assert_eq!(value["nodes"][1]["name"], "test (a\"b\\)");
        assert_eq!(value["nodes"][1]["cell"], json!({ "v": "a\"b\\" }));
        let queue = json!({
            "id": "q0", "name": "q", "queue": "q", "group": null, "framing": "lines", "loop": null,
        });
        assert_eq!(value["queues"], json!([queue]));
        assert_eq!(
            value["edges"][4],
            json!({ "from": "q0", "to": "p4", "kind": "consumes", "deliver": "stream" })
        );
        let needs = json!({ "from": "p0", "to": "p1", "kind": "needs", "when": "passed" });
        assert_eq!(value["edges"][0], needs);
    }
}
