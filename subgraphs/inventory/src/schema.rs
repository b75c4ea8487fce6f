//! The whole GraphQL surface of the subgraph, and the only place where it is built.

use async_graphql::{Schema, SchemaBuilder};
use subgraph::{DataLoader, Database};

use crate::{
    loaders::{LocationLoader, StockLoader},
    products::Products,
    resolvers::{Mutation, Query, Subscription, UserError},
    settings::Settings,
};

/// The executable schema.
pub(crate) type InventorySchema = Schema<Query, Mutation, Subscription>;

/// The schema over this database.
pub(crate) fn build(database: Database, products: Products, settings: Settings) -> InventorySchema {
    let stock = DataLoader::new(StockLoader::new(database.clone()));
    let locations = DataLoader::new(LocationLoader::new(database.clone()));
    builder().data(stock).data(locations).data(products).data(settings).data(database).finish()
}

/// The schema as a Federation 2 document.
pub(crate) fn sdl() -> String {
    subgraph::sdl::export(&builder().finish())
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription)
        .enable_federation()
        .enable_subscription_in_federation()
        .disable_suggestions()
        .register_output_type::<UserError>()
}
