//! What happens at the same time. SQLite has one writer, so these are about PostgreSQL; the protocol is the same.

use futures_util::future::{join, join_all};
use inventory::expire_due;
use rand::RngExt as _;
use serde_json::Value;
use testing::graphql::Client;
use uuid::Uuid;

use crate::app::{SERVICE, TestApp, on_each_database, on_postgres, reserve, settle};

/// Orders that got everything they asked for, and orders that did not.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sales {
    sold: usize,
    refused: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_buyers_of_five_hundred_units_get_exactly_five_hundred() {
    on_postgres(async |app| {
        let replica = app.replica(|_| {}).await.token(app.token("orders", SERVICE));
        let sales = sell_out(app, &[app.orders(), replica], 64, 16, 500).await;
        assert_eq!(sales, Sales { sold: 500, refused: 64 * 16 - 500 });
        assert_eq!(app.deadlocks().await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_buyers_of_forty_units_get_exactly_forty() {
    on_each_database(async |app| {
        let sales = sell_out(app, &[app.orders()], 8, 8, 40).await;
        assert_eq!(sales, Sales { sold: 40, refused: 24 });
    })
    .await;
}

/// Everybody buys one of each of two products, again and again, in an order of lines that changes.
async fn sell_out(app: &TestApp, processes: &[Client], buyers: usize, orders_each: usize, units: i64) -> Sales {
    let products = [app.stocked(units).await, app.stocked(units).await];
    let buyers = (0..buyers).map(|buyer| {
        let process = processes[buyer % processes.len()].clone();
        tokio::spawn(async move { buy(&process, products, orders_each).await })
    });
    let mut sales = Sales::default();
    for bought in join_all(buyers).await {
        let bought = bought.unwrap();
        sales.sold += bought.sold;
        sales.refused += bought.refused;
    }
    for product in products {
        let left = app.stock(product).await;
        let expected = units - i64::try_from(sales.sold).unwrap();
        assert_eq!((&left["onHand"], &left["reserved"]), (&expected.into(), &0.into()));
    }
    sales
}

async fn buy(process: &Client, [one, two]: [Uuid; 2], orders: usize) -> Sales {
    let mut sales = Sales::default();
    for _ in 0..orders {
        let id = Uuid::now_v7();
        let lines = if rand::rng().random() { [(one, 1), (two, 1)] } else { [(two, 1), (one, 1)] };
        match status(&reserve(process, id, &lines).await) {
            "HELD" => {
                assert_eq!(status(&settle(process, "commitReservation", id).await), "COMMITTED");
                sales.sold += 1;
            }
            other => {
                assert_eq!(other, "REJECTED");
                sales.refused += 1;
            }
        }
    }
    sales
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_parallel_requests_for_one_order_hold_its_units_once() {
    on_each_database(async |app| {
        let (one, two, id) = (app.stocked(10).await, app.stocked(10).await, Uuid::now_v7());
        let orders = app.orders();
        let lines = [[(one, 2), (two, 1)], [(two, 1), (one, 2)]];
        let answers = join_all((0..50).map(|n| reserve(&orders, id, &lines[n % 2]))).await;
        assert!(answers.iter().all(|answer| status(answer) == "HELD"), "{answers:#?}");
        let answers = join_all((0..50).map(|_| settle(&orders, "commitReservation", id))).await;
        assert!(answers.iter().all(|answer| status(answer) == "COMMITTED"), "{answers:#?}");
        assert_eq!(app.stock(one).await["onHand"], 8);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_reserve_and_a_release_at_the_same_time_nothing_stays_held() {
    on_each_database(async |app| {
        let (product, orders) = (app.stocked(10).await, app.orders());
        for _ in 0..20 {
            let id = Uuid::now_v7();
            let lines = [(product, 10)];
            let (_, released) = join(reserve(&orders, id, &lines), settle(&orders, "releaseReservation", id)).await;
            assert_eq!(status(&released), "RELEASED");
        }
        assert_eq!(app.stock(product).await["reserved"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_commit_and_the_expiry_at_the_same_time_one_wins() {
    on_each_database(async |app| {
        let (product, orders) = (app.stocked(100).await, app.orders());
        let mut sold = 0;
        for _ in 0..20 {
            let id = Uuid::now_v7();
            reserve(&orders, id, &[(product, 1)]).await;
            app.make_overdue(id).await;
            let (committed, expired) =
                join(settle(&orders, "commitReservation", id), expire_due(&app.database, 100)).await;
            match status(&committed) {
                "COMMITTED" => sold += 1,
                other => assert_eq!((other, expired.unwrap()), ("EXPIRED", 1)),
            }
        }
        assert_eq!(app.stock(product).await["onHand"], 100 - sold);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_sweep_at_the_same_time_give_each_unit_back_once() {
    on_each_database(async |app| {
        let (one, two) = (app.stocked(100).await, app.stocked(100).await);
        for n in 0..20 {
            let id = Uuid::now_v7();
            app.reserve(id, &if n % 2 == 0 { [(one, 1), (two, 1)] } else { [(two, 1), (one, 1)] }).await;
            app.make_overdue(id).await;
        }
        let expired = join_all((0..4).map(|_| expire_due(&app.database, 100))).await;
        assert_eq!(expired.into_iter().map(Result::unwrap).sum::<u64>(), 20);
        assert_eq!(app.stock(one).await["reserved"], 0);
    })
    .await;
}

fn status(answer: &Value) -> &str {
    answer["reservation"]["status"].as_str().unwrap_or_else(|| panic!("{answer}"))
}
