//! How much of the shared resources one user may use, and that other users still get their share.

use crate::chat_api::on_both_databases;
use crate::metrics::value;
use chat_blackbox::{Person, Rest, Server, Setup};
use chat_domain::UserId;
use chat_testkit::servers::Postgres;
use chat_testkit::stores::{Scene, Stores};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The limit of conversations per user in this test.
const ROOM: usize = 3;

fn setup() -> Setup {
    crate::setup().set("MAX_CONVERSATIONS_PER_USER", &ROOM.to_string())
}

on_both_databases! {
    a_user_has_a_limited_number_of_conversations_by_their_own_act
    others_cannot_fill_a_user_s_room_for_conversations
    of_many_creations_at_once_as_many_succeed_as_there_is_room
}

async fn a_user_has_a_limited_number_of_conversations_by_their_own_act(server: &Server) {
    let (ann, ben, cat) = (server.register("ann").await, server.register("ben").await, server.register("cat").await);
    let open = cat.rest.post("/chat/group", &json!({"groupName": "Open house", "members": []})).await.data(201);
    let join = format!("/chat/group/join/{}", open["inviteCode"].as_str().expect("a code"));
    let direct = ann.direct_with(&ben).await;
    ann.group_with("a group", &[&ben]).await;
    let own = ann.rest.post("/chat/group", &json!({"groupName": "Ann's own", "members": []})).await.data(201);

    let message = json!({"chatType": "PRIVATE", "receiver": cat.id, "message": "hello"});
    for (path, body) in [
        ("/conversations", json!({"participantIds": [cat.id]})),
        ("/conversations", json!({"participantIds": [cat.id], "name": "another group"})),
        ("/chat/group", json!({"groupName": "Another one", "members": [cat.id]})),
        ("/chat/message", message.clone()),
        (&join, json!({})),
    ] {
        let refused = ann.rest.post(path, &body).await;
        refused.assert_failure(409, "TOO_MANY_CONVERSATIONS");
        assert!(refused.body.to_string().contains("(3)"), "the error names the limit: {}", refused.body);
    }
    let mut socket = server.connect_camel(&ann).await;
    let error = socket.try_ask("sendMessage", json!({"messageData": message})).await.expect_err("a refusal");
    assert_eq!(error["code"], "TOO_MANY_CONVERSATIONS");
    assert_eq!(ann.direct_with(&ben).await, direct, "the existing conversation is found");
    ann.say(&direct, "hello").await;
    let listed = ann.rest.get("/conversations").await;
    assert_eq!(listed.body["pagination"]["total"], 3, "{}", listed.body);

    ann.rest.delete(&format!("/chat/group/{}", own["groupId"].as_str().expect("an id"))).await.data(200);
    ann.rest.post(&join, &json!({})).await.data(201);
    ann.rest.post("/chat/message", &message).await.assert_failure(409, "TOO_MANY_CONVERSATIONS");
    ann.rest
        .delete(&format!("/conversations/{}/participants/{}", open["groupId"].as_str().expect("an id"), ann.id))
        .await;
    ann.rest.post("/chat/message", &message).await.data(201);
    server.assert_untroubled();
}

async fn others_cannot_fill_a_user_s_room_for_conversations(server: &Server) {
    let victim = server.register("victim").await;
    for number in 0..4 {
        let other = server.register("other").await;
        other.direct_with(&victim).await;
        other.group_with(&format!("group {number}"), &[&victim]).await;
        let group = json!({"groupName": format!("Group {number}"), "members": []});
        let group = other.rest.post("/chat/group", &group).await.data(201);
        let member = format!("/chat/group/{}/member", group["groupId"].as_str().expect("an id"));
        other.rest.post(&member, &json!({"userId": victim.id})).await.data(201);
    }
    let friend = server.register("friend").await;
    victim.direct_with(&friend).await;
    for number in 1..ROOM {
        victim.group_with(&format!("own {number}"), &[&friend]).await;
    }
    let one_more = json!({"participantIds": [friend.id], "name": "one more"});
    victim.rest.post("/conversations", &one_more).await.assert_failure(409, "TOO_MANY_CONVERSATIONS");
    let listed = victim.rest.get("/conversations").await;
    assert_eq!(listed.body["pagination"]["total"], 12 + ROOM, "{}", listed.body);
    server.assert_untroubled();
}

async fn of_many_creations_at_once_as_many_succeed_as_there_is_room(server: &Server) {
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let mut creating = JoinSet::new();
    for number in 0..64 {
        let rest = ann.rest.clone();
        let body = json!({"participantIds": [ben.id], "name": format!("group {number}")});
        creating.spawn(async move { rest.post("/conversations", &body).await });
    }
    let answers = creating.join_all().await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, ROOM);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        refused.assert_failure(409, "TOO_MANY_CONVERSATIONS");
    }
    server.assert_untroubled();
}

/// The number of requests that the greedy user always has open.
const BACKLOG: usize = 64;

/// The number of reads of another user meanwhile.
const READS: usize = 25;

/// The number of conversations of the greedy user.
const CONVERSATIONS: usize = 1_000;

mod a_backlog_of_one_user_runs_a_few_reads_at_once_and_others_are_answered {
    use super::{Postgres, beside_a_backlog};
    use crate::metrics::watched;
    use chat_postgres::{PostgresConfig, PostgresStore};
    use chat_sqlite::{SqliteConfig, SqliteStore};
    use chat_testkit::stores::Stores;
    use std::sync::Arc;

    /// One user may use one fewer than the four readers of the database.
    #[tokio::test]
    async fn on_sqlite() {
        let (server, admin) = watched(crate::setup()).await;
        let store = SqliteStore::open(&SqliteConfig::at(server.folder().join("data/chat.db"))).expect("a store");
        beside_a_backlog(&server, &admin, Stores::of(Arc::new(store.clone()), ()), 3.0).await;
        store.close();
    }

    #[tokio::test]
    async fn on_postgres() {
        let database = Postgres::of_run().create_database();
        let (server, admin) = watched(crate::setup().set("DATABASE_URL", &database)).await;
        let store = PostgresStore::open(&PostgresConfig::at(&database)).await.expect("a store");
        beside_a_backlog(&server, &admin, Stores::of(Arc::new(store.clone()), ()), 4.0).await;
        store.close().await;
    }
}

/// `per_user`: how many reads of one user run at once.
async fn beside_a_backlog(server: &Server, admin: &Rest, stores: Stores, per_user: f64) {
    let (greedy, other) = (server.register("greedy").await, server.register("other").await);
    make_groups(stores, &greedy, &server.register("friend").await).await;
    let stop = Arc::new(AtomicBool::new(false));
    // The backlog has its own thread, so that it does not delay the other user's client.
    let backlog = std::thread::spawn({
        let (base, token, stop) = (server.base().to_owned(), greedy.access_token.clone(), stop.clone());
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(read_all_the_time(&base, &token, &stop))
        }
    });

    let look = async || {
        let page = admin.get("~/metrics").await;
        let page = page.body.as_str().expect("text");
        let running = value(page, r#"chat_user_reads{state="running"}"#);
        assert!(running <= per_user + 1.0, "{running} reads run for two users, one of whom sends one at a time");
        value(page, r#"chat_user_reads{state="waiting"}"#)
    };
    while look().await < 16.0 {
        assert!(!backlog.is_finished(), "the backlog ended");
    }
    let mut waits = Vec::with_capacity(READS);
    for _ in 0..READS {
        let begun = Instant::now();
        other.rest.get("/conversations?limit=5").await.data(200);
        waits.push(begun.elapsed());
        look().await;
    }
    stop.store(true, Ordering::Relaxed);
    let own = backlog.join().expect("the backlog was served");
    let (beside, own) = (median(waits), median(own));
    assert!(beside * 4 < own, "{beside:?} beside the backlog, {own:?} within it");
    server.assert_untroubled();
}

/// Creates the greedy user's conversations directly in the store, which is quicker than through the server.
async fn make_groups(stores: Stores, creator: &Person, member: &Person) {
    let scene = Scene::new(stores);
    let [creator, member] = [creator, member].map(|person| UserId::new(person.id.parse().expect("an id")));
    let making = (0..CONVERSATIONS).map(async |_| scene.group(creator, &[member]).await);
    let made: Vec<_> = futures_util::stream::iter(making).buffer_unordered(16).collect().await;
    assert_eq!(made.len(), CONVERSATIONS);
}

/// Keeps [`BACKLOG`] requests for the last pages of the list open until `stop` is set. Returns the duration of each
/// request.
async fn read_all_the_time(base: &str, token: &str, stop: &AtomicBool) -> Vec<Duration> {
    let reading = (0..BACKLOG).map(async |number| {
        let address = base.strip_prefix("http://").expect("an address");
        let page = CONVERSATIONS - number;
        let request = format!(
            "GET /api/v1/conversations?limit=1&page={page} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \
             {token}\r\n\r\n"
        );
        let (mut stream, mut waits) = (TcpStream::connect(address).await.expect("a connection"), Vec::new());
        while !stop.load(Ordering::Relaxed) || waits.is_empty() {
            let begun = Instant::now();
            stream.write_all(request.as_bytes()).await.expect("sent");
            read_page(&mut stream).await;
            waits.push(begun.elapsed());
        }
        waits
    });
    join_all(reading).await.concat()
}

/// Reads one whole response, and parses only its length.
async fn read_page(stream: &mut TcpStream) {
    let mut bytes = Vec::with_capacity(16 * 1024);
    loop {
        assert!(stream.read_buf(&mut bytes).await.expect("an answer") > 0, "the server closed a connection");
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = str::from_utf8(&bytes[..end]).expect("text").to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if bytes.len() >= end + 4 + length.expect("the length of the answer") {
            return;
        }
    }
}

fn median(mut waits: Vec<Duration>) -> Duration {
    waits.sort_unstable();
    waits[waits.len() / 2]
}
