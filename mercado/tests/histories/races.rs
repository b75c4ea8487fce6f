//! Several steps at the same time, by processes that reach each other, on a wire that decides by itself.

use futures_util::future::join_all;
use mercado::verify;
use proptest::{collection::vec, prelude::*};
use tokio::runtime::Runtime;

use crate::{
    play::{Effect, Play},
    shop::Shop,
    steps::{PRODUCTS, Process, Step, fate, place, step, supply, try_many},
    wire::Fate,
};

#[derive(Clone, Debug)]
struct Race {
    units: [i64; PRODUCTS],
    /// Steps that are taken at the same time.
    rounds: Vec<Vec<Step>>,
    fates: Vec<Fate>,
}

fn race() -> impl Strategy<Value = Race> {
    let rounds = (place(), vec(vec(step(), 2..6), 2..10)).prop_map(|(first, mut rounds)| {
        rounds.insert(0, vec![first]);
        rounds
    });
    (supply(), rounds, vec(fate(), 0..40)).prop_map(|(units, rounds, fates)| Race { units, rounds, fates })
}

async fn run(shop: &Shop, race: &Race) {
    let mut play = Play::begin(shop, &shop.process(Process::First).1, race.units).await;
    shop.wire.run_free(race.fates.clone());
    for round in &race.rounds {
        let (refused, others): (Vec<_>, Vec<_>) = join_all(round.iter().map(|step| play.act(step)))
            .await
            .into_iter()
            .partition(|effect| matches!(effect, Effect::Refused(..)));
        others.into_iter().chain(refused).for_each(|effect| play.apply(effect));
        play.look().await;
    }
    play.end().await;
    assert_eq!(verify(shop.orders(), &shop.inventory).await.unwrap(), []);
}

fn check(shop: impl Future<Output = Option<Shop>>, usual: u32) {
    let runtime = Runtime::new().unwrap();
    if let Some(shop) = runtime.block_on(shop) {
        try_many(usual, race(), |race| runtime.block_on(run(&shop, race)));
    }
}

#[test]
fn whatever_races_on_postgresql_nothing_is_lost_or_given_back_twice() {
    check(Shop::on_postgres(), 24);
}

#[test]
fn whatever_races_on_sqlite_nothing_is_lost_or_given_back_twice() {
    check(async { Some(Shop::on_sqlite().await) }, 12);
}
