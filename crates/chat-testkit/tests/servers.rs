//! Temporary servers start, restart, and leave nothing behind.

use chat_testkit::servers::{Postgres, RedisServer};
use std::net::TcpStream;

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn a_postgres_keeps_what_it_acknowledged_over_crashes_and_stops() {
    let server = Postgres::start();
    server.psql("postgres", "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
    server.kill9();
    assert!(!listens(server.port()));
    server.resume();
    server.psql("postgres", "INSERT INTO kept VALUES (2)");
    server.restart();
    assert_eq!(server.psql("postgres", "SELECT sum(n) FROM kept"), "3");
    assert_eq!(server.psql("postgres", "SHOW fsync"), "on");
}

#[test]
fn a_server_is_gone_with_its_folder_when_it_is_dropped_running_or_not() {
    let running = Postgres::start();
    let (port, folder) = (running.port(), running.folder().to_owned());
    drop(running);
    assert!(!listens(port) && !folder.exists());

    let stopped = Postgres::start();
    let folder = stopped.folder().to_owned();
    stopped.stop();
    drop(stopped);
    assert!(!folder.exists());
}

#[tokio::test]
async fn databases_are_copies_of_one_that_was_migrated_once() {
    let server = Postgres::start();
    let migrate = async |_: String| drop(server.psql("migrated", "CREATE TABLE a (n int)"));
    let one = server.create_migrated_database(migrate).await;
    let again = async |_: String| panic!("migrated before");
    let other = server.create_migrated_database(again).await;
    assert_ne!(one, other);
    assert_eq!(server.psql("test_1", "SELECT count(*) FROM a"), "0");
}

#[test]
fn a_redis_comes_back_on_its_port() {
    let server = RedisServer::start();
    let url = server.url();
    server.kill9();
    assert!(!listens(server.port()));
    server.resume();
    server.restart();
    assert!(listens(server.port()));
    assert_eq!(server.url(), url);
}
