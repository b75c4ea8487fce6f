//! One call as a series of attempts, each let through by the breaker and judged for it.

use std::time::Duration;

use http::StatusCode;
use tokio::time::error::Elapsed;
use tokio::time::{sleep, timeout_at};

use super::hedge::Hedging;
use super::{Inner, OperationKind};
use crate::breaker::{Breaker, Permit};
use crate::deadline::Deadline;
use crate::error::{BadResponse, ClientError, Unavailable};
use crate::queue::{NoPlace, Place};
use crate::retry;
use crate::transport::{Failure, Visit};

impl Inner {
    pub(super) fn breaker(&self, kind: OperationKind) -> &Breaker {
        match kind {
            OperationKind::Query => &self.queries,
            OperationKind::Mutation => &self.mutations,
        }
    }

    /// Counts a call, and waits for its place.
    pub(super) async fn begin(&self, kind: OperationKind, deadline: Deadline) -> Result<Place<'_>, ClientError> {
        self.counters.calls.add();
        self.budget.deposit();
        if let Some(hedging) = &self.hedging {
            hedging.budget.deposit();
        }
        // Before queueing: while the breaker is open, an answer must not wait for calls that are stuck.
        if self.breaker(kind).rejects() {
            return Err(self.rejected());
        }
        self.queue.place(deadline).await.map_err(|reason| self.no_place(&reason))
    }

    /// Makes the attempt that `send` starts until it brings an answer, or there shall be no other; each at another
    /// replica than the one before.
    pub(super) async fn attempts<'a, A: Answered, F: Future<Output = Result<A, Failure>>>(
        &'a self,
        kind: OperationKind,
        deadline: Deadline,
        hedging: Option<&Hedging>,
        send: impl Fn(Visit<'a>) -> F,
    ) -> Result<A, ClientError> {
        let (mut retries, mut failed_at) = (0, None);
        loop {
            let visit = self.transport.visit(failed_at);
            failed_at = Some(visit.index);
            let outcome = match hedging {
                // In a box, for it holds two attempts, and few clients have replicas.
                Some(hedging) => Box::pin(self.attempt_hedged(hedging, deadline, visit, &send)).await,
                None => self.attempt(kind, deadline, send(visit)).await,
            };
            let failed = match outcome {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let Some(pause) = self.pause_before_retry(kind, retries, &failed, deadline) else {
                return Err(failed.error);
            };
            sleep(pause).await;
            retries += 1;
            self.counters.retries.add();
        }
    }

    /// `None` when there shall be no retry.
    fn pause_before_retry(
        &self,
        kind: OperationKind,
        retries: u32,
        failed: &Failed,
        deadline: Deadline,
    ) -> Option<Duration> {
        if retries >= self.max_retries || !retry::is_retryable(kind, &failed.error) {
            return None;
        }
        let pause = if failed.stale && retries == 0 {
            Duration::ZERO
        } else {
            retry::pause(retries, failed.retry_after, deadline)?
        };
        self.budget.withdraw().then_some(pause)
    }

    pub(super) async fn attempt<A: Answered>(
        &self,
        kind: OperationKind,
        deadline: Deadline,
        sent: impl Future<Output = Result<A, Failure>>,
    ) -> Result<A, Failed> {
        let permit = self.breaker(kind).admit().ok_or_else(|| self.rejected())?;
        self.counters.attempts.add();
        let outcome = timeout_at(deadline.at(), sent).await;
        self.learn(permit.age(), &outcome);
        settle(permit, &outcome, self.patience);
        match outcome {
            Ok(answer) => answer.map_err(|failure| self.failed(failure)),
            Err(_) => Err(ClientError::DeadlineExceeded { service: self.name.clone() }.into()),
        }
    }

    /// Only from the service's own pace: failures are often fast, and say nothing about it.
    fn learn<A: Answered>(&self, took: Duration, outcome: &Result<Result<A, Failure>, Elapsed>) {
        match outcome {
            Ok(Ok(answer)) if !answer.status().is_server_error() => self.queue.observe(took, true),
            Err(_) => self.queue.observe(took, false),
            Ok(_) => {}
        }
    }

    fn failed(&self, failure: Failure) -> Failed {
        let stale = matches!(failure, Failure::Stale);
        Failed { stale, retry_after: failure.retry_after(), error: self.error(failure) }
    }

    fn error(&self, failure: Failure) -> ClientError {
        let service = self.name.clone();
        match failure {
            Failure::Unavailable { reason, .. } => ClientError::Unavailable { service, reason },
            Failure::Stale => ClientError::Unavailable { service, reason: Unavailable::Connection },
            Failure::RateLimited { retry_after } => ClientError::RateLimited { service, retry_after },
            Failure::BadResponse(reason) => ClientError::BadResponse { service, reason },
        }
    }

    fn rejected(&self) -> ClientError {
        self.counters.rejected.add();
        ClientError::Unavailable { service: self.name.clone(), reason: Unavailable::BreakerOpen }
    }

    fn no_place(&self, reason: &NoPlace) -> ClientError {
        let service = self.name.clone();
        match reason {
            NoPlace::Full => {
                self.counters.shed.add();
                ClientError::Overloaded { service }
            }
            NoPlace::TooLate => ClientError::DeadlineExceeded { service },
        }
    }

    pub(super) fn bad_response(&self, reason: BadResponse) -> ClientError {
        ClientError::BadResponse { service: self.name.clone(), reason }
    }
}

/// What an attempt can bring.
pub(crate) trait Answered {
    fn status(&self) -> StatusCode;
}

/// What an attempt says about the service. A 5xx is its failure even if it brings a GraphQL response, and so is no
/// answer before our deadline, unless the caller gave it less than `patience`: else one caller with tiny deadlines
/// could open the breaker for all.
fn settle<A: Answered>(permit: Permit, outcome: &Result<Result<A, Failure>, Elapsed>, patience: Duration) {
    match outcome {
        Ok(Ok(answer)) if !answer.status().is_server_error() => permit.succeeded(),
        Ok(Err(failure)) if !failure.is_the_services() => permit.succeeded(),
        Ok(Err(failure)) => permit.failed(failure.retry_after()),
        Err(_) if permit.age() < patience => {}
        Ok(Ok(_)) | Err(_) => permit.failed(None),
    }
}

/// An attempt's end, with what the service said about the next one.
#[derive(Debug)]
pub(super) struct Failed {
    error: ClientError,
    retry_after: Option<Duration>,
    /// For the age of its connection, perhaps, so that there is nothing to wait for.
    stale: bool,
}

impl From<ClientError> for Failed {
    fn from(error: ClientError) -> Self {
        Self { error, retry_after: None, stale: false }
    }
}
