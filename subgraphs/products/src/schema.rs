//! The whole GraphQL surface of the subgraph, and the only place where it is built.

use async_graphql::{EmptySubscription, Schema, SchemaBuilder};
use subgraph::{DataLoader, Database};

use crate::{
    loaders::ProductLoader,
    resolvers::{Mutation, Query, UserError},
};

/// The executable schema.
pub(crate) type ProductsSchema = Schema<Query, Mutation, EmptySubscription>;

/// The schema over this database.
pub(crate) fn build(database: Database) -> ProductsSchema {
    let loader = DataLoader::new(ProductLoader::new(database.clone()));
    builder().data(loader).data(database).finish()
}

/// The schema as a Federation 2 document.
pub(crate) fn sdl() -> String {
    subgraph::sdl::export(&builder().finish())
}

fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription)
        .enable_federation()
        .disable_suggestions()
        .register_output_type::<UserError>()
}
