//! Orders come to their end whatever is lost on the way.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::TimeDelta;
use futures_util::future::join_all;
use orders::{domain::arrow::LEASE, entities::order};
use sea_orm::{EntityTrait as _, QueryFilter as _, prelude::Expr};
use serde_json::{Value, json};
use subgraph::time;
use testing::database;
use tracing_subscriber::util::SubscriberInitExt as _;
use uuid::Uuid;

use crate::{
    app::{TestApp, cancel, id_of, on_each_database, on_each_database_with, place},
    invariants,
    wire::Fault,
};

fn impatient(settings: &mut orders::Settings) {
    settings.answer_within = Duration::from_millis(200);
}

#[tokio::test]
async fn while_inventory_is_down_an_order_is_pending_and_it_is_completed_afterwards() {
    on_each_database_with(impatient, async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        app.wire.cut();
        let placed = place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 2)]).await;
        assert_eq!((&placed["order"]["status"], &placed["errors"]), (&json!("PENDING"), &json!([])));
        app.wire.mend();
        app.until(&id_of(&placed), "COMPLETED").await;
        assert_eq!(app.stock(&lamp).await, (3, 0));
    })
    .await;
}

#[tokio::test]
async fn every_call_may_lose_its_request_and_its_answer() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let buyer = app.user(Uuid::now_v7());
        for operation in ["Reserve", "Commit", "Return"] {
            app.wire.fail(operation, Fault::LoseReply, 1);
            app.wire.fail(operation, Fault::LoseRequest, 1);
        }
        let id = id_of(&place(&buyer, "k", &[(&lamp, 2)]).await);
        app.until(&id, "COMPLETED").await;
        assert_eq!(app.stock(&lamp).await, (3, 0));
        cancel(&buyer, &id).await;
        app.until(&id, "CANCELLED").await;
        assert_eq!(app.stock(&lamp).await, (5, 0));
        for operation in ["Reserve", "Commit", "Return"] {
            assert_eq!(app.wire.count(operation), 3, "{operation}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_release_whose_answer_is_lost_is_asked_for_again() {
    on_each_database_with(impatient, async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let buyer = app.user(Uuid::now_v7());
        app.wire.fail("Reserve", Fault::LoseReply, usize::MAX);
        app.wire.fail("Release", Fault::LoseReply, 2);
        let id = id_of(&place(&buyer, "k", &[(&lamp, 2)]).await);
        assert_eq!(app.stock(&lamp).await, (5, 2));
        let payload = cancel(&buyer, &id).await;
        assert_eq!(payload["order"]["status"], "CANCELLED");
        app.released(&id).await;
        assert_eq!(app.stock(&lamp).await, (5, 0));
    })
    .await;
}

#[tokio::test]
async fn an_order_that_was_put_off_by_a_clock_an_hour_ahead_is_not_left_for_an_hour() {
    let alone = |settings: &mut orders::Settings| {
        impatient(settings);
        settings.recovery_period = Duration::from_secs(3_600);
    };
    on_each_database_with(alone, async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        app.wire.cut();
        let id = id_of(&place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 2)]).await);
        let put_off = order::Entity::update_many()
            .col_expr(order::Column::NextAttemptAt, Expr::value(time::now() + TimeDelta::hours(1)))
            .filter(order::COLUMN.id.eq(id.parse::<Uuid>().unwrap()))
            .filter(order::COLUMN.attempts.gt(0));
        while put_off.clone().exec(app.orders.database.write()).await.unwrap().rows_affected == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        app.wire.mend();
        app.start_replica_with(|settings| settings.service.recovery_period = Duration::from_millis(50)).await;
        app.until(&id, "COMPLETED").await;
    })
    .await;
}

#[tokio::test]
async fn an_order_that_is_not_decided_by_its_deadline_is_cancelled() {
    on_each_database_with(impatient, async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        app.wire.fail("Reserve", Fault::LoseReply, usize::MAX);
        let id = id_of(&place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 2)]).await);
        assert_eq!(app.stock(&lamp).await, (5, 2), "it is reserved, and orders does not know");
        pass_deadline(app, &id).await;
        let order = app.until(&id, "CANCELLED").await;
        assert_eq!(order["cancelReason"], "TIMED_OUT");
        app.released(&id).await;
        assert_eq!(app.stock(&lamp).await, (5, 0));
    })
    .await;
}

#[tokio::test]
async fn an_order_that_is_being_committed_has_no_deadline() {
    on_each_database_with(impatient, async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        app.wire.fail("Commit", Fault::LoseReply, 2);
        let id = id_of(&place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 2)]).await);
        pass_deadline(app, &id).await;
        app.until(&id, "COMPLETED").await;
        assert_eq!(app.stock(&lamp).await, (3, 0));
    })
    .await;
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_its_order() {
    // Nobody else would see to the order.
    let unattended = |settings: &mut orders::Settings| settings.recovery_period = Duration::from_secs(3_600);
    on_each_database_with(unattended, async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let customer = Uuid::now_v7();
        let (buyer, product) = (app.user(customer), lamp.clone());
        app.wire.fail("Reserve", Fault::Hold, 1);
        let request = tokio::spawn(async move { place(&buyer, "k", &[(&product, 2)]).await });
        app.wire.until_seen("Reserve").await;
        request.abort();
        app.wire.let_go();
        let again = place(&app.user(customer), "k", &[(&lamp, 2)]).await;
        app.until(&id_of(&again), "COMPLETED").await;
        assert_eq!(app.stock(&lamp).await, (3, 0));
    })
    .await;
}

#[tokio::test]
async fn an_order_outlives_the_process_that_took_it() {
    for place_of_rows in [Some(database::sqlite()), database::postgres().await].into_iter().flatten() {
        let mut app = TestApp::on(place_of_rows, impatient).await;
        let lamp = app.product("LAMP", "1.00", 5).await;
        app.wire.fail("Commit", Fault::LoseReply, usize::MAX);
        let id = id_of(&place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 2)]).await);
        app.restart().await;
        app.wire.mend();
        app.until(&id, "COMPLETED").await;
        assert_eq!(app.stock(&lamp).await, (3, 0));
        invariants::check(&app).await;
    }
}

#[tokio::test]
async fn replicas_recover_orders_side_by_side() {
    on_each_database_with(impatient, async |app| {
        if !app.is_postgres() {
            return;
        }
        let lamp = app.product("LAMP", "1.00", 100).await;
        app.wire.cut();
        let buyer = app.user(Uuid::now_v7());
        let placed = join_all((0..20).map(|n| {
            let (buyer, lamp) = (&buyer, &lamp);
            async move { place(buyer, &format!("k{n}"), &[(lamp, 2)]).await }
        }))
        .await;
        let _replicas = (app.start_replica().await, app.start_replica().await);
        app.wire.mend();
        for payload in &placed {
            app.until(&id_of(payload), "COMPLETED").await;
        }
        assert_eq!(app.stock(&lamp).await, (60, 0));
    })
    .await;
}

#[tokio::test]
async fn of_many_buyers_exactly_as_many_are_served_as_there_is_stock() {
    on_each_database(async |app| {
        let (lamp, rug) = (app.product("LAMP", "1.00", 20).await, app.product("RUG", "1.00", 100).await);
        let orders = join_all((0..32).map(|n| {
            let buyer = app.user(Uuid::now_v7());
            let mut lines = [(lamp.as_str(), 1), (rug.as_str(), 1)];
            lines.rotate_left(n % 2);
            async move { id_of(&place(&buyer, "k", &lines).await) }
        }))
        .await;
        let mut completed = 0;
        for id in &orders {
            let order = app.settled(id).await;
            completed += i32::from(order["status"] == "COMPLETED");
        }
        assert_eq!(completed, 20);
        assert_eq!((app.stock(&lamp).await, app.stock(&rug).await), ((0, 0), (80, 0)));
    })
    .await;
}

#[tokio::test]
async fn an_order_that_is_recovered_is_nobody_elses_for_a_lease() {
    on_each_database_with(impatient, async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        app.wire.fail("Reserve", Fault::Hold, usize::MAX);
        let id = id_of(&place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 2)]).await);
        let due = time::now();
        let update = order::Entity::update_many()
            .col_expr(order::Column::NextAttemptAt, Expr::value(due))
            .filter(order::COLUMN.id.eq(id.parse::<Uuid>().unwrap()));
        update.exec(app.orders.database.write()).await.unwrap();
        app.wire.until_counted("Reserve", 2).await;
        let row = order::Entity::find_by_id(id.parse::<Uuid>().unwrap()).one(app.orders.database.read()).await;
        let leased_until = row.unwrap().unwrap().next_attempt_at.unwrap();
        assert!(leased_until >= due + LEASE && leased_until < due + 2 * LEASE, "{due} {leased_until}");
        app.wire.let_go();
        app.until(&id, "COMPLETED").await;
    })
    .await;
}

#[tokio::test]
async fn a_failed_call_is_not_made_again_before_its_pause_is_over() {
    let unattended = |settings: &mut orders::Settings| {
        settings.answer_within = Duration::ZERO;
        settings.recovery_period = Duration::from_secs(3_600);
    };
    on_each_database_with(unattended, async |app| {
        let lamp = app.product("LAMP", "1.00", 99).await;
        let buyer = app.user(Uuid::now_v7());
        app.wire.cut();
        for key in ["1", "2", "3", "4", "5", "6", "7", "8"] {
            place(&buyer, key, &[(&lamp, 1)]).await;
        }
        let failed = async {
            loop {
                let rows = order::Entity::find().all(app.orders.database.read()).await.unwrap();
                if rows.iter().all(|row| row.attempts == 1) {
                    return rows;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let rows = tokio::time::timeout(Duration::from_secs(20), failed).await.expect("all calls fail");
        for row in rows {
            let next = row.next_attempt_at.unwrap();
            assert!(next >= row.created_at && next < time::now() + Duration::from_millis(200), "{row:?}");
        }
    })
    .await;
}

/// What is logged, a JSON object a line.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn operators_are_told_of_an_order_that_cannot_be_driven_and_why() {
    let unattended = |settings: &mut orders::Settings| settings.recovery_period = Duration::from_secs(3_600);
    let app = TestApp::with(unattended).await;
    let lamp = app.product("LAMP", "1.00", 5).await;
    let id = id_of(&place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 2)]).await);
    let (driver, database, log) = (app.driver(), app.orders.database.clone(), Log::default());
    let lines = log.clone();
    let logged = tracing_subscriber::fmt().json().flatten_event(true).without_time().with_target(false);
    let logging = logged.with_writer(move || lines.clone()).set_default();
    driver.drive(id.parse().unwrap()).await;
    database.close().await.unwrap();
    driver.drive(id.parse().unwrap()).await;
    drop(logging);

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_order: Vec<_> = lines.iter().filter(|line| line["order.id"] == id).collect();
    let error = "Failed to acquire connection from pool: Connection closed";
    let told =
        json!({ "level": "ERROR", "message": "order left to the recovery worker", "order.id": id, "error": error });
    assert_eq!(of_order, [&told]);
}

/// As if the order had been placed long ago.
async fn pass_deadline(app: &TestApp, id: &str) {
    let past = time::now() - TimeDelta::seconds(1);
    let update = order::Entity::update_many()
        .col_expr(order::Column::DeadlineAt, Expr::value(past))
        .filter(order::COLUMN.id.eq(id.parse::<Uuid>().unwrap()));
    update.exec(app.orders.database.write()).await.unwrap();
}
