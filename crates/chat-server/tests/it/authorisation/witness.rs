use super::house::House;
use super::operations::ask;
use super::role::Role;
use super::scene::Scene;
use chat_blackbox::{Rest, Socket};
use chat_protocol::realtime::Dialect;
use futures_util::future::join_all;
use serde_json::{Value, json};

/// Everything about `admin` and `member` that only they may change, as they see it.
#[derive(Debug, PartialEq)]
pub(super) struct Witness(Vec<(String, Value)>);

/// What each of the two requests. None of these requests moves a position.
const SIGHTS: &[&str] = &[
    "/users/me",
    "/auth/sessions",
    "/conversations/$group",
    "/conversations/$direct",
    "/conversations/$group/messages",
    "/conversations/$direct/messages",
    "/threads/$thread",
    "/conversations/$thread/messages",
    "/chat/messages/undelivered/$admin/$member",
    "/chat/user/$admin/last-seen",
];

impl Witness {
    pub(super) async fn look(scene: &Scene) -> Self {
        let sights =
            [Role::Admin, Role::Member].into_iter().flat_map(|role| SIGHTS.iter().map(move |path| (role, path)));
        // Data that only the other of the two may see is skipped.
        let sights = sights.filter(|(role, path)| *role == Role::Admin || !path.starts_with("/chat/"));
        let seen = sights.map(|(role, path)| async move {
            let mut body = scene.rest(role).get(&scene.fill(role, path)).await.body;
            steady(&mut body);
            (format!("{path} of {role:?}"), body)
        });
        let mut seen = join_all(seen).await;
        seen.push(("the invite code".to_owned(), invite_code(scene).await));
        Self(seen)
    }

    /// The first difference between the two looks, if any.
    pub(super) fn differs_from(&self, later: &Self) -> Option<String> {
        let pairs = self.0.iter().zip(&later.0);
        let changed = pairs.into_iter().find(|(before, after)| before != after);
        changed.map(|((what, before), (_, after))| format!("{what} changed from {before} to {after}"))
    }
}

async fn invite_code(scene: &Scene) -> Value {
    let group = scene.rest(Role::Admin).get(&scene.fill(Role::Admin, "/chat/group/$group")).await.body;
    json!([group["data"]["inviteCode"], group["data"]["admins"]])
}

/// Removes what a look itself changes: when a session was last used.
fn steady(body: &mut Value) {
    if let Some(sessions) = body["data"].as_array_mut() {
        for session in sessions.iter_mut().filter_map(Value::as_object_mut) {
            session.remove("lastUsedAt");
        }
    }
}

/// Every message with `admin` or `member` as the sender that any user of the scene can see.
pub(super) async fn in_their_names(scene: &Scene) -> Vec<String> {
    let victims = ["admin", "member"].map(|name| &scene.person(name).id);
    let everyone = ["admin", "member", "stranger", "former", "newcomer", "bystander"];
    let mut messages = Vec::new();
    for messages_of_one in join_all(everyone.map(|name| all_messages(&scene.person(name).rest))).await {
        let theirs =
            messages_of_one.into_iter().filter(|message| victims.iter().any(|id| message["sender"]["id"] == ***id));
        messages.extend(theirs.map(|message| message["id"].to_string()));
    }
    messages.sort_unstable();
    messages.dedup();
    messages
}

async fn all_messages(rest: &Rest) -> Vec<Value> {
    let conversations = rest.get("/conversations?limit=100").await.data(200);
    let ids = conversations.as_array().expect("a list").iter().map(|one| one["id"].as_str().expect("an id").to_owned());
    let pages = ids.map(|id| async move {
        rest.get(&format!("/conversations/{id}/messages?limit=100")).await.data(200).as_array().expect("a page").clone()
    });
    join_all(pages).await.concat()
}

/// A socket of a possible victim, with the windows open in which a forged event would appear.
pub(super) struct Watch {
    socket: Socket,
    whose: Role,
}

/// The conversations in which joins, leaves and typing are watched.
const WINDOWS: [&str; 2] = ["group", "direct"];

/// The events that have an author, and the field that names the author.
const AUTHORED: &[(&str, &str)] = &[
    ("message:received", "/sender/id"),
    ("message:status", "/userId"),
    ("typing:update", "/userId"),
    ("conversation:joined", "/userId"),
    ("conversation:left", "/userId"),
    ("call:incoming", "/callerId"),
    ("conversation:created", "/conversation/createdBy"),
    ("user:online", "/userId"),
];

impl Watch {
    /// Opens one socket for each of the two, and waits until the events of connecting are over.
    pub(super) async fn both(house: &House, scene: &Scene) -> [Self; 2] {
        let (mut admin, member) =
            (Self::begin(house, scene, Role::Admin).await, Self::begin(house, scene, Role::Member).await);
        for window in WINDOWS {
            let window = scene.value(window);
            admin.socket.event_where("conversation:joined", |joined| joined["conversationId"] == window).await;
        }
        [admin, member]
    }

    async fn begin(house: &House, scene: &Scene, whose: Role) -> Self {
        let mut socket = house.connect(Dialect::Colon, &scene.player(whose).access_token).await;
        for window in WINDOWS {
            socket.ask("conversation:join", json!({"conversationId": scene.value(window)})).await;
        }
        Self { socket, whose }
    }

    /// Waits until all events must have arrived, and returns those in the name of the two.
    pub(super) async fn end(&mut self, scene: &Scene) -> Vec<String> {
        let last = scene.person("bystander").say(scene.value("group"), "the last word").await;
        self.socket.event_where("message:received", |message| message["id"] == last["id"]).await;
        let victims = ["admin", "member"].map(|name| scene.person(name).id.as_str());
        let mut forged = Vec::new();
        for (event, author) in AUTHORED {
            for data in self.socket.seen(event).await {
                let author = data.pointer(author).and_then(Value::as_str).unwrap_or_default();
                // Both came online themselves; only an attacker sets the status to busy.
                let is_own = *event == "user:online" && data["status"] != "busy";
                if victims.contains(&author) && !is_own {
                    forged.push(format!("{:?} received {event} {data}, forged in another user's name", self.whose));
                }
            }
        }
        forged
    }
}

/// Actions that the two may do themselves. The witness must notice each of them; otherwise its silence would prove
/// nothing.
const DEEDS: &[(Role, &str, &str)] = &[
    (Role::Admin, "PUT /chat/user/$self/last-seen", ""),
    (Role::Admin, "PUT /chat/messages/delivered/$self/$member", ""),
    (Role::Admin, "PUT /chat/messages/read/$self/$member", ""),
    (Role::Admin, "POST /chat/messages/fetch", r#"{"groupId": "$group"}"#),
    (Role::Admin, "POST /conversations/$group/read", "{}"),
    (Role::Admin, "POST /conversations/$group/messages", r#"{"content": "new"}"#),
    (Role::Admin, "POST /conversations/$thread/read", "{}"),
    (Role::Admin, "DELETE /conversations/$thread/follow", ""),
    (Role::Member, "POST /conversations/$thread/messages", r#"{"content": "new"}"#),
    (Role::Member, "POST /chat/message", r#"{"receiver": "$admin", "message": "new"}"#),
    (Role::Member, "POST /conversations/$group/participants", r#"{"userId": "$stranger"}"#),
    (Role::Admin, "PUT /chat/group/$group/invite-code/revoke", ""),
    (Role::Member, "PATCH /users/me", r#"{"name": "Another"}"#),
    (Role::Member, "POST /auth/login", r#"{"email": "$email", "password": "$password"}"#),
];

#[tokio::test]
async fn a_witness_notices_whatever_the_two_do() {
    let house = House::on_sqlite().await;
    let scene = Scene::set(&house).await;
    let (mut before, theirs) = (Witness::look(&scene).await, in_their_names(&scene).await);
    assert_eq!(before.differs_from(&Witness::look(&scene).await), None, "looking changes nothing");
    let mut unnoticed: Vec<&str> = Vec::new();
    for (role, request, body) in DEEDS {
        let reply = ask(&scene.rest(*role), &scene.fill(*role, request), &scene.fill(*role, body)).await;
        assert!(reply.status < 300, "{request}: {}", reply.body);
        let after = Witness::look(&scene).await;
        unnoticed.extend(before.differs_from(&after).is_none().then_some(*request));
        before = after;
    }
    assert!(unnoticed.is_empty(), "not noticed: {unnoticed:?}");
    assert_eq!(in_their_names(&scene).await.len(), theirs.len() + 2);
}
