//! Inventory's share of the demo market: every stock, and the reservations of all orders as they ended.

use chrono::{DateTime, TimeDelta, Utc};
use demo::{Order, Outcome, Size};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait as _,
};
use subgraph::Database;
use uuid::Uuid;

use crate::{
    domain::{
        create_stock::{NewStock, first, first_stock},
        ledger::{self, Cause},
        lines::Lines,
        protocol,
    },
    entities::{
        location, movement,
        reservation::{self, Status},
        reservation_line,
        stock::{self, Shift},
    },
};

/// Who acts for customers.
const ORDERS: &str = "orders";
/// How long demo orders would have held their units.
const TTL: TimeDelta = TimeDelta::minutes(15);
/// Rows of one statement: twelve columns at most, which is well below SQLite's 32,766 parameters.
const BATCH: usize = 1_000;
/// Orders whose rows are in memory at a time.
const CHUNK: usize = 1_000;

/// Fills an empty database, in one transaction.
pub(crate) async fn fill(database: &Database, size: Size) -> Result<(), DbErr> {
    let tx = database.begin().await?;
    if stock::Entity::find().count(&tx).await? > 0 {
        return Ok(());
    }
    let (mut market, movements) = Market::open(size);
    // Lines and movements refer to the stock, so its rows come first, as they will be in the end.
    insert(&tx, market.rehearse(size)?.stock).await?;
    insert(&tx, movements).await?;
    let mut orders = demo::orders(size).peekable();
    while orders.peek().is_some() {
        let mut rows = Rows::default();
        for order in orders.by_ref().take(CHUNK) {
            market.play(&order, &mut rows)?;
        }
        insert(&tx, rows.reservations).await?;
        insert(&tx, rows.lines).await?;
        insert(&tx, rows.movements).await?;
    }
    tx.commit().await
}

async fn insert<M, A>(tx: &DatabaseTransaction, rows: Vec<M>) -> Result<(), DbErr>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait + ActiveModelBehavior + Send,
{
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let batch: Vec<A> = rows.by_ref().take(BATCH).collect();
        A::Entity::insert_many(batch).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Every stock, in the order of the demo's product indices, at one moment of the demo's time.
#[derive(Clone)]
struct Market {
    stock: Vec<stock::Model>,
}

#[derive(Default)]
struct Rows {
    reservations: Vec<reservation::Model>,
    lines: Vec<reservation_line::Model>,
    movements: Vec<movement::Model>,
}

impl Market {
    /// Before the first order.
    fn open(size: Size) -> (Self, Vec<movement::Model>) {
        let first = demo::products(size).map(|product| {
            let new = NewStock {
                product: product.id,
                location: location::DEFAULT,
                on_hand: product.first_stock,
                backorder_limit: 0,
                low_stock_threshold: None,
            };
            first_stock(&new, &first("staff"), product.created_at)
        });
        let (stock, movements) = first.unzip();
        (Self { stock }, movements)
    }

    /// The market after the last order.
    fn rehearse(&self, size: Size) -> Result<Self, DbErr> {
        let mut market = self.clone();
        for order in demo::orders(size) {
            market.play(&order, &mut Rows::default())?;
        }
        Ok(market)
    }

    /// Reserves what an order asks for, then settles it as it ended.
    fn play(&mut self, order: &Order, rows: &mut Rows) -> Result<(), DbErr> {
        let status = match order.outcome {
            Outcome::Completed => Status::Committed,
            Outcome::Cancelled => Status::Released,
        };
        let lines: Vec<(Uuid, i64)> = self.lines(order).collect();
        let lines = Lines::new(&lines).map_err(|error| DbErr::Custom(error.to_string()))?;
        rows.reservations.push(reservation::Model {
            id: order.id,
            customer_id: Some(demo::user(order.customer).id),
            status,
            request_hash: Some(lines.digest()),
            expires_at: Some(order.placed_at + TTL),
            rejection: None,
            shortages: None,
            created_at: order.placed_at,
            updated_at: order.ended_at,
        });
        rows.lines.extend(lines.iter().map(|(product_id, quantity)| reservation_line::Model {
            reservation_id: order.id,
            product_id,
            location_id: location::DEFAULT,
            quantity,
        }));
        for (to, at) in [(Status::Held, order.placed_at), (status, order.ended_at)] {
            let cause = Cause::of(order.id, to, ORDERS);
            let shift = |quantity| protocol::shift(to, quantity);
            let movements = order.lines.iter().map(|line| self.step(line.product, shift(line.quantity), &cause, at));
            rows.movements.extend(movements);
        }
        Ok(())
    }

    fn lines(&self, order: &Order) -> impl Iterator<Item = (Uuid, i64)> {
        order.lines.iter().map(|line| (self.stock[line.product as usize].product_id, line.quantity))
    }

    fn step(&mut self, product: u64, shift: Shift, cause: &Cause<'_>, at: DateTime<Utc>) -> movement::Model {
        let row = &mut self.stock[product as usize];
        let after = row.shifted(shift, at);
        let movement = ledger::movement(row, &after, cause);
        *row = after;
        movement
    }
}
