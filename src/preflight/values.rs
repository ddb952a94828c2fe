//! Values: what a text of the job file means before anything runs.
//!
//! `{vars.x}` and `{env.X}` are known, and so is the PATH of a process, in the layers in which its
//! child will get them: inherited, then the job's, then its own. What slots lend is not known.
//! Unaware of what the texts are for.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::rc::Rc;

use crate::lookup::USUAL_PATH;
use crate::model::{Environment, Inherit, Job, Placeholder, Process, Template};

/// Values by name; `None` is one that only an attempt knows.
type Layer = HashMap<OsString, Option<OsString>>;

/// The environments of a job.
pub(super) struct Environments<'j> {
    job: &'j Job,
    inherited: &'j [(OsString, OsString)],
    shared: Rc<Layer>,
    /// What the slots of a pool lend, by the name of the pool.
    lent: HashMap<&'j str, Vec<&'j str>>,
}

/// The variables of one process, as far as they are known.
pub(super) struct Variables<'j> {
    job: &'j Job,
    below: Rc<Layer>,
    own: Layer,
}

impl<'j> Environments<'j> {
    /// Reads what all processes share.
    pub(super) fn new(job: &'j Job, inherited: &'j [(OsString, OsString)]) -> Self {
        let names = |slots: &'j [Vec<(String, String)>]| {
            slots.iter().flatten().map(|(name, _)| name.as_str()).collect::<Vec<_>>()
        };
        let pools = job.pools.iter().filter(|pool| !pool.slots.is_empty());
        let lent = pools.map(|pool| (pool.name.as_str(), names(&pool.slots))).collect();
        let mut all = Self { job, inherited, shared: Rc::default(), lent };
        all.shared = Rc::new(all.layer(job.env.inherit.as_ref()));
        all
    }

    /// Returns the variables of whatever is no process.
    pub(super) fn of_job(&self) -> Variables<'j> {
        Variables { job: self.job, below: Rc::clone(&self.shared), own: Layer::new() }
    }

    /// Returns the variables of a process.
    pub(super) fn of(&self, process: &Process) -> Variables<'j> {
        let mut variables = self.of_job();
        if process.env.inherit.is_some() && process.env.inherit != self.job.env.inherit {
            variables.below = Rc::new(self.layer(process.env.inherit.as_ref()));
        }
        variables.set(&process.env);
        let default = ["default".to_owned()];
        for pool in process.pools.as_deref().unwrap_or(&default) {
            for name in self.lent.get(pool.as_str()).into_iter().flatten() {
                variables.own.insert((*name).into(), None);
            }
        }
        variables
    }

    /// Returns what is inherited, with the variables of the job on top.
    fn layer(&self, inherit: Option<&Inherit>) -> Layer {
        let allowed = |name: &OsStr| match inherit {
            Some(Inherit::All) | None => true,
            Some(Inherit::None) => false,
            Some(Inherit::Only(names)) => names.iter().any(|one| one.as_str() == name),
        };
        let kept = self.inherited.iter().filter(|(name, _)| allowed(name));
        let own = kept.map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
        let mut variables = Variables { job: self.job, below: Rc::default(), own };
        variables.set(&self.job.env);
        variables.own
    }
}

impl Variables<'_> {
    fn set(&mut self, declared: &Environment) {
        for (name, value) in &declared.from_files {
            self.own.insert(name.into(), Some(value.into()));
        }
        for (name, value) in &declared.set {
            let value = self.fill(value);
            self.own.insert(name.into(), value);
        }
    }

    /// Returns a text with its values; `None` where not all of them are known.
    pub(super) fn fill(&self, text: &Template) -> Option<OsString> {
        let filled = text.fill(|placeholder| match placeholder {
            Placeholder::Var(name) => {
                self.job.vars.get(name).map(|value| value.clone().into_bytes()).ok_or(())
            }
            Placeholder::Env(name) if !Environment::OWN.contains(&name.as_str()) => {
                let value = self.variable(name).cloned().flatten();
                value.map(OsString::into_vec).ok_or(())
            }
            Placeholder::Env(_)
            | Placeholder::Matrix(_)
            | Placeholder::Item
            | Placeholder::ItemField(_)
            | Placeholder::ItemIndex
            | Placeholder::Stdout(_)
            | Placeholder::Result(..)
            | Placeholder::RunId
            | Placeholder::Slot => Err(()),
        });
        filled.ok().map(OsString::from_vec)
    }

    /// Returns where programs are looked for; `None` where that is not known.
    pub(super) fn path(&self) -> Option<OsString> {
        match self.variable("PATH") {
            Some(path) => path.clone().filter(|path| !path.as_bytes().contains(&0)),
            None => Some(USUAL_PATH.into()),
        }
    }

    fn variable(&self, name: &str) -> Option<&Option<OsString>> {
        let name = OsStr::new(name);
        self.own.get(name).or_else(|| self.below.get(name))
    }
}
