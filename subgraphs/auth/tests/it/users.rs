use auth::entities::user::Role;
use serde_json::{Value, json};
use subgraph::{Subgraph as _, boot::Size};
use testing::graphql::Client;

use crate::app::TestApp;

const REFERENCES: &str =
    "query($of: [_Any!]!) { _entities(representations: $of) { ... on User { id email name roles } } }";

async fn references(client: &Client, ids: &[String]) -> Value {
    let of: Vec<Value> = ids.iter().map(|id| json!({ "__typename": "User", "id": id })).collect();
    client.data(REFERENCES, json!({ "of": of })).await["_entities"].take()
}

#[tokio::test]
async fn t37_a_user_is_seen_whole_by_itself_and_admins_by_name_by_staff_and_by_nobody_else() {
    let app = TestApp::with_principal().await;
    let rosa = app.somebody("rosa@example.org", Role::Customer).await;
    let other = app.somebody("other@example.org", Role::Customer).await;
    let staff = app.somebody("staff@example.org", Role::Staff).await;
    let admin = app.somebody("admin@example.org", Role::Admin).await;
    let id = rosa.id.to_string();

    let whole = json!({ "id": id, "email": "rosa@example.org", "name": "Rosa Martin", "roles": ["CUSTOMER"] });
    let by_name = json!({ "id": id, "email": null, "name": "Rosa Martin", "roles": null });
    let cases = [
        ("itself", rosa.client, whole.clone()),
        ("an administrator", admin.client, whole),
        ("staff", staff.client, by_name),
        ("another customer", other.client, Value::Null),
        ("a service", app.service().await, Value::Null),
        ("nobody", app.anonymous(), Value::Null),
    ];
    for (who, client, expected) in cases {
        assert_eq!(references(&client, std::slice::from_ref(&id)).await, json!([expected]), "{who}");
    }
}

#[tokio::test]
async fn one_batch_of_references_costs_one_query_and_unknown_ones_are_null_in_their_place() {
    for app in TestApp::on_each_database().await {
        auth::Auth::seed(&app.database, Size::S).await.unwrap();
        let admin = app.somebody("rosa@example.org", Role::Admin).await;
        let mut ids: Vec<String> = demo::users(Size::S).map(|user| user.id.to_string()).collect();
        ids.insert(7, "019b76da-a800-7c83-9c0a-000000000000".to_owned());
        ids.insert(9, "no id at all".to_owned());
        ids.push(ids[0].clone());

        let before = app.database.statements();
        let found = references(&admin.client, &ids).await;
        assert_eq!(app.database.statements() - before, 1);
        let found = found.as_array().unwrap();
        assert_eq!(found.len(), 53);
        for (index, (user, id)) in found.iter().zip(&ids).enumerate() {
            match index {
                7 | 9 => assert_eq!(user, &Value::Null),
                _ => assert_eq!(user["id"], json!(id)),
            }
        }
    }
}

#[tokio::test]
async fn references_that_the_caller_may_not_see_are_not_even_looked_up() {
    let app = TestApp::start().await;
    let (rosa, other) = (
        app.somebody("rosa@example.org", Role::Customer).await,
        app.somebody("other@example.org", Role::Customer).await,
    );
    let before = app.database.statements();
    assert_eq!(references(&rosa.client, &[other.id.to_string()]).await, json!([null]));
    assert_eq!(app.database.statements() - before, 0);
}

#[tokio::test]
async fn nobody_is_null_to_themselves() {
    let app = TestApp::start().await;
    assert_eq!(app.anonymous().data("{ me { id email } }", json!({})).await, json!({ "me": null }));
}
