use async_graphql::{ComplexObject, EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};

use super::catalogue::{PEOPLE, REVIEWS, body};

pub(super) fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish()
}

pub(super) struct Query;

/// The index of a review.
struct Review(usize);

#[derive(SimpleObject)]
#[graphql(complex)]
struct User {
    id: ID,
    #[graphql(external)]
    username: Option<&'static str>,
}

#[derive(SimpleObject)]
#[graphql(complex)]
struct Product {
    upc: String,
}

fn reviews(which: impl Fn(usize) -> bool) -> Option<Vec<Option<Review>>> {
    Some((0..REVIEWS.len()).filter(|&review| which(review)).map(|review| Some(Review(review))).collect())
}

#[Object]
impl Review {
    async fn id(&self) -> ID {
        (self.0 + 1).into()
    }

    async fn body(&self) -> Option<String> {
        Some(body(self.0))
    }

    async fn product(&self) -> Option<Product> {
        Some(Product { upc: REVIEWS.get(self.0)?.to_string() })
    }

    #[graphql(provides = "username")]
    async fn author(&self) -> Option<User> {
        let author = self.0 % PEOPLE.len();
        Some(User { id: (author + 1).into(), username: PEOPLE.get(author).map(|person| person.1) })
    }
}

#[ComplexObject]
impl User {
    async fn reviews(&self) -> Option<Vec<Option<Review>>> {
        reviews(|review| *self.id == (review % PEOPLE.len() + 1).to_string())
    }
}

#[ComplexObject]
impl Product {
    async fn reviews(&self) -> Option<Vec<Option<Review>>> {
        reviews(|review| REVIEWS.get(review).is_some_and(|product| self.upc == product.to_string()))
    }
}

#[Object]
impl Query {
    #[graphql(entity)]
    async fn find_user(&self, id: ID) -> User {
        User { id, username: None }
    }

    #[graphql(entity)]
    async fn find_product(&self, upc: String) -> Product {
        Product { upc }
    }
}
