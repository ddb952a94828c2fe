//! `runner graph`: the plan as a drawing, for mermaid, for Graphviz, or as JSON.
//!
//! Processes are boxes, queues are cylinders; an edge says what it waits for, unless it waits for a
//! pass. A pool that processes name gives them its colour and its name. Unaware of who draws it.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::list::when;
use crate::model::{NodeId, Stdin, When};
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
    Reads,
}

impl Kind {
    /// Returns what is written at the edge.
    fn label(self) -> Option<&'static str> {
        match self {
            Self::Needs(When::Passed) | Self::Feeds | Self::Reads => None,
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
        if let Some(queue) = node.consumes {
            found(End::Queue(queue.0), here, Kind::Reads)?;
        }
    }
    Ok(())
}

/// Returns whether what one node printed is the payload of another.
fn feeds_stdin(plan: &Plan, node: &Node, from: NodeId) -> bool {
    match &plan.process(node.id).stdin {
        Stdin::Process(name) => *name == plan.process(from).name,
        Stdin::Closed | Stdin::Text(_) | Stdin::File(_) | Stdin::Pipe(_) => false,
    }
}

/// Returns the pools that a node names, with the colour of the first.
fn pools(plan: &Plan, node: &Node) -> Option<(Vec<String>, usize)> {
    let first = node.pools.first().filter(|_| node.names_pools)?;
    let names = node.pools.iter().map(|pool| plan.pools[pool.index()].name.clone()).collect();
    Some((names, first.index() % COLOURS.len()))
}

/// Writes for mermaid.
fn mermaid(plan: &Plan, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "flowchart LR")?;
    for node in &plan.nodes {
        let name = entities(&node.name);
        match pools(plan, node) {
            None => writeln!(to, "  p{}[\"{name}\"]", node.id)?,
            Some((pools, colour)) => {
                let pools = entities(&pools.join(", "));
                writeln!(to, "  p{}[\"{name}<br/>pool {pools}\"]:::pool{colour}", node.id)?;
            }
        }
    }
    for queue in &plan.queues {
        writeln!(to, "  q{}[(\"{}\")]", queue.id, entities(&plan.queue(queue.id).name))?;
    }
    each_edge(plan, |from, end, kind| {
        let arrow = match kind {
            Kind::Needs(_) | Kind::Stdin(_) | Kind::Feeds | Kind::Reads => "-->",
            Kind::After => "-.->",
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
    Ok(())
}

/// Writes for Graphviz.
fn dot(plan: &Plan, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "digraph \"{}\" {{", escaped(&plan.job.name))?;
    writeln!(to, "  rankdir=LR;\n  node [shape=box, style=filled, fillcolor=white];")?;
    for node in &plan.nodes {
        let name = escaped(&node.name);
        match pools(plan, node) {
            None => writeln!(to, "  p{} [label=\"{name}\"];", node.id)?,
            Some((pools, colour)) => {
                let (pools, colour) = (escaped(&pools.join(", ")), COLOURS[colour]);
                let label = format!("{name}\\npool {pools}");
                writeln!(to, "  p{} [label=\"{label}\", fillcolor=\"{colour}\"];", node.id)?;
            }
        }
    }
    for queue in &plan.queues {
        let name = escaped(&plan.queue(queue.id).name);
        writeln!(to, "  q{} [label=\"{name}\", shape=cylinder];", queue.id)?;
    }
    each_edge(plan, |from, end, kind| {
        let style = match kind {
            Kind::Needs(_) | Kind::Stdin(_) | Kind::Feeds | Kind::Reads => None,
            Kind::After => Some("style=dashed".to_owned()),
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
        })
    };
    let queue = |queue: &Queue| {
        let name = &plan.queue(queue.id).name;
        json!({ "id": format!("q{}", queue.id), "name": name })
    };
    let mut edges = Vec::new();
    each_edge(plan, |from, end, kind| {
        let (word, condition) = match kind {
            Kind::Needs(condition) => ("needs", Some(when(condition))),
            Kind::Stdin(condition) => ("stdin", Some(when(condition))),
            Kind::After => ("after", None),
            Kind::Pipe => ("pipe", None),
            Kind::Feeds => ("produces", None),
            Kind::Reads => ("consumes", None),
        };
        let mut edge = json!({ "from": name(from), "to": name(end), "kind": word });
        if let Some(condition) = condition {
            edge["when"] = json!(condition);
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

    fn drawn(format: Format) -> String {
        let text = "pool net 2\nbuild\ntest matrix v=a\"b\\,c#`<d> needs build pool net\nscan \
                    after build feeds q\nread streams q\nw\nr pipe w\n\
                    s stdin build needs failed:scan";
        let machine = Machine { cpus: 4, jobs: None };
        let plan =
            plan(sample::job(text), &Selection::default(), &machine, &BTreeMap::new()).unwrap();
        let mut out = Vec::new();
        graph(&plan, format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn mermaid_is_written() {
        insta::assert_snapshot!(drawn(Format::Mermaid), @r##"
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
          q0 --> p4
          p5 ==>|pipe| p6
          p0 -->|stdin| p7
          p3 -->|failed| p7
          classDef pool1 fill:#fde2b8,color:#000
        "##);
    }

    #[test]
    fn dot_is_written() {
        insta::assert_snapshot!(drawn(Format::Dot), @r##"
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
          q0 -> p4;
          p5 -> p6 [label="pipe", style=bold];
          p0 -> p7 [label="stdin"];
          p3 -> p7 [label="failed"];
        }
        "##);
    }

    #[test]
    fn json_is_written() {
        let value: Value = serde_json::from_str(&drawn(Format::Json)).unwrap();
        assert_eq!(value["nodes"][1]["name"], "test (a\"b\\)");
        assert_eq!(value["nodes"][1]["cell"], json!({ "v": "a\"b\\" }));
        assert_eq!(value["queues"], json!([{ "id": "q0", "name": "q" }]));
        let needs = json!({ "from": "p0", "to": "p1", "kind": "needs", "when": "passed" });
        assert_eq!(value["edges"][0], needs);
    }
}
