//! Groups: those of the queue that a process reads, for the one that it reads for.
//!
//! They belong to one queue, and so are no names of the job. Unaware of how they are offered.

use super::look::Look;
use super::scan::{Kind, Way, scan};

/// Returns the groups that can be named at a place; none where no group is named there.
pub(super) fn known<'s>(look: &Look<'s>, way: &[Way<'_>]) -> Vec<&'s str> {
    let [Way::Key("process"), process, Way::Key("consumes"), Way::Key("group")] = *way else {
        return Vec::new();
    };
    let mut read = None;
    let says = [Way::Key("process"), process, Way::Key("consumes"), Way::Key("queue")];
    scan(look.text(), &mut |piece| {
        if piece.kind == Kind::Text && piece.way == says {
            read = Some(&look.text()[piece.at]);
        }
    });
    let Some(queue) = read else { return Vec::new() };
    let declares = [Way::Key("queue"), Way::Key(queue), Way::Key("groups"), Way::Entry];
    let mut groups = Vec::new();
    for (_, text) in look.files {
        scan(text, &mut |piece| {
            if piece.kind == Kind::Text && piece.way == declares {
                groups.push(&text[piece.at]);
            }
        });
    }
    groups
}
