//! Source: the static items of a queue, put in as there is room.
//!
//! Unaware of who reads them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use bytes::Bytes;
use tokio::task::coop::consume_budget;

use super::context::Context;
use super::fault::Fault;
use super::outlet::{Frames, Refused, put};
use crate::event::EventKind;
use crate::journal::kept_items;
use crate::launch::Unfit;
use crate::lookup;
use crate::model::{Items, QueueId};
use crate::queue::{Origin, fits};

/// Bytes of a file of items that are read at once.
const BLOCK: usize = 256 * 1024;

/// Puts the static items of a queue in, all of them, or until nobody wants them any more.
pub(super) async fn feed(context: Rc<Context>, queue: QueueId) -> Result<(), Fault> {
    let Some(items) = context.plan.queue(queue).items.clone() else { return Ok(()) };
    let base = &context.plan.queue(queue).base;
    let unfit = |unfit: Unfit| misfit(&context, queue, &unfit);
    match items {
        Items::List(items) => {
            put_each(&context, queue, items.into_iter().map(String::into_bytes)).await
        }
        Items::Range(first, end) => {
            let items = (first..end).map(|number| number.to_string().into_bytes());
            put_each(&context, queue, items).await
        }
        Items::Glob(glob) => {
            let glob = context.launch.text(&glob).map_err(unfit)?;
            let glob = String::from_utf8_lossy(&glob);
            let found =
                lookup::files(base, &glob).map_err(|error| misfit(&context, queue, &error))?;
            let mut found = found.peekable();
            if found.peek().is_none() {
                let name = &context.plan.queue(queue).name;
                let message = format!("queue `{name}` is empty: nothing matches `{glob}`");
                context.teller.tell(EventKind::Noted { message });
            }
            put_each(&context, queue, found).await
        }
        Items::File(path) => {
            let path = context.launch.path(&path, base).map_err(unfit)?;
            feed_file(&context, queue, &path).await
        }
        Items::Kept => feed_kept(&context, queue).await,
        // The plan has made a process of it.
        Items::Command(_) => Ok(()),
    }
}

fn misfit(context: &Context, queue: QueueId, reason: &dyn std::fmt::Display) -> Fault {
    let queue = context.plan.queue(queue).name.clone();
    Fault::Misfit { queue, reason: reason.to_string() }
}

async fn put_each(
    context: &Context,
    queue: QueueId,
    items: impl Iterator<Item = Vec<u8>>,
) -> Result<(), Fault> {
    let declared = context.plan.queue(queue);
    for item in items {
        // As long as there is room nothing is waited for, and others must have their turn.
        consume_budget().await;
        fits(&item, declared).map_err(|fault| misfit(context, queue, &fault))?;
        let put = put(&context.queues[queue.index()], Bytes::from(item), Origin::STATIC).await;
        let taken = put.map_err(|refused| match refused {
            Refused::Frame(reason) => misfit(context, queue, &reason),
            Refused::Fault(fault) => fault,
        })?;
        if !taken {
            break;
        }
    }
    Ok(())
}

/// Puts in what an earlier run has left.
async fn feed_kept(context: &Context, queue: QueueId) -> Result<(), Fault> {
    let name = &context.plan.queue(queue).name;
    let path = context.folder.items(name);
    let unreadable = |source| Fault::Items { queue: name.clone(), path: path.clone(), source };
    let mut broken = None;
    let items = kept_items(&path).map_err(unreadable)?;
    let items = items.map_while(|item| item.map_err(|error| broken = Some(error)).ok());
    put_each(context, queue, items).await?;
    broken.map_or(Ok(()), |error| Err(unreadable(error)))
}

/// Frames a file as its queue is framed.
async fn feed_file(context: &Context, queue: QueueId, path: &Path) -> Result<(), Fault> {
    let name = || context.plan.queue(queue).name.clone();
    let unreadable =
        |source: io::Error| Fault::Items { queue: name(), path: path.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut frames = Frames::new(context, Origin::STATIC, &[queue]);
    let misfit = |refused| match refused {
        Refused::Frame(reason) => misfit(context, queue, &reason),
        Refused::Fault(fault) => fault,
    };
    loop {
        consume_budget().await;
        let mut block = vec![0; BLOCK];
        let read = file.read(&mut block).map_err(unreadable)?;
        if read == 0 {
            return frames.finish(context, true).await.map(drop).map_err(misfit);
        }
        block.truncate(read);
        if !frames.publish(context, &block.into()).await.map_err(misfit)? {
            return Ok(());
        }
    }
}
