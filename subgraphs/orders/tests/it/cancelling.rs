//! `cancelOrder` in each state of an order.

use std::time::Duration;

use futures_util::future::join_all;
use orders::{
    domain::arrow,
    entities::{
        order::{self, State},
        order_event,
    },
};
use sea_orm::{EntityTrait as _, QueryFilter as _, sea_query::Expr};
use serde_json::{Value, json};
use testing::graphql::Client;
use uuid::Uuid;

use crate::{
    app::{TestApp, cancel, id_of, on_each_database, on_each_database_with, place},
    wire::Fault,
};

/// So short that answers come while the wire holds a call.
fn impatient(settings: &mut orders::Settings) {
    settings.answer_within = Duration::from_millis(200);
}

#[tokio::test]
async fn a_completed_order_gives_its_stock_back() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let buyer = app.user(Uuid::now_v7());
        let id = id_of(&place(&buyer, "k", &[(&lamp, 2)]).await);
        let payload = cancel(&buyer, &id).await;
        assert!(payload["order"]["stockReleasedAt"].is_string());
        let expected = json!({ "id": id, "status": "CANCELLED", "version": 6, "cancelReason": "CUSTOMER_REQUEST",
            "cancelNote": "changed my mind", "stockReleasedAt": payload["order"]["stockReleasedAt"] });
        assert_eq!(payload, json!({ "order": expected, "errors": [] }));
        assert_eq!(app.stock(&lamp).await, (5, 0));
        let trail = ["CREATED", "RESERVED", "COMMITTING", "COMPLETED", "RETURNING", "CANCELLED"];
        assert_eq!(app.trail(&id).await, trail);
    })
    .await;
}

#[tokio::test]
async fn cancelling_twice_or_all_at_once_gives_the_stock_back_once() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let buyer = app.user(Uuid::now_v7());
        let id = id_of(&place(&buyer, "k", &[(&lamp, 2)]).await);
        let payloads = join_all((0..10).map(|_| cancel(&buyer, &id))).await;
        for payload in payloads {
            assert_eq!((&payload["order"]["status"], &payload["errors"]), (&json!("CANCELLED"), &json!([])));
        }
        assert_eq!(cancel(&buyer, &id).await["order"]["status"], "CANCELLED");
        assert_eq!(app.stock(&lamp).await, (5, 0));
    })
    .await;
}

#[tokio::test]
async fn an_order_that_still_asks_for_stock_is_cancelled_before_the_stock_arrives() {
    on_each_database_with(impatient, async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let buyer = app.user(Uuid::now_v7());
        app.wire.fail("Reserve", Fault::Hold, 1);
        let placed = place(&buyer, "k", &[(&lamp, 2)]).await;
        assert_eq!(placed["order"]["status"], "PENDING");
        let id = id_of(&placed);
        let payload = cancel(&buyer, &id).await;
        assert_eq!(payload["order"]["status"], "CANCELLED");
        app.wire.let_go();
        app.until(&id, "CANCELLED").await;
        assert_eq!(app.trail(&id).await, ["CREATED", "CANCELLING", "CANCELLED"]);
        assert_eq!(app.stock(&lamp).await, (5, 0), "a reserve that comes late finds that it is too late");
    })
    .await;
}

#[tokio::test]
async fn an_order_whose_stock_is_reserved_gives_it_up() {
    let unattended = |settings: &mut orders::Settings| {
        impatient(settings);
        settings.recovery_period = Duration::from_secs(3_600);
    };
    on_each_database_with(unattended, async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let buyer = app.user(Uuid::now_v7());
        app.wire.fail("Reserve", Fault::LoseReply, 1);
        let id = id_of(&place(&buyer, "k", &[(&lamp, 2)]).await);
        hear_of_reservation(app, id.parse().unwrap()).await;
        assert_eq!(app.stock(&lamp).await, (5, 2));
        assert_eq!(cancel(&buyer, &id).await["order"]["status"], "CANCELLED");
        app.released(&id).await;
        assert_eq!(app.trail(&id).await, ["CREATED", "RESERVED", "CANCELLING", "CANCELLED"]);
        assert_eq!(app.stock(&lamp).await, (5, 0));
    })
    .await;
}

/// Takes the order to RESERVED, where none stays by itself: the decision is written along with it.
async fn hear_of_reservation(app: &TestApp, id: Uuid) {
    let database = app.orders.database.write();
    let order = order::Entity::find_by_id(id).one(database).await.unwrap().unwrap();
    let reserved = order::Model { saga_state: State::Reserved, version: order.version + 1, ..order.clone() };
    let event = arrow::record(&reserved, Some(order.saga_state), order.created_at);
    order_event::Entity::insert(event).exec_without_returning(database).await.unwrap();
    order::Entity::update_many()
        .col_expr(order::Column::SagaState, Expr::value(reserved.saga_state))
        .col_expr(order::Column::Version, Expr::value(reserved.version))
        .filter(order::COLUMN.id.eq(id))
        .exec(database)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_order_that_is_being_committed_is_completed_first_and_then_returned() {
    on_each_database_with(impatient, async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let buyer = app.user(Uuid::now_v7());
        // The answer comes to one who does not know of the wish yet.
        app.wire.fail("Commit", Fault::Hold, 1);
        app.wire.fail("Commit", Fault::LoseRequest, usize::MAX);
        let id = id_of(&place(&buyer, "k", &[(&lamp, 2)]).await);
        let payload = cancel(&buyer, &id).await;
        let shown = &payload["order"];
        assert_eq!((&shown["status"], &shown["cancelReason"]), (&json!("PENDING"), &Value::Null));
        app.wire.let_go();
        app.wire.until_answered("Commit").await;
        app.wire.mend();
        let order = app.until(&id, "CANCELLED").await;
        assert_eq!(order["cancelReason"], "CUSTOMER_REQUEST");
        let trail = ["CREATED", "RESERVED", "COMMITTING", "COMPLETED", "RETURNING", "CANCELLED"];
        assert_eq!(app.trail(&id).await, trail);
        assert_eq!(app.stock(&lamp).await, (5, 0));
    })
    .await;
}

#[tokio::test]
async fn an_order_whose_reservation_has_expired_is_cancelled_for_that() {
    on_each_database_with(impatient, async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        app.wire.fail("Commit", Fault::Hold, 1);
        let id = id_of(&place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 2)]).await);
        testing::database::execute(app.inventory.write(), "UPDATE reservations SET expires_at = created_at").await;
        assert_eq!(inventory::expire_due(&app.inventory, 1).await.unwrap(), 1);
        app.wire.let_go();
        assert_eq!(app.until(&id, "CANCELLED").await["cancelReason"], "EXPIRED");
        assert_eq!(app.stock(&lamp).await, (5, 0));
    })
    .await;
}

#[tokio::test]
async fn a_cancellation_that_races_with_the_purchase_always_wins_in_the_end() {
    on_each_database_with(
        |settings| settings.answer_within = Duration::ZERO,
        async |app| {
            let lamp = app.product("LAMP", "1.00", 99).await;
            let buyer = app.user(Uuid::now_v7());
            let race = |n: u64| {
                let (buyer, lamp) = (&buyer, &lamp);
                async move {
                    let id = id_of(&place(buyer, &format!("k{n}"), &[(lamp, 2)]).await);
                    // So that they meet the order in each of its states.
                    tokio::time::sleep(Duration::from_millis(3 * n)).await;
                    cancel(buyer, &id).await;
                    app.released(&id).await
                }
            };
            for order in join_all((0..24).map(race)).await {
                assert_eq!(order["status"], "CANCELLED");
            }
            assert_eq!(app.stock(&lamp).await, (99, 0));
        },
    )
    .await;
}

#[tokio::test]
async fn an_order_completed_too_long_ago_stays() {
    let app = TestApp::with(|settings| settings.return_window = Duration::ZERO).await;
    let lamp = app.product("LAMP", "1.00", 5).await;
    let buyer = app.user(Uuid::now_v7());
    let id = id_of(&place(&buyer, "k", &[(&lamp, 2)]).await);
    let payload = cancel(&buyer, &id).await;
    assert_eq!(payload["order"]["status"], "COMPLETED");
    let error = json!({ "__typename": "OrderNotCancellableError", "code": "ORDER_NOT_CANCELLABLE", "path": ["orderId"],
                        "message": "The order was completed too long ago to be cancelled." });
    assert_eq!(payload["errors"], json!([error]));
    assert_eq!(app.stock(&lamp).await, (3, 0));
}

#[tokio::test]
async fn only_the_customer_and_staff_can_cancel() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let buyer = app.user(Uuid::now_v7());
        let id = id_of(&place(&buyer, "k", &[(&lamp, 2)]).await);
        let stranger = app.user(Uuid::now_v7());
        let (of_other, of_nobody) =
            (cancel(&stranger, &id).await, cancel(&stranger, &Uuid::now_v7().to_string()).await);
        assert_eq!(of_other, of_nobody, "somebody else's order is as good as none");
        assert_eq!(of_other["errors"][0]["code"], "NOT_FOUND");
        assert_eq!(app.stock(&lamp).await, (3, 0));
        let payload = cancel(&app.staff(), &id).await;
        assert_eq!(payload["order"]["cancelReason"], "STAFF_REQUEST");
        assert_eq!(app.stock(&lamp).await, (5, 0));
    })
    .await;
}

#[tokio::test]
async fn what_is_said_about_a_cancellation_has_bounds() {
    let app = TestApp::start().await;
    let query = "mutation($input: CancelOrderInput!) \
        { cancelOrder(input: $input) { order { id } errors { ... on UserError { code path } } } }";
    for reason in ["x".repeat(501), "a\u{0}b".to_owned()] {
        let input = json!({ "input": { "orderId": Uuid::now_v7(), "reason": reason } });
        let payload = app.user(Uuid::now_v7()).data(query, input).await["cancelOrder"].take();
        let error = json!({ "code": "INVALID_INPUT", "path": ["reason"] });
        assert_eq!(payload, json!({ "order": null, "errors": [error] }));
    }
}

async fn cancel_with(client: &Client, input: Value) -> Value {
    let query = "mutation($input: CancelOrderInput!) { cancelOrder(input: $input) \
        { order { id status version } errors { __typename ... on UserError { code path } } } }";
    client.data(query, json!({ "input": input })).await["cancelOrder"].take()
}

#[tokio::test]
async fn a_key_means_one_cancellation() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let buyer = app.user(Uuid::now_v7());
        let first = id_of(&place(&buyer, "a", &[(&lamp, 2)]).await);
        let second = id_of(&place(&buyer, "b", &[(&lamp, 2)]).await);
        let input = |id: &str, reason: &str| json!({ "orderId": id, "reason": reason, "idempotencyKey": "k" });
        let asked = join_all((0..20).map(|_| cancel_with(&buyer, input(&first, "too big")))).await;
        for payload in &asked {
            let order = json!({ "id": first, "status": "CANCELLED", "version": 6 });
            assert_eq!(*payload, json!({ "order": order, "errors": [] }));
        }
        let reused = json!({ "order": null, "errors": [
            { "__typename": "IdempotencyKeyReusedError", "code": "IDEMPOTENCY_KEY_REUSED", "path": ["idempotencyKey"] },
        ] });
        assert_eq!(cancel_with(&buyer, input(&second, "too big")).await, reused);
        assert_eq!(cancel_with(&buyer, input(&first, "too small")).await, reused);
        assert_eq!(app.stock(&lamp).await, (3, 0));
        let stranger = app.user(Uuid::now_v7());
        assert_eq!(cancel_with(&stranger, input(&second, "mine")).await["errors"][0]["code"], "NOT_FOUND");
        let own = input(&second, "mine");
        assert_eq!(cancel_with(&app.staff(), own).await["order"]["status"], "CANCELLED", "keys belong to a user");
        let bad = json!({ "orderId": first, "idempotencyKey": "two words" });
        assert_eq!(cancel_with(&buyer, bad).await["errors"][0]["path"], json!(["idempotencyKey"]));
    })
    .await;
}
