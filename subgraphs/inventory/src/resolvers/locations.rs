use async_graphql::{
    Context, InputObject, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use subgraph::{Database, Id, Requires, Result, Scope, paging::Page, user_error::InvalidInputError};
use uuid::Uuid;

use super::{
    errors::{CreateLocationError, LocationExistsError},
    input,
};
use crate::{domain::create_location, entities::location};

#[derive(Default)]
pub(crate) struct LocationQuery;

#[Object]
impl LocationQuery {
    /// Where stock can lie, in the order in which orders take from there.
    #[graphql(guard = "Requires(Scope::StockRead)", requires_scopes = "stock:read")]
    async fn locations(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, Location>> {
        let page = Page::<(i32, Uuid)>::new("locations", first, after)?;
        let rows = location::after(ctx.data_unchecked::<Database>().read(), page.after, page.limit()).await?;
        let locations = rows.into_iter().map(Location::from).collect();
        page.connection(locations, |location| (location.priority, location.id.0), EmptyFields)
    }
}

#[derive(Default)]
pub(crate) struct LocationMutation;

#[Object]
impl LocationMutation {
    /// Makes a place where stock can lie.
    #[graphql(guard = "Requires(Scope::StockWrite)", requires_scopes = "stock:write")]
    async fn create_location(&self, ctx: &Context<'_>, input: CreateLocationInput) -> Result<CreateLocationPayload> {
        let (code, name, priority) = match input.read() {
            Ok(read) => read,
            Err(invalid) => return Ok(CreateLocationPayload::failed(invalid)),
        };
        let database = ctx.data_unchecked::<Database>();
        match create_location::create(database, code, name, priority).await? {
            Some(row) => Ok(CreateLocationPayload { location: Some(row.into()), errors: Vec::new() }),
            None => Ok(CreateLocationPayload::failed(LocationExistsError::default())),
        }
    }
}

#[derive(InputObject)]
pub(crate) struct CreateLocationInput {
    /// Of the operator's choosing, such as `BERLIN-2`; no two locations have the same. One line, at most 50 characters.
    code: String,
    name: String,
    /// Orders take from locations with small numbers first, the default location's is 0; 0 to 1,000,000.
    priority: i32,
}

impl CreateLocationInput {
    fn read(&self) -> Result<(String, String, i32), InvalidInputError> {
        let (code, name) = (input::line("code", &self.code, 50)?, input::line("name", &self.name, 200)?);
        if (0..=1_000_000).contains(&self.priority) {
            return Ok((code, name, self.priority));
        }
        Err(InvalidInputError::new(["priority"], "This is from 0 to 1000000."))
    }
}

#[derive(SimpleObject)]
pub(crate) struct CreateLocationPayload {
    location: Option<Location>,
    errors: Vec<CreateLocationError>,
}

impl CreateLocationPayload {
    fn failed(error: impl Into<CreateLocationError>) -> Self {
        Self { location: None, errors: vec![error.into()] }
    }
}

/// A place where stock can lie.
#[derive(SimpleObject)]
pub(crate) struct Location {
    pub(super) id: Id,
    code: String,
    name: String,
    /// Orders take from locations with small numbers first.
    pub(super) priority: i32,
}

impl From<location::Model> for Location {
    fn from(row: location::Model) -> Self {
        Self { id: Id(row.id), code: row.code, name: row.name, priority: row.priority }
    }
}
