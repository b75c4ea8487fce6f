//! A product enters the catalogue.

use sea_orm::{DbErr, EntityTrait as _, IntoActiveModel as _, QueryFilter as _};
use subgraph::{Database, Id, MoneyInput, time, user_error::InvalidInputError};

use super::{Failure, is_unique_violation, rules, slug_is_taken};
use crate::entities::product::{COLUMN, Entity, Facts, Model};

/// What staff sends.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) price: MoneyInput,
    /// Derived from the name when absent.
    pub(crate) slug: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Invalid(InvalidInputError),
    SkuTaken,
    SlugTaken,
}

/// Adds a product. A slug that was derived and is taken gives way to a longer one with the SKU in it;
/// one that staff chose does not.
pub(crate) async fn create(database: &Database, draft: Draft) -> Result<Model, Failure<Refusal>> {
    let chosen = draft.slug.is_some();
    let mut row = Model::new(Id::fresh().0, checked(draft)?, time::now());
    match insert(database, &row).await {
        Err(Failure::Refused(refusals)) if !chosen && refusals == [Refusal::SlugTaken] => {
            row.slug = format!("{}-{}", row.slug, rules::slug_of_sku(&row.sku));
            insert(database, &row).await?;
        }
        outcome => outcome?,
    }
    Ok(row)
}

fn checked(draft: Draft) -> Result<Facts, Failure<Refusal>> {
    let slug = match &draft.slug {
        Some(slug) => rules::slug(slug),
        None => Ok(rules::derived_slug(&draft.name).unwrap_or_else(|| rules::slug_of_sku(&draft.sku))),
    };
    match (
        rules::sku(&draft.sku),
        rules::name(&draft.name),
        rules::description(&draft.description),
        rules::price(&draft.price),
        slug,
    ) {
        (Ok(sku), Ok(name), Ok(description), Ok(price), Ok(slug)) => Ok(Facts { sku, slug, name, description, price }),
        (sku, name, description, price, slug) => {
            let broken = [sku.err(), name.err(), description.err(), price.err(), slug.err()];
            Err(Failure::Refused(broken.into_iter().flatten().map(Refusal::Invalid).collect()))
        }
    }
}

async fn insert(database: &Database, row: &Model) -> Result<(), Failure<Refusal>> {
    let insert = Entity::insert(row.clone().into_active_model());
    match insert.exec_without_returning(database.write()).await {
        Ok(_) => Ok(()),
        Err(error) if is_unique_violation(&error) => Err(taken(database, row, error).await?),
        Err(error) => Err(error.into()),
    }
}

/// Which of the row's keys another product has: the database names one at most, and staff wants all.
async fn taken(database: &Database, row: &Model, violation: DbErr) -> Result<Failure<Refusal>, DbErr> {
    let sku = Entity::find().filter(COLUMN.sku.eq(&row.sku)).one(database.read()).await?;
    let slug = slug_is_taken(database.read(), &row.slug).await?;
    let refusals: Vec<_> =
        [sku.map(|_| Refusal::SkuTaken), slug.then_some(Refusal::SlugTaken)].into_iter().flatten().collect();
    if refusals.is_empty() {
        return Ok(Failure::Fault(violation));
    }
    Ok(Failure::Refused(refusals))
}
