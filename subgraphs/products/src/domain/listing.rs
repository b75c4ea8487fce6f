//! Lists of products, page by page.

use sea_orm::{
    DbErr, EntityTrait as _, Order, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
    sea_query::{Expr, ExprTrait as _},
};
use serde::{Deserialize, Serialize};
use subgraph::{Currency, Database, Money, paging::Page};
use uuid::Uuid;

use crate::entities::{
    product::{COLUMN, Column, Entity, Model},
    search,
};

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    NameAsc,
    NameDesc,
    PriceAsc,
    PriceDesc,
    Newest,
}

/// Which products a list has. Each condition narrows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Each is somewhere in the product's text, see [`search::words`].
    pub(crate) words: Vec<String>,
    /// Prices from here on, in this currency only.
    pub(crate) at_least: Option<Money>,
    /// Prices up to here, in this currency only.
    pub(crate) at_most: Option<Money>,
    /// The archived products instead of those on sale.
    pub(crate) archived: bool,
}

/// Where a row stands in a sorted list. Of `text` and `number`, only what the sort asks for is set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Position {
    text: String,
    number: i64,
    id: Uuid,
}

impl Sort {
    /// Prices of different currencies do not compare, so a list by price goes currency by currency.
    /// The id comes last: it makes every position unique, and ascends with the time of creation.
    fn columns(self) -> &'static [Column] {
        match self {
            Self::NameAsc | Self::NameDesc => &[Column::NameKey, Column::Id],
            Self::PriceAsc | Self::PriceDesc => &[Column::Currency, Column::PriceMinor, Column::Id],
            Self::Newest => &[Column::Id],
        }
    }

    fn order(self) -> Order {
        match self {
            Self::NameAsc | Self::PriceAsc => Order::Asc,
            Self::NameDesc | Self::PriceDesc | Self::Newest => Order::Desc,
        }
    }

    pub(crate) fn position(self, row: &Model) -> Position {
        let (text, number) = match self {
            Self::NameAsc | Self::NameDesc => (row.name_key.clone(), 0),
            Self::PriceAsc | Self::PriceDesc => (row.currency.clone(), row.price_minor),
            Self::Newest => (String::new(), 0),
        };
        Position { text, number, id: row.id }
    }

    /// True of the rows that come after this position. Row values compare from left to right, and
    /// both databases walk the sort's index for them.
    fn beyond(self, position: &Position) -> Expr {
        let columns = Expr::tuple(self.columns().iter().map(|column| Expr::col(*column)));
        let values = Expr::tuple(self.columns().iter().map(|column| match column {
            Column::PriceMinor => Expr::val(position.number),
            Column::Id => Expr::val(position.id),
            _ => Expr::val(position.text.as_str()),
        }));
        match self.order() {
            Order::Asc => columns.gt(values),
            _ => columns.lt(values),
        }
    }
}

/// One page of a list: [`Page::limit`] rows at most. One statement.
pub(crate) async fn page(
    database: &Database,
    filter: &Filter,
    sort: Sort,
    page: &Page<Position>,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = filter.rows();
    if let Some(position) = &page.after {
        rows = rows.filter(sort.beyond(position));
    }
    for column in sort.columns() {
        rows = rows.order_by(*column, sort.order());
    }
    rows.limit(page.limit()).all(database.read()).await
}

/// How many products the whole list has. One statement, over all of them.
pub(crate) async fn count(database: &Database, filter: &Filter) -> Result<u64, DbErr> {
    filter.rows().count(database.read()).await
}

impl Filter {
    fn rows(&self) -> Select<Entity> {
        let mut rows = Entity::find().filter(if self.archived {
            COLUMN.archived_at.is_not_null()
        } else {
            COLUMN.archived_at.is_null()
        });
        for word in &self.words {
            rows = rows.filter(Expr::col(Column::Search).like(search::containing(word)));
        }
        if let Some(price) = self.at_least {
            rows = rows.filter(in_currency(price.currency)).filter(COLUMN.price_minor.gte(price.minor));
        }
        if let Some(price) = self.at_most {
            rows = rows.filter(in_currency(price.currency)).filter(COLUMN.price_minor.lte(price.minor));
        }
        rows
    }
}

fn in_currency(currency: Currency) -> Expr {
    COLUMN.currency.eq(currency.code())
}
