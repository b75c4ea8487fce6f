//! A database of the version that knew no locations, customers or thresholds.

use inventory::{Inventory, Migrator};
use sea_orm::DatabaseBackend;
use sea_orm_migration::MigratorTrait as _;
use serde_json::json;
use subgraph::{Database, DatabaseSettings, Subgraph as _};
use testing::{
    TestDatabase,
    database::{self, execute},
};
use uuid::Uuid;

use crate::{app::TestApp, invariants};

/// How many migrations that version had.
const BEFORE: u32 = 3;
const AT: &str = "'2026-01-01T00:00:00Z'";

struct Old {
    database: Database,
    product: Uuid,
    sold: Uuid,
    held: Uuid,
}

impl Old {
    async fn at(place: &TestDatabase) -> Self {
        let settings = DatabaseSettings { url: place.url.clone(), max_connections: 2, ..Default::default() };
        let database = Database::connect(&settings).await.unwrap();
        Migrator::up(database.write(), Some(BEFORE)).await.unwrap();
        Self { database, product: Uuid::now_v7(), sold: Uuid::now_v7(), held: Uuid::now_v7() }
    }

    async fn write(&self, sql: String) {
        execute(self.database.write(), &sql).await;
    }

    fn id(&self, id: Uuid) -> String {
        match self.database.backend() {
            DatabaseBackend::Sqlite => format!("x'{}'", id.simple()),
            _ => format!("'{id}'"),
        }
    }

    /// The only columns that the old version writes.
    async fn stock(&self, product: Uuid, on_hand: i64, reserved: i64, version: i64) {
        let id = self.id(product);
        self.write(format!(
            "INSERT INTO stock (product_id, on_hand, reserved, backorder_limit, version, updated_at) \
             VALUES ({id}, {on_hand}, {reserved}, 0, {version}, {AT})"
        ))
        .await;
    }

    async fn movement(&self, product: Uuid, version: i64, kind: &str, [b, a, rb, ra]: [i64; 4], of: Option<Uuid>) {
        let (id, of) = (self.id(product), of.map_or("NULL".into(), |of| self.id(of)));
        self.write(format!(
            "INSERT INTO movements (product_id, version, kind, on_hand_before, on_hand_after, reserved_before, \
             reserved_after, reason, actor, reference, at) \
             VALUES ({id}, {version}, '{kind}', {b}, {a}, {rb}, {ra}, 'why', 'who', {of}, {AT})"
        ))
        .await;
    }

    async fn reservation(&self, reservation: Uuid, status: &str, quantity: i64) {
        let (id, product) = (self.id(reservation), self.id(self.product));
        self.write(format!(
            "INSERT INTO reservations (id, status, request_hash, expires_at, created_at, updated_at) \
             VALUES ({id}, '{status}', 'hash', '2100-01-01T00:00:00Z', {AT}, {AT})"
        ))
        .await;
        self.write(format!(
            "INSERT INTO reservation_lines (reservation_id, product_id, quantity) VALUES ({id}, {product}, {quantity})"
        ))
        .await;
    }
}

#[tokio::test]
async fn what_was_there_before_locations_lies_at_the_default_one_and_goes_on() {
    for place in [Some(database::sqlite()), database::postgres().await].into_iter().flatten() {
        let old = Old::at(&place).await;
        let (product, sold, held) = (old.product, old.sold, old.held);
        old.stock(product, 7, 2, 4).await;
        old.movement(product, 1, "INITIAL", [0, 10, 0, 0], None).await;
        old.movement(product, 2, "RESERVE", [10, 10, 0, 3], Some(sold)).await;
        old.movement(product, 3, "COMMIT", [10, 7, 3, 0], Some(sold)).await;
        old.movement(product, 4, "RESERVE", [7, 7, 0, 2], Some(held)).await;
        old.reservation(sold, "COMMITTED", 3).await;
        old.reservation(held, "HELD", 2).await;

        Migrator::up(old.database.write(), None).await.unwrap();
        assert_eq!(Inventory::verify(&old.database).await.unwrap(), []);
        // The old version may still run beside the new one, and says no location.
        let late = Uuid::now_v7();
        old.stock(late, 4, 0, 1).await;
        old.movement(late, 1, "INITIAL", [0, 4, 0, 0], None).await;

        let app = TestApp::on(place).await;
        assert_eq!(app.settle("commitReservation", held).await["reservation"]["status"], "COMMITTED");
        assert_eq!(app.settle("returnReservation", sold).await["reservation"]["status"], "RETURNED");
        assert_eq!(app.reserve(Uuid::now_v7(), &[(late, 4)]).await["reservation"]["status"], "HELD");
        let query = "query($id: ID!) { stock(productId: $id) { onHand reserved version levels { location { code } } }
            stockMovements(productId: $id) { totalCount } }";
        let answer = app.staff().data(query, json!({ "id": product })).await;
        let stock = json!({ "onHand": 8, "reserved": 0, "version": 6, "levels": [{ "location": { "code": "MAIN" } }] });
        assert_eq!(answer, json!({ "stock": stock, "stockMovements": { "totalCount": 6 } }));
        invariants::check(&old.database).await;
    }
}
