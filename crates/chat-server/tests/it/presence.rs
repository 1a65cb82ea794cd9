//! Presence over several connections, and to whom it is visible.

use crate::{setup, start};
use serde_json::json;

#[tokio::test]
async fn a_user_is_online_from_the_first_connection_to_the_last() {
    let server = start().await;
    let (ann, ben, cat) = (server.register("ann").await, server.register("ben").await, server.register("cat").await);
    ann.talk_with(&ben).await;
    let mut at_ben = server.connect(&ben).await;
    let mut at_cat = server.connect(&cat).await;

    let one = server.connect(&ann).await;
    let online = at_ben.event_where("user:online", |user| user["userId"] == ann.id.as_str()).await;
    assert_eq!((&online["name"], &online["status"]), (&json!("ann"), &json!("online")));
    let mut other = server.connect(&ann).await;
    one.close().await;
    other.ask("presence:update", json!({"status": "away"})).await;
    let away = at_ben.event_where("user:online", |user| user["status"] == "away").await;
    other.event_where("user:online", |user| user["status"] == "away").await;
    other.ask("presence:update", json!({"status": "away"})).await;
    at_ben.event_where("user:online", |user| user["status"] == "away").await;
    other.event_where("user:online", |user| user["status"] == "away").await;
    assert_eq!(away["userId"], ann.id, "others get the latest status");
    assert!(at_ben.seen("user:offline").await.is_empty(), "one connection is left");
    assert_eq!(at_ben.ask("presence:get", json!({"userId": ann.id})).await["status"], "away");
    let seen = ben.rest.get(&format!("/users/{}", ann.id)).await.data(200);
    assert_eq!((&seen["isOnline"], &seen["status"], &seen["email"]), (&json!(true), &json!("away"), &json!(null)));
    let list = ben.rest.get("/users/online").await.data(200);
    assert_eq!(list.as_array().expect("users").iter().map(|user| &user["id"]).collect::<Vec<_>>(), [&json!(ann.id)]);

    other.close().await;
    let offline = at_ben.event("user:offline").await;
    assert_eq!(offline["userId"], ann.id);
    assert!(offline["lastSeen"].is_string(), "{offline}");
    assert_eq!(ben.rest.get(&format!("/users/{}", ann.id)).await.data(200)["isOnline"], false);
    assert!(
        at_cat.seen("user:online").await.iter().all(|user| user["userId"] != ann.id.as_str()),
        "she shares nothing with ann"
    );
    let hidden = cat.rest.get(&format!("/users/{}", ann.id)).await.data(200);
    assert_eq!((&hidden["status"], &hidden["lastSeen"]), (&json!(null), &json!(null)));
    server.assert_untroubled();
}

#[tokio::test]
async fn a_new_connection_receives_the_presence_of_its_contacts() {
    let server = start().await;
    let (ann, ben, cat) = (server.register("ann").await, server.register("ben").await, server.register("cat").await);
    let stranger = server.register("dan").await;
    ann.talk_with(&ben).await;
    ann.talk_with(&cat).await;
    ann.say(&ann.direct_with(&stranger).await, "hello?").await;
    let seen = cat.rest.put(&format!("/chat/user/{}/last-seen", cat.id), None).await.data(200);
    let mut at_ann = server.connect(&ann).await;
    let _at_ben = server.connect(&ben).await;
    at_ann.event_where("user:online", |user| user["userId"] == ben.id.as_str()).await;
    let state = json!({"users": [
        {"userId": cat.id, "status": "offline", "lastSeen": seen["lastSeen"]},
        {"userId": ben.id, "status": "online"}]});
    assert_eq!(server.connect(&ann).await.event("presence:state").await, state);
    assert!(server.connect(&stranger).await.seen("presence:state").await.is_empty(), "he has no contact yet");
    server.assert_untroubled();
}

#[tokio::test]
async fn everyone_may_be_the_audience() {
    let server = setup().set("PRESENCE_AUDIENCE", "everyone").start().await;
    let (ann, cat) = (server.register("ann").await, server.register("cat").await);
    cat.direct_with(&ann).await;
    let mut at_cat = server.connect(&cat).await;
    let state = json!({"users": [{"userId": ann.id, "status": "offline"}]});
    assert_eq!(at_cat.event("presence:state").await, state);
    let at_ann = server.connect(&ann).await;
    at_cat.event_where("user:online", |user| user["userId"] == ann.id.as_str()).await;
    at_ann.close().await;
    at_cat.event_where("user:offline", |user| user["userId"] == ann.id.as_str()).await;
}

#[tokio::test]
async fn a_connection_that_does_not_answer_pings_is_closed() {
    let server = setup().set("HEARTBEAT_INTERVAL", "300ms").set("HEARTBEAT_TIMEOUT", "300ms").start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    ann.talk_with(&ben).await;
    let mut at_ben = server.connect(&ben).await;
    let mut at_ann = server.connect(&ann).await;
    at_ben.event_where("user:online", |user| user["userId"] == ann.id.as_str()).await;
    // ann's socket is not read, so it does not answer pings; ben's is read, and does.
    at_ben.event_where("user:offline", |user| user["userId"] == ann.id.as_str()).await;
    assert_eq!(at_ann.closed().await.code, 4004);
}

#[tokio::test]
async fn a_user_without_conversations_hears_of_their_own_choice_each_time() {
    let server = start().await;
    let ann = server.register("ann").await;
    let mut at_ann = server.connect(&ann).await;
    for _ in 0..2 {
        at_ann.tell("presence:update", json!({"status": "online"})).await;
        let told = at_ann.event("user:online").await;
        assert_eq!((&told["userId"], &told["status"]), (&json!(ann.id), &json!("online")));
    }
}
