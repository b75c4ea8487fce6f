//! Random histories, answer by answer against a model small enough to be read.

use inventory::expire_due;
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use testing::{TestDatabase, database};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{app::TestApp, invariants};

const PRODUCTS: usize = 2;
const ORDERS: usize = 3;
const FIRST_STOCK: i64 = 6;

#[derive(Clone, Debug)]
enum Step {
    /// The quantities of each product; zero is no line.
    Reserve(usize, [i64; PRODUCTS]),
    Commit(usize),
    Release(usize),
    Return(usize),
    Expire(usize),
    Adjust(usize, i64),
}

fn step() -> impl Strategy<Value = Step> {
    let lines = (0..=4_i64, 0..=4_i64).prop_filter("a line at least", |(one, two)| one + two > 0);
    prop_oneof![
        3 => (0..ORDERS, lines).prop_map(|(order, (one, two))| Step::Reserve(order, [one, two])),
        2 => (0..ORDERS).prop_map(Step::Commit),
        1 => (0..ORDERS).prop_map(Step::Release),
        1 => (0..ORDERS).prop_map(Step::Return),
        1 => (0..ORDERS).prop_map(Step::Expire),
        1 => (0..PRODUCTS, -5..=5_i64).prop_filter("a change", |(_, by)| *by != 0).prop_map(|(p, by)| Step::Adjust(p, by)),
    ]
}

/// What inventory should be: units by product, and by order what was asked for and what became of it.
struct Model {
    on_hand: [i64; PRODUCTS],
    orders: [Option<(&'static str, [i64; PRODUCTS])>; ORDERS],
}

const TOMBSTONE: [i64; PRODUCTS] = [0; PRODUCTS];

impl Model {
    fn reserved(&self, product: usize) -> i64 {
        let held = self.orders.iter().flatten().filter(|(status, _)| *status == "HELD");
        held.map(|(_, lines)| lines[product]).sum()
    }

    fn available(&self, product: usize) -> i64 {
        self.on_hand[product] - self.reserved(product)
    }

    /// The status that the answer must have, or the code of its error.
    fn take(&mut self, step: &Step) -> &'static str {
        match *step {
            Step::Reserve(order, lines) => self.reserve(order, lines),
            Step::Commit(order) => match self.orders[order] {
                Some(("HELD", lines)) => {
                    (0..PRODUCTS).for_each(|product| self.on_hand[product] -= lines[product]);
                    self.become_(order, "COMMITTED")
                }
                Some((status @ ("COMMITTED" | "RETURNED"), _)) => status,
                _ => "NOT_HELD",
            },
            Step::Release(order) => match self.orders[order] {
                None => {
                    self.orders[order] = Some(("RELEASED", TOMBSTONE));
                    "RELEASED"
                }
                Some(("HELD", _)) => self.become_(order, "RELEASED"),
                Some(("COMMITTED", _)) => "NOT_HELD",
                Some((status, _)) => status,
            },
            Step::Return(order) => match self.orders[order] {
                Some(("COMMITTED", lines)) => {
                    (0..PRODUCTS).for_each(|product| self.on_hand[product] += lines[product]);
                    self.become_(order, "RETURNED")
                }
                Some(("RETURNED", _)) => "RETURNED",
                _ => "NOT_HELD",
            },
            Step::Expire(order) => match self.orders[order] {
                Some(("HELD", _)) => self.become_(order, "EXPIRED"),
                _ => "NOT_HELD",
            },
            Step::Adjust(product, by) if self.available(product) + by < 0 => "INSUFFICIENT_STOCK",
            Step::Adjust(product, by) => {
                self.on_hand[product] += by;
                "OK"
            }
        }
    }

    fn reserve(&mut self, order: usize, lines: [i64; PRODUCTS]) -> &'static str {
        match self.orders[order] {
            Some((status, TOMBSTONE)) => status,
            Some((status, asked)) if asked == lines => status,
            Some(_) => "IDEMPOTENCY_KEY_REUSED",
            None => {
                let enough = (0..PRODUCTS).all(|product| lines[product] <= self.available(product));
                let status = if enough { "HELD" } else { "REJECTED" };
                self.orders[order] = Some((status, lines));
                status
            }
        }
    }

    fn become_(&mut self, order: usize, status: &'static str) -> &'static str {
        if let Some(order) = &mut self.orders[order] {
            order.0 = status;
        }
        status
    }
}

async fn play(app: &TestApp, history: Vec<Step>) {
    let products = [app.stocked(FIRST_STOCK).await, app.stocked(FIRST_STOCK).await];
    let orders = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let mut model = Model { on_hand: [FIRST_STOCK; PRODUCTS], orders: [None; ORDERS] };
    for (at, step) in history.iter().enumerate() {
        let answer = perform(app, step, &products, &orders).await;
        assert_eq!(outcome(&answer), model.take(step), "step {at} of {history:?}: {answer}");
    }
    for (at, product) in products.into_iter().enumerate() {
        let stock = app.stock(product).await;
        assert_eq!((&stock["onHand"], &stock["reserved"]), (&model.on_hand[at].into(), &model.reserved(at).into()));
    }
    invariants::check(&app.database).await;
}

async fn perform(app: &TestApp, step: &Step, products: &[Uuid; PRODUCTS], orders: &[Uuid; ORDERS]) -> Value {
    match *step {
        Step::Reserve(order, quantities) => {
            let lines: Vec<_> = products.iter().copied().zip(quantities).filter(|(_, units)| *units > 0).collect();
            app.reserve(orders[order], &lines).await
        }
        Step::Commit(order) => app.settle("commitReservation", orders[order]).await,
        Step::Release(order) => app.settle("releaseReservation", orders[order]).await,
        Step::Return(order) => app.settle("returnReservation", orders[order]).await,
        Step::Expire(order) => {
            app.make_overdue(orders[order]).await;
            let expired = expire_due(&app.database, 100).await.unwrap();
            let status = if expired == 1 { json!({ "status": "EXPIRED" }) } else { Value::Null };
            json!({ "reservation": status, "errors": if expired == 1 { json!([]) } else { json!([{ "code": "NOT_HELD" }]) } })
        }
        Step::Adjust(product, delta) => {
            let input = json!({ "productId": products[product], "delta": delta, "reason": "counted",
                "idempotencyKey": Uuid::now_v7() });
            app.change(&app.staff(), "adjustStock", input).await
        }
    }
}

fn outcome(answer: &Value) -> &str {
    let code = answer["errors"][0]["code"].as_str();
    code.or(answer["reservation"]["status"].as_str()).unwrap_or("OK")
}

fn check_histories(place: TestDatabase, runtime: &Runtime, cases: u32) {
    let app = runtime.block_on(TestApp::on(place));
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let outcome = runner.run(&vec(step(), 1..24), |history| {
        runtime.block_on(play(&app, history));
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn every_history_on_sqlite_goes_as_the_model_does() {
    check_histories(database::sqlite(), &Runtime::new().unwrap(), 48);
}

#[test]
fn every_history_on_postgres_goes_as_the_model_does() {
    let runtime = Runtime::new().unwrap();
    if let Some(place) = runtime.block_on(database::postgres()) {
        check_histories(place, &runtime, 48);
    }
}
