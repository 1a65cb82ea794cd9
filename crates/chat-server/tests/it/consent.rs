//! Presence is visible to users who share a group, and to pairs in which both have written. A stranger must not learn
//! it in any way.

use crate::chat_api::on_both_databases;
use crate::setup;
use chat_blackbox::{Person, Server, Socket};
use chat_testkit::servers::Postgres;
use serde_json::{Value, json};

on_both_databases! {
    a_stranger_learns_nothing_on_one_node
    sharing_a_group_shows_presence_without_a_word
    a_deactivated_group_shows_presence_no_more
    a_member_whom_an_admin_removed_comes_back_by_an_admin_alone
    a_deactivated_group_takes_no_receipts_over_sockets
}

async fn a_stranger_learns_nothing_on_one_node(server: &Server) {
    a_stranger_learns_nothing(server, server).await;
    server.assert_untroubled();
}

/// A user who tries every way to learn another user's presence.
struct Watcher {
    person: Person,
    colon: Socket,
    camel: Socket,
    of: Person,
}

impl Watcher {
    /// `server` is the watcher's; `of` is the user to watch.
    async fn of(server: &Server, person: Person, of: &Person) -> Self {
        let (colon, camel) = (server.connect(&person).await, server.connect_camel(&person).await);
        Self { person, colon, camel, of: of.clone() }
    }

    /// Returns the ways that show presence or a time of it.
    async fn asks(&mut self) -> Vec<&'static str> {
        let id = self.of.id.clone();
        let get = async |path: String| self.person.rest.get(&path).await.data(200);
        let found = get(format!("/users/search?q={}", self.of.username)).await;
        let online = get("/users/online?limit=100".into()).await;
        let rooms = get(format!("/chat/rooms/{}", self.person.id)).await;
        let is_listed = |list: &Value| list.as_array().expect("a list").iter().any(|one| one["id"] == id.as_str());
        let shown_in_rooms = |room: &Value| room["userId"] == id.as_str() && room["isOnline"] == true;
        let mut ways = vec![
            ("GET /users/{id}", is_known(&get(format!("/users/{id}")).await)),
            ("GET /users/search", is_known(&found[0])),
            ("GET /users/online", is_listed(&online)),
            ("GET /chat/rooms", rooms.as_array().expect("rooms").iter().any(shown_in_rooms)),
            ("GET last-seen", is_known(&get(format!("/chat/user/{id}/last-seen")).await)),
            ("GET online-status", is_known(&get(format!("/chat/user/{id}/online-status")).await)),
            ("GET /conversations", get("/conversations".into()).await.to_string().contains("\"isOnline\":true")),
        ];
        ways.push(("presence:get", is_known(&self.colon.ask("presence:get", json!({"userId": id})).await)));
        ways.push(("getUserStatus", is_known(&self.camel.ask("getUserStatus", json!({"userId": id})).await)));
        ways.into_iter().filter(|(_, shows)| *shows).map(|(way, _)| way).collect()
    }

    /// Returns the events about the watched user.
    async fn hears(&mut self) -> Vec<Value> {
        let mut heard = Vec::new();
        for name in ["user:online", "user:offline", "conversation:joined", "conversation:left", "typing:update"] {
            heard.extend(self.colon.seen(name).await);
        }
        for name in ["userOnline", "userOffline", "userStatus", "userJoinedChat", "userLeftChat", "userTyping"] {
            heard.extend(self.camel.seen(name).await);
        }
        // The answers to the watcher's own requests contain `isOnline: false`, and nothing else about presence.
        let tells = |event: &Value| event.get("isOnline").is_none() || is_known(event);
        heard.retain(|event| event["userId"] == self.of.id.as_str() && tells(event));
        heard
    }
}

fn is_known(view: &Value) -> bool {
    let has = |field: &str| view.get(field).is_some_and(|value| !value.is_null());
    view["isOnline"] == true || has("status") || has("lastSeen")
}

/// Connects, sets a status, disconnects and connects again. A friend receives an event for each.
async fn lives(at: &Server, person: &Person, friend: &mut Socket) -> Socket {
    let is_theirs = |user: &Value| user["userId"] == person.id.as_str();
    let first = at.connect(person).await;
    friend.event_where("user:online", is_theirs).await;
    first.close().await;
    friend.event_where("user:offline", is_theirs).await;
    let mut second = at.connect_camel(person).await;
    friend.event_where("user:online", is_theirs).await;
    second.ask("presence:update", json!({"status": "busy"})).await;
    friend.event_where("user:online", |user| is_theirs(user) && user["status"] == "busy").await;
    second
}

/// Runs the test with the stranger on one server and the other user on the same or another one.
pub(crate) async fn a_stranger_learns_nothing(at_stranger: &Server, at_user: &Server) {
    let ann = at_user.register("ann").await;
    let (bob, eve) = (at_stranger.register("bob").await, at_stranger.register("eve").await);
    ann.talk_with(&bob.at(&at_user.rest())).await;
    let mut at_bob = at_stranger.connect(&bob).await;
    let direct = eve.direct_with(&ann).await;
    let mut watcher = Watcher::of(at_stranger, eve.clone(), &ann).await;

    watcher.colon.ask("conversation:join", json!({"conversationId": direct})).await;

    let at_ann = lives(at_user, &ann, &mut at_bob).await;
    assert_eq!(watcher.asks().await, Vec::<&str>::new(), "no one has written");
    assert_eq!(watcher.hears().await, Vec::<Value>::new(), "no one has written");
    at_ann.close().await;
    at_bob.event("user:offline").await;

    eve.say(&direct, "hey").await;
    eve.say(&direct, "are you there?").await;
    let mut at_ann = lives(at_user, &ann, &mut at_bob).await;
    ann.rest.post(&format!("/conversations/{direct}/read"), &json!({})).await.data(200);
    let mut pair = [ann.id.as_str(), eve.id.as_str()];
    pair.sort_unstable();
    let room = json!({"chatRoomId": pair.join("_")});
    for command in ["joinPrivateChat", "userTyping", "userStoppedTyping", "leavePrivateChat"] {
        at_ann.ask(command, room.clone()).await;
    }
    assert_eq!(watcher.asks().await, Vec::<&str>::new(), "the stranger alone has written");
    assert_eq!(watcher.hears().await, Vec::<Value>::new(), "the stranger alone has written");
    assert_eq!(ann.rest.get(&format!("/users/{}", eve.id)).await.data(200)["status"], Value::Null, "nor does she");

    ann.say(&direct, "who are you?").await;
    let told = watcher.colon.event_where("user:online", |user| user["userId"] == ann.id.as_str()).await;
    assert_eq!(told["status"], "busy");
    let told = watcher.camel.event_where("userOnline", |user| user["userId"] == ann.id.as_str()).await;
    assert_eq!(told["isOnline"], true);
    at_ann.event_where("userOnline", |user| user["userId"] == eve.id.as_str()).await;
    let ways = [
        "GET /users/{id}",
        "GET /users/search",
        "GET /users/online",
        "GET /chat/rooms",
        "GET last-seen",
        "GET online-status",
        "presence:get",
        "getUserStatus",
    ];
    assert_eq!(watcher.asks().await, ways, "after ann's reply every way shows presence");
    at_ann.ask("userTyping", room).await;
    assert_eq!(watcher.camel.event("userTyping").await["userId"], ann.id);
    assert_eq!(watcher.colon.event("typing:update").await["userId"], ann.id);
    at_ann.close().await;
    watcher.colon.event_where("user:offline", |user| user["userId"] == ann.id.as_str()).await;
}

async fn sharing_a_group_shows_presence_without_a_word(server: &Server) {
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let group = ann.group_with("Hikers", &[&bob]).await;
    let mut at_bob = server.connect(&bob).await;
    let _at_ann = server.connect(&ann).await;
    at_bob.event_where("user:online", |user| user["userId"] == ann.id.as_str()).await;
    assert_eq!(at_bob.ask("presence:get", json!({"userId": ann.id})).await["isOnline"], true);
    bob.rest.delete(&format!("/conversations/{group}/participants/{}", bob.id)).await.data(200);
    assert_eq!(at_bob.ask("presence:get", json!({"userId": ann.id})).await["isOnline"], false, "they share nothing");
    server.assert_untroubled();
}

async fn a_deactivated_group_shows_presence_no_more(server: &Server) {
    let (ann, bob, eve) = (server.register("ann").await, server.register("bob").await, server.register("eve").await);
    ann.talk_with(&bob).await;
    let mut at_bob = server.connect(&bob).await;
    let made = json!({"groupName": "Bait", "members": [ann.id]});
    let group = text(&eve.rest.post("/chat/group", &made).await.data(201)["groupId"]);
    let mut watcher = Watcher::of(server, eve.clone(), &ann).await;
    let at_ann = lives(server, &ann, &mut at_bob).await;
    assert!(watcher.asks().await.contains(&"presence:get"), "the group is active");
    at_ann.close().await;
    at_bob.event("user:offline").await;
    watcher.colon.event_where("user:offline", |user| user["userId"] == ann.id.as_str()).await;
    eve.rest.delete(&format!("/chat/group/{group}")).await.data(200);
    watcher.hears().await;

    let _at_ann = lives(server, &ann, &mut at_bob).await;
    assert_eq!(watcher.asks().await, Vec::<&str>::new());
    assert_eq!(watcher.hears().await, Vec::<Value>::new());
    let shown = eve.rest.get(&format!("/chat/group/{group}")).await.data(200);
    let shown = shown["members"].as_array().expect("members").iter().find(|one| one["id"] == ann.id.as_str());
    assert!(shown.is_some_and(|ann| !is_known(ann)), "{shown:?}");
    server.assert_untroubled();
}

async fn a_member_whom_an_admin_removed_comes_back_by_an_admin_alone(server: &Server) {
    let (ann, bob, eve) = (server.register("ann").await, server.register("bob").await, server.register("eve").await);
    let made = json!({"groupName": "Hikers", "members": [bob.id, eve.id]});
    let made = ann.rest.post("/chat/group", &made).await.data(201);
    let (group, code) = (text(&made["groupId"]), text(&made["inviteCode"]));
    let join = format!("/chat/group/join/{code}");
    let (chat_members, members) =
        (format!("/chat/group/{group}/member"), format!("/conversations/{group}/participants"));
    let mut at_eve = server.connect_camel(&eve).await;
    for removal in [format!("{chat_members}/{}", eve.id), format!("{members}/{}", eve.id)] {
        ann.rest.delete(&removal).await.data(200);
        at_eve.event("participant:removed").await;
        ann.say(&group, "about eve").await;
        eve.rest.post(&join, &json!({})).await.assert_failure(403, "REMOVED_BY_ADMIN");
        for path in [&chat_members, &members] {
            bob.rest.post(path, &json!({"userId": eve.id})).await.assert_failure(403, "REMOVED_BY_ADMIN");
        }
        let messages = format!("/conversations/{group}/messages");
        eve.rest.get(&messages).await.assert_failure(403, "NOT_A_PARTICIPANT");
        let refused = at_eve.try_ask("joinGroup", json!({"groupId": group})).await.expect_err("refused");
        assert_eq!(refused["code"], "NOT_A_PARTICIPANT");
        assert!(at_eve.seen("groupMessageReceived").await.is_empty());
        ann.rest.post(&chat_members, &json!({"userId": eve.id})).await.data(201);
        at_eve.event("participant:added").await;
    }
    eve.rest.delete(&format!("{members}/{}", eve.id)).await.data(200);
    eve.rest.post(&join, &json!({})).await.data(201);
    server.assert_untroubled();
}

async fn a_deactivated_group_takes_no_receipts_over_sockets(server: &Server) {
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let made = ann.rest.post("/chat/group", &json!({"groupName": "Over", "members": [bob.id]})).await.data(201);
    let group = text(&made["groupId"]);
    let message = text(&ann.say(&group, "before the end").await["id"]);
    ann.rest.delete(&format!("/chat/group/{group}")).await.data(200);
    let (mut colon, mut camel) = (server.connect(&bob).await, server.connect_camel(&bob).await);
    for (event, data) in [
        ("message:read", json!({"conversationId": group, "seq": 1})),
        ("message:read", json!({"conversationId": group})),
        ("message:delivered", json!({"conversationId": group, "messageId": message})),
        ("messageRead", json!({"messageId": message})),
        ("messageDelivered", json!({"messageId": message})),
    ] {
        for socket in [&mut colon, &mut camel] {
            let refused = socket.try_ask(event, data.clone()).await.expect_err("refused");
            assert_eq!(refused["code"], "GROUP_INACTIVE", "{event}");
        }
    }
    camel.tell("messageRead", json!({"messageId": message})).await;
    assert_eq!(camel.event("error").await["code"], "GROUP_INACTIVE", "without an id too");
    camel.tell("getGroupMessages", json!({"groupId": group})).await;
    let fetched = camel.event("groupMessagesFetched").await;
    assert_eq!(fetched["messages"][0]["message"], "before the end", "it stays readable");
    let overview = bob.rest.get(&format!("/conversations/{group}")).await.data(200);
    assert_eq!(overview["unreadCount"], 1, "and nothing has moved");
    server.assert_untroubled();
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
