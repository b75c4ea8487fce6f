//! The events that leave the service: all of them, in order for each order.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::json;
use testing::{
    TestDatabase, database,
    nats::{nats, versions},
};
use uuid::Uuid;

use crate::app::{CUSTOMER, TestApp, cancel, id_of, place};

async fn places() -> impl Iterator<Item = TestDatabase> {
    [Some(database::sqlite()), database::postgres().await].into_iter().flatten()
}

async fn waiting(app: &TestApp) -> i64 {
    let connection = app.orders.database.read();
    let count = Statement::from_string(connection.get_database_backend(), "SELECT COUNT(*) AS n FROM outbox");
    connection.query_one_raw(count).await.unwrap().unwrap().try_get("", "n").unwrap()
}

async fn until_all_have_left(app: &TestApp) {
    let look = async {
        while waiting(app).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), look).await.expect("events stay in the outbox");
}

#[tokio::test]
async fn an_event_says_what_has_become_of_which_order() {
    let Some(nats) = nats().await else { return };
    let mut app = TestApp::start().await;
    app.restart_with_nats(&nats).await;
    let lamp = app.product("LAMP", "2.50", 5).await;
    let customer = Uuid::now_v7();
    let id = id_of(&place(&app.user(customer), "k", &[(&lamp, 2)]).await);
    let mut event = nats.events(&format!("mercado.orders.updated.{id}"), 4).await.pop().unwrap();
    for varies in ["id", "time"] {
        assert!(event.as_object_mut().unwrap().remove(varies).unwrap().is_string(), "{event}");
    }
    let data = json!({ "orderId": id, "version": 4, "number": 1, "customerId": customer, "status": "COMPLETED",
        "totalMinor": 500, "currency": "EUR", "cancelReason": null, "stockReleasedAt": null });
    let expected = json!({ "specversion": "1.0", "source": "/mercado/orders", "type": "mercado.orders.updated",
        "subject": id, "datacontenttype": "application/json", "data": data });
    assert_eq!(event, expected);
}

#[tokio::test]
async fn every_arrow_of_every_order_leaves_in_order_while_two_replicas_send() {
    for place_of in places().await {
        let Some(nats) = nats().await else { return };
        let mut app = TestApp::on(place_of, |_| ()).await;
        app.restart_with_nats(&nats).await;
        let replica = app.start_replica_with(|_| ()).await;
        let lamp = app.product("LAMP", "1.00", 1_000).await;
        let buyer = Uuid::now_v7();
        let buying = (0..12).map(|n| {
            let client = if n % 2 == 0 { app.user(buyer) } else { app.at(&replica, buyer, CUSTOMER) };
            let lamp = &lamp;
            async move {
                let id = id_of(&place(&client, &n.to_string(), &[(lamp, 1)]).await);
                cancel(&client, &id).await;
                id
            }
        });
        let ids = futures_util::future::join_all(buying).await;
        for id in &ids {
            app.released(id).await;
        }
        until_all_have_left(&app).await;
        let events = nats.events("mercado.orders.updated.*", 6 * ids.len()).await;
        let expected = ids.iter().map(|id| (id.as_str(), vec![1, 2, 3, 4, 5, 6])).collect();
        assert_eq!(versions(&events), expected);
        replica.database.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_lease_from_a_clock_that_was_far_ahead_holds_no_event_up() {
    for at in places().await {
        let app = TestApp::on(at, |_| ()).await;
        let taken = "UPDATE outbox_lease SET until = '2999-01-01 00:00:00+00:00'";
        database::execute(app.orders.database.write(), taken).await;
        let lamp = app.product("LAMP", "1.00", 5).await;
        place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 1)]).await;
        until_all_have_left(&app).await;
    }
}

#[tokio::test]
async fn nothing_is_lost_while_the_broker_is_away_and_nobody_waits_for_it() {
    let Some(mut nats) = nats().await else { return };
    for place_of in places().await {
        let mut app = TestApp::on(place_of, |_| ()).await;
        nats.stop();
        app.restart_with_nats(&nats).await;
        let lamp = app.product("LAMP", "1.00", 5).await;
        let placed = place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 1)]).await;
        assert_eq!(placed["order"]["status"], "COMPLETED");
        assert_eq!(waiting(&app).await, 4);
        app.restart().await;
        nats.start().await;
        let id = id_of(&placed);
        let events = nats.events(&format!("mercado.orders.updated.{id}"), 4).await;
        assert_eq!(versions(&events)[id.as_str()], [1, 2, 3, 4]);
        until_all_have_left(&app).await;
    }
}

#[tokio::test]
async fn who_watches_at_another_replica_is_told_through_the_broker() {
    let Some(nats) = nats().await else { return };
    let mut app = TestApp::start().await;
    app.restart_with_nats(&nats).await;
    let replica = app.start_replica_with(|_| ()).await;
    let lamp = app.product("LAMP", "1.00", 5).await;
    let customer = Uuid::now_v7();
    let id = id_of(&place(&app.user(customer), "k", &[(&lamp, 1)]).await);
    let query = "subscription($id: ID!) { orderUpdated(id: $id) { status } }";
    let mut stream = app.at(&replica, customer, CUSTOMER).subscribe(query, json!({ "id": id })).await;
    assert_eq!(stream.data().await["orderUpdated"]["status"], "COMPLETED");
    cancel(&app.user(customer), &id).await;
    let told = async { while stream.data().await["orderUpdated"]["status"] != "CANCELLED" {} };
    tokio::time::timeout(Duration::from_secs(10), told).await.expect("nobody told the replica");
    replica.database.close().await.unwrap();
}

#[tokio::test]
async fn without_a_broker_events_leave_for_those_who_watch_in_this_process() {
    for place_of in places().await {
        let app = TestApp::on(place_of, |_| ()).await;
        let lamp = app.product("LAMP", "1.00", 5).await;
        place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 1)]).await;
        until_all_have_left(&app).await;
    }
}
