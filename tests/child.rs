//! Real processes: what `child` promises, seen from outside.
//!
//! The spawner must be forked before any thread exists, so this target has its own `main`: it forks
//! first and then runs its scenarios one after the other. Those in which an engine or a spawner is
//! killed run this program once more, as the engine that dies. Nothing sleeps to wait for something
//! else: scenarios wait for a line, a file or an end.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test in all but the harness")]

#[path = "child/inner.rs"]
mod inner;
#[path = "child/leftovers.rs"]
mod leftovers;
#[path = "child/pipes.rs"]
mod pipes;
#[path = "child/start.rs"]
mod start;
#[path = "child/tools.rs"]
mod tools;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use runner::child::{Host, Spawner};

/// How long one scenario may take, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

type Scenario = for<'a> fn(&'a Host) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

macro_rules! scenarios {
    ($($module:ident::$name:ident),* $(,)?) => {
        &[$((
            concat!(stringify!($module), "::", stringify!($name)),
            |host| Box::pin($module::$name(host)),
        )),*]
    };
}

const SCENARIOS: &[(&str, Scenario)] = scenarios![
    start::p18_codes_and_signals_are_told_apart,
    start::p19_a_child_has_clean_surroundings,
    start::p23_a_child_has_no_terminal,
    start::p14_every_cause_is_named,
    start::a_path_is_looked_up_in_the_childs_environment,
    start::p15_a_busy_program_is_tried_again,
    start::too_long_arguments_are_explained_with_sizes,
    start::a_megabyte_of_arguments_arrives,
    start::three_hundred_children_live_at_once,
    start::a_dropped_start_leaves_nothing,
    pipes::a_child_that_never_reads_harms_nobody,
    pipes::a_megabyte_goes_through_cat_and_back,
    pipes::much_output_arrives_whole_and_in_order,
    pipes::unread_bytes_are_counted_after_the_reader_died,
    pipes::descriptors_are_passed_on,
    pipes::descriptors_above_2_are_those_that_were_asked_for,
    pipes::what_comes_on_3_goes_back_on_4,
    leftovers::a_grandchild_in_the_background_is_killed_and_named,
    leftovers::a_grandchild_in_its_own_session_is_killed_and_named,
    leftovers::a_daemon_without_environment_is_told_from_other_attempts,
    leftovers::p08_an_orphan_is_reaped_while_its_attempt_lives,
    leftovers::a_holder_of_the_pipe_is_found_and_killed,
    leftovers::who_is_asked_to_stop_gets_grace_for_the_whole_set,
    leftovers::a_stopped_child_hears_a_request_to_end,
    leftovers::a_kill_takes_the_whole_set,
    leftovers::what_may_leak_lives_on_and_is_named,
    leftovers::who_is_stopped_is_told_of,
    leftovers::everything_can_be_paused,
    inner::a_killed_engine_leaves_nothing,
    inner::a_killed_spawner_is_a_fault_and_leaves_nothing,
    inner::p11_an_ignored_sigchld_hides_no_status,
    inner::a_low_limit_keeps_no_descriptor_from_a_child,
];

fn main() -> ExitCode {
    // The exception to every rule: before it, no thread, no runtime, not even an argument.
    let spawner = Spawner::fork().expect("a spawner");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio");
    let local = tokio::task::LocalSet::new();
    let host = local.block_on(&runtime, async { Host::new(spawner) }).expect("a host");
    let run = |scenario: Scenario| {
        let run = async { tokio::time::timeout(PATIENCE, scenario(&host)).await };
        catch_unwind(AssertUnwindSafe(|| local.block_on(&runtime, run)))
    };
    if let Some(name) = std::env::var_os(inner::MODE) {
        let mode = inner::mode(name.to_str().expect("a name"));
        return if matches!(run(mode), Ok(Ok(()))) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let filters: Vec<_> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let wanted = |name: &str| filters.is_empty() || filters.iter().any(|f| name.contains(*f));
    let (start, mut passed, mut failed, mut filtered) = (Instant::now(), 0, 0, 0);
    for (name, scenario) in SCENARIOS {
        if !wanted(name) {
            filtered += 1;
        } else if words.iter().any(|word| word == "--list") {
            println!("{name}: test");
        } else {
            let verdict = match run(*scenario) {
                Ok(Ok(())) => "ok",
                Ok(Err(_)) => "FAILED (out of time)",
                Err(_) => "FAILED",
            };
            *if verdict == "ok" { &mut passed } else { &mut failed } += 1;
            println!("test {name} ... {verdict}");
        }
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; \
         {filtered} filtered out; finished in {:.2}s\n",
        start.elapsed().as_secs_f64()
    );
    ExitCode::from(u8::from(failed > 0))
}
