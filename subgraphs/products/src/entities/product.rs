//! The table `products`.

use sea_orm::entity::prelude::*;
use subgraph::{Currency, Money};

use super::search;

/// Everything that is sold, or was.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "products")]
pub(crate) struct Model {
    /// UUIDv7, so ids ascend in the order of creation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique)]
    pub sku: String,
    #[sea_orm(unique)]
    pub slug: String,
    pub name: String,
    pub description: String,
    pub price_minor: i64,
    pub currency: String,
    /// 1 at first, one more at every change.
    pub version: i32,
    /// No longer listed since then; old orders still show it.
    pub archived_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// What lists are sorted by, see `search::sort_key`.
    pub name_key: String,
    /// What words are looked for in, see `search::document`.
    pub search: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// What the catalogue's staff decides about a product; each value is checked already.
pub(crate) struct Facts {
    pub(crate) sku: String,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) price: Money,
}

impl Model {
    /// The first version of a product.
    pub(crate) fn new(id: Uuid, facts: Facts, at: DateTimeUtc) -> Self {
        Self {
            id,
            name_key: search::sort_key(&facts.name),
            search: search::document(&facts.name, &facts.sku, &facts.description),
            sku: facts.sku,
            slug: facts.slug,
            name: facts.name,
            description: facts.description,
            price_minor: facts.price.minor,
            currency: facts.price.currency.code().to_owned(),
            version: 1,
            archived_at: None,
            created_at: at,
            updated_at: at,
        }
    }

    /// The price; an error when the row's currency is none that this version knows.
    pub(crate) fn price(&self) -> Result<Money, DbErr> {
        let currency = Currency::from_code(&self.currency)
            .ok_or_else(|| DbErr::Type(format!("product {} has the currency {}", self.id, self.currency)))?;
        Ok(Money { minor: self.price_minor, currency })
    }

    /// Sets the price.
    pub(crate) fn set_price(&mut self, price: Money) {
        self.price_minor = price.minor;
        self.currency = price.currency.code().to_owned();
    }

    /// Sets name and description, and what follows from them.
    pub(crate) fn describe(&mut self, name: String, description: String) {
        self.name_key = search::sort_key(&name);
        self.search = search::document(&name, &self.sku, &description);
        self.name = name;
        self.description = description;
    }
}
