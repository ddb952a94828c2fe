//! Services: long-lived nodes that are there for those that need them.
//!
//! One is started for the first node that lacks nothing else, and stopped once all that need it
//! have ended; what it needs itself outlives it, because it is one of those. If it ends by itself,
//! it is started again as `restart` says, and whoever takes items waits for it; or it has failed,
//! and with it all that can't do without. Unaware of how a probe is made.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::finish::{Again, Finished, outcome_in};
use super::nodes::{Edge, Row, State};
use super::start::{Attempt, Stopping};
use super::timers::Timer;
use super::{Core, Effect, Ended};
use crate::engine::retry::{verdict_fails, wait_for};
use crate::event::{EventKind, Outcome, Stop, Verdict};
use crate::model::{AttemptId, NodeId, Probe, Restart, RestartWhen, When};
use crate::plan::Plan;

/// What the core knows of one service.
#[derive(Debug, Default)]
pub(super) struct Service {
    /// Nodes that need it and have not ended.
    users: usize,
    /// Whether one of them lacked nothing else.
    is_summoned: bool,
    stage: Stage,
    /// When it was started again, as far back as it counts.
    restarts: VecDeque<Duration>,
    /// What the last probe said.
    said: Option<String>,
    /// Why it is not there any more, once it has ended.
    cause: Option<String>,
}

/// How far the child of a service has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// There is none.
    #[default]
    Down,
    /// It has started.
    Up,
    /// It can be used.
    Ready,
}

impl Stage {
    /// Returns whether that is enough for who needs it so.
    fn serves(self, when: When) -> bool {
        match when {
            When::Ready => self == Self::Ready,
            When::Started => self != Self::Down,
            When::Passed | When::Ended | When::Failed => false,
        }
    }
}

/// Returns the services of a plan, by their nodes.
pub(super) fn of(plan: &Plan) -> BTreeMap<NodeId, Service> {
    let is_service = |node: &&crate::plan::Node| plan.process(node.id).service.is_some();
    let mut services: BTreeMap<NodeId, Service> =
        plan.nodes.iter().filter(is_service).map(|node| (node.id, Service::default())).collect();
    for node in &plan.nodes {
        for (service, _) in held(plan, node.id) {
            services.get_mut(&service).expect("it is one of them").users += 1;
        }
    }
    services
}

/// Returns the services that a node needs, and how far each must be; one that it needs in two ways
/// is there twice.
pub(super) fn held(plan: &Plan, node: NodeId) -> impl Iterator<Item = (NodeId, When)> + '_ {
    let needs = plan.node(node).needs.iter().copied();
    needs.filter(|(needed, when)| when.holds() && plan.process(*needed).service.is_some())
}

impl Core {
    /// Returns whether a node is a service.
    pub(super) fn is_service(&self, node: NodeId) -> bool {
        self.services.contains_key(&node)
    }

    /// Ends services that nothing of this run needs.
    pub(super) fn dismiss_unneeded(&mut self) {
        let unneeded = self.services.iter().filter(|(_, service)| service.users == 0);
        for node in unneeded.map(|(node, _)| *node).collect::<Vec<_>>() {
            self.skip(node, "nothing of this run needs it".to_owned());
        }
    }

    /// Returns whether a service that a node needs has ended, which it is still to hear.
    pub(super) fn has_lost_service(&self, node: NodeId) -> bool {
        held(&self.plan, node).any(|(service, _)| self.rows[service.index()].is_done())
    }

    /// Asks for the services that a node needs and does not have.
    pub(super) fn summon(&mut self, node: NodeId) {
        let plan = std::rc::Rc::clone(&self.plan);
        self.summoned.extend(held(&plan, node).map(|(service, _)| service));
    }

    /// Lets a service come that somebody has asked for.
    pub(super) fn come(&mut self, node: NodeId) {
        let Some(service) = self.services.get_mut(&node) else { return };
        service.is_summoned = true;
        let row = &self.rows[node.index()];
        match row.state {
            State::Waiting if row.unmet == 0 => self.admit(node),
            State::Ready => self.reconsider(node),
            State::Waiting
            | State::Asking
            | State::Running
            | State::Backoff
            | State::Finally
            | State::Done { .. } => {}
        }
    }

    /// Returns whether a node is no service, or one that somebody has asked for.
    pub(super) fn is_summoned(&self, node: NodeId) -> bool {
        self.services.get(&node).is_none_or(|service| service.is_summoned)
    }

    /// Returns whether a service is good for somebody: one that uses it, or that may start.
    pub(super) fn is_wanted(&self, service: NodeId) -> bool {
        self.has_user(service, |_| true)
    }

    /// Returns whether it is good for somebody who lacks nothing else.
    pub(super) fn is_due(&self, service: NodeId) -> bool {
        self.has_user(service, |row| row.unmet == 0 && !row.awaits_failure(self.failed))
    }

    /// Looks for such a user, also behind services that need it.
    fn has_user(&self, service: NodeId, counts: impl Fn(&Row) -> bool) -> bool {
        let (mut next, mut seen) = (vec![service], BTreeSet::new());
        while let Some(node) = next.pop() {
            for (user, edge) in self.graph.dependants(node) {
                let row = &self.rows[user.index()];
                if !matches!(edge, Edge::Service(_)) || row.is_done() || !counts(row) {
                    continue;
                }
                if !self.is_service(*user) {
                    let is_used =
                        row.children > 0 && self.stop.is_none_or(|stop| stop <= Stop::Failure);
                    if is_used || self.may_start(*user) {
                        return true;
                    }
                } else if seen.insert(*user) {
                    next.push(*user);
                }
            }
        }
        false
    }

    /// Returns whether a service is there, as far as it must be.
    pub(super) fn serves(&self, service: NodeId, when: When) -> bool {
        self.services.get(&service).is_some_and(|service| service.stage.serves(when))
    }

    /// Takes in that the child of a service was started.
    pub(super) fn service_started(&mut self, attempt: AttemptId, node: NodeId) {
        let Some(service) = &self.plan.process(node).service else { return };
        let Some(ready) = &service.ready else { return self.is_ready(attempt, node) };
        self.ring_in(attempt, ready.timeout, Timer::Unready(attempt));
        self.out.push(Effect::Probe { attempt });
        self.stands_at(node, Stage::Up);
    }

    /// Takes in what a probe of a service said: nothing where it is ready.
    pub(super) fn probed(&mut self, attempt: AttemptId, refused: Option<String>) {
        let Some(running) = self.attempts.get(&attempt).filter(|running| running.alive) else {
            return;
        };
        let node = running.node;
        let is_up = self.services.get(&node).is_some_and(|it| it.stage == Stage::Up);
        if running.stopping.is_some() || !is_up {
            return;
        }
        let Some(refused) = refused else { return self.is_ready(attempt, node) };
        let Some(service) = self.services.get_mut(&node) else { return };
        service.said = Some(refused);
        let ready = self.plan.process(node).service.as_ref().and_then(|it| it.ready.as_ref());
        let interval = ready.map_or(Duration::ZERO, |ready| ready.interval);
        self.ring_in(attempt, interval, Timer::Look(attempt));
    }

    /// Has a service probed again.
    pub(super) fn look(&mut self, attempt: AttemptId) {
        self.out.push(Effect::Probe { attempt });
    }

    /// Ends a service that should be ready by now.
    pub(super) fn unready(&mut self, attempt: AttemptId) {
        let node = self.attempts.get(&attempt).map(|running| running.node);
        let stage = node.and_then(|node| self.services.get(&node)).map(|service| service.stage);
        if stage == Some(Stage::Up) {
            self.ask_to_end(attempt, Stopping::Unready);
        }
    }

    fn is_ready(&mut self, attempt: AttemptId, node: NodeId) {
        if let Some(running) = self.attempts.get_mut(&attempt) {
            let unready = |ring: &mut (Duration, Timer)| matches!(ring.1, Timer::Unready(_));
            for (at, timer) in running.rings.extract_if(.., unready) {
                self.timers.unset(at, timer);
            }
            let took = self.now.saturating_sub(running.began);
            self.tell(EventKind::ServiceReady { node, attempt, took });
        }
        self.stands_at(node, Stage::Ready);
    }

    /// Notes how far a service is, and lets those that need it go on, or wait.
    fn stands_at(&mut self, node: NodeId, stage: Stage) {
        let Some(service) = self.services.get_mut(&node) else { return };
        let before = std::mem::replace(&mut service.stage, stage);
        for index in 0..self.graph.dependants(node).len() {
            let (user, edge) = self.graph.dependants(node)[index];
            let Edge::Service(when) = edge else { continue };
            let row = &mut self.rows[user.index()];
            match (before.serves(when), stage.serves(when)) {
                (false, true) => row.unserved -= 1,
                (true, false) => row.unserved += 1,
                (true, true) | (false, false) => continue,
            }
            self.was_served(user);
        }
    }

    /// Looks at a node again after a service that it needs has come or gone.
    fn was_served(&mut self, node: NodeId) {
        let row = &self.rows[node.index()];
        match row.state {
            State::Finally | State::Done { .. } | State::Asking => {}
            State::Waiting => {
                if row.unmet == 0 && row.unserved == 0 && !row.awaits_failure(self.failed) {
                    self.admit(node);
                }
            }
            State::Ready | State::Running | State::Backoff => {
                if self.plan.node(node).consumes.is_some() {
                    self.set_pace(node);
                } else if row.state == State::Ready {
                    self.reconsider(node);
                }
            }
        }
    }

    /// Decides whether a service that ended by itself is started again, and after how long.
    pub(super) fn restart(
        &self,
        id: AttemptId,
        attempt: &Attempt,
        end: (Verdict, &Ended),
    ) -> Again {
        let (node, (verdict, ended)) = (attempt.node, end);
        let Restart { when, backoff, .. } = self.restarts(node);
        let is_due = match when {
            RestartWhen::Never => false,
            RestartWhen::OnFailure => verdict_fails(verdict),
            RestartWhen::Always => matches!(verdict, Verdict::Passed) || verdict_fails(verdict),
        };
        let is_final = attempt.stopping == Some(Stopping::Unready) || ended.command_at_fault;
        if !is_due || is_final || self.has_burst(node) {
            Again::Never
        } else if self.is_wanted(node) {
            let number = self.recent_restarts(node) + 1;
            Again::After(wait_for(&backoff, number, u64::from(node.0) ^ id.0.rotate_left(40)))
        } else {
            Again::NotNow
        }
    }

    fn restarts(&self, node: NodeId) -> Restart {
        self.plan.process(node).service.as_ref().map(|it| it.restart).unwrap_or_default()
    }

    fn recent_restarts(&self, node: NodeId) -> u32 {
        let within = self.restarts(node).within;
        let recent = |at: &&Duration| at.saturating_add(within) > self.now;
        let restarts = self.services.get(&node).map(|it| it.restarts.iter().filter(recent).count());
        restarts.and_then(|count| u32::try_from(count).ok()).unwrap_or_default()
    }

    fn has_burst(&self, node: NodeId) -> bool {
        self.recent_restarts(node) >= self.restarts(node).burst
    }

    /// The end of the child of a service.
    pub(super) fn service_ended(&mut self, finished: Finished<'_>) {
        let Finished { attempt, verdict, again, ended, .. } = finished;
        let node = attempt.node;
        self.stands_at(node, Stage::Down);
        if let Again::After(wait) = again {
            return self.starts_again(node, wait);
        }
        let is_by_us = match attempt.stopping {
            Some(Stopping::Done) => return self.end_node(node, Outcome::Stopped, None),
            Some(Stopping::Unserved(other)) => {
                let reason = self.desertion(other);
                self.has_cause(node, format!("stopped: {reason}"));
                return self.end_node(node, Outcome::Stopped, Some(reason));
            }
            Some(Stopping::Run | Stopping::Unread) => true,
            // It has no other cells that could have ended it: a service has no matrix.
            Some(
                Stopping::FailedFast(_) | Stopping::Total | Stopping::Idle | Stopping::Unready,
            )
            | None => false,
        };
        // What nobody may use any more need not be there.
        if is_by_us || again == Again::NotNow || !self.is_wanted(node) {
            let reason = self.stop_reason();
            return self.end_node(node, Outcome::Stopped, Some(reason));
        }
        let (outcome, reason) = self.service_failed(&attempt, verdict, ended);
        let why = reason.clone().unwrap_or_else(|| ended.exit.to_string());
        self.has_cause(node, format!("failed: {why}"));
        self.end_node(node, outcome, reason);
    }

    /// Notes why a service is not there any more, for those that need it.
    fn has_cause(&mut self, node: NodeId, cause: String) {
        if let Some(service) = self.services.get_mut(&node) {
            service.cause = Some(cause);
        }
    }

    /// Returns as what a service ends that is not started again, and why, where its exit does not
    /// say it.
    fn service_failed(
        &self,
        attempt: &Attempt,
        verdict: Verdict,
        ended: &Ended,
    ) -> (Outcome, Option<String>) {
        let node = attempt.node;
        let process = self.plan.process(node);
        let outcome = match verdict {
            Verdict::Passed => Outcome::Failed,
            verdict => outcome_in(process, verdict, &ended.exit),
        };
        let restart = self.restarts(node);
        let reason = match attempt.stopping {
            Some(Stopping::Unready) => {
                let ready = process.service.as_ref().and_then(|it| it.ready.as_ref());
                let limit = ready.map_or(Duration::ZERO, |ready| ready.timeout);
                let line = match ready.map(|ready| &ready.probe) {
                    Some(Probe::Line(line)) => Some(format!("no line matched `{line}`")),
                    Some(
                        Probe::Tcp(_) | Probe::Http { .. } | Probe::Command(_) | Probe::File(_),
                    )
                    | None => None,
                };
                let said = self.services.get(&node).and_then(|it| it.said.clone()).or(line);
                let said = said.map(|said| format!(": {said}")).unwrap_or_default();
                Some(format!("not ready after {}{said}", humantime::format_duration(limit)))
            }
            _ if restart.when != RestartWhen::Never && self.has_burst(node) => {
                let within = humantime::format_duration(restart.within);
                let times = if restart.burst == 1 { "restart" } else { "restarts" };
                Some(format!("{} {times} in {within}, giving up: {}", restart.burst, ended.exit))
            }
            Some(Stopping::Total) => super::finish::over("total of", process.timeout.total),
            Some(Stopping::Idle) => super::finish::over("idle for", process.timeout.idle),
            _ if verdict == Verdict::Passed => Some(format!("{} while it was needed", ended.exit)),
            _ => ended.fault.clone(),
        };
        (outcome, reason)
    }

    /// Has a service started again after a while.
    fn starts_again(&mut self, node: NodeId, after: Duration) {
        let Restart { burst, within, .. } = self.restarts(node);
        let number = self.recent_restarts(node) + 1;
        self.tell(EventKind::ServiceRestarts { node, number, burst, after });
        if let Some(service) = self.services.get_mut(&node) {
            service.restarts.retain(|at| at.saturating_add(within) > self.now);
            service.restarts.push_back(self.now);
        }
        self.back_off(node, after);
    }

    /// Takes in that a node has ended: the services that it needs may not be needed any more.
    pub(super) fn leaves_services(&mut self, node: NodeId) {
        let plan = std::rc::Rc::clone(&self.plan);
        for (needed, _) in held(&plan, node) {
            let Some(service) = self.services.get_mut(&needed) else { continue };
            service.users -= 1;
            if service.users == 0 {
                self.dismiss(needed);
            }
        }
        self.look_at_services_of(node);
    }

    /// Looks again at services that have not started: the one that they were to be started for may
    /// be gone.
    fn look_at_services_of(&mut self, node: NodeId) {
        let plan = std::rc::Rc::clone(&self.plan);
        let (mut next, mut seen) = (vec![node], BTreeSet::new());
        while let Some(node) = next.pop() {
            for (service, _) in held(&plan, node) {
                match self.rows[service.index()].state {
                    State::Running | State::Finally | State::Done { .. } => continue,
                    State::Ready => self.reconsider(service),
                    State::Waiting | State::Asking | State::Backoff => {}
                }
                next.extend(seen.insert(service).then_some(service));
            }
        }
    }

    /// Stops a service that nobody needs any more.
    fn dismiss(&mut self, node: NodeId) {
        let row = &mut self.rows[node.index()];
        match row.state {
            State::Running => self.end_children(node, Stopping::Done),
            State::Waiting | State::Asking | State::Ready | State::Backoff
                if row.started.is_none() =>
            {
                self.skip(node, "nothing that needs it has started".to_owned());
            }
            State::Waiting | State::Asking | State::Ready | State::Backoff => {
                row.was_ended = true;
                self.end_node(node, Outcome::Stopped, None);
            }
            State::Finally | State::Done { .. } => {}
        }
    }

    /// Ends a node that can't go on, because a service that it needs has ended.
    pub(super) fn is_deserted(&mut self, node: NodeId, service: NodeId, outcome: Outcome) {
        let row = &self.rows[node.index()];
        let has_begun = row.started.is_some() || row.children > 0;
        match row.state {
            State::Finally | State::Done { .. } => {}
            State::Waiting | State::Asking => self.doom(node, service, outcome),
            State::Ready if !has_begun => self.doom(node, service, outcome),
            State::Ready | State::Running | State::Backoff => {
                self.cut_short(node, Stopping::Unserved(service), self.desertion(service));
            }
        }
    }

    /// Says which service is not there any more, and why.
    pub(super) fn desertion(&self, service: NodeId) -> String {
        let name = &self.plan.node(service).name;
        match self.services.get(&service).and_then(|service| service.cause.as_deref()) {
            Some(cause) => format!("service `{name}` {cause}"),
            None => format!("service `{name}` has ended"),
        }
    }

    /// Returns whether an attempt is a service that waits for nothing but to be used.
    pub(super) fn only_serves(&self, attempt: &Attempt) -> bool {
        attempt.alive
            && attempt.told
            && attempt.stopping.is_none()
            && self.services.get(&attempt.node).is_some_and(|it| it.stage == Stage::Ready)
    }
}
