//! The tools that other crates' tests stand on.

use sea_orm::{ConnectionTrait as _, Database, Statement};

#[tokio::test]
async fn two_postgres_databases_do_not_see_each_other() {
    let (Some(one), Some(two)) = (testing::database::postgres().await, testing::database::postgres().await) else {
        return;
    };
    let one_rows = Database::connect(&one.url).await.unwrap();
    let two_rows = Database::connect(&two.url).await.unwrap();
    one_rows.execute_unprepared("CREATE TABLE mine (id int)").await.unwrap();
    let looks = Statement::from_string(
        two_rows.get_database_backend(),
        "SELECT 1 FROM information_schema.tables WHERE table_name = 'mine'",
    );
    assert!(two_rows.query_one_raw(looks).await.unwrap().is_none());
}
