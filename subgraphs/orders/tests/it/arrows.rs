//! What an arrow writes: exactly what it says, once, and only into the order as it was read.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use orders::{
    domain::{
        arrow::{self, Cause, LEASE},
        saga::Event,
    },
    entities::{
        order::{self, CancelReason, Model, Shortage, Shortages, State, Status},
        order_event,
    },
};
use sea_orm::{EntityTrait as _, QueryFilter as _, QueryOrder as _};
use subgraph::time;
use uuid::Uuid;

use crate::{
    app::{TestApp, id_of, on_each_database_with, place},
    wire::Fault,
};

/// So that nothing moves an order but the test.
fn left_alone(settings: &mut orders::Settings) {
    settings.answer_within = Duration::ZERO;
    settings.recovery_period = Duration::from_secs(3_600);
}

async fn read(app: &TestApp, id: Uuid) -> Model {
    order::Entity::find_by_id(id).one(app.orders.database.read()).await.unwrap().unwrap()
}

/// An order whose first call is on its way for as long as the test lasts.
async fn placed(app: &TestApp, key: &str) -> Model {
    let lamp = app.product(key, "1.00", 5).await;
    app.wire.fail("Reserve", Fault::Hold, 1);
    let payload = place(&app.user(Uuid::now_v7()), key, &[(&lamp, 2)]).await;
    read(app, id_of(&payload).parse().unwrap()).await
}

/// Takes the arrow, and returns the row, which must be what the taker was told.
async fn take(app: &TestApp, order: &Model, event: Event, cause: Cause) -> Model {
    let told = arrow::take(&app.orders.database, order, event, cause).await.unwrap().expect("an arrow");
    assert_eq!(read(app, order.id).await, told);
    told
}

fn is_now(moment: Option<DateTime<Utc>>) -> bool {
    moment.is_some_and(|moment| (time::now() - moment).abs() < TimeDelta::seconds(5))
}

/// From `state` on, and with the moments of `row` that must be of now.
fn moved(before: &Model, row: &Model, saga_state: State, status: Status) -> Model {
    let rests = matches!(saga_state, State::Cancelled);
    assert!(if rests { row.next_attempt_at.is_none() } else { is_now(row.next_attempt_at.map(|at| at - LEASE)) });
    Model {
        saga_state,
        status,
        version: before.version + 1,
        next_attempt_at: row.next_attempt_at,
        attempts: 0,
        ..before.clone()
    }
}

async fn events(app: &TestApp, id: Uuid) -> Vec<(i32, Option<State>, State, Option<String>)> {
    let events = order_event::Entity::find().filter(order_event::COLUMN.order_id.eq(id));
    let rows = events.order_by_asc(order_event::COLUMN.sequence).all(app.orders.database.read()).await.unwrap();
    assert!(rows.iter().all(|event| is_now(Some(event.at))));
    rows.into_iter().map(|event| (event.sequence, event.from_state, event.to_state, event.detail)).collect()
}

fn asked() -> Cause {
    Cause { note: Some("changed my mind".into()), ..CancelReason::CustomerRequest.into() }
}

#[tokio::test]
async fn a_new_order_has_its_deadline_and_is_left_to_who_placed_it_for_a_lease() {
    on_each_database_with(left_alone, async |app| {
        let order = placed(app, "LAMP").await;
        assert_eq!(order.deadline_at - order.created_at, TimeDelta::seconds(30));
        assert_eq!(order.next_attempt_at, Some(order.created_at + LEASE));
        assert_eq!((order.attempts, order.version, order.saga_state), (0, 1, State::Created));
        assert_eq!(events(app, order.id).await, [(1, None, State::Created, None)]);
    })
    .await;
}

#[tokio::test]
async fn a_purchase_that_is_cancelled_while_it_is_committed_writes_every_step() {
    on_each_database_with(left_alone, async |app| {
        let created = placed(app, "LAMP").await;
        arrow::postpone(&app.orders.database, &created, time::now()).await.unwrap();
        let tried = read(app, created.id).await;
        let committing = take(app, &tried, Event::Held, Cause::default()).await;
        let decided = moved(&tried, &committing, State::Committing, Status::Pending);
        assert_eq!(committing, Model { version: tried.version + 2, ..decided }, "the decision goes along");

        let remembered = take(app, &committing, Event::CancelAsked, asked()).await;
        let expected = Model {
            cancel_requested: true,
            cancel_reason: Some(CancelReason::CustomerRequest),
            cancel_note: Some("changed my mind".into()),
            next_attempt_at: remembered.next_attempt_at,
            ..committing.clone()
        };
        assert_eq!(remembered, expected);
        let stale = arrow::take(&app.orders.database, &committing, Event::Committed, Cause::default()).await;
        assert_eq!(stale.unwrap(), None, "who has not seen the wish may not go on");

        let returning = take(app, &remembered, Event::Committed, Cause::default()).await;
        assert!(is_now(returning.completed_at));
        let returned = moved(&remembered, &returning, State::Returning, Status::Completed);
        let (completed_at, version) = (returning.completed_at, remembered.version + 2);
        assert_eq!(returning, Model { completed_at, version, ..returned }, "the wish goes along");
        let cancelled = take(app, &returning, Event::Returned, Cause::default()).await;
        assert!(is_now(cancelled.cancelled_at) && is_now(cancelled.stock_released_at));
        let (cancelled_at, stock_released_at) = (cancelled.cancelled_at, cancelled.stock_released_at);
        let expected = moved(&returning, &cancelled, State::Cancelled, Status::Cancelled);
        assert_eq!(cancelled, Model { cancelled_at, stock_released_at, ..expected });

        let why = Some("CUSTOMER_REQUEST".to_owned());
        let trail = [
            (1, None, State::Created, None),
            (2, Some(State::Created), State::Reserved, None),
            (3, Some(State::Reserved), State::Committing, None),
            (4, Some(State::Committing), State::Completed, None),
            (5, Some(State::Completed), State::Returning, why.clone()),
            (6, Some(State::Returning), State::Cancelled, why),
        ];
        assert_eq!(events(app, created.id).await, trail);
    })
    .await;
}

#[tokio::test]
async fn an_order_that_is_given_up_says_when_and_when_its_stock_was_free() {
    on_each_database_with(left_alone, async |app| {
        let created = placed(app, "LAMP").await;
        let cancelling = take(app, &created, Event::CancelAsked, asked()).await;
        assert!(is_now(cancelling.cancelled_at));
        let expected = Model {
            cancel_reason: Some(CancelReason::CustomerRequest),
            cancel_note: Some("changed my mind".into()),
            cancelled_at: cancelling.cancelled_at,
            ..moved(&created, &cancelling, State::Cancelling, Status::Cancelled)
        };
        assert_eq!(cancelling, expected);
        let cancelled = take(app, &cancelling, Event::Released, Cause::default()).await;
        assert!(is_now(cancelled.stock_released_at));
        let expected = moved(&cancelling, &cancelled, State::Cancelled, Status::Cancelled);
        assert_eq!(cancelled, Model { stock_released_at: cancelled.stock_released_at, ..expected });
    })
    .await;
}

#[tokio::test]
async fn an_order_for_which_there_is_too_little_keeps_every_shortage_and_had_no_stock_to_free() {
    on_each_database_with(left_alone, async |app| {
        let created = placed(app, "LAMP").await;
        let shortages = Some(Shortages(vec![Shortage { product_id: Uuid::nil(), requested: 2, available: 1 }]));
        let cause = Cause { shortages: shortages.clone(), ..CancelReason::OutOfStock.into() };
        let cancelled = take(app, &created, Event::Rejected, cause).await;
        assert!(is_now(cancelled.cancelled_at));
        let expected = Model {
            shortages,
            cancel_reason: Some(CancelReason::OutOfStock),
            cancelled_at: cancelled.cancelled_at,
            ..moved(&created, &cancelled, State::Cancelled, Status::Cancelled)
        };
        assert_eq!(cancelled, expected);
        let why = Some("OUT_OF_STOCK".to_owned());
        let trail = [(1, None, State::Created, None), (2, Some(State::Created), State::Cancelled, why)];
        assert_eq!(events(app, created.id).await, trail);
    })
    .await;
}

#[tokio::test]
async fn a_failed_call_is_counted_and_tried_again_later_unless_the_order_has_moved() {
    on_each_database_with(left_alone, async |app| {
        let created = placed(app, "LAMP").await;
        let at = time::now() + TimeDelta::seconds(7);
        for attempts in 1..=2 {
            let before = read(app, created.id).await;
            arrow::postpone(&app.orders.database, &before, at).await.unwrap();
            let expected = Model { attempts, next_attempt_at: Some(at), ..created.clone() };
            assert_eq!(read(app, created.id).await, expected);
        }
        let cancelling = take(app, &created, Event::CancelAsked, asked()).await;
        arrow::postpone(&app.orders.database, &created, at).await.unwrap();
        assert_eq!(read(app, created.id).await, cancelling, "who failed has not seen that it moved");
    })
    .await;
}
