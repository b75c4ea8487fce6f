//! The requests of one step.

use std::ops::Range;

use bytes::Bytes;
use client::{BadResponse, ClientError};
use futures_util::{StreamExt, stream::FuturesUnordered};

use super::{Context, answer::SubgraphAnswer};
use crate::{error::code, plan::Step};

/// Requests that a step may send beyond those for its batches, to find out which reference poisons one.
const MAX_SPLITS: usize = 16;

pub(super) struct Sender<'a> {
    pub(super) step: &'a Step,
    pub(super) context: &'a Context<'a>,
}

/// The answer to some of a step's references, or to its root fields.
pub(super) struct Batch {
    pub(super) references: Range<usize>,
    pub(super) outcome: Result<SubgraphAnswer, Failure>,
}

/// Why there is no answer, in words for clients.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: &'static str,
}

impl Sender<'_> {
    pub(super) async fn root(&self) -> Batch {
        Batch { references: 0..1, outcome: self.send(None).await }
    }

    /// Sends references in batches. One that a resolver error makes fail whole is sent again in halves: the error may
    /// be that of a single reference, and the others are sound.
    pub(super) async fn references(&self, references: &[Vec<u8>]) -> Vec<Batch> {
        let size = self.context.max_batch.max(1);
        let mut splits = MAX_SPLITS;
        let mut ended = Vec::new();
        let mut running: FuturesUnordered<_> = (0..references.len())
            .step_by(size)
            .map(|start| self.batch(references, start..references.len().min(start + size)))
            .collect();
        while let Some(batch) = running.next().await {
            match batch.halves(self.step) {
                Some((left, right)) if splits >= 2 => {
                    splits -= 2;
                    running.push(self.batch(references, left));
                    running.push(self.batch(references, right));
                }
                _ => ended.push(batch),
            }
        }
        // Errors are listed in the order of what they are about, however the requests ended.
        ended.sort_by_key(|batch| batch.references.start);
        ended
    }

    async fn batch(&self, references: &[Vec<u8>], range: Range<usize>) -> Batch {
        Batch { references: range.clone(), outcome: self.send(Some(&references[range])).await }
    }

    async fn send(&self, references: Option<&[Vec<u8>]>) -> Result<SubgraphAnswer, Failure> {
        let Context { clients, caller, .. } = self.context;
        let response = clients
            .send(&self.step.service, self.step.kind, self.body(references), caller)
            .await
            .map_err(|error| Failure::new(&error))?;
        self.read(&response.body)
    }

    pub(super) fn read(&self, body: &Bytes) -> Result<SubgraphAnswer, Failure> {
        SubgraphAnswer::read(body, &self.step.shape).ok_or_else(|| {
            tracing::warn!(service = %self.step.service, "subgraph sent no graphql response");
            Failure {
                code: code::SUBGRAPH_UNAVAILABLE.to_owned(),
                message: "The service sent a response that is not GraphQL.",
            }
        })
    }

    pub(super) fn body(&self, references: Option<&[Vec<u8>]>) -> Bytes {
        let mut body = Vec::with_capacity(256 + self.step.escaped_query.len());
        body.extend_from_slice(b"{\"query\":");
        body.extend_from_slice(self.step.escaped_query.as_bytes());
        body.extend_from_slice(b",\"variables\":{");
        let mut separator = "";
        if let Some(references) = references {
            body.extend_from_slice(b"\"representations\":[");
            body.extend_from_slice(&references.join(&b','));
            body.push(b']');
            separator = ",";
        }
        for (name, value) in self.context.variables.subset(&self.step.variables) {
            body.extend_from_slice(format!("{separator}\"{name}\":{value}").as_bytes());
            separator = ",";
        }
        body.extend_from_slice(b"}}");
        Bytes::from(body)
    }
}

impl Batch {
    /// The two halves of a batch that is worth sending again: queries only, for they have no effect.
    fn halves(&self, step: &Step) -> Option<(Range<usize>, Range<usize>)> {
        let Range { start, end } = self.references;
        let poisoned = self.outcome.as_ref().is_ok_and(SubgraphAnswer::is_poisoned);
        let middle = start + (end - start) / 2;
        (poisoned && step.is_query() && end - start > 1).then_some((start..middle, middle..end))
    }
}

impl Failure {
    pub(super) fn new(error: &ClientError) -> Self {
        tracing::warn!(error = %error, "subgraph call failed");
        Self {
            code: error.code().to_owned(),
            message: match error {
                ClientError::DeadlineExceeded { .. } => "The service did not answer in time.",
                ClientError::RateLimited { .. } => "The service limits the rate of calls.",
                ClientError::BadResponse { reason: BadResponse::TooLarge, .. } => {
                    "The service's response is too large."
                }
                ClientError::BadResponse { .. } => "The service sent a response that is not GraphQL.",
                ClientError::Unavailable { .. } | ClientError::Overloaded { .. } | ClientError::Graphql { .. } => {
                    "The service is unavailable."
                }
            },
        }
    }
}
