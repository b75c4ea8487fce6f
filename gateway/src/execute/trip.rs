//! One way to a subgraph and back: for root fields, or for the references of some steps.

use std::{collections::HashMap, sync::Arc};

use ahash::RandomState;
use bytes::Bytes;

use super::{Context, references::References};
use crate::{
    calls::{Answered, Found, Wanted},
    operation::Name,
    plan::{Asks, Plan, Step},
};

pub(super) enum Trip<'a> {
    Root { step: usize, targets: Vec<u32> },
    References { service: &'a Name, anonymous: bool, steps: Vec<(usize, References)> },
}

/// What a trip came back with, for each of its steps.
pub(super) type Ended = Vec<Came>;

pub(super) enum Came {
    Root {
        step: usize,
        targets: Vec<u32>,
        answered: Arc<Answered>,
    },
    /// Of each reference where its answer is.
    References {
        step: usize,
        references: References,
        found: Vec<Found>,
    },
}

impl Came {
    pub(super) fn step(&self) -> usize {
        match self {
            Self::Root { step, .. } | Self::References { step, .. } => *step,
        }
    }
}

impl<'a> Trip<'a> {
    pub(super) fn steps(&self) -> Vec<usize> {
        match self {
            Self::Root { step, .. } => vec![*step],
            Self::References { steps, .. } => steps.iter().map(|(step, _)| *step).collect(),
        }
    }

    pub(super) async fn make(self, plan: &'a Plan, context: Context<'a>) -> Ended {
        match self {
            Self::Root { step: position, targets } => {
                let step = &plan.steps[position];
                let travel = context.travel_of(step);
                let answered = context.calls.ask(&step.service, step.kind, body(step, context), travel).await;
                vec![Came::Root { step: position, targets, answered }]
            }
            Self::References { service, anonymous, steps } => {
                let travel = if anonymous { context.anonymous } else { context.travel };
                let (wanted, places) = wanted(plan, &steps, context);
                let found = context.calls.look_up(service, wanted, travel).await;
                let of_step = |((step, references), (list, positions)): ((usize, References), (usize, Vec<usize>))| {
                    let found = positions.into_iter().map(|position| found[list][position].clone()).collect();
                    Came::References { step, references, found }
                };
                steps.into_iter().zip(places).map(of_step).collect()
            }
        }
    }
}

/// What the steps look up, together where they ask the same; and of each step which of that is its own.
fn wanted(plan: &Plan, steps: &[(usize, References)], context: Context<'_>) -> (Vec<Wanted>, Vec<(usize, Vec<usize>)>) {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut known: Vec<HashMap<Bytes, usize, RandomState>> = Vec::new();
    let mut places = Vec::new();
    for (position, references) in steps {
        let Some(lookup) = plan.steps[*position].lookup() else { continue };
        let Some(list) = wanted.iter().position(|wanted| wanted.selection == lookup.selection) else {
            let names = lookup.selection.variables.iter().map(|(name, _)| name);
            let values = names.map(|name| context.variables.json(name)).collect();
            let references = references.all().to_vec();
            places.push((wanted.len(), (0..references.len()).collect()));
            wanted.push(Wanted { selection: lookup.selection.clone(), values, references });
            known.push(HashMap::default());
            continue;
        };
        let (all, known) = (&mut wanted[list].references, &mut known[list]);
        if known.is_empty() {
            known.extend(all.iter().cloned().zip(0..));
        }
        let position = |reference: &Bytes| {
            *known.entry(reference.clone()).or_insert_with(|| {
                all.push(reference.clone());
                all.len() - 1
            })
        };
        places.push((list, references.all().iter().map(position).collect()));
    }
    (wanted, places)
}

/// The request for the root fields of a step.
pub(super) fn body(step: &Step, context: Context<'_>) -> Bytes {
    let query: &[u8] = match &step.asks {
        Asks::Root { query, .. } => query,
        Asks::References(_) => b"\"\"",
    };
    let mut body = Vec::with_capacity(64 + query.len());
    body.extend_from_slice(b"{\"query\":");
    body.extend_from_slice(query);
    body.extend_from_slice(b",\"variables\":{");
    let mut separator = "";
    for name in &step.variables {
        let value = context.variables.json(name);
        if !value.is_empty() {
            body.extend_from_slice(format!("{separator}\"{name}\":{value}").as_bytes());
            separator = ",";
        }
    }
    body.extend_from_slice(b"}}");
    Bytes::from(body)
}
