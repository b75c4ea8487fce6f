use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};

use super::catalogue::PEOPLE;

pub(super) fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish()
}

pub(super) struct Query;

#[derive(SimpleObject)]
struct User {
    id: ID,
    name: Option<&'static str>,
    #[graphql(shareable)]
    username: Option<&'static str>,
}

#[Object]
impl Query {
    async fn users(&self) -> Option<Vec<Option<User>>> {
        Some((0..PEOPLE.len()).map(User::at).collect())
    }

    #[graphql(entity)]
    async fn find_user(&self, id: ID) -> Option<User> {
        User::at(id.parse::<usize>().ok()?.checked_sub(1)?)
    }
}

impl User {
    fn at(index: usize) -> Option<Self> {
        let (name, username) = PEOPLE.get(index)?;
        Some(Self { id: (index + 1).into(), name: Some(name), username: Some(username) })
    }
}
