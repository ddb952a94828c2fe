//! Condition: asks whether the conditions of a node hold.
//!
//! One after the other, and no further than to the first that does not. What can't be answered is
//! told as that: nobody should take it for a no. Unaware of what follows, and of how long it may
//! take.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::rc::Rc;

use super::changed::{self, Unasked};
use super::context::Context;
use super::core::Answer;
use super::fault::Fault;
use crate::child::{Invocation, StartError};
use crate::event::Exit;
use crate::launch::{self, Asked, Inquiry, Look, Values};
use crate::model::NodeId;

/// Bytes of a reason: what fits a line or two.
const REASON: usize = 200;

/// What was found: whether it is so, and what is the case; or why nobody can say it.
type Found = Result<(bool, String), String>;

/// Asks whether the conditions of a node hold.
pub(super) async fn ask(context: Rc<Context>, node: NodeId) -> Result<Answer, Fault> {
    let (process, cell) = (context.plan.process(node), &context.plan.node(node).cell);
    let conditions = match context.launch.conditions(process, cell) {
        Ok(conditions) => conditions,
        Err(unfit) => return Ok(Answer::Unanswered(unfit.to_string())),
    };
    let stdout = |process: &str| {
        let most = launch::MAX_STDOUT as u64 * 2;
        context.printed_by(process).head(most).ok()
    };
    let result = |process: &str, key: &str| context.result(process, key);
    let values = Values::before(&stdout, &result);
    for at in 0..conditions.count() {
        let Asked { look, not } = match conditions.asked(at, &values) {
            Ok(asked) => asked,
            Err(unfit) => return Ok(Answer::Unanswered(unfit.to_string())),
        };
        match find(&context, look).await? {
            Ok((is, what)) if is == not => return Ok(Answer::Unmet(short(&context, &what))),
            Ok(_) => {}
            Err(why) => return Ok(Answer::Unanswered(short(&context, &why))),
        }
    }
    Ok(Answer::Holds)
}

/// Returns a reason within its bound; a secret that is cut is no less one.
fn short(context: &Context, reason: &str) -> String {
    let short = context.teller.masker().beginning(reason.as_bytes(), REASON);
    let cut = if reason.len() > REASON { "…" } else { "" };
    String::from_utf8_lossy(&short).trim_end_matches('\u{fffd}').to_owned() + cut
}

async fn find(context: &Context, look: Look) -> Result<Found, Fault> {
    Ok(match look {
        Look::Known(is, what) => Ok((is, what)),
        Look::Path(path, written) => exists(&path, &written),
        Look::Command(asked) => passes(context, asked).await?,
        Look::Changed { globs, since, folder, env } => {
            changed(context, (&globs, &since), &folder, &env).await?
        }
    })
}

fn exists(path: &Path, written: &str) -> Found {
    match path.metadata() {
        Ok(_) => Ok((true, format!("`{written}` exists"))),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok((false, format!("`{written}` does not exist")))
        }
        Err(error) => Err(format!("cannot look at `{written}`: {error}")),
    }
}

async fn passes(context: &Context, asked: Inquiry) -> Result<Found, Fault> {
    let words: Vec<_> = asked.argv.iter().map(|word| word.to_string_lossy()).collect();
    let words = format!("`{}`", words.join(" "));
    Ok(match end(context, asked).await? {
        Ok(Exit::Code(0)) => Ok((true, format!("{words} passed"))),
        Ok(exit @ Exit::Code(_)) => Ok((false, format!("{words} failed: {exit}"))),
        Ok(exit) => Err(format!("{words} was {exit}")),
        Err(why) => Err(why),
    })
}

/// Asks git what has changed.
async fn changed(
    context: &Context,
    (globs, since): (&[String], &str),
    folder: &Path,
    env: &[(OsString, OsString)],
) -> Result<Found, Fault> {
    let found = match changed::since(&context.host, since, folder, env).await {
        Ok(found) => found,
        Err(Unasked::Fault(fault)) => return Err(fault),
        Err(why) => return Ok(Err(why.to_string())),
    };
    for glob in globs {
        match found.matching(folder, glob) {
            Ok(None) => {}
            Ok(Some(path)) => {
                return Ok(Ok((true, format!("`{}` has changed since {since}", path.display()))));
            }
            Err(error) => return Ok(Err(error.to_string())),
        }
    }
    Ok(Ok((false, format!("nothing in {} has changed since {since}", globs.join(", ")))))
}

/// Runs a command beside attempts, of which only the end counts; returns why it can't be started,
/// where it can't. Dropped, it is killed with all that it started.
async fn end(context: &Context, asked: Inquiry) -> Result<Result<Exit, String>, Fault> {
    let Inquiry { argv, env, cwd } = asked;
    match context.host.start(Invocation::silent(argv, env, cwd)).await {
        Ok(mut child) => Ok(Ok(child.wait().await?.exit)),
        Err(StartError::Cannot(why)) => Ok(Err(why.cause)),
        Err(StartError::Fault(fault)) => Err(fault.into()),
    }
}
