//! Why a mutation did not happen, as data.

use async_graphql::{Interface, SimpleObject, Union};
use subgraph::user_error::{ErrorCode, InvalidInputError, NotFoundError, VersionConflictError};

use crate::domain::{archive, create, update};

/// What every member of a payload's `errors` has.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&ErrorCode", desc = "What went wrong, for programs."),
    field(name = "message", ty = "&String", desc = "What went wrong, for people."),
    field(name = "path", ty = "&Option<Vec<String>>", desc = "The way from the input object to the value at fault.")
)]
pub(crate) enum UserError {
    InvalidInput(InvalidInputError),
    NotFound(NotFoundError),
    VersionConflict(VersionConflictError),
    SkuTaken(SkuTakenError),
    SlugTaken(SlugTakenError),
}

/// Another product has this SKU.
#[derive(SimpleObject)]
pub(crate) struct SkuTakenError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) path: Option<Vec<String>>,
}

/// Another product has this slug.
#[derive(SimpleObject)]
pub(crate) struct SlugTakenError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) path: Option<Vec<String>>,
}

#[derive(Union)]
pub(super) enum CreateProductError {
    InvalidInput(InvalidInputError),
    SkuTaken(SkuTakenError),
    SlugTaken(SlugTakenError),
}

#[derive(Union)]
pub(super) enum UpdateProductError {
    InvalidInput(InvalidInputError),
    NotFound(NotFoundError),
    VersionConflict(VersionConflictError),
    SlugTaken(SlugTakenError),
}

#[derive(Union)]
pub(super) enum ArchiveProductError {
    NotFound(NotFoundError),
    VersionConflict(VersionConflictError),
}

impl SkuTakenError {
    fn new() -> Self {
        Self {
            code: ErrorCode::SkuTaken,
            message: "Another product has this SKU.".into(),
            path: Some(vec!["sku".into()]),
        }
    }
}

impl SlugTakenError {
    fn new() -> Self {
        Self {
            code: ErrorCode::SlugTaken,
            message: "Another product has this slug.".into(),
            path: Some(vec!["slug".into()]),
        }
    }
}

fn no_such_product() -> NotFoundError {
    NotFoundError::new(["id"], "There is no such product.")
}

impl From<create::Refusal> for CreateProductError {
    fn from(refusal: create::Refusal) -> Self {
        match refusal {
            create::Refusal::Invalid(error) => Self::InvalidInput(error),
            create::Refusal::SkuTaken => Self::SkuTaken(SkuTakenError::new()),
            create::Refusal::SlugTaken => Self::SlugTaken(SlugTakenError::new()),
        }
    }
}

impl From<update::Refusal> for UpdateProductError {
    fn from(refusal: update::Refusal) -> Self {
        match refusal {
            update::Refusal::Invalid(error) => Self::InvalidInput(error),
            update::Refusal::NotFound => Self::NotFound(no_such_product()),
            update::Refusal::VersionConflict { current } => Self::VersionConflict(VersionConflictError::new(current)),
            update::Refusal::SlugTaken => Self::SlugTaken(SlugTakenError::new()),
        }
    }
}

impl From<archive::Refusal> for ArchiveProductError {
    fn from(refusal: archive::Refusal) -> Self {
        match refusal {
            archive::Refusal::NotFound => Self::NotFound(no_such_product()),
            archive::Refusal::VersionConflict { current } => Self::VersionConflict(VersionConflictError::new(current)),
        }
    }
}
