//! R1: a process dies before and after each commit, and before and after each call to another service.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
    time::Duration,
};

use orders::{audit::claims, domain::saga::arrows, entities::order::State};
use serde_json::json;
use testing::{TestDatabase, graphql::Client};

use crate::{
    customers::{
        Person, Wish, adding_stock, buying, cancelling, creating_product, creating_stock, products, setting_stock,
    },
    kills::settle,
    market::{Processes, on_postgresql, on_sqlite},
    process::{Plan, Service},
};

/// What leads a process past its point.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Story {
    Buys,
    WantsWhatIsSoldOut,
    /// Cancels what was bought.
    Returns,
    /// Cancels what inventory has not heard of, being away.
    CancelsUnheard,
    /// Inventory is back, and hears first that the order was cancelled.
    HearsOfCancelled,
    /// Cancels what is held.
    CancelsHeld,
    /// What is held for the order is held for too short a time.
    IsForgotten,
    /// Inventory is away, so the order is left to the recovery worker.
    Waits,
    AddsStock,
    CreatesStock,
}

/// Every point with what leads past it; where it is passed for several reasons, each of them.
const POINTS: [(&str, &str, Story); 23] = [
    ("inventory.settle", ":Released", Story::CancelsHeld),
    ("inventory.expire", "", Story::IsForgotten),
    ("orders.catalogue", "", Story::Buys),
    ("orders.place", "", Story::Buys),
    ("orders.arrow", ":Committing", Story::Buys),
    ("orders.arrow", ":Completed", Story::Buys),
    ("orders.arrow", ":Cancelled", Story::WantsWhatIsSoldOut),
    ("orders.arrow", ":Returning", Story::Returns),
    ("orders.arrow", ":Cancelled", Story::Returns),
    ("orders.arrow", ":Cancelling", Story::CancelsUnheard),
    ("orders.ask", ":Reserve", Story::Buys),
    ("orders.ask", ":Commit", Story::Buys),
    ("orders.ask", ":Return", Story::Returns),
    ("orders.ask", ":Release", Story::CancelsUnheard),
    ("orders.lease", "", Story::Waits),
    ("inventory.reserve", ":Held", Story::Buys),
    ("inventory.reserve", ":Rejected", Story::WantsWhatIsSoldOut),
    ("inventory.settle", ":Committed", Story::Buys),
    ("inventory.settle", ":Returned", Story::Returns),
    ("inventory.tombstone", "", Story::HearsOfCancelled),
    ("inventory.change", "", Story::AddsStock),
    ("inventory.products", "", Story::CreatesStock),
    ("inventory.create", "", Story::CreatesStock),
];

/// Where orders dies so that an order is held and nobody sees to it for a while.
const HELD: &str = "orders.arrow.before:Committing";
const UNITS: i64 = 7;

#[tokio::test(flavor = "multi_thread")]
async fn r1_a_process_that_dies_at_any_fail_point_loses_and_doubles_nothing_on_sqlite() {
    check(on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_a_process_that_dies_at_any_fail_point_loses_and_doubles_nothing_on_postgresql() {
    if let Some(places) = on_postgresql().await {
        check(places).await;
    }
}

async fn check(places: [TestDatabase; 4]) {
    let mut shop = Shop::open(places).await;
    for (point, reason, story) in POINTS {
        for side in ["before", "after"] {
            shop.tell(story, &format!("{point}.{side}{reason}")).await;
        }
    }
    let settled_after = settle(&shop.market).await;
    eprintln!("{} deaths, all at their end {settled_after:?} after the last", 2 * POINTS.len());
    shop.compare().await;
    assert_eq!(shop.market.violations().await, Vec::<String>::new());
}

struct Shop {
    market: Processes,
    visitor: Client,
    shopper: Person,
    staff: Person,
    /// To buy, sold out, and to which units are added.
    products: [String; 3],
    added: i64,
    /// By idempotency key.
    told: HashMap<String, Told>,
}

struct Told {
    order: String,
    story: Story,
}

impl Shop {
    async fn open(places: [TestDatabase; 4]) -> Self {
        let plan = Plan { impatient: true, ..Plan::new(&places) };
        let market = Processes::start_by(plan, places).await;
        let [visitor] = market.gateways().try_into().ok().unwrap();
        let products: [String; 3] = products(&visitor).await.split_off(97).try_into().unwrap();
        let shopper = Person::sign_in(&visitor, "shopper").await;
        let mut staff = Person::sign_in(&visitor, "staff").await;
        staff.ask(&setting_stock(&products[1], 0)).await;
        staff.ask(&setting_stock(&products[2], 0)).await;
        Self { market, visitor, shopper, staff, products, added: 0, told: HashMap::new() }
    }

    /// Lets the process die at the point, and the one who was asking ask again.
    async fn tell(&mut self, story: Story, point: &str) {
        let service = if point.starts_with("orders.") { Service::Orders } else { Service::Inventory };
        let key = point.replace([':', '.'], "-") + if story == Story::Returns { "-again" } else { "" };
        let wish = self.lead(story, service, point, &key).await;
        let staff = matches!(story, Story::AddsStock | Story::CreatesStock);
        let asking = if staff { &mut self.staff } else { &mut self.shopper };
        let (told_early, ()) = tokio::join!(asking.ask_once(&wish), self.market.until_dead(service, point));
        for service in [Service::Inventory, Service::Orders] {
            self.market.restart_if_dead(service).await;
        }
        let told = asking.ask(&wish).await;
        if !staff {
            let order = told["id"].as_str().unwrap().to_owned();
            assert!(told_early.is_none_or(|early| early["id"] == order), "{point}");
            self.told.insert(key, Told { order, story });
        }
    }

    /// Takes the market to where the process, armed, will die when it is asked for what is returned, or has heard of it.
    async fn lead(&mut self, story: Story, service: Service, point: &str, key: &str) -> Wish {
        let [product, sold_out, counted] = self.products.clone();
        let buying = buying(key, &[if story == Story::WantsWhatIsSoldOut { &sold_out } else { &product }]);
        match story {
            Story::Buys | Story::WantsWhatIsSoldOut => self.arm(service, point).await,
            Story::Returns => {
                let order = self.buy(&buying).await;
                self.arm(service, point).await;
                return cancelling(&order);
            }
            Story::CancelsUnheard | Story::HearsOfCancelled => {
                self.market.end(Service::Inventory).await;
                let order = self.shopper.ask(&buying).await;
                assert_eq!(order["status"], "PENDING");
                let cancelling = cancelling(order["id"].as_str().unwrap());
                if story == Story::HearsOfCancelled {
                    self.shopper.ask(&cancelling).await;
                }
                self.arm(service, point).await;
                return cancelling;
            }
            Story::CancelsHeld => {
                self.hold(&buying, None).await;
                let order = self.shopper.ask(&buying).await;
                self.arm(service, point).await;
                return cancelling(order["id"].as_str().unwrap());
            }
            Story::IsForgotten => {
                self.arm(service, point).await;
                self.hold(&buying, Some(Duration::from_secs(1))).await;
            }
            Story::Waits => {
                self.market.end(Service::Inventory).await;
                self.shopper.ask(&buying).await;
                self.arm(service, point).await;
            }
            Story::AddsStock => {
                self.arm(service, point).await;
                self.added += UNITS;
                return adding_stock(key, &counted, UNITS);
            }
            Story::CreatesStock => {
                let product = self.staff.ask(&creating_product(key)).await;
                self.arm(service, point).await;
                return creating_stock(product["id"].as_str().unwrap(), UNITS);
            }
        }
        buying
    }

    /// The id of an order that is completed, which takes a busy machine more than one look.
    async fn buy(&mut self, buying: &Wish) -> String {
        for _ in 0..20 {
            let order = self.shopper.ask(buying).await;
            if order["status"] == "COMPLETED" {
                return order["id"].as_str().unwrap().to_owned();
            }
        }
        panic!("nothing can be bought");
    }

    async fn arm(&self, service: Service, point: &str) {
        self.market.restart(service, |plan| plan.dies_at = Some(point.to_owned())).await;
    }

    /// An order that is held, and of which the recovery worker hears only when its lease has ended. Other orders would come
    /// past the same point.
    async fn hold(&self, buying: &Wish, reservation_ttl: Option<Duration>) {
        settle(&self.market).await;
        let change = |plan: &mut Plan| {
            plan.dies_at = Some(HELD.to_owned());
            plan.reservation_ttl = reservation_ttl;
        };
        self.market.restart(Service::Orders, change).await;
        tokio::join!(self.shopper.ask_once(buying), self.market.until_dead(Service::Orders, HELD));
        self.market.restart_if_dead(Service::Orders).await;
    }

    /// What was told stays true, and each order has ended as its story does.
    async fn compare(&mut self) {
        let ids: Vec<_> = self.told.values().map(|told| told.order.parse().unwrap()).collect();
        let claims = claims(&self.market.orders, &ids).await.unwrap();
        let states: HashMap<_, _> = claims.into_iter().map(|claim| (claim.id.to_string(), claim.state)).collect();
        assert_eq!(states.len(), self.told.len(), "an order for each key");
        for (key, Told { order, story }) in &self.told {
            let bought = matches!(story, Story::Buys | Story::Waits);
            assert_eq!(states[order], if bought { State::Completed } else { State::Cancelled }, "{key}");
            if *story != Story::WantsWhatIsSoldOut {
                let again = self.shopper.ask(&buying(key, &[&self.products[0]])).await;
                assert_eq!(again["id"], **order, "{key}");
            }
        }
        let on_hand = "query($id: ID!) { product(id: $id) { stock { onHand } } }";
        let counted = self.visitor.data(on_hand, json!({ "id": self.products[2] })).await;
        assert_eq!(counted["product"]["stock"]["onHand"], self.added, "units are added once for a key");
    }
}

#[test]
fn every_fail_point_has_its_story() {
    let told: BTreeSet<_> =
        POINTS.iter().flat_map(|(point, ..)| ["before", "after"].map(|side| format!("{point}.{side}"))).collect();
    let mut found = BTreeSet::new();
    let subgraphs = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("subgraphs");
    let mut folders: Vec<_> = fs::read_dir(subgraphs).unwrap().map(|entry| entry.unwrap().path().join("src")).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(path).unwrap();
                let names = text.split("fail_point!(\"").skip(1).filter_map(|rest| rest.split('"').next());
                found.extend(names.map(str::to_owned));
            }
        }
    }
    assert_eq!(found, told);
    let reasons: BTreeSet<_> =
        POINTS.iter().filter(|(point, ..)| *point == "orders.arrow").map(|(_, reason, _)| reason.to_string()).collect();
    // The decision is written together with what is reserved.
    let states = arrows().map(|(_, to)| to).filter(|to| *to != State::Reserved);
    assert_eq!(reasons, states.map(|to| format!(":{to:?}")).collect());
}
