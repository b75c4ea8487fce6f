//! Callers wait for an order to settle, in whichever process that happens.

use std::time::Duration;

use client::Deadline;
use orders::entities::order;
use tokio::time::timeout;
use uuid::Uuid;

use crate::app::{TestApp, id_of, on_each_database, on_each_database_with, place};

/// More orders than a driver remembers to have settled.
const MANY: usize = 1_100;

/// Longer than any test.
fn an_hour() -> Deadline {
    Deadline::after(Duration::from_secs(3_600))
}

async fn placed(app: &TestApp, key: &str, product: &str) -> Uuid {
    id_of(&place(&app.user(Uuid::now_v7()), key, &[(product, 1)]).await).parse().unwrap()
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), work).await.expect("nobody waits for what has happened already")
}

#[tokio::test]
async fn what_has_settled_before_is_not_waited_for() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let id = placed(app, "k", &lamp).await;
        let order = soon(app.driver().watch(id, an_hour())).await.unwrap().unwrap();
        assert_eq!(order.saga_state, order::State::Completed);
    })
    .await;
}

#[tokio::test]
async fn who_waits_misses_nothing_when_many_others_settle_meanwhile() {
    on_each_database_with(
        |settings| settings.answer_within = Duration::from_millis(200),
        async |app| {
            let lamp = app.product("LAMP", "1.00", 5).await;
            let settled = placed(app, "settled", &lamp).await;
            app.wire.cut();
            let pending = placed(app, "pending", &lamp).await;

            let driver = app.driver();
            let many = async || {
                for _ in 0..MANY {
                    driver.drive(settled).await;
                }
            };
            let mut waiting = std::pin::pin!(driver.settle(pending, an_hour()));
            assert!(futures_util::poll!(&mut waiting).is_pending());
            many().await;
            assert!(futures_util::poll!(&mut waiting).is_pending(), "it looks at the order");
            assert!(timeout(Duration::from_millis(300), &mut waiting).await.is_err(), "which has not settled");

            app.wire.mend();
            app.until(&pending.to_string(), "COMPLETED").await;
            many().await;
            let order = soon(waiting).await.unwrap().unwrap();
            assert_eq!((order.id, order.saga_state), (pending, order::State::Completed));
        },
    )
    .await;
}
