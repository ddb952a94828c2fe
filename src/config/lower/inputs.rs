//! Inputs: globs of the files that a process reads.
//!
//! What they match is asked before anything runs, so only what is known then can stand in them:
//! variables of the job, and the cell. Unaware of what is asked.

use super::Reader;
use super::placeholder::Use;
use crate::config::raw::Process as Raw;
use crate::model::{Place, Placeholder, Problem, Template, code};

impl Reader<'_, '_, '_> {
    /// Reads `inputs`.
    pub(super) fn inputs(&mut self, raw: &Raw, uses: &mut Vec<Use>) -> Option<Vec<Template>> {
        let list = raw.inputs.get()?;
        let mut theirs = Vec::new();
        let globs = list.value.entries.iter().map(|glob| {
            self.glob(glob);
            self.template(glob, &mut theirs)
        });
        let globs = globs.collect();
        for used in theirs {
            match &used.placeholder {
                Placeholder::Var(_) | Placeholder::Matrix(_) => uses.push(used),
                Placeholder::Env(_)
                | Placeholder::RunId
                | Placeholder::Slot
                | Placeholder::Item
                | Placeholder::ItemField(_)
                | Placeholder::ItemIndex
                | Placeholder::Stdout(_)
                | Placeholder::Result(..) => self.too_early(used),
            }
        }
        Some(globs)
    }

    fn too_early(&mut self, Use { placeholder, at }: Use) {
        let said =
            format!("`{{{}}}` has no value where `inputs` are asked for", placeholder.name());
        let label = Place::span(self.file.id, at).label("known only while it runs");
        let problem = Problem::error(code::PLACEHOLDER, said, label);
        self.tell(problem.help("use `{vars.NAME}` or `{matrix.KEY}`, or a pattern such as `**`"));
    }
}
