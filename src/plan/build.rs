//! Build: a proved job, a selection and a machine become a plan.
//!
//! Sizes are those of the machine. Unaware of what could be wrong: `check` has said so before.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::demand::enough;
use super::links::Links;
use super::matrix::{expand, names};
use super::order::rank;
use super::pipes::Chains;
use super::rows::{Parts, Rows};
use super::select::{Cells, Chosen, select};
use super::{Plan, Pool, Selection, Unselectable};
use crate::model::{Action, Cell, Items, Job, PoolId, Process, Produces, Size};

/// What the runner may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// CPUs, by affinity and quota.
    pub cpus: u32,
    /// `-j`: the bound on children over all pools, instead of `limits.jobs`.
    pub jobs: Option<u32>,
}

/// Makes the plan of a job that `check` has found no error in; `expected` are durations of earlier
/// runs, by the names of nodes.
pub fn plan(
    mut job: Job,
    selection: &Selection,
    machine: &Machine,
    expected: &BTreeMap<String, Duration>,
) -> Result<Plan, Unselectable> {
    let jobs = machine.jobs.or(job.limits.jobs);
    run_item_commands(&mut job);
    let (mut nodes, pools, queues, why) = {
        let links = Links::of(&job).0;
        let (names, cells): (Vec<Vec<String>>, Vec<Vec<Cell>>) =
            job.processes.iter().map(|process| nodes_of(process).into_iter().unzip()).unzip();
        let Chosen { cells: chosen, why } = select(&links, &names, selection)?;
        let pools = pools(&links, &cells, &chosen, &Machine { jobs, ..*machine });
        let rows = Rows::of(&links, &cells, &chosen);
        let nodes = rows.nodes(Parts { links: &links, cells, names, chosen, pools: &pools });
        let queues = rows.queues(&links);
        (nodes, pools, queues, why)
    };
    if nodes.is_empty() {
        return Err(Unselectable::Nothing(String::new()));
    }
    for node in &mut nodes {
        node.expected = expected.get(&node.name).copied();
    }
    rank(&mut nodes, &queues);
    Ok(Plan { job, nodes, pools, queues, jobs, why })
}

/// Makes a process of each `items = { command }`: a source like any other, called `NAME.items`. It
/// is done once; a job that is planned need not have had it done.
pub fn run_item_commands(job: &mut Job) {
    let taken: HashSet<String> = job.processes.iter().map(|process| process.name.clone()).collect();
    for queue in &mut job.queues {
        let Some(Items::Command(words)) = queue.items.take_if(|i| matches!(i, Items::Command(_)))
        else {
            continue;
        };
        let mut name = format!("{}.items", queue.name);
        while taken.contains(&name) {
            name.push('_');
        }
        let source = Process::new(name, queue.file, queue.base.clone(), Action::Command(words));
        job.processes.push(Process { produces: vec![Produces::stdout(&queue.name)], ..source });
    }
}

/// Returns the nodes of a process, each by its name and its cell; a single empty cell without a
/// matrix.
pub fn nodes_of(process: &Process) -> Vec<(String, Cell)> {
    let cells = cells(process);
    let names = match &process.matrix {
        Some(_) => names(&process.name, &cells),
        None => vec![process.name.clone()],
    };
    names.into_iter().zip(cells).collect()
}

/// Returns the cells of a process; a single empty one without a matrix.
fn cells(process: &Process) -> Vec<Cell> {
    let one = || vec![Vec::new()];
    process.matrix.as_ref().map_or_else(one, |matrix| expand(matrix).unwrap_or_default())
}

/// Returns the pools that a selected process uses, `default` first.
fn pools(links: &Links<'_>, cells: &[Vec<Cell>], chosen: &[Cells], machine: &Machine) -> Vec<Pool> {
    let used: HashSet<&str> = links
        .job
        .processes
        .iter()
        .zip(chosen)
        .filter(|(_, cells)| **cells != Cells::None)
        .flat_map(|(process, _)| process.pools.iter().flatten().map(String::as_str))
        .collect();
    let counts: Vec<usize> = cells.iter().map(Vec::len).collect();
    let together = enough(links, &Chains::of(links), &counts);
    let size = |at: usize, size: Size| match size {
        Size::Count(count) => count.max(1),
        // A job that is right on 64 CPUs is right on one: what must run together fits.
        Size::Cpus(_) => {
            let least = u32::try_from(together[at]).unwrap_or(u32::MAX);
            size.slots(machine.cpus).max(least)
        }
    };
    let declared = links.job.pools.iter().enumerate().map(|(at, pool)| Pool {
        id: PoolId(0),
        name: pool.name.clone(),
        size: size(at, pool.size),
        slots: pool.slots.clone(),
        rate: pool.rate,
        memory: pool.memory,
    });
    let (default, others): (Vec<Pool>, Vec<Pool>) =
        declared.partition(|pool| pool.name == "default");
    let undeclared = || Pool {
        id: PoolId(0),
        name: "default".to_owned(),
        size: machine.jobs.unwrap_or(machine.cpus).max(1),
        slots: Vec::new(),
        rate: None,
        memory: None,
    };
    let default = default.into_iter().next().unwrap_or_else(undeclared);
    let others = others.into_iter().filter(|pool| used.contains(pool.name.as_str()));
    let numbered = |(at, pool)| Pool { id: PoolId::at(at), ..pool };
    [default].into_iter().chain(others).enumerate().map(numbered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NodeId, QueueId, When};
    use crate::plan::check;
    use crate::plan::sample::job;

    fn planned(text: &str, only: &[&str]) -> Plan {
        let job = job(text);
        assert_eq!(check(&job), []);
        let processes = only.iter().map(|&name| name.to_owned()).collect();
        let machine = Machine { cpus: 4, jobs: None };
        let selection = Selection { processes, ..Selection::default() };
        plan(job, &selection, &machine, &BTreeMap::new()).unwrap()
    }

    fn selected(text: &str, only: &[&str]) -> Vec<String> {
        planned(text, only).nodes.into_iter().map(|node| node.name).collect()
    }

    #[test]
    fn what_is_named_brings_what_it_cannot_do_without() {
        let text = "a\nb needs a\nc after b\nd";
        assert_eq!(selected(text, &[]), ["a", "b", "c", "d"]);
        assert_eq!(selected(text, &["b"]), ["a", "b"]);
        assert_eq!(selected(text, &["c", "d"]), ["c", "d"]);
        let text = "s feeds q\nt reads q feeds r\nu streams r needs v\nv\nw";
        for name in ["s", "t", "u"] {
            assert_eq!(selected(text, &[name]), ["s", "t", "u", "v"], "{name}");
        }
        let text = "a\nb pipe a\nc pipe b\nd";
        for name in ["a", "b", "c"] {
            assert_eq!(selected(text, &[name]), ["a", "b", "c"], "{name}");
        }
        assert_eq!(selected("a\nb stdin a\nc run {process.b.stdout}", &["c"]), ["a", "b", "c"]);
    }

    #[test]
    fn one_cell_can_be_named() {
        let text = "a\nb matrix k=1,2 needs a\nc needs b";
        assert_eq!(selected(text, &["b (2)"]), ["a", "b (2)"]);
        assert_eq!(planned(text, &["b (2)"]).nodes[1].cell_index, Some(1));
        assert_eq!(selected(text, &["b (2)", "c"]), ["a", "b (1)", "b (2)", "c"]);
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest() {
        let machine = Machine { cpus: 4, jobs: None };
        let refused = |text, name: &str| {
            let processes = vec![name.to_owned()];
            let selection = Selection { processes, ..Selection::default() };
            plan(job(text), &selection, &machine, &BTreeMap::new()).unwrap_err().to_string()
        };
        assert_eq!(
            refused("build\ntest", "biuld"),
            "no process is called `biuld`; did you mean `build`?"
        );
        assert_eq!(refused("build", "xyz"), "no process is called `xyz`");
        assert_eq!(refused("", "xyz"), "nothing was selected");
    }

    #[test]
    fn names_become_numbers() {
        let plan = planned(
            "pool net 3\npool none 2\na matrix k=1,2\nb needs failed:a ended:a after a\nc stdin b \
             on-failure! needs a\nd pipe e pool net weight 2\ne\nf stdin g needs failed:g\ng",
            &[],
        );
        let ids: Vec<usize> = plan.nodes.iter().map(|node| node.id.index()).collect();
        assert_eq!(ids, (0..8).collect::<Vec<_>>());
        let node = |name: &str| plan.nodes.iter().find(|node| node.name == name).unwrap();
        let [a1, a2] = [NodeId(0), NodeId(1)];
        let both = [(a1, When::Ended), (a1, When::Failed), (a2, When::Ended), (a2, When::Failed)];
        assert_eq!(node("b").needs, both);
        assert_eq!(node("b").after, [a1, a2]);
        let passed = [(a1, When::Passed), (a2, When::Passed), (node("b").id, When::Passed)];
        assert_eq!(node("c").needs, passed);
        assert_eq!(node("d").piped_from, Some(node("e").id));
        assert_eq!(node("e").piped_to, Some(node("d").id));
        assert_eq!(node("f").needs, [(node("g").id, When::Failed)]);
        assert_eq!((node("d").weight, node("d").names_pools), (2, true));
        let pools: Vec<_> = plan.pools.iter().map(|p| (p.id.0, p.name.as_str(), p.size)).collect();
        assert_eq!(pools, [(0, "default", 4), (1, "net", 3)]);
        assert_eq!(node("d").pools, [PoolId(1)]);
        assert_eq!(node("a (1)").pools, [PoolId(0)]);
    }

    #[test]
    fn sizes_come_from_the_machine_the_job_and_the_command_line() {
        let text = "pool p cpus\na\nb pool p weight 3\nc reads q pool p\nqueue q 1";
        let sizes = |limit, jobs, cpus| {
            let mut job = job(text);
            job.limits.jobs = limit;
            let machine = Machine { cpus, jobs };
            let plan = plan(job, &Selection::default(), &machine, &BTreeMap::new()).unwrap();
            let size = |at: usize| plan.pools[at].size;
            (size(0), size(1), plan.jobs, plan.nodes[1].weight, plan.nodes[2].workers)
        };
        assert_eq!(sizes(None, None, 8), (8, 8, None, 3, 8));
        assert_eq!(sizes(Some(3), None, 8), (3, 8, Some(3), 3, 8));
        assert_eq!(sizes(Some(3), Some(2), 1), (2, 1, Some(2), 1, 1));
    }

    #[test]
    fn a_pool_of_cpus_holds_what_must_run_together() {
        let job = job("pool p cpus\na pool p feeds q\nb pool p reads q");
        let machine = Machine { cpus: 1, jobs: None };
        let plan = plan(job, &Selection::default(), &machine, &BTreeMap::new()).unwrap();
        assert_eq!(plan.pools[1].size, 2);
    }

    #[test]
    fn queues_are_those_that_are_touched() {
        let plan =
            planned("x feeds unused\ny reads unused\na matrix k=1,2 feeds q\nb reads q", &["b"]);
        assert_eq!(plan.queues.len(), 1);
        assert_eq!(plan.queue(QueueId(0)).name, "q");
        assert_eq!(plan.queues[0].producers, [NodeId(0), NodeId(1)]);
        assert_eq!(plan.queues[0].consumers, [NodeId(2)]);
        assert_eq!(plan.nodes[2].consumes, Some(QueueId(0)));
    }

    #[test]
    fn paths_and_stages_are_measured() {
        let expected = BTreeMap::from([("b".to_owned(), Duration::from_secs(10))]);
        let job = job("a\nb needs a\nc needs a\nd feeds q\ne reads q feeds r\nf reads r");
        let machine = Machine { cpus: 4, jobs: None };
        let plan = plan(job, &Selection::default(), &machine, &expected).unwrap();
        let paths: Vec<u64> = plan.nodes.iter().map(|node| node.path.as_secs()).collect();
        assert_eq!(paths, [11, 10, 1, 3, 2, 1]);
        let stages: Vec<u32> = plan.nodes.iter().map(|node| node.stage).collect();
        assert_eq!(stages, [0, 0, 0, 0, 1, 2]);
        let order: Vec<&str> =
            plan.order().into_iter().map(|id| plan.node(id).name.as_str()).collect();
        assert_eq!(order, ["a", "b", "d", "e", "c", "f"]);
    }
}
