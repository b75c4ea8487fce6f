use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};

use super::catalogue::{self, PRODUCTS};

pub(super) fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish()
}

pub(super) struct Query;

#[derive(SimpleObject)]
struct Product {
    upc: String,
    name: Option<String>,
    price: Option<i64>,
    weight: Option<i64>,
}

#[Object]
impl Query {
    /// `visitor` changes nothing but the request: it stands for what is different from one caller to the next.
    async fn top_products(
        &self,
        #[graphql(default = 5)] first: usize,
        #[graphql(name = "visitor")] _visitor: Option<ID>,
    ) -> Option<Vec<Option<Product>>> {
        Some((1..=PRODUCTS.len()).take(first).map(|number| Product::of(number.to_string())).collect())
    }

    /// Numbered goods, as many as asked for. The middle one can be one that `inventory` fails at.
    async fn goods(&self, count: usize, #[graphql(default)] poisoned: bool) -> Option<Vec<Option<Product>>> {
        let upc =
            |number| if poisoned && number == count / 2 { catalogue::POISON.into() } else { format!("g{number:04}") };
        Some((0..count).map(|number| Product::of(upc(number))).collect())
    }

    #[graphql(entity)]
    async fn find_product(&self, upc: String) -> Option<Product> {
        Product::of(upc)
    }
}

impl Product {
    fn of(upc: String) -> Option<Self> {
        let (name, price, weight) = match upc.parse::<usize>() {
            Ok(number) => {
                PRODUCTS.get(number.checked_sub(1)?).map(|&(name, price, weight)| (name.to_owned(), price, weight))?
            }
            Err(_) => (format!("Goods {upc}"), 250, 40),
        };
        Some(Self { upc, name: Some(name), price: Some(price), weight: Some(weight) })
    }
}
