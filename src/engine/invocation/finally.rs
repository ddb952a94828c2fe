//! Finally: what a command is given that runs after a process.
//!
//! It reads nothing and prints to the log of the process. Unaware of how that ended.

use super::{Given, Prepared, Unready, command};
use crate::child;
use crate::engine::context::Context;
use crate::engine::core::{Finally, Start};
use crate::engine::invocation::Payload;
use crate::engine::outlet::{Log, Outlet};
use crate::event::{NotStarted, Stream};
use crate::launch;
use crate::model::{Action, Leaks};

/// Prepares a command of `finally`.
pub(super) fn prepare(
    context: &Context,
    start: &Start,
    finally: &Finally,
    given: &Given,
) -> Result<Prepared, Unready> {
    let made = command(context, start, given, None).map_err(|unfit| Unready {
        why: NotStarted { cause: unfit.to_string(), hint: unfit.hint().map(str::to_owned) },
        command_at_fault: true,
    });
    let launch::Command { argv, mut env, cwd, .. } = made?;
    let process = context.plan.process(start.node);
    let action = process.finally.get(finally.step);
    let is_script = action.is_some_and(|action| matches!(action, Action::Script { .. }));
    let server = context.job_server.as_ref();
    let job_server = server.and_then(|server| server.tell(&mut env, (&argv, is_script)));
    let outlet = |stream| Log::outlet(context, (start.node, start.attempt), stream, None);
    Ok(Prepared {
        invocation: child::Invocation {
            stdout: child::Output::Pipe,
            stderr: child::Output::Pipe,
            job_server,
            may_leak: process.leaks == Leaks::Allow,
            ..child::Invocation::silent(argv, env, cwd)
        },
        payload: Payload::None,
        stdout: outlet(Stream::Stdout),
        stderr: outlet(Stream::Stderr),
        extra: Outlet::Elsewhere,
        results: None,
        probe: None,
    })
}
