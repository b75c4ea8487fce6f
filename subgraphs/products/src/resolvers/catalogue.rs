use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use subgraph::{Error, Id, MoneyInput, Requires, Scope};

use super::{
    errors::{ArchiveProductError, CreateProductError, UpdateProductError},
    product::Product,
};
use crate::{
    domain::{Failure, archive, create, update},
    entities::product::Model,
};

/// A product to add to the catalogue.
#[derive(InputObject)]
struct CreateProductInput {
    /// 1 to 64 letters, digits, `.`, `_` and `-`. It cannot be changed later.
    sku: String,
    name: String,
    #[graphql(default)]
    description: String,
    price: MoneyInput,
    /// Derived from the name when absent.
    slug: Option<String>,
}

/// Changes to a product. What is absent or null stays as it is.
#[derive(InputObject)]
struct UpdateProductInput {
    id: Id,
    /// The version that the caller has seen; another one is a conflict. Absent: whatever it is now.
    expected_version: Option<i32>,
    name: Option<String>,
    description: Option<String>,
    price: Option<MoneyInput>,
    slug: Option<String>,
}

/// A product to take off sale.
#[derive(InputObject)]
struct ArchiveProductInput {
    id: Id,
    /// The version that the caller has seen; another one is a conflict. Absent: whatever it is now.
    expected_version: Option<i32>,
}

#[derive(SimpleObject)]
struct CreateProductPayload {
    /// Null when there are errors.
    product: Option<Product>,
    errors: Vec<CreateProductError>,
}

#[derive(SimpleObject)]
struct UpdateProductPayload {
    /// Null when there are errors.
    product: Option<Product>,
    errors: Vec<UpdateProductError>,
}

#[derive(SimpleObject)]
struct ArchiveProductPayload {
    /// Null when there are errors.
    product: Option<Product>,
    errors: Vec<ArchiveProductError>,
}

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Adds a product to the catalogue.
    #[graphql(guard = "Requires(Scope::CatalogWrite)", requires_scopes = "catalog:write")]
    async fn create_product(&self, ctx: &Context<'_>, input: CreateProductInput) -> Result<CreateProductPayload> {
        let (product, errors) = settle(create::create(ctx.data()?, input.into()).await)?;
        Ok(CreateProductPayload { product, errors })
    }

    /// Changes a product.
    #[graphql(guard = "Requires(Scope::CatalogWrite)", requires_scopes = "catalog:write")]
    async fn update_product(&self, ctx: &Context<'_>, input: UpdateProductInput) -> Result<UpdateProductPayload> {
        let (id, expected) = (input.id.0, input.expected_version);
        let (product, errors) = settle(update::update(ctx.data()?, id, expected, input.into()).await)?;
        Ok(UpdateProductPayload { product, errors })
    }

    /// Takes a product off sale. Orders that have it keep showing it.
    #[graphql(guard = "Requires(Scope::CatalogWrite)", requires_scopes = "catalog:write")]
    async fn archive_product(&self, ctx: &Context<'_>, input: ArchiveProductInput) -> Result<ArchiveProductPayload> {
        let outcome = archive::archive(ctx.data()?, input.id.0, input.expected_version).await;
        let (product, errors) = settle(outcome)?;
        Ok(ArchiveProductPayload { product, errors })
    }
}

/// What a payload shows; only a fault is an error of the field.
fn settle<R, E: From<R>>(outcome: Result<Model, Failure<R>>) -> Result<(Option<Product>, Vec<E>), Error> {
    match outcome {
        Ok(row) => Ok((Some(Product(row)), Vec::new())),
        Err(Failure::Refused(refusals)) => Ok((None, refusals.into_iter().map(E::from).collect())),
        Err(Failure::Fault(error)) => Err(error.into()),
    }
}

impl From<CreateProductInput> for create::Draft {
    fn from(input: CreateProductInput) -> Self {
        Self { sku: input.sku, name: input.name, description: input.description, price: input.price, slug: input.slug }
    }
}

impl From<UpdateProductInput> for update::Changes {
    fn from(input: UpdateProductInput) -> Self {
        Self { name: input.name, description: input.description, price: input.price, slug: input.slug }
    }
}
