//! Which of several replicas sends. Two may for a moment, when clocks differ or one of them was asleep: then events are
//! sent twice, and still none before an earlier one of its key, since each replica sends all that it sees in order.

use std::time::Duration;

use sea_orm::{ExprTrait as _, entity::prelude::*};
use tokio::time::Instant;

use crate::{Database, time};

/// How long nothing is sent after a replica died while it was sending.
const TIME: Duration = Duration::from_secs(5);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox_lease")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    id: i32,
    holder: Option<Uuid>,
    until: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

pub(super) struct Lease {
    holder: Uuid,
    /// Until when it need not be asked for again.
    fresh_until: Option<Instant>,
}

impl Lease {
    pub(super) fn new() -> Self {
        Self { holder: Uuid::now_v7(), fresh_until: None }
    }

    /// Whether this replica sends now.
    pub(super) async fn take(&mut self, database: &Database) -> Result<bool, DbErr> {
        if self.fresh_until.is_some_and(|until| Instant::now() < until) {
            return Ok(true);
        }
        let asked = Instant::now();
        let (until, now) = (COLUMN.until, time::now());
        // A lease that is longer than any was taken by a clock that was wrong.
        let is_over = until.is_null().or(until.lt(now)).or(until.gt(now + 12 * TIME));
        let free = is_over.or(COLUMN.holder.eq(self.holder));
        let taken = Entity::update_many()
            .col_expr(Column::Holder, Expr::value(self.holder))
            .col_expr(Column::Until, Expr::value(time::now() + TIME))
            .filter(free)
            .exec(database.write())
            .await?
            .rows_affected
            == 1;
        self.fresh_until = taken.then(|| asked + TIME / 2);
        Ok(taken)
    }

    /// Lets another replica send at once.
    pub(super) async fn give_up(self, database: &Database) -> Result<(), DbErr> {
        Entity::update_many()
            .col_expr(Column::Until, Expr::value(None::<DateTimeUtc>))
            .filter(COLUMN.holder.eq(self.holder))
            .exec(database.write())
            .await
            .map(drop)
    }
}
