//! A product changes.

use sea_orm::{ActiveModelTrait as _, DbErr, IntoActiveModel as _};
use subgraph::{Database, MoneyInput, time, user_error::InvalidInputError};
use uuid::Uuid;

use super::{Failure, held, is_unique_violation, rules, slug_is_taken};
use crate::entities::product::Model;

/// What staff sends; what is absent stays as it is.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) price: Option<MoneyInput>,
    pub(crate) slug: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Invalid(InvalidInputError),
    NotFound,
    VersionConflict { current: i32 },
    SlugTaken,
}

/// Changes a product. With `expected`, only that version of it.
pub(crate) async fn update(
    database: &Database,
    id: Uuid,
    expected: Option<i32>,
    changes: Changes,
) -> Result<Model, Failure<Refusal>> {
    let transaction = database.begin().await?;
    let row = held(&transaction, id).await?.ok_or(Failure::refused(Refusal::NotFound))?;
    if expected.is_some_and(|expected| expected != row.version) {
        return Err(Failure::refused(Refusal::VersionConflict { current: row.version }));
    }
    let row = changed(row, changes)?;
    match row.clone().into_active_model().reset_all().update(&transaction).await {
        Ok(row) => {
            transaction.commit().await?;
            Ok(row)
        }
        Err(error) => {
            drop(transaction);
            Err(refusal(database, &row, error).await?)
        }
    }
}

fn changed(mut row: Model, changes: Changes) -> Result<Model, Failure<Refusal>> {
    let name = changes.name.as_deref().map(rules::name).transpose();
    let description = changes.description.as_deref().map(rules::description).transpose();
    let price = changes.price.as_ref().map(rules::price).transpose();
    let slug = changes.slug.as_deref().map(rules::slug).transpose();
    match (name, description, price, slug) {
        (Ok(name), Ok(description), Ok(price), Ok(slug)) => {
            let name = name.unwrap_or_else(|| row.name.clone());
            let description = description.unwrap_or_else(|| row.description.clone());
            row.describe(name, description);
            price.into_iter().for_each(|price| row.set_price(price));
            row.slug = slug.unwrap_or(row.slug);
            row.version += 1;
            row.updated_at = time::now();
            Ok(row)
        }
        (name, description, price, slug) => {
            let broken = [name.err(), description.err(), price.err(), slug.err()];
            Err(Failure::Refused(broken.into_iter().flatten().map(Refusal::Invalid).collect()))
        }
    }
}

async fn refusal(database: &Database, row: &Model, error: DbErr) -> Result<Failure<Refusal>, DbErr> {
    if is_unique_violation(&error) && slug_is_taken(database.read(), &row.slug).await? {
        return Ok(Failure::refused(Refusal::SlugTaken));
    }
    Ok(error.into())
}
