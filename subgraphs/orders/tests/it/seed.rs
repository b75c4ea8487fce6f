//! The orders of the demo market.

use inventory::Inventory;
use orders::Orders;
use serde_json::json;
use subgraph::{Subgraph as _, boot::Size};
use uuid::Uuid;

use crate::app::{on_each_database, place};

#[tokio::test]
async fn the_demo_orders_are_as_if_they_had_been_placed_and_the_next_number_follows() {
    on_each_database(async |app| {
        Inventory::seed(&app.inventory, Size::S).await.unwrap();
        for _ in 0..2 {
            Orders::seed(&app.orders.database, Size::S).await.unwrap();
        }
        let query = "query($filter: OrderFilter) { orders(filter: $filter, first: 1) \
            { totalCount nodes { number status events { nodes { to } } lines { name } } } }";
        let all = app.staff().data(query, json!({})).await["orders"].take();
        assert_eq!((&all["totalCount"], &all["nodes"][0]["number"]), (&json!(500), &json!("500")));
        let cancelled = app.staff().data(query, json!({ "filter": { "status": "CANCELLED" } })).await["orders"].take();
        let events = &cancelled["nodes"][0]["events"]["nodes"];
        assert_eq!(
            *events,
            json!([{ "to": "CREATED" }, { "to": "RESERVED" }, { "to": "CANCELLING" }, { "to": "CANCELLED" }])
        );
        let lamp = app.product("LAMP", "1.00", 5).await;
        let placed = place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 1)]).await;
        assert_eq!(placed["order"]["number"], "501");
    })
    .await;
}
