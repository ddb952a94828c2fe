//! Laws: what holds for every graph, large ones and random ones.
//!
//! Unaware of messages.

mod lives;
mod reach;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::sample::job;
use super::{Machine, Plan, Selection, check, plan};
use crate::model::{Job, code};

/// Processes of a large job.
const MANY: usize = 100_000;

/// A large job is checked and planned within this time in a release build; it takes a tenth of it.
const SOON: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 2 });

const MACHINE: Machine = Machine { cpus: 4, jobs: None };

fn planned(job: Job) -> Plan {
    plan(job, &Selection::default(), &MACHINE, &BTreeMap::new()).unwrap()
}

/// Returns a job of which each process needs what `needs` says.
fn large(needs: impl Fn(usize) -> Vec<usize>) -> Job {
    let mut text = String::new();
    for at in 0..MANY {
        write!(text, "p{at} needs").unwrap();
        for need in needs(at) {
            write!(text, " p{need}").unwrap();
        }
        text.push('\n');
    }
    job(&text)
}

/// Checks and plans a large job and returns its order.
fn soon(job: Job) -> Vec<usize> {
    let start = Instant::now();
    assert_eq!(check(&job), []);
    let order = planned(job).order();
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    order.into_iter().map(crate::model::NodeId::index).collect()
}

#[test]
fn a_chain_of_100_000() {
    let order = soon(large(|at| at.checked_sub(1).into_iter().collect()));
    assert!(order.into_iter().eq(0..MANY));
    let order = soon(large(|at| (at + 1 < MANY).then_some(at + 1).into_iter().collect()));
    assert!(order.into_iter().eq((0..MANY).rev()));
}

#[test]
fn a_star_of_100_000() {
    let order = soon(large(|at| if at == 0 { Vec::new() } else { vec![0] }));
    assert!(order.into_iter().eq(0..MANY));
    let order = soon(large(|at| if at == 0 { (1..MANY).collect() } else { Vec::new() }));
    assert_eq!(order.last(), Some(&0));
}

#[test]
fn a_ladder_of_100_000() {
    let before = |at: usize| (at - at % 2).saturating_sub(2)..(at - at % 2);
    let order = soon(large(|at| before(at).collect()));
    assert!(order.into_iter().eq(0..MANY));
}

#[test]
fn a_circle_of_100_000_is_told_in_a_few_lines() {
    let start = Instant::now();
    let problems = check(&large(|at| vec![(at + 1) % MANY]));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].labels.len(), 24);
    assert!(problems[0].message.len() < 300, "{}", problems[0].message);
    assert!(problems[0].message.starts_with("these 100000 processes wait for each other: p0 -> "));
}

#[test]
fn a_queue_between_100_000() {
    let mut text = String::new();
    for at in 0..MANY {
        let verb = if at % 2 == 0 { "feeds" } else { "reads" };
        writeln!(text, "p{at} {verb} q").unwrap();
    }
    let order = soon(job(&format!("queue q 1\n{text}")));
    assert!(order.iter().take(MANY / 2).all(|at| at % 2 == 0));
}

#[test]
fn pipes_of_100_000() {
    let mut text = "p0\n".to_owned();
    (1..MANY).for_each(|at| writeln!(text, "p{at} pipe p{}", at - 1).unwrap());
    assert!(soon(job(&text)).into_iter().eq(0..MANY));
}

#[test]
fn unknown_names_of_100_000() {
    let mut text = String::new();
    (0..MANY).for_each(|at| writeln!(text, "p{at} needs x{at}").unwrap());
    let start = Instant::now();
    assert_eq!(check(&job(&text)).len(), MANY);
    assert!(start.elapsed() < 2 * SOON, "{:?}", start.elapsed());
}

/// What waits for what, without a thought: `needs`, by repeated removal.
fn has_circle(count: usize, needs: &BTreeSet<(usize, usize)>) -> bool {
    let mut left: BTreeSet<usize> = (0..count).collect();
    loop {
        let free = |at: &&usize| !needs.iter().any(|(from, to)| from == *at && left.contains(to));
        let Some(&at) = left.iter().find(free) else { return !left.is_empty() };
        left.remove(&at);
    }
}

proptest! {
    #[test]
    fn circles_are_found_as_by_hand_and_orders_hold(
        count in 1..9_usize,
        needs in prop::collection::btree_set((0..9_usize, 0..9_usize), 0..14),
    ) {
        let needs: BTreeSet<(usize, usize)> =
            needs.into_iter().filter(|(a, b)| *a < count && *b < count).collect();
        let mut text = String::new();
        for at in 0..count {
            write!(text, "p{at} needs").unwrap();
            for (_, to) in needs.iter().filter(|(from, _)| *from == at) {
                write!(text, " p{to}").unwrap();
            }
            text.push('\n');
        }
        let job = job(&text);
        let problems = check(&job);
        prop_assert_eq!(!problems.is_empty(), has_circle(count, &needs));
        prop_assert!(problems.iter().all(|problem| problem.code == code::CYCLE));
        if problems.is_empty() {
            let order: Vec<usize> = planned(job).order().iter().map(|id| id.index()).collect();
            let place = |at: usize| order.iter().position(|&id| id == at).unwrap();
            prop_assert_eq!(order.len(), count);
            prop_assert!(needs.iter().all(|&(from, to)| place(to) < place(from)));
        } else {
            for problem in &problems {
                let path = problem.message.split(": ").nth(1).unwrap_or("").split(" -> ");
                let number = |name: &str| name.get(1..)?.parse().ok();
                let path: Vec<usize> = path.filter_map(number).collect();
                let real = |two: &[usize]| needs.contains(&(two[0], two[1]));
                prop_assert!(path.windows(2).all(real), "{}", problem.message);
            }
        }
    }

    #[test]
    fn what_is_cut_leaves_no_circle_and_nothing_smaller_does(
        needs in prop::collection::btree_set((0..6_usize, 0..6_usize), 0..11),
    ) {
        let text = |needs: &BTreeSet<(usize, usize)>| {
            let said = |at: usize| needs.iter().filter(move |(from, _)| *from == at);
            let add = |line: String, (_, to): &(usize, usize)| line + &format!(" p{to}");
            let line = |at| said(at).fold(format!("p{at} needs"), add);
            (0..6).map(line).collect::<Vec<_>>().join("\n")
        };
        let job = job(&text(&needs));
        let links = super::links::Links::of(&job).0;
        let chains = super::pipes::Chains::of(&links);
        let knots = super::waits::knots(&links, &chains, &super::loops::Loops::of(&links));
        let mut left = needs.clone();
        for (from, at) in knots.iter().flat_map(|knot| &knot.cut) {
            left.remove(&(*from, links.edges[*from][*at].to));
        }
        prop_assert!(!has_circle(6, &left));
        prop_assert!(knots.iter().all(|knot| knot.fewest));
        let all: Vec<(usize, usize)> = needs.iter().copied().collect();
        for set in 0..1_u32 << all.len() {
            if (set.count_ones() as usize) < needs.len() - left.len() {
                let kept = all.iter().enumerate().filter(|(at, _)| set & (1 << at) == 0);
                prop_assert!(has_circle(6, &kept.map(|(_, edge)| *edge).collect()));
            }
        }
    }

    #[test]
    fn every_job_without_a_problem_can_be_lived_through(
        lines in prop::collection::vec((0..6_usize, 0..5_usize, 0..4_usize, 0..3_usize), 1..7),
        spill in prop::array::uniform2(prop::bool::ANY),
        item in prop::bool::ANY,
        (groups, dead) in (prop::bool::ANY, 0..4_usize),
    ) {
        let words = |spills| if spills { " spill!" } else { "" };
        let dead = [" dead=q2", " dead=q3", "", ""][dead];
        let [first, second] = if groups { ["q2/a", "q2/b"] } else { ["q2", "q2"] };
        let mut text = format!(
            "queue q1{}{}{dead}\nqueue q2{}{}\nqueue q3 1\nx reads q1\ny reads {first}\n\
             z feeds q1\nw reads q3\n",
            words(spill[0]), if item { " 1" } else { "" }, words(spill[1]),
            if groups { " groups=a,b" } else { "" },
        );
        let mut members = 4;
        if groups {
            text.push_str("v reads q2/b\n");
            members += 1;
        }
        for (at, (other, verb, reads, feeds)) in lines.iter().enumerate() {
            let other = other % lines.len();
            write!(text, "p{at}").unwrap();
            match verb {
                0 => write!(text, " needs p{other}").unwrap(),
                1 => write!(text, " needs started:p{other}").unwrap(),
                2 => write!(text, " pipe p{other}").unwrap(),
                _ => {}
            }
            match reads {
                1 => write!(text, " reads q1").unwrap(),
                2 => write!(text, " reads {first}").unwrap(),
                3 => write!(text, " reads {second}").unwrap(),
                _ => {}
            }
            if *feeds > 0 { write!(text, " feeds q{feeds}").unwrap(); }
            text.push('\n');
        }
        let job = job(&text);
        let refused = |problem: &crate::model::Problem| problem.code == code::CYCLE
            || problem.code == code::PIPE;
        let problems = check(&job);
        if problems.is_empty() {
            prop_assert!(lives::lives(&job), "{text}");
            let plan = planned(job);
            prop_assert_eq!(plan.order().len(), lines.len() + members);
            lives::agrees(&plan);
        } else if problems.iter().all(refused) && problems.iter().any(|p| p.code == code::CYCLE) {
            prop_assert!(!lives::lives(&job), "{text}");
        }
    }
}
