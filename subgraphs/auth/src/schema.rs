//! The whole GraphQL surface of `auth`, and the only place where it is built.

use std::sync::Arc;

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder};
use subgraph::DataLoader;

use crate::{
    domain::Authority,
    loaders::UserLoader,
    resolvers::{
        credential_check::OneCredentialCheck, errors::UserError, registration::RegistrationMutation,
        session::SessionMutation, user::UserQuery,
    },
};

#[derive(Default, MergedObject)]
pub struct Query(UserQuery);

#[derive(Default, MergedObject)]
pub struct Mutation(RegistrationMutation, SessionMutation);

/// The schema without what its resolvers need: enough to print it.
pub(crate) fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .enable_federation()
        .disable_suggestions()
        .register_output_type::<UserError>()
        .extension(OneCredentialCheck)
}

pub(crate) fn build(authority: Arc<Authority>) -> Schema<Query, Mutation, EmptySubscription> {
    let users = DataLoader::new(UserLoader(authority.database.clone()));
    builder().data(users).data(authority).finish()
}
