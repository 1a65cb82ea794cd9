//! The store's requirements on a server. If it cannot set one of them itself, it rejects the server at start, with the
//! reason, before it stores anything.

use chat_postgres::{OpenError, PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use chat_testkit::stores::{Scene, Stores};
use std::sync::Arc;
use std::time::Duration;

fn config(url: impl Into<String>) -> PostgresConfig {
    PostgresConfig { start_timeout: Duration::from_secs(1), ..PostgresConfig::at(url) }
}

fn database_of(url: &str) -> &str {
    url.rsplit('/').next().expect("a database")
}

async fn refused(config: &PostgresConfig) -> OpenError {
    PostgresStore::open(config).await.map(drop).expect_err("the start is refused")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_hold_every_character_is_refused_and_left_as_it_is() {
    let server = Postgres::shared();
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let name = format!("of_{}", encoding.to_lowercase());
        let sql = format!("CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0");
        server.psql("postgres", &sql);
        let config = config(server.url(&name));
        let error = refused(&config).await;
        assert!(matches!(&error, OpenError::Encoding { found } if found == encoding), "{error:?}");
        assert!(error.to_string().contains(encoding) && error.to_string().contains("UTF8"), "{error}");
        let error = PostgresStore::migrate(&config.url).await.expect_err("refused as well");
        assert!(matches!(error, OpenError::Encoding { .. }), "{error:?}");
        assert_eq!(server.psql(&name, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_allows_fewer_connections_than_a_node_opens_is_refused() {
    let server = Postgres::shared();
    let url = server.create_database();
    let name = database_of(&url);
    server.psql("postgres", &format!("CREATE ROLE few LOGIN; ALTER DATABASE {name} OWNER TO few"));
    let config = config(url.replacen("postgres@", "few@", 1));
    for (restrict, lift) in [
        ("ALTER ROLE few CONNECTION LIMIT 5".to_owned(), "ALTER ROLE few CONNECTION LIMIT -1".to_owned()),
        (format!("ALTER DATABASE {name} CONNECTION LIMIT 11"), format!("ALTER DATABASE {name} CONNECTION LIMIT 12")),
    ] {
        server.psql("postgres", &restrict);
        let error = refused(&config).await;
        assert!(matches!(error, OpenError::Connections { needed: 12, .. }), "{error:?}");
        assert!(error.to_string().contains("DATABASE_POOL_SIZE"), "{error}");
        server.psql("postgres", &lift);
    }
    let many = PostgresConfig { pool_size: 10_000, ..config.clone() };
    assert!(matches!(refused(&many).await, OpenError::Connections { limit: "the server's max_connections", .. }));
    PostgresStore::open(&config).await.expect("twelve are enough").close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_takes_no_writes_is_refused_with_the_reason() {
    let server = Postgres::shared();
    let url = server.create_database();
    server.psql("postgres", &format!("ALTER DATABASE {} SET default_transaction_read_only = on", database_of(&url)));
    let error = refused(&config(url)).await;
    let OpenError::Unreachable(cause) = &error else { panic!("{error:?}") };
    assert!(format!("{cause} {:?}", cause.source()).contains("writes"), "{error:?}");
}

/// Each of these settings would break a transaction if the store did not set its own for every connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_of_the_database_that_would_break_transactions_do_not() {
    let server = Postgres::shared();
    let url = server.create_database();
    for setting in [
        "default_transaction_isolation = 'serializable'",
        "lock_timeout = '1ms'",
        "statement_timeout = '1s'",
        "idle_session_timeout = '1s'",
        "idle_in_transaction_session_timeout = '1s'",
        "synchronous_commit = off",
        "standard_conforming_strings = off",
        "timezone = 'Pacific/Auckland'",
        "client_encoding = 'LATIN1'",
        "bytea_output = 'escape'",
    ] {
        server.psql("postgres", &format!("ALTER DATABASE {} SET {setting}", database_of(&url)));
    }
    let store = Arc::new(PostgresStore::open(&config(url)).await.expect("a store"));
    let scene = Scene::new(Stores::of(store.clone(), ()));
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let sends: Vec<_> = (0..50)
        .map(|number| {
            let (scene, sender) = (scene.clone(), if number % 2 == 0 { ann } else { bob });
            tokio::spawn(async move { scene.say(group, sender, "ünï 🙂 ΣΑΣ").await })
        })
        .collect();
    for send in sends {
        assert_eq!(send.await.expect("sent").body.as_str(), "ünï 🙂 ΣΑΣ");
    }
    scene.assert_numbered_without_gaps(group, ann).await;
    drop(scene);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_the_database_is_too_new_for_does_not_start() {
    let server = Postgres::shared();
    let url = server.create_database();
    let name = database_of(&url).to_owned();
    let config = config(url);
    PostgresStore::open(&config).await.expect("a store").close().await;

    // A migration of the next release, which only adds and does not raise the required version.
    server.psql(&name, "INSERT INTO __diesel_schema_migrations (version) VALUES ('99980101000000')");
    PostgresStore::open(&config).await.expect("the previous release still works").close().await;

    server.psql(&name, "UPDATE schema_floor SET version = '99980101000000'");
    let error = refused(&config).await;
    assert!(matches!(&error, OpenError::TooOld { needed, .. } if needed == "99980101000000"), "{error:?}");
    let error = PostgresStore::migrate(&config.url).await.expect_err("refused as well");
    assert!(error.to_string().contains("too old"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_foreign_key_locks_users_behind_our_back() {
    let server = Postgres::shared();
    let url = server.create_database();
    PostgresStore::migrate(&url).await.expect("migrated");
    let keys = "SELECT conrelid::regclass || ' ' || conname FROM pg_constraint
                WHERE contype = 'f' AND confrelid = 'users'::regclass";
    assert_eq!(server.psql(database_of(&url), keys), "");
}
