//! One step after the other, each when all that the last one set going waits or is done: the same history goes the same way again.

use std::time::Duration;

use mercado::verify;
use proptest::{collection::vec, prelude::*};
use tokio::{
    runtime::Runtime,
    time::{sleep, timeout},
};

use crate::{
    model::Known,
    play::Play,
    shop::Shop,
    steps::{Deed, PRODUCTS, Step, Who, place, step, supply, try_many},
};

/// In which whatever is under way comes to where it waits, on a busy machine too.
const SOON: Duration = Duration::from_secs(20);

type History = ([i64; PRODUCTS], Vec<Step>);

async fn play(shop: &Shop, (units, steps): &History) {
    let mut play = Play::begin(shop, shop.cut_off(), *units).await;
    for step in steps {
        let order = order_of(&play, step);
        let before = order.and_then(|order| play.model.orders[order].clone());
        let effect = play.act(step).await;
        play.apply(effect);
        timeout(SOON, settle(&mut play, step, order, before.as_ref())).await.expect("something comes to no end");
        play.look().await;
        play.check_stock().await;
    }
    play.end().await;
}

fn order_of(play: &Play<'_>, step: &Step) -> Option<usize> {
    match step {
        Step::Place(order, _) => Some(*order),
        Step::To(index, _) => play.model.pick(*index).map(|(order, _)| order),
        Step::Kill(_) | Step::Restock(..) => None,
    }
}

async fn settle(play: &mut Play<'_>, step: &Step, order: Option<usize>, before: Option<&Known>) {
    let is_heard = match step {
        Step::Place(..) => before.is_none(),
        Step::To(_, Deed::Cancel(who)) => before.is_some() && *who != Who::Stranger,
        _ => false,
    };
    while is_heard && !is_left_to_others(play, order, before).await {
        sleep(Duration::from_millis(1)).await;
    }
    loop {
        for at in (0..play.tasks.len()).rev() {
            if play.tasks[at].1.is_finished() {
                play.tasks.swap_remove(at).1.await.unwrap();
            }
        }
        // Each of them has one call at a time.
        if play.tasks.len() == play.shop.wire.waiting() {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
}

/// Whether the process that hears customers, which reaches nobody, has tried in vain to do what the order needs.
async fn is_left_to_others(play: &mut Play<'_>, order: Option<usize>, before: Option<&Known>) -> bool {
    play.look().await;
    let order = order.and_then(|order| play.model.orders[order].as_ref()).expect("an order");
    let tries = |known: &Known| (known.row().version, known.row().cancel_requested);
    let earlier = before.filter(|before| tries(before) == tries(order)).map_or(0, |before| before.row().attempts);
    order.rests() || order.row().attempts > earlier
}

fn history() -> impl Strategy<Value = History> {
    let steps = (place(), vec(step(), 10..60)).prop_map(|(first, mut steps)| {
        steps.insert(0, first);
        steps
    });
    (supply(), steps)
}

fn check(runtime: &Runtime, shop: &Shop, usual: u32) {
    try_many(usual, history(), |history| runtime.block_on(play(shop, history)));
    let violations = runtime.block_on(verify(shop.orders(), &shop.inventory)).unwrap();
    assert_eq!(violations, []);
}

#[test]
fn whatever_happens_between_orders_and_inventory_on_sqlite_nothing_is_lost_or_given_back_twice() {
    let runtime = Runtime::new().unwrap();
    let shop = runtime.block_on(Shop::on_sqlite());
    check(&runtime, &shop, 24);
}

#[test]
fn whatever_happens_between_orders_and_inventory_on_postgresql_nothing_is_lost_or_given_back_twice() {
    let runtime = Runtime::new().unwrap();
    if let Some(shop) = runtime.block_on(Shop::on_postgres()) {
        check(&runtime, &shop, 24);
    }
}
