//! Groups: what consumers say of the groups of a queue, and queues of where their dead items go.
//!
//! Both name what another table declares, maybe in a file that is not read yet, so they are tied at
//! the end. Unaware of how items reach a group.

use std::collections::HashMap;

use super::{Lowering, Reader};
use crate::config::raw;
use crate::model::{Place, Problem, code, nearest};

/// What is said of groups so far.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// The groups of each queue that declares some.
    declared: HashMap<String, Vec<String>>,
    /// Consumers that name one: the queue, the group, and where.
    pub(super) asked: Vec<(String, String, Place)>,
    /// Queues for dead items: the queue that names it, its name, and where.
    dead: Vec<(String, String, Place)>,
}

impl Reader<'_, '_, '_> {
    /// Notes the groups of a queue, and where its dead items go.
    pub(super) fn note_groups(&mut self, name: &str, raw: &raw::Queue) {
        if let Some(groups) = raw.groups.get() {
            let names = groups.value.entries.iter().map(|group| group.value.clone()).collect();
            self.all.groups.declared.insert(name.to_owned(), names);
            if groups.value.entries.is_empty() && groups.value.whole {
                let label = self.label(groups.at, "an empty list");
                let problem = Problem::error(code::BAD_VALUE, "`groups` names no group", label);
                self.tell(problem.help("leave the key out: then consumers compete for items"));
            }
        }
        if let Some(dead) = raw.dead.get() {
            let place = self.place(dead.at);
            self.all.groups.dead.push((name.to_owned(), dead.value.clone(), place));
        }
    }
}

impl Lowering<'_> {
    /// Says which groups and which queues for the dead nothing declares.
    pub(super) fn tie_groups(&mut self) {
        if !self.names_known {
            return;
        }
        let Groups { declared, asked, dead } = std::mem::take(&mut self.groups);
        let queues: Vec<&str> = self.job.queues.iter().map(|queue| queue.name.as_str()).collect();
        let known = |queue: &String| queues.contains(&queue.as_str());
        let asked = asked.into_iter().filter(|(queue, ..)| known(queue));
        let groups =
            asked.filter_map(|(queue, group, place)| no_group(&declared, &queue, &group, place));
        let dead = dead.into_iter().filter_map(|(queue, dead, place)| {
            let said = if dead == queue {
                format!("the dead items of queue `{queue}` would come back to it")
            } else if known(&dead) {
                return None;
            } else {
                format!("queue `{queue}` names queue `{dead}`, which no file declares")
            };
            let help = match nearest(&dead, queues.iter().copied().filter(|name| *name != queue)) {
                Some(near) => format!("write `{near}`"),
                None => format!("declare it: [queue.{queue}-dead] and dead = \"{queue}-dead\""),
            };
            let code = if dead == queue { code::CONFLICT } else { code::UNKNOWN_QUEUE };
            Some(Problem::error(code, said, place.label("where they should go")).help(help))
        });
        let problems: Vec<Problem> = groups.chain(dead).collect();
        self.problems.extend(problems);
    }
}

/// Says where a consumer names a group that its queue does not have.
fn no_group(
    declared: &HashMap<String, Vec<String>>,
    queue: &str,
    group: &str,
    place: Place,
) -> Option<Problem> {
    let groups = declared.get(queue).map(Vec::as_slice).unwrap_or_default();
    if groups.iter().any(|known| known == group) {
        return None;
    }
    let said = format!("queue `{queue}` has no group `{group}`");
    let help = match nearest(group, groups.iter().map(String::as_str)) {
        Some(near) => format!("write `{near}`"),
        None => format!("add it to the queue: groups = [\"{group}\"]"),
    };
    Some(Problem::error(code::BAD_VALUE, said, place.label("no such group")).help(help))
}
