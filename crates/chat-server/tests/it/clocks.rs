//! A clock that steps while the server runs.

use crate::setup;
use chat_blackbox::Server;
use serde_json::{Value, json};

/// A node with an embedded database, which uses its machine's clock.
async fn start() -> Server {
    setup().clock_off_by(0).start().await
}

fn time(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("expected a time, got {value}")).to_owned()
}

#[tokio::test]
async fn created_at_never_runs_against_seq_while_the_clock_steps() {
    let server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let mut at_ben = server.connect(&ben).await;
    let mut told = Vec::new();
    for (number, clock) in [0_i64, 300, -300, -299, 600, 0].into_iter().enumerate() {
        server.set_clock(clock);
        for content in [format!("{number} a"), format!("{number} b")] {
            let said = ann.say(&conversation, &content).await;
            let received = at_ben.event("message:received").await;
            assert_eq!((&received["id"], &received["createdAt"]), (&said["id"], &said["createdAt"]));
            told.push(time(&said["createdAt"]));
        }
    }
    assert!(told.is_sorted(), "{told:?}");
    let stored: Vec<_> = ann.history(&conversation).await.iter().map(|message| time(&message["createdAt"])).collect();
    assert_eq!(stored, told);
    // A new account is not part of the conversation, so its time shows that the clock stepped back.
    let late = server.register("cid").await;
    let registered = time(&late.rest.get("/users/me").await.data(200)["createdAt"]);
    assert!(registered < told[2], "{registered} is not before {}", told[2]);
    server.assert_untroubled();
}

#[tokio::test]
async fn a_token_that_was_issued_by_a_clock_that_was_ahead_holds_after_the_clock_is_set_back() {
    let server = start().await;
    server.set_clock(300);
    let ann = server.register("ann").await;
    server.set_clock(-300);
    assert_eq!(ann.rest.get("/users/me").await.data(200)["id"], ann.id.as_str());
    let mut socket = server.connect(&ann).await;
    socket.ask("presence:get", json!({"userId": ann.id})).await;
    server.assert_untroubled();
}

#[tokio::test]
async fn a_sign_out_holds_whichever_way_the_clock_steps() {
    let server = start().await;
    let ann = server.register("ann").await;
    let phone = ann.sign_in().await;
    let mut socket = server.connect(&phone).await;
    server.set_clock(-300);
    phone.rest.post("/auth/logout", &json!({})).await.data(200);
    assert_eq!(socket.closed().await.code, 4003);
    for clock in [-540, 300, 0] {
        server.set_clock(clock);
        let refused = phone.rest.get("/users/me").await;
        refused.assert_failure(401, "SESSION_REVOKED");
    }
    server.assert_untroubled();
}
