//! Lists of orders, newest first. Ids are UUIDv7, so the newest order has the greatest id.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, FromQueryResult as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Asterisk, Query, SelectStatement, UnionType},
};
use subgraph::Database;
use uuid::Uuid;

use crate::entities::order;

/// Which orders of all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub status: Option<order::Status>,
    pub customer: Option<Uuid>,
    pub placed_from: Option<DateTime<Utc>>,
    /// This moment not included.
    pub placed_before: Option<DateTime<Utc>>,
}

/// One customer's orders that come after `after`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct CustomerPage {
    pub customer: Uuid,
    pub after: Option<Uuid>,
    pub limit: u64,
}

impl Filter {
    fn select(&self) -> Select<order::Entity> {
        order::Entity::find()
            .apply_if(self.status, |select, status| select.filter(order::COLUMN.status.eq(status)))
            .apply_if(self.customer, |select, id| select.filter(order::COLUMN.customer_id.eq(id)))
            .apply_if(self.placed_from, |select, at| select.filter(order::COLUMN.created_at.gte(at)))
            .apply_if(self.placed_before, |select, at| select.filter(order::COLUMN.created_at.lt(at)))
    }
}

/// At most `limit` of these orders that come after `after`.
pub async fn page(
    database: &Database,
    filter: &Filter,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<order::Model>, DbErr> {
    paged(filter.select(), after, limit).all(database.read()).await
}

pub async fn count(database: &Database, filter: &Filter) -> Result<u64, DbErr> {
    filter.select().count(database.read()).await
}

/// The pages of several customers in one statement, each read from the index. Rows of different pages of the same
/// customer are not told apart.
pub async fn customer_pages(database: &Database, pages: &[CustomerPage]) -> Result<Vec<order::Model>, DbErr> {
    let mut arms = pages.iter().map(arm);
    let Some(mut union) = arms.next() else {
        return Ok(Vec::new());
    };
    union.unions(arms.map(|arm| (UnionType::All, arm)));
    let connection = database.read();
    let statement = connection.get_database_backend().build(&union);
    order::Model::find_by_statement(statement).all(connection).await
}

/// SQLite allows an ordered arm of a union only as a sub-query.
fn arm(page: &CustomerPage) -> SelectStatement {
    let select = paged(order::Entity::of_customer(page.customer), page.after, page.limit);
    Query::select().column(Asterisk).from_subquery(select.into_query(), "page").to_owned()
}

fn paged(select: Select<order::Entity>, after: Option<Uuid>, limit: u64) -> Select<order::Entity> {
    select
        .apply_if(after, |select, id| select.filter(order::COLUMN.id.lt(id)))
        .order_by_desc(order::COLUMN.id)
        .limit(limit)
}
