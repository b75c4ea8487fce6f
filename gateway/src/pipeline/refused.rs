use bytes::Bytes;
use document::LimitError;
use graphql_tools::parser::Pos;

use crate::{
    error::{GraphqlError, code},
    planner::PlanError,
    request::{Answer, StatusKind},
};

/// Why a request was not executed.
pub(super) struct Refused {
    /// `Ok` where authorisation forbids all of the operation: then the response has `data`, which is null.
    pub(super) status: StatusKind,
    pub(super) errors: Vec<GraphqlError>,
}

impl Refused {
    pub(super) fn internal(message: &'static str) -> Self {
        Self { status: StatusKind::Internal, errors: vec![GraphqlError::new(code::INTERNAL, message)] }
    }

    /// The answer that was waited for has not come in time.
    pub(super) fn late() -> Self {
        let message = "The operation took longer than it may.";
        Self { status: StatusKind::Ok, errors: vec![GraphqlError::new(code::DEADLINE_EXCEEDED, message)] }
    }

    pub(super) fn unplanned(error: &PlanError) -> Self {
        tracing::error!(error = %error, "operation not planned");
        let (status, error) = match error {
            PlanError::Overloaded => (
                StatusKind::Overloaded,
                GraphqlError::new(code::OVERLOADED, "Too many operations are waiting to be planned."),
            ),
            PlanError::Supergraph(_) | PlanError::Operation(_) | PlanError::Panic => {
                (StatusKind::Internal, GraphqlError::new(code::INTERNAL, "The operation could not be planned."))
            }
        };
        Self { status, errors: vec![error] }
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        let Refused { status, errors } = refused;
        let body = match status {
            StatusKind::Ok => serde_json::json!({ "data": null, "errors": errors }),
            _ => serde_json::json!({ "errors": errors }),
        };
        Self { status, body: Bytes::from(body.to_string()) }
    }
}

impl From<Vec<GraphqlError>> for Refused {
    fn from(errors: Vec<GraphqlError>) -> Self {
        Self { status: StatusKind::RequestError, errors }
    }
}

impl From<LimitError> for Refused {
    fn from(error: LimitError) -> Self {
        tracing::info!(code = error.code(), "document refused");
        let refusal = GraphqlError::new(error.code(), error.to_string());
        match error {
            LimitError::Syntax { line, column, .. } => vec![refusal.located(Pos { line, column })].into(),
            LimitError::DuplicateFragment(_) => vec![refusal].into(),
            _ => Self { status: StatusKind::LimitExceeded, errors: vec![refusal] },
        }
    }
}
