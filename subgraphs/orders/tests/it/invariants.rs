//! What must be true of the databases after every story, whatever happened in it.

use std::collections::{HashMap, HashSet};

use orders::{
    Orders,
    entities::{
        idempotency_key,
        order::{self, State},
        order_event, order_line,
    },
};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, Statement};
use subgraph::Subgraph as _;
use uuid::Uuid;

use crate::app::TestApp;

const ARROWS: [(State, State); 10] = [
    (State::Created, State::Reserved),
    (State::Created, State::Cancelled),
    (State::Created, State::Cancelling),
    (State::Reserved, State::Committing),
    (State::Reserved, State::Cancelling),
    (State::Committing, State::Completed),
    (State::Committing, State::Cancelled),
    (State::Cancelling, State::Cancelled),
    (State::Completed, State::Returning),
    (State::Returning, State::Cancelled),
];

pub(crate) async fn check(app: &TestApp) {
    let orders = order::Entity::find().all(app.orders.database.read()).await.unwrap();
    totals_are_prices_times_quantities(app, &orders).await;
    events_are_without_gaps(app, &orders).await;
    a_key_is_of_one_order(app).await;
    stock_agrees(app, &orders).await;
    assert_eq!(Orders::verify(&app.orders.database).await.unwrap(), [], "the service's own look at it");
}

/// I9.
async fn totals_are_prices_times_quantities(app: &TestApp, orders: &[order::Model]) {
    let mut totals: HashMap<Uuid, i64> = HashMap::new();
    for line in order_line::Entity::find().all(app.orders.database.read()).await.unwrap() {
        *totals.entry(line.order_id).or_default() += line.unit_price_minor * line.quantity;
    }
    for order in orders {
        assert_eq!(totals.get(&order.id), Some(&order.total_minor), "{order:?}");
    }
}

/// I8.
async fn events_are_without_gaps(app: &TestApp, orders: &[order::Model]) {
    let events = order_event::Entity::find().order_by_asc(order_event::COLUMN.sequence);
    let mut of_order: HashMap<Uuid, Vec<order_event::Model>> = HashMap::new();
    for event in events.all(app.orders.database.read()).await.unwrap() {
        of_order.entry(event.order_id).or_default().push(event);
    }
    for order in orders {
        let events = &of_order[&order.id];
        let sequences: Vec<i32> = events.iter().map(|event| event.sequence).collect();
        assert_eq!(sequences, (1..=order.version).collect::<Vec<_>>(), "{order:?}");
        assert_eq!((events[0].from_state, events[0].to_state), (None, State::Created));
        assert_eq!(events.last().map(|event| event.to_state), Some(order.saga_state));
        for pair in events.windows(2) {
            assert_eq!(pair[1].from_state, Some(pair[0].to_state), "{events:?}");
            assert!(ARROWS.contains(&(pair[0].to_state, pair[1].to_state)), "{events:?}");
            assert!(pair[0].at <= pair[1].at, "{events:?}");
        }
    }
}

/// I7.
async fn a_key_is_of_one_order(app: &TestApp) {
    let placing = idempotency_key::Entity::find().filter(idempotency_key::COLUMN.operation.eq("placeOrder"));
    let keys = placing.all(app.orders.database.read()).await.unwrap();
    let orders: HashSet<Uuid> = keys.iter().map(|key| key.order_id).collect();
    assert_eq!(orders.len(), keys.len());
}

/// I4, I5 and I6: what orders say of stock, inventory says too.
async fn stock_agrees(app: &TestApp, orders: &[order::Model]) {
    let reservations = reservations(app).await;
    for order in orders {
        let reservation = reservations.get(&order.id).map(String::as_str);
        if order.saga_state == State::Completed {
            assert_eq!(reservation, Some("COMMITTED"), "{order:?}");
        }
        if order.saga_state == State::Cancelled {
            assert!(!matches!(reservation, Some("HELD" | "COMMITTED")), "{order:?} {reservation:?}");
        }
    }
}

async fn reservations(app: &TestApp) -> HashMap<Uuid, String> {
    let connection = app.inventory.read();
    let statement = Statement::from_string(connection.get_database_backend(), "SELECT id, status FROM reservations");
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| (row.try_get("", "id").unwrap(), row.try_get("", "status").unwrap())).collect()
}
