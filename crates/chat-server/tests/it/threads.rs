//! Threads, as clients of the REST API and of sockets see them.

use crate::{setup, start};
use chat_blackbox::{Person, Server};
use chat_testkit::servers::Postgres;
use serde_json::{Value, json};

/// A group of three, with a message of the second.
struct Scene {
    server: Server,
    ann: Person,
    ben: Person,
    cat: Person,
    group: String,
    root: String,
}

fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

impl Scene {
    async fn on(server: Server) -> Self {
        let [ann, ben, cat] =
            [server.register("ann").await, server.register("ben").await, server.register("cat").await];
        let body = json!({"participantIds": [ben.id, cat.id], "name": "A group"});
        let group = id(&ann.rest.post("/conversations", &body).await.data(201));
        let root = id(&ben.say(&group, "What do you think?").await);
        Self { server, ann, ben, cat, group, root }
    }

    async fn open(&self, who: &Person, status: u16) -> Value {
        let path = format!("/conversations/{}/messages/{}/thread", self.group, self.root);
        who.rest.post(&path, &json!({})).await.data(status)
    }
}

async fn threads_work(server: Server) {
    let scene = Scene::on(server).await;
    let Scene { server, ann, ben, cat, group, root } = &scene;
    let opened = scene.open(ann, 201).await;
    let thread = id(&opened);
    assert_eq!((&opened["conversationId"], &opened["messageId"]), (&json!(group), &json!(root)));
    assert_eq!(
        (&opened["replyCount"], &opened["lastReplyAt"], &opened["lastSeq"]),
        (&json!(0), &json!(null), &json!(0))
    );
    assert_eq!((&opened["isFollowing"], &opened["participants"][0]["id"]), (&json!(false), &json!(ben.id)));
    assert_eq!(id(&scene.open(cat, 200).await), thread, "there is one");

    let first = cat.say(&thread, "I like it").await;
    assert_eq!((&first["conversationId"], &first["seq"], &first["pos"]), (&json!(thread), &json!(1), &json!(1)));
    let path = format!("/conversations/{thread}/messages");
    let key = json!({"content": "Me too", "clientMessageId": "k", "replyTo": first["id"]});
    let second = ann.rest.post(&path, &key).await.data(201);
    assert_eq!(ann.rest.post(&path, &key).await.data(200)["id"], second["id"]);
    let edit = format!("{path}/{}", id(&second));
    ann.rest.patch(&edit, &json!({"content": "I do, too"})).await.data(200);
    let mut socket = server.connect(cat).await;
    let sent = socket.ask("message:send", json!({"conversationId": thread, "content": "From a socket"})).await;
    assert_eq!(sent["seq"], 3);
    socket.ask("message:delete", json!({"conversationId": thread, "messageId": sent["id"]})).await;

    let history = ben.rest.get(&path).await;
    assert_eq!(history.body["pagination"]["total"], 3);
    let contents: Vec<_> =
        history.data(200).as_array().expect("a list").iter().map(|one| one["content"].clone()).collect();
    assert_eq!(contents, ["", "I do, too", "I like it"]);
    let changes = ben.rest.get(&format!("/conversations/{thread}/changes?after=1")).await;
    assert_eq!(changes.body["pagination"]["asOfPos"], 5);
    let events: Vec<_> =
        changes.data(200)["events"].as_array().expect("a list").iter().map(|one| one["event"].clone()).collect();
    assert_eq!(events, ["message:received", "message:received", "message:deleted"]);

    let seen = ben.rest.get(&format!("/threads/{thread}")).await.data(200);
    assert_eq!((&seen["replyCount"], &seen["unreadCount"], &seen["isFollowing"]), (&json!(2), &json!(3), &json!(true)));
    assert_eq!((&seen["lastSeq"], &seen["pos"], &seen["lastMessage"]["seq"]), (&json!(3), &json!(5), &json!(3)));
    let read = ben.rest.post(&format!("/conversations/{thread}/read"), &json!({"seq": 2})).await.data(200);
    assert_eq!((&read["readSeq"], &read["unreadCount"]), (&json!(2), &json!(1)));
    let unread = ben.rest.get("/threads?unread=true").await.data(200);
    assert_eq!((unread.as_array().map(Vec::len), &unread[0]["id"]), (Some(1), &json!(thread)));
    ben.rest.post(&format!("/conversations/{thread}/read"), &json!({})).await.data(200);
    assert_eq!(ben.rest.get("/threads?unread=true").await.data(200), json!([]));
    assert_eq!(ben.rest.get("/threads?cursor=&limit=1").await.body["pagination"]["hasMore"], false);
    let follow = format!("/conversations/{thread}/follow");
    assert_eq!(ben.rest.delete(&follow).await.data(200)["isFollowing"], false);
    assert_eq!(ben.rest.get("/threads").await.data(200), json!([]));
    let of_group = ben.rest.get(&format!("/conversations/{group}/threads")).await.data(200);
    assert_eq!((of_group.as_array().map(Vec::len), &of_group[0]["id"]), (Some(1), &json!(thread)));
    let follows = ben.rest.request(reqwest::Method::PUT, &follow).send().await.data(200);
    assert_eq!((&follows["isFollowing"], &follows["unreadCount"]), (&json!(true), &json!(0)));

    let conversations = ben.rest.get("/conversations").await;
    assert_eq!(conversations.body["pagination"]["total"], 1, "no thread");
    assert_eq!(conversations.data(200)[0]["lastMessage"]["id"], json!(root));
    assert_eq!(ann.rest.get("/users/me/unread").await.data(200), json!({"total": 1, "conversations": 1}));

    ann.rest.delete(&format!("/conversations/{group}/participants/{}", cat.id)).await.data(200);
    for path in [path.clone(), format!("/threads/{thread}"), format!("/conversations/{thread}/changes?after=0")] {
        assert_eq!(cat.rest.get(&path).await.status, 403, "{path}");
    }
    assert_eq!(cat.send(&thread, &json!({"content": "Am I out?"})).await.status, 403);
    assert_eq!(cat.rest.get("/threads").await.data(200), json!([]));
    ann.rest.delete(&format!("/chat/group/{group}")).await.data(200);
    assert_eq!(ann.send(&thread, &json!({"content": "Closed"})).await.body["code"], "GROUP_INACTIVE");
    assert_eq!(ann.rest.get(&format!("/threads/{thread}")).await.data(200)["isActive"], false);
    server.assert_untroubled();
}

#[tokio::test]
async fn a_thread_takes_the_participants_of_its_conversation_and_has_its_own_messages() {
    threads_work(start().await).await;
}

#[tokio::test]
async fn threads_work_on_postgres_too() {
    threads_work(setup().set("DATABASE_URL", &Postgres::of_run().create_database()).start().await).await;
}

#[tokio::test]
async fn sockets_receive_no_events_of_threads_and_name_none_when_they_resume() {
    let scene = Scene::on(start().await).await;
    let thread = id(&scene.open(&scene.ann, 201).await);
    let mut socket = scene.server.connect(&scene.ben).await;
    scene.ann.say(&thread, "In the thread").await;
    let last = scene.ann.say(&scene.group, "In the group").await;
    let received = socket.event("message:received").await;
    assert_eq!(received["id"], last["id"], "today's clients would take a thread for a conversation");
    let synced = scene.ben.rest.post("/sync", &json!({"positions": {&scene.group: 0}})).await.data(200);
    assert_eq!(synced["positions"].as_object().map(serde_json::Map::len), Some(1));
}
