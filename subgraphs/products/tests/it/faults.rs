//! What clients see while the database cannot do as they ask.

use sea_orm::ConnectionTrait as _;
use serde_json::json;

use crate::app::{TestApp, codes};

#[tokio::test]
async fn a_write_that_waits_in_vain_is_told_to_come_back_while_readers_are_served() {
    for app in TestApp::on_each_database().await {
        let product = app.product("A-1", "Lamp").await;
        let holder = app.database.begin().await.unwrap();
        holder.execute_unprepared("UPDATE products SET name = 'Held'").await.unwrap();

        let update = "mutation($input: UpdateProductInput!) { updateProduct(input: $input) { product { version } } }";
        let input = json!({ "input": { "id": product["id"], "name": "Kettle" } });
        let staff = app.staff();
        let writing = staff.run(update, input.clone());
        let reader = app.anonymous();
        let reading = reader.data("{ products { nodes { name } } }", json!({}));
        let (written, read) = tokio::join!(writing, reading);
        assert_eq!(codes(&written), ["SUBGRAPH_UNAVAILABLE"], "{written}");
        assert_eq!(read, json!({ "products": { "nodes": [{ "name": "Lamp" }] } }));

        holder.rollback().await.unwrap();
        let written = app.staff().data(update, input).await;
        assert_eq!(written, json!({ "updateProduct": { "product": { "version": 2 } } }));
    }
}

#[tokio::test]
async fn a_broken_table_shows_clients_nothing_of_itself() {
    for app in TestApp::on_each_database().await {
        app.database.write().execute_unprepared("DROP TABLE products").await.unwrap();
        let answer = app.anonymous().run("{ products { nodes { id } } }", json!({})).await;
        assert_eq!(
            answer,
            json!({
                "data": null,
                "errors": [{
                    "message": "Internal error.",
                    "locations": [{ "line": 1, "column": 3 }],
                    "path": ["products"],
                    "extensions": { "code": "INTERNAL" },
                }],
            })
        );
    }
}
