//! Rows: what is selected of a job, made into the nodes and queues of a plan.
//!
//! Names become numbers here, once. Unaware of what could be wrong: `check` has said so before.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use super::lanes::Lane;
use super::links::{Edge, Kind, Links};
use super::loops::Loops;
use super::select::Cells;
use super::{Node, Pool, Queue};
use crate::model::{Cell, NodeId, PoolId, QueueId, When};

/// Which rows of the plan's tables a process and a lane of the job have.
pub(super) struct Rows {
    /// By process: its nodes.
    nodes: Vec<Range<usize>>,
    /// By lane: its number, if a selected process touches it.
    queues: Vec<Option<QueueId>>,
}

/// What nodes are made of.
pub(super) struct Parts<'a> {
    /// Who names whom.
    pub(super) links: &'a Links<'a>,
    /// By process: its cells.
    pub(super) cells: Vec<Vec<Cell>>,
    /// By process: the names of its nodes.
    pub(super) names: Vec<Vec<String>>,
    /// By process: which cells are selected.
    pub(super) chosen: Vec<Cells>,
    /// The pools of the plan.
    pub(super) pools: &'a [Pool],
}

impl Rows {
    /// Numbers what is selected.
    pub(super) fn of(links: &Links<'_>, cells: &[Vec<Cell>], chosen: &[Cells]) -> Self {
        let mut nodes = Vec::with_capacity(cells.len());
        let mut next = 0;
        for (cells, chosen) in cells.iter().zip(chosen) {
            let count = (0..cells.len()).filter(|&cell| chosen.has(cell)).count();
            nodes.push(next..next + count);
            next += count;
        }
        let mut number = 0;
        let selected = |process: &usize| !nodes[*process].is_empty();
        let touched = |lane: &Lane<'_>| {
            let touched = links.feeders[lane.queue].iter().chain(&lane.readers).any(selected);
            touched.then(|| {
                number += 1;
                QueueId::at(number - 1)
            })
        };
        let queues = links.lanes.iter().map(touched).collect();
        Self { nodes, queues }
    }

    /// Returns the nodes of a process.
    fn ids(&self, process: usize) -> impl Iterator<Item = NodeId> + use<> {
        self.nodes[process].clone().map(NodeId::at)
    }

    /// Returns the rows of what goes into queues: one for each group that sees it.
    fn lanes<'a>(
        &'a self,
        links: &'a Links<'_>,
        queues: &'a [usize],
    ) -> impl Iterator<Item = QueueId> + 'a {
        let lanes = queues.iter().flat_map(|&queue| links.lanes.of_queue(queue));
        lanes.filter_map(|lane| self.queues[lane])
    }

    /// Makes every node.
    pub(super) fn nodes(&self, parts: Parts<'_>) -> Vec<Node> {
        let Parts { links, cells, names, chosen, pools } = parts;
        let by_name: HashMap<&str, PoolId> =
            pools.iter().map(|pool| (pool.name.as_str(), pool.id)).collect();
        let mut nodes = Vec::new();
        for (process, (cells, names)) in cells.into_iter().zip(names).enumerate() {
            let declared = links.process(process);
            let of_process = |name: &String| by_name.get(name.as_str()).copied();
            let mut node_pools: Vec<PoolId> =
                declared.pools.iter().flatten().filter_map(of_process).collect();
            if declared.service.is_some() {
                // There it holds nothing, whoever says so.
                node_pools.retain(|pool| *pool != PoolId(0));
            }
            let names_pools = declared.pools.is_some() && !node_pools.is_empty();
            if node_pools.is_empty() {
                node_pools.push(PoolId(0));
            }
            node_pools.sort_unstable();
            node_pools.dedup();
            let sizes = node_pools.iter().map(|pool| pools[pool.index()].size);
            let smallest = sizes.min().unwrap_or(1);
            let dead = links.consumes[process].and_then(|queue| links.dead[queue]);
            for (at, (cell, name)) in cells.into_iter().zip(names).enumerate() {
                if !chosen[process].has(at) {
                    continue;
                }
                let has_matrix = declared.matrix.is_some();
                nodes.push(Node {
                    id: NodeId::at(nodes.len()),
                    name,
                    process,
                    cell,
                    cell_index: has_matrix.then(|| u32::try_from(at).unwrap_or(u32::MAX)),
                    needs: self.needs(links, process),
                    after: self.after(links, process),
                    piped_from: self.piped_from(links, process),
                    piped_to: links.readers[process].first().and_then(|&to| self.ids(to).next()),
                    pools: node_pools.clone(),
                    names_pools,
                    // Too heavy for a pool of as many slots as CPUs: it takes the whole pool.
                    weight: declared.weight.min(smallest),
                    priority: declared.priority,
                    consumes: links.lanes.of_reader(process).and_then(|lane| self.queues[lane]),
                    produces: self.lanes(links, &links.produces[process]).collect(),
                    dead: self.lanes(links, dead.as_slice()).collect(),
                    workers: declared
                        .consumes
                        .as_ref()
                        .map_or(1, |consumes| consumes.workers.unwrap_or(smallest)),
                    expected: None,
                    path: Duration::ZERO,
                    stage: 0,
                });
            }
        }
        nodes
    }

    /// Returns what must have happened before a process starts.
    fn needs(&self, links: &Links<'_>, process: usize) -> Vec<(NodeId, When)> {
        let edges = &links.edges[process];
        let ends = |kind| matches!(kind, Kind::Need(When::Passed | When::Ended | When::Failed));
        let said = |to: usize| edges.iter().any(|edge| edge.to == to && ends(edge.kind));
        let when = |edge: &Edge| match edge.kind {
            Kind::Need(when) => Some(when),
            // What is said outright wins: the output of one that failed can be read.
            Kind::Stdin | Kind::Stdout | Kind::Result if !said(edge.to) => Some(When::Passed),
            Kind::Stdin | Kind::Stdout | Kind::Result | Kind::After | Kind::Pipe => None,
        };
        let mut needs: Vec<(NodeId, When)> = edges
            .iter()
            .filter_map(|edge| when(edge).map(|when| (edge.to, when)))
            .flat_map(|(to, when)| self.ids(to).map(move |id| (id, when)))
            .collect();
        needs.sort_by_key(|(id, when)| (*id, *when as u8));
        needs.dedup();
        needs
    }

    /// Returns what a process comes after, of what is selected.
    fn after(&self, links: &Links<'_>, process: usize) -> Vec<NodeId> {
        let edges = links.edges[process].iter().filter(|edge| edge.kind == Kind::After);
        let mut after: Vec<NodeId> = edges.flat_map(|edge| self.ids(edge.to)).collect();
        after.sort_unstable();
        after.dedup();
        after
    }

    /// Returns the node that a process is piped from.
    fn piped_from(&self, links: &Links<'_>, process: usize) -> Option<NodeId> {
        let pipe = links.edges[process].iter().find(|edge| edge.kind == Kind::Pipe)?;
        self.ids(pipe.to).next()
    }

    /// Makes every queue.
    pub(super) fn queues(&self, links: &Links<'_>) -> Vec<Queue> {
        let loops = Loops::of(links);
        let all = |processes: &[usize]| processes.iter().flat_map(|&at| self.ids(at)).collect();
        let mut dying: Vec<Vec<usize>> = vec![Vec::new(); links.dead.len()];
        for (consumers, dead) in links.consumers.iter().zip(&links.dead) {
            if let Some(dead) = dead {
                dying[*dead].extend(consumers);
            }
        }
        let queue = |(lane, id): (&Lane<'_>, &Option<QueueId>)| {
            Some(Queue {
                id: (*id)?,
                queue: lane.queue,
                group: lane.group.map(str::to_owned),
                circle: loops.of_lane(links, lane).and_then(|at| u32::try_from(at).ok()),
                dead_of: all(&dying[lane.queue]),
                producers: all(&links.producers[lane.queue]),
                consumers: all(&lane.readers),
            })
        };
        links.lanes.iter().zip(&self.queues).filter_map(queue).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::plan::sample::job;
    use crate::plan::{Machine, Plan, Selection, check, plan};

    fn planned(text: &str, only: &[&str]) -> Plan {
        let job = job(text);
        assert_eq!(check(&job), []);
        let processes = only.iter().map(|&name| name.to_owned()).collect();
        let machine = Machine { cpus: 4, jobs: None };
        let selection = Selection { processes, ..Selection::default() };
        plan(job, &selection, &machine, &BTreeMap::new()).unwrap()
    }

    fn names(plan: &Plan) -> Vec<String> {
        plan.queues.iter().map(|queue| plan.queue_name(queue.id)).collect()
    }

    #[test]
    fn each_group_is_a_queue_of_its_own() {
        let plan = planned(
            "queue q groups=a,b\np matrix k=1,2 feeds q r\nx reads q/a\ny works q/b\nz reads r",
            &[],
        );
        assert_eq!(names(&plan), ["q/a", "q/b", "r"]);
        let [a, b, r] = [0, 1, 2].map(QueueId::at);
        assert_eq!(plan.nodes[0].produces, [a, b, r]);
        assert_eq!(plan.nodes[2].consumes, Some(a));
        assert_eq!(plan.nodes[3].consumes, Some(b));
        for lane in &plan.queues[..2] {
            assert_eq!((lane.queue, &lane.producers[..]), (0, &[NodeId(0), NodeId(1)][..]));
        }
        assert_eq!(plan.queues[1].consumers, [NodeId(3)]);
    }

    #[test]
    fn a_group_that_was_not_asked_for_is_left_out() {
        let text = "queue q 1 groups=a,b\nx reads q/a\ny reads q/b";
        assert_eq!(names(&planned(text, &["y"])), ["q/b"]);
        assert_eq!(names(&planned(text, &["x", "y"])), ["q/a", "q/b"]);
        let text = "queue q groups=a,b\np feeds q\nx reads q/a\ny reads q/b";
        assert_eq!(names(&planned(text, &["y"])), ["q/a", "q/b"]);
    }

    #[test]
    fn dead_items_have_their_way() {
        let text = "queue q 1 dead=d\nqueue d groups=a,b\nx reads q\ny reads d/a\nz reads d/b";
        let plan = planned(text, &["x"]);
        assert_eq!(names(&plan), ["q", "d/a", "d/b"]);
        assert_eq!(plan.nodes[0].dead, [QueueId(1), QueueId(2)]);
        assert!(plan.nodes[0].produces.is_empty() && plan.nodes[1].dead.is_empty());
        assert_eq!(plan.queues[1].dead_of, [NodeId(0)]);
        let stages: Vec<u32> = plan.nodes.iter().map(|node| node.stage).collect();
        assert_eq!(stages, [1, 2, 2]);
        assert_eq!(names(&planned(text, &["y"])).len(), 3);
    }

    #[test]
    fn queues_of_a_loop_end_together() {
        let plan = planned(
            "queue q 1 spill! groups=in,out\nqueue r spill!\nx reads q/in feeds r\n\
             y reads r feeds q\nz reads q/out\ns feeds t\nu reads t",
            &[],
        );
        let circles: Vec<Option<u32>> = plan.queues.iter().map(|queue| queue.circle).collect();
        assert_eq!(names(&plan), ["q/in", "q/out", "r", "t"]);
        assert_eq!(circles, [Some(0), None, Some(0), None]);
    }
}
