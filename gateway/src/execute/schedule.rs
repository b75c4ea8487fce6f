//! Which steps may begin, and which of them go to their subgraph together.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::{
    references::References,
    trip::{Ended, Trip},
};
use crate::{calls::Calls, operation::Name, plan::Plan};

/// References wait for those of other steps to the same subgraph only where these are about to be known: no longer than
/// this, and than half of the time that the call takes.
const LONGEST_WAIT: Duration = Duration::from_millis(10);

pub(super) struct Schedule<'a> {
    plan: &'a Plan,
    states: Vec<State>,
    ready: VecDeque<usize>,
    departing: Vec<Trip<'a>>,
    gathering: Vec<Gathering<'a>>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// For so many other steps.
    Waiting(usize),
    Ready,
    Flying(Instant),
    /// Its answer has come, and another execution goes on from it.
    Followed,
    Ended,
}

/// References to one subgraph that have not been sent yet.
struct Gathering<'a> {
    service: &'a Name,
    anonymous: bool,
    steps: Vec<(usize, References)>,
    since: Instant,
    /// When it is sent at the latest.
    until: Instant,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        let states: Vec<State> = plan.steps.iter().map(|step| State::Waiting(step.depends_on.len())).collect();
        let mut schedule = Self { plan, states, ready: VecDeque::new(), departing: Vec::new(), gathering: Vec::new() };
        for step in 0..plan.steps.len() {
            schedule.release(step, 0);
        }
        schedule
    }

    /// What has ended before the execution began is not begun.
    pub(super) fn skip(&mut self, ended: &Ended) {
        self.ready.retain(|step| !ended.iter().any(|came| came.step() == *step));
    }

    /// Nothing that depends on the step is begun, unless it ends after all.
    pub(super) fn is_followed(&mut self, step: usize) {
        self.states[step] = State::Followed;
    }

    pub(super) fn have_ended(&self, steps: &[usize]) -> bool {
        steps.iter().all(|step| self.states[*step] == State::Ended)
    }

    pub(super) fn next_ready(&mut self) -> Option<usize> {
        self.ready.pop_front()
    }

    pub(super) fn ended(&mut self, ended: usize) {
        self.states[ended] = State::Ended;
        let plan = self.plan;
        for (position, step) in plan.steps.iter().enumerate() {
            let released = step.depends_on.iter().filter(|step| **step == ended).count();
            if released > 0 {
                self.release(position, released);
            }
        }
    }

    fn release(&mut self, step: usize, released: usize) {
        if let State::Waiting(missing) = &mut self.states[step] {
            *missing -= released;
            if *missing == 0 {
                self.states[step] = State::Ready;
                self.ready.push_back(step);
            }
        }
    }

    pub(super) fn departs(&mut self, trip: Trip<'a>) {
        self.departing.push(trip);
    }

    pub(super) fn looks_up(&mut self, step: usize, references: References, anonymous: bool) {
        let service = &self.plan.steps[step].service;
        let known = |gathering: &Gathering<'_>| gathering.service == service && gathering.anonymous == anonymous;
        match self.gathering.iter_mut().find(|gathering| known(gathering)) {
            Some(gathering) => gathering.steps.push((step, references)),
            None => {
                let now = Instant::now();
                let steps = vec![(step, references)];
                self.gathering.push(Gathering { service, anonymous, steps, since: now, until: now });
            }
        }
    }

    /// What is sent now.
    pub(super) fn departures(&mut self, calls: &Calls) -> Vec<Trip<'a>> {
        let now = Instant::now();
        for position in (0..self.gathering.len()).rev() {
            let gathering = &self.gathering[position];
            let wait = calls.expected(gathering.service).map_or(Duration::ZERO, |time| (time / 2).min(LONGEST_WAIT));
            let until = gathering.since + wait;
            if until > now && self.is_joined_soon(gathering, until, calls) {
                self.gathering[position].until = until;
            } else {
                let Gathering { service, anonymous, steps, .. } = self.gathering.remove(position);
                self.departing.push(Trip::References { service, anonymous, steps });
            }
        }
        for trip in &self.departing {
            for step in trip.steps() {
                self.states[step] = State::Flying(now);
            }
        }
        std::mem::take(&mut self.departing)
    }

    /// Whether another step's references to the subgraph are probably known by `until`.
    fn is_joined_soon(&self, gathering: &Gathering<'_>, until: Instant, calls: &Calls) -> bool {
        let arrives = |step: usize| match self.states[step] {
            State::Ended => true,
            State::Flying(since) => {
                calls.expected(&self.plan.steps[step].service).is_some_and(|time| since + time <= until)
            }
            State::Waiting(_) | State::Ready | State::Followed => false,
        };
        self.plan.steps.iter().zip(&self.states).any(|(step, state)| {
            matches!(state, State::Waiting(_))
                && step.service == *gathering.service
                && step.lookup().is_some()
                && step.depends_on.iter().all(|step| arrives(*step))
        })
    }

    pub(super) fn wakes_at(&self) -> Option<Instant> {
        self.gathering.iter().map(|gathering| gathering.until).min()
    }
}
