//! Many buyers of one product, at two gateways before two processes of each kind. `MERCADO_BUYERS` are 200; there are units for
//! half of them.

use std::collections::HashMap;

use futures_util::{StreamExt as _, future::join_all, stream};
use orders::{audit::claims, entities::order::State};

use crate::{
    customers::{Person, buying, products, setting_stock},
    kills::{setting, settle},
    market::{Processes, on_postgresql},
};

/// Buyers who are at it at the same time.
const AT_ONCE: usize = 32;

#[tokio::test(flavor = "multi_thread")]
async fn i11_of_buyers_who_send_everything_three_times_as_many_get_it_as_there_are_units() {
    let buyers = setting("MERCADO_BUYERS", 200);
    let units = buyers / 2;
    let Some(places) = on_postgresql().await else { return };
    let mut market = Processes::start(places).await;
    market.add_replicas().await;
    let gateways = market.gateways();
    let product = products(&gateways[0]).await.swap_remove(0);
    Person::sign_in(&gateways[0], "staff").await.ask(&setting_stock(&product, units)).await;
    let mut shoppers = Vec::new();
    for gateway in &gateways {
        shoppers.push(Person::sign_in(gateway, "shopper").await);
    }

    let buyer = |number: usize| {
        let key = format!("buyer-{number}");
        let copies = (0..3).map(|copy| {
            let (mut shopper, key, product) = (shoppers[copy % shoppers.len()].clone(), key.clone(), &product);
            async move { shopper.ask(&buying(&key, &[product])).await["id"].as_str().unwrap().to_owned() }
        });
        join_all(copies)
    };
    let told: Vec<Vec<String>> = stream::iter(0..buyers).map(buyer).buffer_unordered(AT_ONCE).collect().await;
    let settled_after = settle(&market).await;

    assert!(told.iter().all(|ids| ids.iter().all(|id| *id == ids[0])), "one order for each key");
    let ids: Vec<_> = told.iter().map(|ids| ids[0].parse().unwrap()).collect();
    let mut states: HashMap<State, usize> = HashMap::new();
    for claim in claims(&market.orders, &ids).await.unwrap() {
        *states.entry(claim.state).or_default() += 1;
    }
    eprintln!("{states:?}, all at their end {settled_after:?} after the last");
    assert_eq!(states, HashMap::from([(State::Completed, units), (State::Cancelled, buyers - units)]));
    assert_eq!(market.violations().await, Vec::<String>::new());
}
