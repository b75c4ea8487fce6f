//! R8: what clients see while the database cannot do as they ask.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use subgraph::DatabaseSettings;
use testing::database::postgres;
use tokio::time::sleep;

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
async fn a_lock_that_another_process_holds_for_two_seconds_is_waited_for() {
    let app = TestApp::start().await;
    let product = app.product("A-1", "Lamp").await;
    let outside = app.connect_as_another().await;
    let holder = outside.begin().await.unwrap();
    let releasing = async {
        sleep(Duration::from_secs(2)).await;
        holder.rollback().await.unwrap();
    };
    let writing = app.update(json!({ "id": product["id"], "name": "Kettle" }));
    let (written, ()) = tokio::join!(writing, releasing);
    assert_eq!((&written["errors"], &written["product"]["version"]), (&json!([]), &json!(2)));
}

#[tokio::test]
async fn a_lock_that_another_process_does_not_give_back_ends_in_a_code_to_retry_by_before_the_deadline() {
    let app = TestApp::start().await;
    let product = app.product("A-1", "Lamp").await;
    let outside = app.connect_as_another().await;
    let holder = outside.begin().await.unwrap();
    let update = "mutation($input: UpdateProductInput!) { updateProduct(input: $input) { product { version } } }";
    let input = json!({ "input": { "id": product["id"], "name": "Kettle" } });
    let started = Instant::now();
    let written = app.staff().run(update, input.clone()).await;
    assert_eq!(codes(&written), ["SUBGRAPH_UNAVAILABLE"], "{written}");
    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
    holder.rollback().await.unwrap();
    let written = app.staff().data(update, input).await;
    assert_eq!(written, json!({ "updateProduct": { "product": { "version": 2 } } }));
}

#[tokio::test]
async fn where_every_connection_is_taken_a_request_waits_for_two_seconds_at_most() {
    let Some(place) = postgres().await else { return };
    let app = TestApp::on(place).await;
    let taken = join_all((0..DatabaseSettings::default().max_connections).map(|_| app.database.begin())).await;
    let started = Instant::now();
    let answer = app.anonymous().run("{ products { nodes { id } } }", json!({})).await;
    let waited = started.elapsed();
    assert_eq!(codes(&answer), ["SUBGRAPH_UNAVAILABLE"], "{answer}");
    assert!((Duration::from_secs(2)..Duration::from_secs(3)).contains(&waited), "{waited:?}");
    drop(taken);
    app.anonymous().data("{ products { nodes { id } } }", json!({})).await;
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
