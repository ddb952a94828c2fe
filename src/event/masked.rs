//! Masked: the texts of an event that come from outside, where a secret may stand in one.
//!
//! Each kind is listed, so that a new one has to say which of its texts these are. What a child
//! printed is masked before it becomes an event. Unaware of what is secret.

use super::{EventKind, Exit, ItemRef, NotStarted, Text, Try};

/// A text that may be changed.
#[derive(Debug)]
pub enum Outside<'a> {
    /// Text.
    Text(&'a mut String),
    /// Bytes that are usually text.
    Bytes(&'a mut Text),
}

/// Is shown texts.
type See<'s> = dyn FnMut(Outside<'_>) + 's;

impl EventKind {
    /// Shows every text that comes from outside; the bytes of an item among them, but for those
    /// that are kept as they are.
    pub fn each_text(&mut self, see: &mut See<'_>) {
        match self {
            Self::RunStarted { options, left_out, .. } => {
                texts(options.iter_mut().chain(left_out), see);
            }
            Self::ProcessDeclared { description, command, script, .. } => {
                texts(description.iter_mut().chain(command).chain(script), see);
            }
            Self::NodeDeclared { name, cell, .. } => {
                show(name, see);
                texts(cell.values_mut(), see);
            }
            Self::AttemptStarted { item, .. } => {
                if let Some(item) = item {
                    of_item(item, see);
                }
            }
            Self::AttemptEnded { exit, leftovers, reason, .. } => {
                of_exit(exit, see);
                texts(leftovers.iter_mut().map(|left| &mut left.command), see);
                texts(reason, see);
            }
            Self::FinallyEnded { exit, leftovers, .. } => {
                of_exit(exit, see);
                texts(leftovers.iter_mut().map(|left| &mut left.command), see);
            }
            Self::ResultsWritten { results, .. } => texts(results.values_mut(), see),
            Self::ItemEnded { item, exit, reason, .. } => {
                of_item(item, see);
                of_exit(exit, see);
                texts(reason, see);
            }
            Self::ItemDead { item, bytes, tries, stderr, .. } => {
                of_item(item, see);
                see(Outside::Bytes(bytes));
                for one in tries {
                    of_try(one, see);
                }
                see(Outside::Bytes(stderr));
            }
            Self::ItemDropped { item, bytes, reason, .. } => {
                of_item(item, see);
                see(Outside::Bytes(bytes));
                show(reason, see);
            }
            Self::Found { finding, .. } => {
                show(&mut finding.file, see);
                texts(&mut finding.code, see);
                show(&mut finding.message, see);
            }
            Self::NodeEnded { reason, .. } => texts(reason, see),
            Self::StopAsked { reason, .. } => show(reason, see),
            Self::Noted { message } => show(message, see),
            Self::PoolDeclared { .. }
            | Self::QueueDeclared { .. }
            | Self::Output { .. }
            | Self::AttemptSlow { .. }
            | Self::AttemptSuspended { .. }
            | Self::AttemptResumed { .. }
            | Self::AttemptKilled { .. }
            | Self::FinallyStarted { .. }
            | Self::ServiceReady { .. }
            | Self::ServiceRestarts { .. }
            | Self::QueueLevels { .. }
            | Self::QueueClosed { .. }
            | Self::QueueDrained { .. }
            | Self::RunEnded { .. } => {}
        }
    }

    /// Returns the bytes of an item that is told whole, and where they are kept as they are.
    pub fn item_bytes(&mut self) -> Option<(&Text, &mut Option<Text>)> {
        let (Self::ItemDead { bytes, exact, .. } | Self::ItemDropped { bytes, exact, .. }) = self
        else {
            return None;
        };
        Some((bytes, exact))
    }
}

fn show(text: &mut String, see: &mut See<'_>) {
    see(Outside::Text(text));
}

fn texts<'t>(texts: impl IntoIterator<Item = &'t mut String>, see: &mut See<'_>) {
    for text in texts {
        show(text, see);
    }
}

fn of_item(item: &mut ItemRef, see: &mut See<'_>) {
    see(Outside::Bytes(&mut item.preview));
}

fn of_exit(exit: &mut Exit, see: &mut See<'_>) {
    match exit {
        Exit::NotStarted(NotStarted { cause, hint }) => {
            show(cause, see);
            texts(hint, see);
        }
        Exit::Replied(why) => show(why, see),
        Exit::Code(_) | Exit::Signal(_) | Exit::OutOfMemory => {}
    }
}

fn of_try(one: &mut Try, see: &mut See<'_>) {
    of_exit(&mut one.exit, see);
    texts(&mut one.reason, see);
}
