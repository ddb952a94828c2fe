//! Check: everything that the graph of a job can have wrong, all of it at once.
//!
//! The whole graph is proved, whatever will be selected. Unaware of single values, which `config`
//! has judged before.

use super::links::{Links, place};
use super::loops::{self, Loops};
use super::matrix::{MAX_CELLS, expand};
use super::pipes::{self, Chains};
use super::{cycle, dead, flow, groups, outputs, reach, readers, service, starve};
use crate::model::{Job, Problem, Process, code};

/// Nodes of a job, all cells together. A plan takes about half a kilobyte for each, so that this is
/// half a gigabyte; who has more has items for a queue.
pub const MAX_NODES: usize = 1 << 20;

/// Edges between nodes, all cells together: `needs` between two matrices of 1024 cells are a
/// million already, of 8 bytes each at both ends.
pub const MAX_EDGES: usize = 1 << 23;

/// Proves the graph of a job and returns every problem.
pub fn check(job: &Job) -> Vec<Problem> {
    let (links, mut problems) = Links::of(job);
    let chains = Chains::of(&links);
    let loops = Loops::of(&links);
    let cells = counted(&links, &mut problems);
    problems.extend(pipes::check(&links, &chains));
    problems.extend(outputs::check(&links, &cells));
    problems.extend(flow::check(&links, &loops));
    problems.extend(groups::check(&links));
    problems.extend(readers::check(&links, &cells));
    problems.extend(dead::check(&links));
    problems.extend(loops::check(&links, &loops));
    problems.extend(service::check(&links));
    problems.extend(reach::check(&links, &chains));
    problems.extend(cycle::check(&links, &chains, &loops));
    problems.extend(starve::check(&links, &chains, &cells));
    problems
}

/// Returns how many nodes each process becomes, and tells of matrices that can't be expanded.
fn counted(links: &Links<'_>, problems: &mut Vec<Problem>) -> Vec<usize> {
    let mut total = 0;
    let mut counts = Vec::with_capacity(links.edges.len());
    for process in &links.job.processes {
        // Past the bound nothing more is expanded: one problem says it.
        let past = total > MAX_NODES;
        let (count, problem) = if past { (1, None) } else { count(process) };
        problems.extend(problem);
        total += count;
        if total > MAX_NODES && !past {
            let message = format!("this job has more than {MAX_NODES} processes, cells included");
            let label = place(process).label("the bound is passed here");
            problems.push(Problem::error(code::BAD_VALUE, message, label).help(LIST_HELP));
        }
        counts.push(count);
    }
    problems.extend(too_many_edges(links, &counts));
    counts
}

/// Returns how many nodes a process becomes; 1 where its matrix can't be expanded.
pub fn cells(process: &Process) -> usize {
    count(process).0
}

/// The cure for a matrix that is a list of data.
const LIST_HELP: &str = "a long list belongs in a queue: `items` and `consumes`";

/// Returns how many nodes a process becomes.
fn count(process: &Process) -> (usize, Option<Problem>) {
    let Some(matrix) = &process.matrix else { return (1, None) };
    let name = &process.name;
    let problem = |message: String, help: &str| {
        let at = place(process).then("matrix").label("");
        Some(Problem::error(code::BAD_VALUE, message, at).help(help))
    };
    match expand(matrix).map(|cells| cells.len()) {
        Ok(0) => (1, problem(format!("the matrix of process `{name}` has no cell"), EMPTY_HELP)),
        Ok(count) => (count, None),
        Err(_) => {
            let message = format!("the matrix of process `{name}` has more than {MAX_CELLS} cells");
            (1, problem(message, LIST_HELP))
        }
    }
}

/// The cure for a matrix without cells.
const EMPTY_HELP: &str = "give every key at least one value, and exclude less";

/// Tells of more edges between cells than a plan should hold.
fn too_many_edges(links: &Links<'_>, counts: &[usize]) -> Option<Problem> {
    let mut total = 0_usize;
    for (at, edges) in links.edges.iter().enumerate() {
        let sum: usize = edges.iter().map(|edge| counts[edge.to]).sum();
        let lanes: usize =
            links.feeds[at].iter().map(|&queue| links.lanes.of_queue(queue).len()).sum();
        total = total.saturating_add(sum.saturating_add(lanes).saturating_mul(counts[at]));
        if total > MAX_EDGES {
            let message =
                format!("this job has more than {MAX_EDGES} edges between processes and cells");
            let label = place(links.process(at)).label("the bound is passed here");
            let help = "put one process without a matrix between two that have one";
            return Some(Problem::error(code::BAD_VALUE, message, label).help(help));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample::job;

    /// Returns code and message of every problem.
    fn told(text: &str) -> Vec<String> {
        let line = |problem: Problem| format!("{} {}", problem.code.id, problem.message);
        check(&job(text)).into_iter().map(line).collect()
    }

    #[test]
    fn right_jobs_have_no_problem() {
        for text in [
            "a\nb needs a\nc needs a b after a",
            "a feeds q\nb reads q feeds r\nc streams r",
            "queue q 1 2\na reads q",
            // A producer may wait for another's end, a consumer for the start of its producer.
            "a feeds q\nb needs a feeds q\nc needs started:a reads q",
            "a feeds q needs started:c\nc reads q",
            // One of two readers may come late.
            "a feeds q\nb reads q\nc needs a reads q",
            "a\nb pipe a\nc pipe b",
            "a\nb stdin a",
            "a\nb run {process.a.result.k}",
            "pool p 2\na pool p feeds q\nb pool p reads q",
            "pool p 1\na pool p feeds q\nb pool p feeds q\nc reads q",
            "pool p 1\na feeds q\nb pool p reads q\nc pool p reads q",
            "pool p cpus\na pool p feeds q weight 9\nb pool p reads q",
            "a matrix k=1,2\nb matrix k=1,2 needs a",
        ] {
            assert_eq!(told(text), [""; 0], "{text}");
        }
    }

    /// Asserts that each job has this one problem.
    fn each_tells<const N: usize>(table: [(&str, &str); N]) {
        for (text, expected) in table {
            assert_eq!(told(text), [expected], "{text}");
        }
    }

    #[test]
    fn names_lead_somewhere() {
        each_tells([
            ("a needs b", "E201 process `a` names process `b`, which no file declares"),
            ("a after b", "E201 process `a` names process `b`, which no file declares"),
            ("a stdin b", "E201 process `a` names process `b`, which no file declares"),
            ("a pipe b", "E201 process `a` names process `b`, which no file declares"),
            (
                "a run x,{process.b.stdout}",
                "E201 process `a` names process `b`, which no file declares",
            ),
            ("a pool p", "E202 process `a` runs in pool `p`, which no file declares"),
        ]);
    }

    #[test]
    fn nothing_waits_for_itself() {
        each_tells([
            ("a needs a", "E204 process `a` waits for itself"),
            (
                "a needs b\nb needs c x\nc needs a\nx",
                "E204 these 3 processes wait for each other: a -> b -> c -> a",
            ),
            ("a needs b\nb after a", "E204 these 2 processes wait for each other: a -> b -> a"),
            (
                "p feeds q\nc reads q needs p",
                "E204 queue `q` blocks for ever once it holds 64 items: `c` reads it only after \
                 the end of `p`, which fills it",
            ),
            (
                "p feeds q\nx needs p\nc reads q needs x",
                "E204 queue `q` blocks for ever once it holds 64 items: `c` reads it only after \
                 the end of `p`, which fills it",
            ),
            (
                "p feeds q needs c\nc reads q",
                "E204 these 2 processes wait for each other: p -> c -> p",
            ),
            ("a pipe b\nb pipe a", "E204 these 2 processes wait for each other: a -> b -> a"),
            (
                "w\nx needs w\nr pipe w needs x",
                "E204 these 3 processes wait for each other: r -> x -> w -> r",
            ),
        ]);
    }

    #[test]
    fn queues_pools_and_pipes_let_everything_end() {
        each_tells([
            ("a reads q", "E205 queue `q` is read by `a`, but nothing feeds it"),
            ("a feeds q", "E206 queue `q` is written by `a`, but no process reads it"),
            ("queue q 1\na", "E206 queue `q` is read by no process"),
            (
                "pool p 1\na pool p feeds q\nb pool p reads q",
                "E207 `a` and `b` must run at the same time and need 2 slots, but their pool `p` \
                 has 1",
            ),
            (
                "pool p 2\na pool p\nb pool p pipe a\nc pool p pipe b",
                "E207 `a`, `b` and `c` must run at the same time and need 3 slots, but their pool \
                 `p` has 2",
            ),
            ("pool p 1\na pool p weight 2", "E208 process `a` takes 2 slots, but pool `p` has 1"),
            (
                "pool default 1\na weight 2",
                "E208 process `a` takes 2 slots, but pool `default` has 1",
            ),
            (
                "a to null\nb stdin a",
                "E301 process `b` reads the output of `a`, which goes nowhere",
            ),
            (
                "a matrix k=1,2\nb stdin a",
                "E301 process `b` reads the output of `a`, which has 2 cells, each with its own",
            ),
            ("a\nb pipe a\nc pipe a", "E303 the output of process `a` is piped to two readers"),
            ("a matrix k=1\nb pipe a", "E303 process `a` is joined by a pipe and has `matrix`"),
            ("a\nb pipe a retry 1", "E303 process `b` is joined by a pipe and has `retry`"),
            ("a to null\nb pipe a", "E303 the output of process `a` goes to a pipe already"),
            (
                "a\nb pipe a needs a",
                "E303 process `b` waits for `a`, but a pipe makes them start together",
            ),
        ]);
    }

    #[test]
    fn pools_are_filled_by_what_nothing_holds_back() {
        let two = "a pool p feeds q\nb pool p reads q\nc pool p feeds r\nd pool p reads r";
        each_tells([
            (
                &format!("pool p 2\n{two}"),
                "E207 `a`, `b` and 2 more must run at the same time and need 3 slots, but their \
                 pool `p` has 2",
            ),
            (
                "pool p 1\nx\na pool p feeds q needs x\nb pool p reads q",
                "E207 `a` and `b` must run at the same time and need 2 slots, but their pool `p` \
                 has 1",
            ),
        ]);
        let right = [
            format!("pool p 3\n{two}"),
            // The second group comes when the first is over.
            format!("pool p 2\n{two}").replace("feeds r", "feeds r needs b"),
            // Somebody reads without a slot of the pool.
            "pool p 1\na pool p feeds q\nb pool p reads q\nc reads q".to_owned(),
            // One producer after the other.
            "pool p 2\na pool p feeds q\nb pool p feeds q needs a\nc pool p reads q".to_owned(),
            "pool p 1\nqueue q spill!\na pool p feeds q\nb pool p reads q".to_owned(),
        ];
        for text in right {
            assert_eq!(told(&text), [""; 0], "{text}");
        }
    }

    #[test]
    fn loops_have_a_source_and_spill() {
        each_tells([
            ("a reads q feeds q", "E205 queue `q` is fed only by those who read it"),
            (
                "a reads q feeds r\nb reads r feeds q\nc reads r",
                "E205 queue `q` and 1 more of its loop feed only each other",
            ),
            (
                "queue q 1\na reads q feeds q",
                "E211 queue `q` is on a loop, and could block itself for ever",
            ),
            (
                "queue q spill!\ns feeds q\na reads q feeds r\nb reads r feeds q",
                "E211 queue `r` is on a loop, and could block itself for ever",
            ),
            (
                "queue q 1 spill!\nqueue r spill!\na reads q feeds r needs b\nb reads r feeds q",
                "E204 these 2 processes wait for each other: a -> b -> a",
            ),
        ]);
        for text in [
            "queue q 1 spill!\na reads q feeds q",
            "queue q spill!\nqueue r spill!\ns feeds q\na reads q feeds r\nb reads r feeds q\n\
             c reads q",
            "queue q 1 spill!\na reads q feeds q\nb needs a",
            "queue q 1 spill!\na reads q feeds q needs b\nb reads q",
            "queue q spill!\np feeds q\nc reads q needs p",
        ] {
            assert_eq!(told(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_never_starts_is_told_at_its_root() {
        each_tells([
            ("db service!\na", "E209 nothing needs service `db`, so it would never start"),
            ("db service!\na after db", "E209 nothing needs service `db`, so it would never start"),
            (
                "a\nb needs a failed:a\nc needs b\nd after b",
                "E210 process `b` can never run: it needs `a` both to pass and to fail",
            ),
            (
                "a\nb needs a\nc needs failed:a always!\nd needs b started:c",
                "E210 process `d` can never run: it needs `a` both to pass and to fail",
            ),
            (
                "a on-failure!\nb needs started:a",
                "E210 process `b` can never run: `a` runs only after a failure, and then nothing \
                 else starts",
            ),
            (
                "a\nb needs failed:a\nc needs b",
                "E210 process `c` can never run: `b` runs only after a failure, and then nothing \
                 else starts",
            ),
        ]);
        for text in [
            "db service!\na needs db",
            "db service!\na needs db\nb needs ended:db stdin a",
            "a allow!\nb needs a failed:a",
            "a\nb needs a\nc needs ended:b failed:a",
            "a on-failure!\nb needs a on-failure!\nc needs ended:a\nd needs a always!",
            "a allow!\nb needs failed:a\nc needs b",
        ] {
            assert_eq!(told(text), [""; 0], "{text}");
        }
        let mut job = job("data service!\na");
        job.processes[1].needs = vec![crate::model::Need {
            process: "date".to_owned(),
            when: crate::model::When::Passed,
        }];
        assert_eq!(check(&job).len(), 1, "the slip hides what follows from it");
    }

    #[test]
    fn sources_are_tried_again_only_where_nothing_comes_twice() {
        each_tells([(
            "a feeds q retry 1\nb reads q",
            "E302 process `a` is tried again, and would emit its items twice",
        )]);
        for text in [
            "a feeds q retry 1 held!\nb reads q",
            "queue q unique!\na feeds q retry 1\nb reads q",
            "queue q 1\na reads q feeds r retry 1\nb reads r",
        ] {
            assert_eq!(told(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn the_help_is_an_edit() {
        let help = |text: &str| check(&job(text)).remove(0).help.unwrap();
        for (text, expected) in [
            ("a needs a", "remove `\"a\"` from `needs` of `a`"),
            (
                "a needs b\nb after a",
                "remove `\"a\"` from `after` of `b`, or another of the 2 entries",
            ),
            (
                "p feeds q\nc reads q needs ended:p",
                "remove the entry of `p` from `needs` of `c`: a queue is read while it is filled",
            ),
            ("a stdin b\nb needs a stdin a", "remove `stdin` from `a`"),
            (
                "a needs b c\nb needs a\nc needs a",
                "remove these 2 entries, fewer do not help: `\"a\"` from `needs` of `b`; `\"a\"` \
                 from `needs` of `c`",
            ),
            (
                "a run {process.b.stdout}\nb needs a",
                "remove `\"a\"` from `needs` of `b`, or another of the 2 entries",
            ),
        ] {
            assert_eq!(help(text), expected, "{text}");
        }
    }

    #[test]
    fn every_problem_is_found_in_one_go() {
        let text = "a needs b c\nb needs a\nx needs y\ny needs x\nz feeds q pool none";
        let codes: Vec<&str> = check(&job(text)).iter().map(|problem| problem.code.id).collect();
        assert_eq!(codes, ["E201", "E202", "E206", "E204", "E204"]);
    }

    #[test]
    fn the_nearest_name_is_labelled_and_hides_what_follows_from_it() {
        let mut job = job("build feeds files\nread reads files");
        job.processes[0].produces = vec![crate::model::Produces::stdout("fiels")];
        let problems = check(&job);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(
            problems[0].help.as_deref(),
            Some("write `\"files\"`, or declare [queue.fiels]")
        );
        assert_eq!(problems[0].labels[1].text, "the closest one is declared here");
    }

    #[test]
    fn a_circle_has_one_label_for_each_step() {
        let texts = |text: &str| {
            let problem = check(&job(text)).remove(0);
            problem.labels.into_iter().map(|label| label.text).collect::<Vec<_>>()
        };
        let expected = [
            "1. `a` waits for `b`",
            "2. `b` waits for `c`",
            "3. `c` waits for `a`: closes the circle",
        ];
        assert_eq!(texts("a needs b\nb after c\nc needs a"), expected);
        let expected = [
            "1. `p` stops once queue `q` holds 64 items, until `c` reads it",
            "2. `c` waits for `p`: closes the circle",
        ];
        assert_eq!(texts("p feeds q\nc reads q needs p"), expected);
        let expected =
            ["1. `p` waits for `c`", "2. `c` reads queue `q` until `p` ends: closes the circle"];
        assert_eq!(texts("p feeds q needs c\nc reads q"), expected);
        let expected = [
            "1. `r` waits for `x`",
            "2. `x` waits for `w`",
            "3. `w` and `r` start together: closes the circle",
        ];
        assert_eq!(texts("w\nx needs w\nr pipe w needs x"), expected);
    }

    #[test]
    fn too_many_cells_are_told_and_never_made() {
        let values: Vec<String> = (0..40).map(|value| value.to_string()).collect();
        let values = values.join(",");
        let told = told(&format!("a matrix x={values} matrix y={values}\nb needs a"));
        assert_eq!(told, ["E103 the matrix of process `a` has more than 1024 cells"]);
    }
}
