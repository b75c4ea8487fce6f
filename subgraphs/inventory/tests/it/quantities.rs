//! How many units can be asked for, against sums that cannot overflow.

use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use testing::database;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{app::TestApp, invariants};

const ON_HAND: i64 = 1_500_000;
const FEW: i64 = 7;
const MOST_LINES: usize = 200;
const MOST_UNITS: i128 = 1_000_000;

/// Products by number and units of them; the same product may come again.
type Lines = Vec<(usize, i64)>;

fn lines() -> impl Strategy<Value = Lines> {
    let odd = prop::sample::select(vec![-1, 0, 1_000_000, 1_000_001, 1_000_000_000, i32::MAX.into(), i32::MIN.into()]);
    let usual = || vec((0..3_usize, prop_oneof![1 => 1..=9_i64, 1 => 1..=400_000_i64]), 1..8);
    let strange = vec((0..3_usize, prop_oneof![3 => 1..=9_i64, 1 => odd]), 0..8);
    let many = vec((0..3_usize, 1..=9_i64), 199..=202);
    prop_oneof![6 => usual(), 6 => strange, 1 => many]
}

fn units(lines: &[(usize, i64)], product: usize) -> i128 {
    lines.iter().filter(|line| line.0 == product).map(|line| i128::from(line.1)).sum()
}

/// The path to the first thing that is wrong.
fn fault(lines: &Lines) -> Option<Value> {
    if !(1..=MOST_LINES).contains(&lines.len()) {
        return Some(json!(["lines"]));
    }
    let at = (0..lines.len()).find(|at| lines[*at].1 < 1 || units(&lines[..=*at], lines[*at].0) > MOST_UNITS)?;
    Some(json!(["lines", at.to_string(), "quantity"]))
}

async fn ask(app: &TestApp, lines: &Lines) {
    let products = [app.stocked(ON_HAND).await, app.stocked(ON_HAND).await, app.stocked(FEW).await];
    let wanted = [0, 1, 2].map(|product| units(lines, product));
    let asked: Vec<_> = lines.iter().map(|(product, units)| (products[*product], *units)).collect();
    let answer = app.reserve(Uuid::now_v7(), &asked).await;
    let short = wanted[2] > FEW.into();
    match (fault(lines), short) {
        (Some(path), _) => {
            assert_eq!((&answer["reservation"], &answer["errors"][0]["path"]), (&Value::Null, &path), "{lines:?}");
        }
        (None, true) => {
            let requested = i64::try_from(wanted[2]).unwrap();
            let shortage = json!({ "productId": products[2], "requested": requested, "available": FEW });
            assert_eq!(answer["shortages"], json!([shortage]), "{lines:?}");
        }
        (None, false) => assert_eq!(answer["reservation"]["status"], "HELD", "{lines:?}"),
    }
    let held = fault(lines).is_none() && !short;
    for (product, wanted) in products.into_iter().zip(wanted) {
        let reserved = app.stock(product).await["reserved"].as_i64().unwrap();
        assert_eq!(i128::from(reserved), if held { wanted } else { 0 }, "{lines:?}");
    }
}

#[test]
fn units_add_up_or_nothing_is_held() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(TestApp::on(database::sqlite()));
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() });
    let outcome = runner.run(&lines(), |lines| {
        runtime.block_on(ask(&app, &lines));
        Ok(())
    });
    outcome.unwrap();
    runtime.block_on(invariants::check(&app.database));
}
