//! Concurrent calls of many clients share queries: each gets the result that it gets alone, and the server runs few
//! statements.

mod site;

use chat_domain::users::{DisplayName, ProfileChanges, UserStore};
use chat_domain::{ChangeLog, ChangeRange, ConversationId, Pos, RealtimeStore, StoreError, Timestamp};
use chat_postgres::{PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use chat_testkit::stores::{Scene, Stores};
use site::{CONVERSATIONS_OF_TEAM, STUCK, Site, TEAM, USERS, find, id, id_sql, read, user};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_at_once_read_what_each_reads_alone_by_few_statements() {
    let site = Site::with_teams(PostgresConfig::at).await;
    site.sql("CREATE EXTENSION pg_stat_statements");
    let mut alone = Vec::new();
    site.count_statements();
    for number in 0..USERS {
        alone.push(site.read(number).await);
    }
    let statements_alone = site.count_statements();
    assert_eq!(alone[11].memberships.len() as u64, CONVERSATIONS_OF_TEAM);
    assert_eq!(alone[11].positions.len() as u64, CONVERSATIONS_OF_TEAM * TEAM);
    assert_eq!((alone[1].changes.len(), alone[3].changes.len()), (100, 0));
    assert!(alone.iter().any(|read| !read.places.is_empty()));

    let store = site.store.clone();
    let calls = (0..USERS).map(|number| {
        let store = store.clone();
        async move { read(&store, number).await }
    });
    let together = site.at_once("conversations, users", calls).await;
    for (number, (one, other)) in together.iter().zip(&alone).enumerate() {
        assert_eq!(one, other, "user {number}");
    }
    let statements = site.count_statements();
    // One by one, reading changes takes three statements per client. Together, it depends on how many calls arrive
    // during a query.
    assert!(statements < USERS / 2, "{statements} statements, {statements_alone} one by one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_refused_however_few_connections_and_places_in_the_pool_there_are() {
    let config = |url| PostgresConfig { pool_size: 1, pool_queue: 1, ..PostgresConfig::at(url) };
    let site = Site::with_teams(config).await;
    let store = site.store.clone();
    let calls = (0..5_000).map(|number: u64| {
        let (store, user) = (store.clone(), user(number % USERS));
        async move {
            match number % 4 {
                0 => store.list_memberships(user, 1_000).await.map(|found| found.len() as u64),
                1 => find(&store, user).await.map(|found| found.iter().len() as u64 * 5),
                2 => store.touch_last_seen(user, Timestamp::from_unix_micros(7)).await.map(|()| 5),
                _ => store
                    .list_positions(&[ConversationId::new(id(2, number % 500))])
                    .await
                    .map(|found| found.len() as u64 / 2),
            }
        }
    });
    let answers = site.at_once("conversations, users", calls).await;
    assert!(answers.iter().all(|answer| matches!(answer, Ok(5))), "{answers:?}");
    let status = site.store.status().batches;
    assert!(status.calls == 5_000 && status.batches < 40, "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_sees_whatever_was_answered_before_it_was_made() {
    const CALLERS: usize = 30;
    const ROUNDS: u64 = 20;
    let url = Postgres::shared().create_database();
    let store = Arc::new(PostgresStore::open(&PostgresConfig::at(url)).await.expect("a store"));
    let scene = Scene::new(Stores::of(store.clone(), ()));
    let ann = scene.user("ann").await;
    let mut callers = Vec::new();
    for number in 0..CALLERS {
        let user = scene.user(&format!("user{number}")).await;
        let group = scene.group(ann, &[user]).await;
        let (scene, store) = (scene.clone(), store.clone());
        callers.push(tokio::spawn(async move {
            for round in 1..=ROUNDS {
                let name = DisplayName::parse(&format!("name {round}")).expect("a name");
                let changes = ProfileChanges { name: Some(name.clone()), ..ProfileChanges::default() };
                store.update_profile(user, changes, scene.now()).await.expect("updated");
                assert_eq!(find(&store, user).await.expect("an answer").map(|user| user.name), Some(name));
                let seen = scene.now();
                store.touch_last_seen(user, seen).await.expect("touched");
                assert_eq!(find(&store, user).await.expect("an answer").and_then(|user| user.last_seen), Some(seen));
                let message = scene.say(group, user, "hello").await;
                let memberships = store.list_memberships(user, 10).await.expect("memberships");
                assert_eq!(memberships[0].last_pos, message.pos);
                let positions = store.list_positions(&[group]).await.expect("positions");
                assert!(positions.iter().any(|moved| moved.positions.read == message.seq));
                assert_eq!(store.list_at(&[(group, message.seq)]).await.expect("places")[0].id, message.id);
                let missed = ChangeRange { conversation_id: group, after: Pos::new(round), up_to: Pos::MAX };
                let changes = store.list_changes(&[missed], 10).await.expect("changes");
                assert_eq!(changes.iter().map(|change| change.pos).collect::<Vec<_>>(), [message.pos]);
            }
        }));
    }
    for caller in callers {
        caller.await.expect("what was committed is seen");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_row_hurts_only_those_who_ask_for_it() {
    let site = Site::with_teams(PostgresConfig::at).await;
    site.sql(&format!("UPDATE users SET username = 'not a username' WHERE id = '{}'", id(1, 77)));
    let found = site.at_once("users", site.finds(200)).await;
    for (number, found) in (0..).zip(found) {
        match found {
            Ok(Some(found)) => assert_eq!(found.id, user(number)),
            refused => assert!(number == 77 && matches!(refused, Err(StoreError::Failed(_))), "{number} {refused:?}"),
        }
    }
    let status = site.store.status().batches;
    assert!(status.failed_batches > 0 && status.batches < 30, "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_part_in_very_many_conversations_has_them_all_beside_those_who_do_not() {
    let site = Site::with_teams(PostgresConfig::at).await;
    let many = user(5);
    site.sql(&format!(
        "INSERT INTO conversations (id, is_group, created_by, participant_count, created_at, updated_at)
         SELECT {}, TRUE, '{user}', 1, n, n % 100 FROM generate_series(1000, 1999) AS n;
         INSERT INTO participants (conversation_id, user_id, role, joined_at, joined_seq, delivered_seq, read_seq)
         SELECT id, '{user}', 'admin', 0, 0, 0, 0 FROM conversations WHERE created_at >= 1000",
        id_sql(2),
        user = id(1, 5)
    ));
    let listed = site.sql(&format!(
        "SELECT p.conversation_id FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
         WHERE p.user_id = '{}' ORDER BY c.updated_at DESC, c.id DESC",
        id(1, 5)
    ));
    let expected: Vec<_> = listed.lines().map(|id| Uuid::parse_str(id).expect("an id")).collect();
    assert_eq!(expected.len(), 1_005);
    let limits = [0, 1, 255, 256, 257, 1_000, 1_005, 10_000];
    let store = site.store.clone();
    let calls = (0..400).map(|number| {
        let store = store.clone();
        let (user, limit) = if number % 2 == 0 { (many, limits[number / 2 % 8]) } else { (user(100), 1_000) };
        async move { (user, limit, store.list_memberships(user, limit).await.expect("memberships")) }
    });
    for (user, limit, found) in site.at_once("conversations", calls).await {
        let ids: Vec<_> = found.iter().map(|membership| membership.conversation_id.as_uuid()).collect();
        if user == many {
            assert_eq!(ids, expected[..expected.len().min(limit as usize)]);
        } else {
            assert_eq!(ids.len(), 5);
        }
    }
    assert!(site.store.status().batches.batches < 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_latest_time_is_when_one_was_last_seen_whichever_node_tells_of_it() {
    const SEEN: u64 = 40;
    let site = Site::with_teams(PostgresConfig::at).await;
    let other = PostgresStore::open(&PostgresConfig::at(site.server.url("test_0"))).await.expect("another node");
    let nodes = [site.store.clone(), Arc::new(other)];
    let at = |number: u64, time: u64| Timestamp::from_unix_micros(i64::try_from(number + time).expect("small"));
    let touches = (0..SEEN * 100).map(|touch| {
        let (number, time) = (touch % 100, touch / 100 * 37 % SEEN);
        let node = nodes[usize::from(touch % 3 == 0)].clone();
        tokio::spawn(async move { node.touch_last_seen(user(number), at(number, time)).await })
    });
    for touch in touches.collect::<Vec<_>>() {
        touch.await.expect("an answer").expect("touched");
    }
    for number in 0..100 {
        let seen = find(&nodes[1], user(number)).await.expect("an answer").expect("a user").last_seen;
        assert_eq!(seen, Some(at(number, SEEN - 1)), "user {number}");
    }
    assert!(!site.server.log().contains("deadlock detected"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_breaks_under_a_shared_query_is_replaced_and_nobody_notices() {
    let site = Site::with_teams(PostgresConfig::at).await;
    let locked = site.server.lock_table("test_0", "users");
    let calls = site.made(site.finds(100)).await;
    assert_ne!(site.sql(&format!("SELECT count(pg_terminate_backend(pid)) {STUCK}")), "0");
    drop(locked);
    for (number, call) in (0..).zip(calls) {
        let found = call.await.expect("an answer").expect("another connection").expect("a user");
        assert_eq!(found.id, user(number));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_server_goes_all_who_wait_are_told_and_the_next_are_answered() {
    let config = |url| PostgresConfig { statement_timeout: Duration::from_mins(1), ..PostgresConfig::at(url) };
    let site = Site::with_teams(config).await;
    let locked = site.server.lock_table("test_0", "users");
    let calls = site.made(site.finds(100)).await;
    site.server.stop();
    for call in calls {
        let told = call.await.expect("an answer");
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    }
    drop(locked);
    site.server.resume();
    assert!(find(&site.store, user(3)).await.expect("an answer").is_some());
}
