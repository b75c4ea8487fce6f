use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use client::Deadline;
use subgraph::{Database, Id, Identity, Requires, Result, Scope, user_error::InvalidInputError};

use super::{
    errors::{AdjustStockError, CreateStockError, SetStockError},
    input,
    stock::Stock,
};
use crate::{
    domain::{
        self,
        change_stock::{self, Change, ChangeError, Units},
        create_stock::{self, NewStock},
    },
    products::Products,
};

#[derive(Default)]
pub(crate) struct StockMutation;

#[Object]
impl StockMutation {
    /// Begins to stock a product of the catalogue at a location.
    #[graphql(guard = "Requires(Scope::StockWrite)", requires_scopes = "stock:write")]
    async fn create_stock(&self, ctx: &Context<'_>, input: CreateStockInput) -> Result<CreateStockPayload> {
        let new = match input.read() {
            Ok(new) => new,
            Err(invalid) => return Ok(CreateStockPayload::failed(invalid)),
        };
        let caller = Identity::of(ctx).caller()?;
        let (database, products) = (ctx.data_unchecked::<Database>(), ctx.data_unchecked::<Products>());
        let deadline = *ctx.data_unchecked::<Deadline>();
        match create_stock::create(database, products, &new, &caller.subject, deadline).await {
            Ok(stock) => Ok(CreateStockPayload { stock: Some(stock.into()), errors: Vec::new() }),
            Err(error) => Ok(CreateStockPayload::failed(CreateStockError::try_from(error)?)),
        }
    }

    /// Adds units to the stock at a location, or takes some away.
    #[graphql(guard = "Requires(Scope::StockWrite)", requires_scopes = "stock:write")]
    async fn adjust_stock(&self, ctx: &Context<'_>, input: AdjustStockInput) -> Result<AdjustStockPayload> {
        let (change, key) = match input.read() {
            Ok(read) => read,
            Err(invalid) => return Ok(AdjustStockPayload::failed(invalid)),
        };
        match apply(ctx, &change, &key).await? {
            Ok(stock) => Ok(AdjustStockPayload { stock: Some(stock.into()), errors: Vec::new() }),
            Err(error) => Ok(AdjustStockPayload::failed(AdjustStockError::from_change(error, "delta")?)),
        }
    }

    /// Sets how many units are on hand at a location, as after a count.
    #[graphql(guard = "Requires(Scope::StockWrite)", requires_scopes = "stock:write")]
    async fn set_stock(&self, ctx: &Context<'_>, input: SetStockInput) -> Result<SetStockPayload> {
        let (change, key) = match input.read() {
            Ok(read) => read,
            Err(invalid) => return Ok(SetStockPayload::failed(invalid)),
        };
        match apply(ctx, &change, &key).await? {
            Ok(stock) => Ok(SetStockPayload { stock: Some(stock.into()), errors: Vec::new() }),
            Err(error) => Ok(SetStockPayload::failed(AdjustStockError::from_change(error, "onHand")?)),
        }
    }
}

async fn apply(ctx: &Context<'_>, change: &Change, key: &str) -> Result<Result<domain::stock::Stock, ChangeError>> {
    let actor = &Identity::of(ctx).caller()?.subject;
    let database = ctx.data_unchecked::<Database>();
    Ok(change_stock::change(database, change, actor, key).await)
}

#[derive(InputObject)]
pub(crate) struct CreateStockInput {
    product_id: Id,
    /// The default location where it is null.
    location_id: Option<Id>,
    /// Units in the warehouse.
    on_hand: i32,
    /// Units that may be sold beyond those on hand.
    #[graphql(default)]
    backorder_limit: i32,
    /// The stock is low at this many available units and below; null, and it is never low.
    low_stock_threshold: Option<i32>,
}

impl CreateStockInput {
    fn read(&self) -> Result<NewStock, InvalidInputError> {
        Ok(NewStock {
            product: self.product_id.0,
            location: input::location(self.location_id),
            on_hand: input::units("onHand", self.on_hand)?,
            backorder_limit: input::units("backorderLimit", self.backorder_limit)?,
            low_stock_threshold: input::threshold("lowStockThreshold", self.low_stock_threshold)?,
        })
    }
}

#[derive(InputObject)]
pub(crate) struct AdjustStockInput {
    product_id: Id,
    /// The default location where it is null.
    location_id: Option<Id>,
    /// Units to add; negative to take away.
    delta: i32,
    /// Why, for the ledger: one line.
    reason: String,
    /// Repeating a request with the same key has no further effect and gets the same answer, for at least a day.
    idempotency_key: ID,
}

impl AdjustStockInput {
    fn read(&self) -> Result<(Change, String), InvalidInputError> {
        if self.delta == 0 {
            return Err(InvalidInputError::new(["delta"], "This must not be 0."));
        }
        let change = Change {
            product: self.product_id.0,
            location: self.location_id.map(|id| id.0),
            units: Units::By(i64::from(self.delta)),
            reason: input::reason(&self.reason)?,
        };
        Ok((change, input::idempotency_key(&self.idempotency_key)?))
    }
}

#[derive(InputObject)]
pub(crate) struct SetStockInput {
    product_id: Id,
    /// The default location where it is null.
    location_id: Option<Id>,
    /// Units in the warehouse, reserved ones included.
    on_hand: i32,
    /// Why, for the ledger: one line.
    reason: String,
    /// Repeating a request with the same key has no further effect and gets the same answer, for at least a day.
    idempotency_key: ID,
}

impl SetStockInput {
    fn read(&self) -> Result<(Change, String), InvalidInputError> {
        let change = Change {
            product: self.product_id.0,
            location: self.location_id.map(|id| id.0),
            units: Units::To(input::units("onHand", self.on_hand)?),
            reason: input::reason(&self.reason)?,
        };
        Ok((change, input::idempotency_key(&self.idempotency_key)?))
    }
}

#[derive(SimpleObject)]
pub(crate) struct CreateStockPayload {
    stock: Option<Stock>,
    errors: Vec<CreateStockError>,
}

impl CreateStockPayload {
    fn failed(error: impl Into<CreateStockError>) -> Self {
        Self { stock: None, errors: vec![error.into()] }
    }
}

#[derive(SimpleObject)]
pub(crate) struct AdjustStockPayload {
    /// As it was right after the change, also when a request is repeated.
    stock: Option<Stock>,
    errors: Vec<AdjustStockError>,
}

impl AdjustStockPayload {
    fn failed(error: impl Into<AdjustStockError>) -> Self {
        Self { stock: None, errors: vec![error.into()] }
    }
}

#[derive(SimpleObject)]
pub(crate) struct SetStockPayload {
    /// As it was right after the change, also when a request is repeated.
    stock: Option<Stock>,
    errors: Vec<SetStockError>,
}

impl SetStockPayload {
    fn failed(error: impl Into<SetStockError>) -> Self {
        Self { stock: None, errors: vec![error.into()] }
    }
}
