use async_graphql::{ComplexObject, EmptyMutation, EmptySubscription, Error, Object, Schema, SimpleObject};

use super::catalogue;

pub(super) fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish()
}

pub(super) struct Query;

#[derive(SimpleObject)]
#[graphql(complex)]
struct Product {
    upc: String,
    #[graphql(external)]
    price: Option<i64>,
    #[graphql(external)]
    weight: Option<i64>,
    in_stock: Option<bool>,
}

#[ComplexObject]
impl Product {
    /// Dear goods travel free.
    #[graphql(requires = "price weight")]
    async fn shipping_estimate(&self) -> Option<i64> {
        match (self.price?, self.weight?) {
            (1000.., _) => Some(0),
            (_, weight) => Some(weight / 2),
        }
    }
}

struct Unreadable;

impl From<Unreadable> for Error {
    fn from(_: Unreadable) -> Self {
        Self::new("this row cannot be read")
    }
}

#[Object]
impl Query {
    #[graphql(entity)]
    async fn find_product(
        &self,
        #[graphql(key)] upc: String,
        price: Option<i64>,
        weight: Option<i64>,
    ) -> Result<Option<Product>, Unreadable> {
        if upc == catalogue::POISON {
            return Err(Unreadable);
        }
        let in_stock = Some(upc.bytes().next_back().is_some_and(|digit| digit % 3 != 0));
        Ok(Some(Product { upc, price, weight, in_stock }))
    }
}
