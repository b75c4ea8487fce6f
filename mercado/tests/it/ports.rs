use std::net::TcpListener;

use mercado::{Market, MarketError, MarketSettings, Ports};
use service::shutdown::Shutdown;

#[tokio::test]
async fn a_taken_port_is_named_with_the_flag_that_moves_it_before_anything_is_written() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let settings = MarketSettings { ports: Ports { orders: port, ..Ports::any() }, ..MarketSettings::embedded(&data) };
    let error = Market::start(settings, Shutdown::new()).await.err().unwrap();
    assert!(matches!(error, MarketError::PortTaken(_)));
    assert_eq!(
        error.to_string(),
        format!("port {port} is taken, so orders cannot listen on it; choose another one with --orders-port")
    );
    assert!(!data.exists());
}
