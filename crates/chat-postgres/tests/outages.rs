//! The server stops, is slow, or comes back: acknowledged data is kept, failures are reported quickly, and nothing
//! needs a restart.

use chat_domain::messages::{Appended, HistoryRequest, MessageStore};
use chat_domain::users::UserStore;
use chat_domain::{ActionError, PageLimit, StoreError};
use chat_postgres::{OpenError, PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use chat_testkit::stores::{Scene, Stores};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The longest acceptable time for an answer, on a machine that runs other tests too.
const QUICKLY: Duration = Duration::from_secs(3);

async fn scene(config: PostgresConfig) -> (Scene, Arc<PostgresStore>) {
    let store = Arc::new(PostgresStore::open(&config).await.expect("a store"));
    (Scene::new(Stores::of(store.clone(), ())), store)
}

fn database_of(url: &str) -> &str {
    url.rsplit('/').next().expect("a database")
}

const fn is_passing(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(_) | StoreError::Overloaded)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_every_call_says_so_quickly_and_afterwards_works_again() {
    let server = Postgres::start();
    let (scene, store) = scene(PostgresConfig::at(server.create_database())).await;
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    scene.say(direct, ann, "before").await;

    server.stop();
    let started = Instant::now();
    assert!(matches!(store.find(ann).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.touch_last_seen(ann, scene.now()).await, Err(StoreError::Unavailable(_))));
    let draft = scene.keyed_draft(direct, ann, "during", "k");
    let refused = store.append(draft.clone()).await;
    assert!(matches!(refused, Err(ActionError::Store(StoreError::Unavailable(_)))), "{refused:?}");
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    assert!(started.elapsed() < QUICKLY, "{:?}", started.elapsed());

    server.resume();
    assert!(store.find(ann).await.expect("an answer").is_some());
    let Ok(Appended::New(message) | Appended::First(message)) = store.append(draft).await else {
        panic!("the retry with the same key must store the message")
    };
    assert_eq!(message.seq.get(), 2);
    assert!(store.ping().await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_do_not_survive_a_restart_and_nobody_notices() {
    let server = Postgres::start();
    let (scene, store) = scene(PostgresConfig::at(server.create_database())).await;
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    scene.say(direct, ann, "one").await;
    server.restart();
    assert!(store.find(ann).await.expect("a fresh connection").is_some());
    assert_eq!(scene.say(direct, ann, "two").await.seq.get(), 2);
}

/// Senders repeat unacknowledged sends with the same key, while the server loses its connections and crashes, also
/// between a commit and its answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crashes_and_cut_connections_lose_nothing_acknowledged_and_repeat_nothing() {
    const SENDERS: usize = 8;
    const MESSAGES: usize = 40;
    let server = Postgres::start();
    let url = server.create_database();
    let (scene, store) = scene(PostgresConfig::at(url.clone())).await;
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let (progress, progresses) = std::sync::mpsc::channel();
    let (server_is_up, is_up) = watch::channel(true);
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (scene, store) = (scene.clone(), store.clone());
            let (progress, mut is_up) = (progress.clone(), is_up.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for number in 0..MESSAGES {
                    let key = format!("{sender}-{number}");
                    let id = loop {
                        match store.append(scene.keyed_draft(direct, ann, &key, &key)).await {
                            Ok(appended) => break appended.message().id,
                            Err(ActionError::Store(error)) if is_passing(&error) => {
                                is_up.wait_for(|is_up| *is_up).await.expect("trouble goes on");
                            }
                            Err(error) => panic!("{error:?}"),
                        }
                    };
                    acknowledged.push((key, id));
                    progress.send(()).expect("trouble goes on");
                }
                acknowledged
            })
        })
        .collect();
    drop(progress);
    // Trouble after every tenth acknowledged message, until all senders are done.
    let trouble = tokio::task::spawn_blocking(move || {
        for (number, ()) in (1..).zip(progresses) {
            if number % 10 == 0 {
                server.psql(
                    database_of(&url),
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chat'",
                );
            }
            if number % 100 == 50 {
                server_is_up.send_replace(false);
                server.kill9();
                server.resume();
                server_is_up.send_replace(true);
            }
        }
        server
    });
    let mut acknowledged = Vec::new();
    for sender in senders {
        acknowledged.extend(sender.await.expect("a sender"));
    }
    let _server = trouble.await.expect("trouble");

    // The pool recovers by itself, at the latest with its second answer.
    let healed = async { while store.ping().await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(30), healed).await.expect("the pool recovers");
    scene.assert_numbered_without_gaps(direct, bob).await;
    let mut stored = Vec::new();
    let mut request = HistoryRequest::Latest(PageLimit::parse(100).expect("a limit"));
    loop {
        let page = store.history(direct, bob, request).await.expect("a page");
        let Some(oldest) = page.messages.last().map(|message| message.seq) else { break };
        stored.extend(page.messages.into_iter().map(|message| (message.body.into_string(), message.id)));
        let anchor = chat_domain::messages::Anchor::Seq(oldest);
        request = HistoryRequest::Before(anchor, PageLimit::parse(100).expect("a limit"));
    }
    acknowledged.sort_unstable();
    stored.sort_unstable();
    assert_eq!(stored.len(), SENDERS * MESSAGES);
    assert_eq!(stored, acknowledged);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_server_fills_bounded_queues_and_the_rest_is_refused_at_once() {
    const CALLS: usize = 40;
    let server = Postgres::start();
    let url = server.create_database();
    let config = PostgresConfig {
        pool_size: 2,
        pool_queue: 4,
        writers: 1,
        write_queue: 4,
        statement_timeout: Duration::from_secs(2),
        wait_timeout: Duration::from_millis(500),
        ..PostgresConfig::at(url.clone())
    };
    let (scene, store) = scene(config).await;
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    scene.say(direct, ann, "before").await;

    let locked = server.lock_table(database_of(&url), "conversations, users");
    let started = Instant::now();
    let calls: Vec<_> = (0..CALLS)
        .map(|number| {
            let (scene, store) = (scene.clone(), store.clone());
            tokio::spawn(async move {
                let sent = store.append(scene.keyed_draft(direct, ann, "slow", &number.to_string())).await;
                let sent_after = started.elapsed();
                let found = store.find(ann).await;
                (sent.map(drop), sent_after, found.map(drop))
            })
        })
        .collect();
    let (mut refused_at_once, mut outcomes) = (0, Vec::new());
    for call in calls {
        let (sent, sent_after, found) = call.await.expect("an answer");
        refused_at_once += usize::from(sent_after < Duration::from_secs(1));
        outcomes.push((sent, found));
    }
    // Every statement times out, and so do the calls that wait for it.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    for (sent, found) in outcomes {
        assert!(matches!(sent, Err(ActionError::Store(StoreError::Overloaded))), "{sent:?}");
        assert!(matches!(found, Err(StoreError::Overloaded)), "{found:?}");
    }
    assert!(refused_at_once >= CALLS - 10, "only {refused_at_once} were refused at once");
    assert_eq!(store.status().sends.limit, 4);

    drop(locked);
    assert_eq!(scene.say(direct, ann, "after").await.seq.get(), 2, "rejected sends stored nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_waits_for_a_server_that_is_not_there_yet() {
    let server = Postgres::start();
    let url = server.create_database();
    server.stop();
    let late = {
        let config = PostgresConfig { start_timeout: Duration::from_millis(300), ..PostgresConfig::at(url.clone()) };
        PostgresStore::open(&config).await
    };
    assert!(matches!(late, Err(OpenError::Unreachable(_))));
    let port = TcpListener::bind(("127.0.0.1", server.port())).await.expect("the port of a server that is gone");
    let opening = tokio::spawn(async move { PostgresStore::open(&PostgresConfig::at(url)).await });
    for _ in 0..3 {
        // It asks again after it was not answered.
        drop(port.accept().await.expect("an attempt"));
    }
    assert!(!opening.is_finished());
    drop(port);
    server.resume();
    assert!(opening.await.expect("an answer").is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_acknowledges_too_early_is_told_not_to() {
    let server = Postgres::start_with(&["synchronous_commit=off"]);
    // Opening checks the settings of the connection.
    assert!(PostgresStore::open(&PostgresConfig::at(server.create_database())).await.is_ok());
}

#[tokio::test]
async fn opening_does_not_wait_for_what_waiting_does_not_mend() {
    let started = Instant::now();
    let url = Postgres::shared().url("there_is_none");
    assert!(matches!(PostgresStore::open(&PostgresConfig::at(url)).await, Err(OpenError::Refused(_))));
    assert!(matches!(
        PostgresStore::open(&PostgresConfig::at("postgres://localhost/chat?sslmode=allow")).await,
        Err(OpenError::Address(_))
    ));
    assert!(started.elapsed() < PostgresConfig::DEFAULT_START_TIMEOUT / 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_store_has_stored_what_was_queued_and_takes_no_more() {
    let url = Postgres::shared().create_database();
    let (scene, store) = scene(PostgresConfig::at(url.clone())).await;
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let drafts: Vec<_> = (0..20).map(|_| scene.draft(direct, ann, "queued")).collect();
    let sends: Vec<_> = drafts
        .into_iter()
        .map(|draft| {
            let store = store.clone();
            tokio::spawn(async move { store.append(draft).await })
        })
        .collect();
    while store.status().sends.taken == 0 {
        tokio::task::yield_now().await;
    }
    store.close().await;
    let mut acknowledged = 0;
    for send in sends {
        acknowledged += u64::from(send.await.expect("an answer").is_ok());
    }
    let late = store.append(scene.draft(direct, ann, "late")).await;
    assert!(matches!(late, Err(ActionError::Store(StoreError::Unavailable(_)))));
    assert!(matches!(store.find(ann).await, Err(StoreError::Unavailable(_))));
    let sql = "SELECT last_seq FROM conversations";
    assert_eq!(Postgres::shared().psql(database_of(&url), sql), acknowledged.to_string());
}
