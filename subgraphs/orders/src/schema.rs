//! The whole GraphQL surface of orders, and the only place where it is built.

use async_graphql::SchemaBuilder;

use crate::resolvers::{errors::UserError, mutation::Mutation, query::Query, subscription::Subscription};

pub(crate) type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema; what resolvers need is put in as data.
pub(crate) fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation, Subscription)
        .register_output_type::<UserError>()
        .enable_federation()
        .enable_subscription_in_federation()
        .disable_suggestions()
}
