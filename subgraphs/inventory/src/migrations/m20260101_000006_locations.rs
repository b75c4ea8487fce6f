use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer, text, timestamp_with_time_zone, uuid, uuid_null},
    sea_orm::{DbBackend, prelude::Uuid},
};

/// The location of all that was there before locations were: it has the first of all ids.
const DEFAULT: Uuid = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001);
const KINDS: [&str; 8] = ["INITIAL", "ADJUST", "SET", "RESERVE", "COMMIT", "RELEASE", "RETURN", "EXPIRE"];
const STOCK: [&str; 7] =
    ["product_id", "on_hand", "reserved", "backorder_limit", "low_stock_threshold", "version", "updated_at"];
const MOVEMENTS: [&str; 11] = [
    "product_id",
    "version",
    "kind",
    "on_hand_before",
    "on_hand_after",
    "reserved_before",
    "reserved_after",
    "reason",
    "actor",
    "reference",
    "at",
];
const LINES: [&str; 3] = ["reservation_id", "product_id", "quantity"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Primary keys change, which SQLite cannot do to a table, so each table is made anew and its rows are carried over.
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        if backend == DbBackend::Postgres {
            // A ledger of years is not carried over in the time that a request's statement may take.
            manager.get_connection().execute_unprepared("SET LOCAL statement_timeout = 0").await?;
        }
        manager.create_table(locations()).await?;
        manager.execute(default_location()).await?;
        let tables = [("stock", &STOCK[..]), ("movements", &MOVEMENTS), ("reservation_lines", &LINES)];
        for (table, _) in tables {
            manager.rename_table(Table::rename().table(table, before(table)).to_owned()).await?;
        }
        for table in [stock(backend), movements(backend), lines(backend)] {
            manager.create_table(table).await?;
        }
        for (table, columns) in tables {
            manager.execute(carry_over(table, columns)?).await?;
        }
        for (table, _) in tables.into_iter().rev() {
            manager.drop_table(Table::drop().table(before(table)).to_owned()).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn before(table: &str) -> String {
    format!("{table}_before_locations")
}

fn carry_over(table: &'static str, columns: &[&'static str]) -> Result<InsertStatement, DbErr> {
    let rows =
        Query::select().expr(Expr::value(DEFAULT)).columns(columns.iter().copied()).from(before(table)).to_owned();
    let mut insert = Query::insert();
    insert.into_table(table).columns(["location_id"].into_iter().chain(columns.iter().copied()));
    insert.select_from(rows).map_err(|error| DbErr::Migration(error.to_string()))?;
    Ok(insert)
}

fn locations() -> TableCreateStatement {
    Table::create()
        .table("locations")
        .col(uuid("id").primary_key())
        .col(text("code").unique_key())
        .col(text("name"))
        .col(integer("priority"))
        .check(("locations_priority", Expr::col("priority").gte(0)))
        .to_owned()
}

fn default_location() -> InsertStatement {
    Query::insert()
        .into_table("locations")
        .columns(["id", "code", "name", "priority"])
        .values_panic([DEFAULT.into(), "MAIN".into(), "Main warehouse".into(), 0.into()])
        .to_owned()
}

/// Has a default, so that the version of the service that knows no locations can go on writing while there is one only.
fn location_id(backend: DbBackend) -> ColumnDef {
    let id = match backend {
        DbBackend::Postgres => Expr::value(DEFAULT),
        _ => Expr::value(DEFAULT.as_bytes().to_vec()),
    };
    uuid("location_id").default(id).to_owned()
}

fn stock(backend: DbBackend) -> TableCreateStatement {
    let (on_hand, reserved, backorder_limit) =
        (Expr::col("on_hand"), Expr::col("reserved"), Expr::col("backorder_limit"));
    let available = on_hand.clone().sub(reserved.clone()).add(backorder_limit.clone());
    let is_low = available.lte(Expr::col("low_stock_threshold"));
    Table::create()
        .table("stock")
        .col(uuid("product_id"))
        .col(location_id(backend))
        .col(big_integer("on_hand"))
        .col(big_integer("reserved"))
        .col(big_integer("backorder_limit"))
        .col(big_integer_null("low_stock_threshold"))
        .col(big_integer("version"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(ColumnDef::new("low").boolean().generated(is_low, true))
        .primary_key(Index::create().col("product_id").col("location_id"))
        .foreign_key(ForeignKey::create().name("stock_location").from("stock", "location_id").to("locations", "id"))
        .check(("stock_on_hand", on_hand.clone().gte(0)))
        .check(("stock_backorder_limit", backorder_limit.clone().gte(0)))
        .check(("stock_low_stock_threshold", Expr::col("low_stock_threshold").gte(0)))
        .check(("stock_not_oversold", reserved.clone().gte(0).and(reserved.lte(on_hand.add(backorder_limit)))))
        .to_owned()
}

/// The ledger: the row that brought the stock of a product at a location to `version`.
fn movements(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("movements")
        .col(uuid("product_id"))
        .col(location_id(backend))
        .col(big_integer("version"))
        .col(text("kind"))
        .col(big_integer("on_hand_before"))
        .col(big_integer("on_hand_after"))
        .col(big_integer("reserved_before"))
        .col(big_integer("reserved_after"))
        .col(text("reason"))
        .col(text("actor"))
        .col(uuid_null("reference"))
        .col(timestamp_with_time_zone("at"))
        .primary_key(Index::create().col("product_id").col("location_id").col("version"))
        .foreign_key(&mut of_stock("movements_stock", "movements"))
        .check(("movements_kind", Expr::col("kind").is_in(KINDS)))
        .check(("movements_version", Expr::col("version").gte(1)))
        .to_owned()
}

fn lines(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("reservation_lines")
        .col(uuid("reservation_id"))
        .col(uuid("product_id"))
        .col(location_id(backend))
        .col(big_integer("quantity"))
        .primary_key(Index::create().col("reservation_id").col("product_id").col("location_id"))
        .foreign_key(
            ForeignKey::create()
                .name("reservation_lines_reservation")
                .from("reservation_lines", "reservation_id")
                .to("reservations", "id"),
        )
        .foreign_key(&mut of_stock("reservation_lines_stock", "reservation_lines"))
        .check(("reservation_lines_quantity", Expr::col("quantity").gt(0)))
        .to_owned()
}

fn of_stock(name: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    let columns = ("product_id", "location_id");
    ForeignKey::create().name(name).from(table, columns).to("stock", columns).to_owned()
}

fn indexes() -> [IndexCreateStatement; 3] {
    [
        Index::create().name("stock_low").table("stock").col("product_id").and_where(Expr::col("low")).to_owned(),
        Index::create().name("movements_reference").table("movements").col("reference").to_owned(),
        Index::create().name("locations_in_order").table("locations").col("priority").col("id").to_owned(),
    ]
}
