//! A customer's orders, and what is done to them.

use std::{collections::HashMap, time::Duration};

use chrono::TimeDelta;
use client::Deadline;
use inventory::{Status, audit::holdings, expire_due};
use orders::{
    domain::{
        arrow,
        cancel::{self, Outcome, Wish},
        drive::Driver,
        list::{self, Filter},
        place::{self, Placed},
        purchase::{Purchase, Refusal},
        recover,
    },
    entities::order::{self, State, Viewer},
};
use subgraph::time;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{
    model::{Known, Model},
    shop::Shop,
    steps::{Deed, PRODUCTS, Process, Step, Who},
};

const LONG: Duration = Duration::from_secs(3_600);

pub(crate) struct Play<'a> {
    pub(crate) shop: &'a Shop,
    pub(crate) model: Model,
    /// Of the process that hears customers and staff.
    pub(crate) hears: Driver,
    pub(crate) tasks: Vec<(Process, JoinHandle<()>)>,
    customer: Uuid,
    products: [Uuid; PRODUCTS],
}

/// What a step did that the model must know.
pub(crate) enum Effect {
    Nothing,
    Placed(usize, Box<order::Model>, [i64; PRODUCTS]),
    /// Not, for the key stands for another purchase.
    Refused(usize, [i64; PRODUCTS]),
    CancelAsked(usize),
    Late(usize),
    Supplied(usize, i64),
    Began(Process, JoinHandle<()>),
    Killed(Process),
}

impl<'a> Play<'a> {
    pub(crate) async fn begin(shop: &'a Shop, hears: &Driver, units: [i64; PRODUCTS]) -> Self {
        shop.wire.reset();
        let (hears, products) = (hears.clone(), shop.stocked(units).await);
        Self { shop, model: Model::new(units), hears, tasks: Vec::new(), customer: Uuid::now_v7(), products }
    }

    /// Does it. Steps of one round may be done at the same time.
    pub(crate) async fn act(&self, step: &Step) -> Effect {
        match *step {
            Step::Place(order, units) => self.place(order, units).await,
            Step::To(index, deed) => match self.model.pick(index) {
                Some((order, known)) => self.act_on(order, known, deed).await,
                None => Effect::Nothing,
            },
            Step::Kill(process) => Effect::Killed(process),
            Step::Restock(product, by) if self.shop.restock(self.products[product], by).await => {
                Effect::Supplied(product, by.into())
            }
            Step::Restock(..) => Effect::Nothing,
        }
    }

    async fn act_on(&self, order: usize, known: &Known, deed: Deed) -> Effect {
        match deed {
            Deed::Drive(process) => self.drive(process, known.id()),
            Deed::Recover(process) => self.recover(process, known).await,
            Deed::Call(fate) if self.shop.wire.let_go(known.id(), fate) => Effect::Nothing,
            Deed::Call(_) => self.drive(Process::First, known.id()),
            Deed::ArriveLate => {
                self.shop.wire.arrive_late(known.id()).await;
                Effect::Nothing
            }
            Deed::Cancel(who) => self.cancel(order, known, who).await,
            Deed::PassDeadline => {
                self.shop.pass_deadline(known.id()).await;
                Effect::Late(order)
            }
            Deed::Expire => {
                self.shop.make_overdue(known.id()).await;
                expire_due(&self.shop.inventory, 100).await.unwrap();
                Effect::Late(order)
            }
        }
    }

    fn drive(&self, process: Process, id: Uuid) -> Effect {
        let (_, driver) = self.shop.process(process);
        Effect::Began(process, tokio::spawn(async move { driver.drive(id).await }))
    }

    /// The key is the order's number.
    async fn place(&self, order: usize, units: [i32; PRODUCTS]) -> Effect {
        let lines = self.products.into_iter().zip(units).filter(|(_, units)| *units > 0);
        let lines: Vec<(Uuid, i32)> = lines.collect();
        let purchase = Purchase::new(self.customer, order.to_string(), &lines, None).unwrap();
        let (now, later) = (Deadline::after(Duration::ZERO), Deadline::after(LONG));
        let (database, catalogue) = (self.shop.orders(), &self.shop.catalogue);
        let placed = place::place_order(database, catalogue, &self.hears, &purchase, later, now).await;
        let units = units.map(i64::from);
        match placed.unwrap() {
            Placed::Order(row) => Effect::Placed(order, row, units),
            Placed::Refused(refusals) => {
                assert_eq!(refusals, [Refusal::KeyReused]);
                Effect::Refused(order, units)
            }
        }
    }

    async fn cancel(&self, order: usize, known: &Known, who: Who) -> Effect {
        let other = Uuid::now_v7();
        let (user, reach) = match who {
            Who::Customer => (self.customer, Viewer::Customer(self.customer)),
            Who::Staff => (other, Viewer::Staff),
            Who::Stranger => (other, Viewer::Customer(other)),
        };
        let wish = Wish { order_id: known.id(), reach, user, note: None, key: None };
        let now = Deadline::after(Duration::ZERO);
        match cancel::cancel_order(self.shop.orders(), &self.hears, &wish, LONG, now).await.unwrap() {
            Outcome::Order(row) => {
                let ends = matches!(row.saga_state, State::Cancelling | State::Returning | State::Cancelled);
                assert!(who != Who::Stranger && (ends || row.cancel_requested), "{row:?}");
                Effect::CancelAsked(order)
            }
            Outcome::NotFound => {
                assert_eq!(who, Who::Stranger);
                Effect::Nothing
            }
            Outcome::TooLate(row) => panic!("too late: {row:?}"),
            Outcome::KeyReused => panic!("there was no key"),
        }
    }

    /// The lease of this order is over, and those of the others are not.
    async fn recover(&self, process: Process, due: &Known) -> Effect {
        let (database, driver) = self.shop.process(process);
        for known in self.model.known().filter(|known| !known.rests()) {
            let ago = if known.id() == due.id() { 1 } else { -30 };
            let at = time::now() - TimeDelta::seconds(ago);
            arrow::postpone(&database, known.row(), at).await.unwrap();
        }
        let round = async move { recover::round(&database, &driver).await.unwrap() };
        Effect::Began(process, tokio::spawn(round))
    }

    pub(crate) fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Nothing => {}
            Effect::Placed(order, row, units) => match &self.model.orders[order] {
                Some(known) => assert_eq!((known.id(), known.units), (row.id, units), "one order for a key"),
                None => self.model.orders[order] = Some(Known::placed(*row, units)),
            },
            Effect::Refused(order, units) => {
                let known = self.model.orders[order].as_ref().unwrap();
                assert_ne!(known.units, units, "the same purchase with the same key was refused");
            }
            Effect::CancelAsked(order) => self.model.change(order, |known| known.cancel_asked = true),
            Effect::Late(order) => self.model.change(order, |known| known.late = true),
            Effect::Supplied(product, units) => self.model.supplied[product] += units,
            Effect::Began(process, task) => self.tasks.push((process, task)),
            Effect::Killed(process) => {
                self.tasks.extract_if(.., |(of, _)| *of == process).for_each(|(_, task)| task.abort());
            }
        }
    }

    /// Looks at every row anew.
    pub(crate) async fn look(&mut self) {
        let mine = Filter { customer: Some(self.customer), ..Filter::default() };
        let rows = list::page(self.shop.orders(), &mine, None, 100).await.unwrap();
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let holdings = holdings(&self.shop.inventory, &ids).await.unwrap();
        let held: HashMap<Uuid, Status> = holdings.into_iter().map(|holding| (holding.id, holding.status)).collect();
        assert_eq!(rows.len(), self.model.known().count(), "an order that nobody was told of");
        let mut rows: HashMap<Uuid, order::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
        for known in self.model.orders.iter_mut().flatten() {
            let row = rows.remove(&known.id()).expect("the order is gone");
            known.see(row, held.get(&known.id()).copied());
        }
    }

    pub(crate) async fn check_stock(&self) {
        assert_eq!(self.shop.stock(&self.products).await, self.model.stock(), "on hand and reserved");
    }

    /// No more faults: everything arrives, and what is not at its end is driven there. Then what was late comes, and changes
    /// nothing.
    pub(crate) async fn end(&mut self) {
        self.shop.wire.run_free(Vec::new());
        for (_, task) in std::mem::take(&mut self.tasks) {
            task.await.unwrap();
        }
        self.look().await;
        for _ in 0..10 {
            for known in self.model.known().filter(|known| !known.rests()) {
                self.shop.process(Process::First).1.drive(known.id()).await;
            }
            self.look().await;
        }
        self.model.check_end();
        self.check_stock().await;
        let stock = self.model.stock();
        for known in self.model.known() {
            while self.shop.wire.arrive_late(known.id()).await {}
        }
        self.look().await;
        self.model.check_end();
        self.check_stock().await;
        assert_eq!(self.model.stock(), stock, "what comes late changes nothing");
    }
}

impl Drop for Play<'_> {
    fn drop(&mut self) {
        self.tasks.iter().for_each(|(_, task)| task.abort());
    }
}
