use sea_orm::{ConnectionTrait as _, Statement};
use subgraph::{Database, DatabaseSettings, Error};

#[tokio::test]
async fn a_transaction_that_sqlite_gives_up_by_itself_costs_nothing_that_is_committed_later() {
    let place = testing::database::sqlite();
    let settings = DatabaseSettings { url: place.url.clone(), ..DatabaseSettings::default() };
    let database = Database::connect(&settings).await.unwrap();
    database.write().execute_unprepared("CREATE TABLE notes (note BLOB)").await.unwrap();
    database.write().execute_unprepared("PRAGMA max_page_count = 4").await.unwrap();

    let tx = database.begin().await.unwrap();
    let full = tx.execute_unprepared("INSERT INTO notes VALUES (zeroblob(1000000))").await.unwrap_err();
    assert_eq!(Error::from(full).code(), "SUBGRAPH_UNAVAILABLE");
    drop(tx);

    // One that is rolled back, and one that is not.
    for commits in [false, true] {
        let tx = database.begin().await.unwrap();
        tx.execute_unprepared("INSERT INTO notes VALUES (x'01')").await.unwrap();
        if commits {
            tx.commit().await.unwrap();
        }
    }
    let notes = database.read().query_one_raw(Statement::from_string(database.backend(), "SELECT count(*) FROM notes"));
    assert_eq!(notes.await.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap(), 1, "what was committed is there");
}
