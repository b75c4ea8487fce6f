//! Creating, updating and archiving products.

use serde_json::{Value, json};

use crate::app::TestApp;

fn euros(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": "EUR" })
}

/// `__typename`, `code` and `path` of the payload's errors.
fn refusals(payload: &Value) -> Vec<(&str, &str, Value)> {
    assert_eq!(payload["product"], Value::Null, "{payload}");
    let errors = payload["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            let text = |key: &str| error[key].as_str().unwrap();
            (text("__typename"), text("code"), error["path"].clone())
        })
        .collect()
}

#[tokio::test]
async fn a_product_is_created_with_clean_text_and_a_slug_from_its_name() {
    for app in TestApp::on_each_database().await {
        let input = json!({
            "sku": "LAMP-1", "name": "  Cafe\u{301} Lamp ", "description": "For two.\r\nOak.", "price": euros("12.5"),
        });
        let mut payload = app.create(input).await;
        let product = payload["product"].take();
        assert_eq!(payload["errors"], json!([]));
        assert_eq!(
            product,
            json!({
                "id": product["id"],
                "sku": "LAMP-1",
                "slug": "cafe-lamp",
                "name": "Café Lamp",
                "description": "For two.\nOak.",
                "price": { "amount": "12.50", "currencyCode": "EUR" },
                "version": 1,
                "archivedAt": null,
                "createdAt": product["createdAt"],
                "updatedAt": product["createdAt"],
            })
        );
        let query = format!("query($id: ID) {{ product(id: $id) {{ {} }} }}", crate::app::PRODUCT);
        let read = app.anonymous().data(&query, json!({ "id": product["id"] })).await;
        assert_eq!(read["product"], product);
    }
}

#[tokio::test]
async fn every_broken_rule_of_a_new_product_is_told_at_once() {
    let app = TestApp::start().await;
    let input = json!({ "sku": "no spaces", "name": "\u{202E}", "description": "\u{0}", "price": euros("-1"), "slug": "Not A Slug" });
    let payload = app.create(input).await;
    let paths = ["sku", "name", "description", "price", "slug"];
    let expected: Vec<_> = paths.iter().map(|path| ("InvalidInputError", "INVALID_INPUT", json!([path]))).collect();
    assert_eq!(refusals(&payload), expected);
}

#[tokio::test]
async fn a_taken_sku_and_a_taken_slug_are_both_told() {
    for app in TestApp::on_each_database().await {
        app.product("A-1", "Lamp").await;
        let payload = app.create(json!({ "sku": "A-1", "name": "Other", "price": euros("1"), "slug": "lamp" })).await;
        assert_eq!(
            refusals(&payload),
            [("SkuTakenError", "SKU_TAKEN", json!(["sku"])), ("SlugTakenError", "SLUG_TAKEN", json!(["slug"])),]
        );
    }
}

#[tokio::test]
async fn a_derived_slug_gives_way_where_a_chosen_one_does_not() {
    for app in TestApp::on_each_database().await {
        app.product("A-1", "Lamp").await;
        assert_eq!(app.product("A.2", "Lamp").await["slug"], "lamp-a-2");
        assert_eq!(app.product("A-3", "灯").await["slug"], "a-3");
        let payload = app.create(json!({ "sku": "A-4", "name": "Lamp", "price": euros("1"), "slug": "lamp" })).await;
        assert_eq!(refusals(&payload), [("SlugTakenError", "SLUG_TAKEN", json!(["slug"]))]);
    }
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_nothing_else() {
    for app in TestApp::on_each_database().await {
        let before = app.product("A-1", "Lamp").await;
        let input = json!({ "id": before["id"], "expectedVersion": 1, "price": euros("11.00"), "name": null });
        let after = app.update(input).await["product"].take();
        let mut expected = before;
        expected["price"] = euros("11.00");
        expected["version"] = json!(2);
        expected["updatedAt"] = after["updatedAt"].clone();
        assert_eq!(after, expected);
        assert_ne!(after["updatedAt"], after["createdAt"]);
    }
}

#[tokio::test]
async fn a_renamed_product_is_found_by_its_new_name_only() {
    for app in TestApp::on_each_database().await {
        let product = app.product("A-1", "Lamp").await;
        app.update(json!({ "id": product["id"], "name": "Kettle" })).await;
        let query = r#"{ old: products(filter: { text: "lamp" }) { totalCount } new: products(filter: { text: "kettle" }) { totalCount } }"#;
        let counts = app.anonymous().data(query, json!({})).await;
        assert_eq!(counts, json!({ "old": { "totalCount": 0 }, "new": { "totalCount": 1 } }));
    }
}

#[tokio::test]
async fn an_update_is_refused_for_each_reason_of_its_own() {
    for app in TestApp::on_each_database().await {
        app.product("A-1", "Lamp").await;
        let product = app.product("A-2", "Kettle").await;
        let id = &product["id"];
        let unknown = "019b76da-a800-7c83-9c0a-f0823d7b34df";
        for (input, refusal) in [
            (json!({ "id": unknown, "name": "X" }), ("NotFoundError", "NOT_FOUND", json!(["id"]))),
            (
                json!({ "id": id, "expectedVersion": 7, "name": "X" }),
                ("VersionConflictError", "VERSION_CONFLICT", json!(["expectedVersion"])),
            ),
            (json!({ "id": id, "slug": "lamp" }), ("SlugTakenError", "SLUG_TAKEN", json!(["slug"]))),
            (json!({ "id": id, "name": " " }), ("InvalidInputError", "INVALID_INPUT", json!(["name"]))),
        ] {
            assert_eq!(refusals(&app.update(input).await), [refusal]);
        }
        let query = format!("query($id: ID) {{ product(id: $id) {{ {} }} }}", crate::app::PRODUCT);
        assert_eq!(app.anonymous().data(&query, json!({ "id": id })).await["product"], product);
    }
}

#[tokio::test]
async fn an_archived_product_is_listed_to_nobody_and_found_by_its_keys() {
    for app in TestApp::on_each_database().await {
        let product = app.product("A-1", "Lamp").await;
        let archived = app.archive(json!({ "id": product["id"], "expectedVersion": 1 })).await["product"].take();
        assert_eq!(archived["version"], 2);
        assert_eq!(archived["archivedAt"], archived["updatedAt"]);
        let query = r#"{
            products { nodes { sku } }
            product(sku: "A-1") { archivedAt }
            _entities(representations: [{ __typename: "Product", sku: "A-1" }]) { ... on Product { archivedAt } }
        }"#;
        let when = json!({ "archivedAt": archived["archivedAt"] });
        assert_eq!(
            app.anonymous().data(query, json!({})).await,
            json!({ "products": { "nodes": [] }, "product": when, "_entities": [when] })
        );
        let query = "{ products(filter: { archived: true }) { nodes { sku } } }";
        let listed = app.staff().data(query, json!({})).await;
        assert_eq!(listed["products"]["nodes"], json!([{ "sku": "A-1" }]));
    }
}

#[tokio::test]
async fn archiving_again_changes_nothing_and_archiving_what_changed_is_a_conflict() {
    let app = TestApp::start().await;
    let product = app.product("A-1", "Lamp").await;
    let id = &product["id"];
    let conflict = app.archive(json!({ "id": id, "expectedVersion": 3 })).await;
    assert_eq!(refusals(&conflict), [("VersionConflictError", "VERSION_CONFLICT", json!(["expectedVersion"]))]);
    assert_eq!(conflict["errors"][0]["currentVersion"], 1);
    let first = app.archive(json!({ "id": id, "expectedVersion": 1 })).await;
    assert_eq!(app.archive(json!({ "id": id, "expectedVersion": 1 })).await, first);
    let unknown = app.archive(json!({ "id": "019b76da-a800-7c83-9c0a-f0823d7b34df" })).await;
    assert_eq!(refusals(&unknown), [("NotFoundError", "NOT_FOUND", json!(["id"]))]);
}
