//! Two who write at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::app::TestApp;

const WRITERS: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn of_many_updates_to_one_version_one_wins() {
    for app in TestApp::on_each_database().await {
        let product = app.product("A-1", "Lamp").await;
        for version in 1..5 {
            let updates = (0..WRITERS).map(|n| {
                let name = format!("Lamp {n}");
                app.update(json!({ "id": product["id"], "expectedVersion": version, "name": name }))
            });
            let payloads = join_all(updates).await;
            let (winners, losers): (Vec<_>, Vec<_>) =
                payloads.iter().partition(|payload| payload["errors"] == json!([]));
            assert_eq!(winners.len(), 1);
            assert_eq!(winners[0]["product"]["version"], version + 1);
            for loser in losers {
                assert_eq!(loser["errors"][0]["__typename"], "VersionConflictError");
                assert_eq!(loser["errors"][0]["currentVersion"], version + 1);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_without_a_version_are_all_kept() {
    for app in TestApp::on_each_database().await {
        let product = app.product("A-1", "Lamp").await;
        let updates = (0..WRITERS).map(|n| app.update(json!({ "id": product["id"], "name": format!("Lamp {n}") })));
        let mut versions: Vec<_> =
            join_all(updates).await.iter().map(|payload| payload["product"]["version"].as_u64().unwrap()).collect();
        versions.sort_unstable();
        assert_eq!(versions, (2..WRITERS as u64 + 2).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_products_with_one_sku_one_is_created() {
    for app in TestApp::on_each_database().await {
        let price = json!({ "amount": "1.00", "currencyCode": "EUR" });
        let creations =
            (0..WRITERS).map(|n| app.create(json!({ "sku": "A-1", "name": format!("Lamp {n}"), "price": price })));
        let payloads = join_all(creations).await;
        let created = payloads.iter().filter(|payload| payload["errors"] == json!([])).count();
        let taken = payloads.iter().filter(|payload| payload["errors"][0]["code"] == "SKU_TAKEN").count();
        assert_eq!((created, taken), (1, WRITERS - 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_products_with_one_name_are_all_created() {
    for app in TestApp::on_each_database().await {
        let products = join_all((0..WRITERS).map(|n| {
            let (app, sku) = (&app, format!("A-{n}"));
            async move { app.product(&sku, "Lamp").await }
        }))
        .await;
        let mut slugs: Vec<_> = products.iter().map(|product| product["slug"].clone()).collect();
        slugs.sort_by_key(Value::to_string);
        slugs.dedup();
        assert_eq!(slugs.len(), WRITERS);
    }
}
