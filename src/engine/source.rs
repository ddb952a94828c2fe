//! Source: the static items of a queue, put in as there is room.
//!
//! Unaware of who reads them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bytes::Bytes;
use globset::GlobBuilder;
use walkdir::WalkDir;

use super::context::Context;
use super::fault::Fault;
use super::outlet::{Frames, Refused, put};
use crate::model::{Items, QueueId};
use crate::queue::fits;

/// Bytes of a file of items that are read at once.
const BLOCK: usize = 256 * 1024;

/// Puts the static items of a queue in, all of them.
pub(super) async fn feed(context: Rc<Context>, queue: QueueId) -> Result<(), Fault> {
    let Some(items) = context.plan.queue(queue).items.clone() else { return Ok(()) };
    match items {
        Items::List(items) => {
            for item in items {
                put_one(&context, queue, item.into_bytes()).await?;
            }
        }
        Items::Range(first, end) => {
            for number in first..end {
                put_one(&context, queue, number.to_string().into_bytes()).await?;
            }
        }
        Items::Glob(glob) => {
            let glob =
                context.launch.text(&glob).map_err(|unfit| misfit(&context, queue, &unfit))?;
            for path in matches(&context.plan.queue(queue).base, &String::from_utf8_lossy(&glob)) {
                put_one(&context, queue, path).await?;
            }
        }
        Items::File(path) => {
            let path = context.launch.path(&path, &context.plan.queue(queue).base);
            let path = path.map_err(|unfit| misfit(&context, queue, &unfit))?;
            feed_file(&context, queue, &path).await?;
        }
        // The plan has made a process of it.
        Items::Command(_) => {}
    }
    Ok(())
}

fn misfit(context: &Context, queue: QueueId, reason: &dyn std::fmt::Display) -> Fault {
    let queue = context.plan.queue(queue).name.clone();
    Fault::Misfit { queue, reason: reason.to_string() }
}

async fn put_one(context: &Context, queue: QueueId, item: Vec<u8>) -> Result<(), Fault> {
    let declared = context.plan.queue(queue);
    let too_long = item.len() as u64 > declared.max_item;
    let fault = fits(&item, declared.framing).err().map(|fault| fault.to_string());
    let fault = fault.or_else(|| {
        too_long
            .then(|| format!("it has {} bytes, `max-item` is {}", item.len(), declared.max_item))
    });
    if let Some(reason) = fault {
        return Err(misfit(context, queue, &reason));
    }
    put(&context.queues[queue.index()], Bytes::from(item)).await;
    Ok(())
}

/// Frames a file as its queue is framed.
async fn feed_file(context: &Context, queue: QueueId, path: &Path) -> Result<(), Fault> {
    let name = || context.plan.queue(queue).name.clone();
    let unreadable =
        |source: io::Error| Fault::Items { queue: name(), path: path.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut frames = Frames::new(context, &[queue]);
    let misfit = |refused| match refused {
        Refused::Frame(reason) => misfit(context, queue, &reason),
        Refused::Fault(fault) => fault,
    };
    loop {
        let mut block = vec![0; BLOCK];
        let read = file.read(&mut block).map_err(unreadable)?;
        if read == 0 {
            return frames.finish(context, true).await.map_err(misfit);
        }
        block.truncate(read);
        frames.publish(context, &block.into()).await.map_err(misfit)?;
    }
}

/// Returns the files below `base` that match, as bytes relative to it, sorted.
fn matches(base: &Path, glob: &str) -> Vec<Vec<u8>> {
    use std::os::unix::ffi::OsStringExt;
    let Ok(glob) = GlobBuilder::new(glob).literal_separator(true).build() else {
        return Vec::new();
    };
    let matcher = glob.compile_matcher();
    let relative = |entry: walkdir::DirEntry| -> Option<PathBuf> {
        let path = entry.path().strip_prefix(base).ok()?;
        (entry.file_type().is_file() && matcher.is_match(path)).then(|| path.to_owned())
    };
    let walk = WalkDir::new(base).sort_by_file_name().into_iter().filter_map(Result::ok);
    walk.filter_map(relative).map(|path| path.into_os_string().into_vec()).collect()
}
