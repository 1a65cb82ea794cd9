//! Tokens and sessions, on REST and on sockets.

use crate::{setup, start};
use chat_blackbox::{Closed, Socket};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_socket_takes_its_token_in_the_header_the_subprotocol_or_the_first_frame() {
    let server = setup().set("AUTH_TIMEOUT", "500ms").start().await;
    let ann = server.register("ann").await;
    let url = server.socket_url();
    let me = json!({"userId": ann.id});
    let mut by_header = server.connect(&ann).await;
    by_header.ask("presence:get", me.clone()).await;
    let protocols = format!("bearer, {}", ann.access_token);
    let mut by_protocol = Socket::open(&url, &[("sec-websocket-protocol", &protocols)]).await.expect("an upgrade");
    by_protocol.ask("presence:get", me.clone()).await;
    let mut by_frame = Socket::open(&url, &[]).await.expect("an upgrade");
    by_frame.ask("auth", json!({"token": ann.access_token})).await;
    by_frame.ask("presence:get", me).await;

    let refused = Socket::open(&url, &[("authorization", "Bearer nonsense")]).await.expect_err("a refusal");
    assert_eq!((refused.status, &refused.body["code"]), (401, &json!("TOKEN_INVALID")));
    let mut wrong = Socket::open(&url, &[]).await.expect("an upgrade");
    wrong.tell("auth", json!({"token": "nonsense"})).await;
    let reason = |code: &str| Closed { code: 4001, reason: code.into() };
    assert_eq!(wrong.closed().await, reason("TOKEN_INVALID"));
    let mut wrong = Socket::open(&url, &[("sec-websocket-protocol", "bearer, nonsense")]).await.expect("an upgrade");
    assert_eq!(wrong.closed().await, reason("TOKEN_INVALID"));
    let mut silent = Socket::open(&url, &[]).await.expect("an upgrade");
    assert_eq!(silent.closed().await, reason("UNAUTHENTICATED"), "a socket that never authenticates");
    server.assert_untroubled();
}

#[tokio::test]
async fn signing_out_ends_the_session_s_tokens_and_sockets_within_a_second() {
    let server = start().await;
    let ann = server.register("ann").await;
    let phone = ann.sign_in().await;
    let (mut at_desk, mut at_phone) = (server.connect(&ann).await, server.connect(&phone).await);
    let before = Instant::now();
    phone.rest.post("/auth/logout", &json!({})).await.data(200);
    let closed = at_phone.closed().await;
    assert_eq!((closed.code, closed.reason.as_str()), (4003, "SESSION_REVOKED"));
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    phone.rest.get("/users/me").await.assert_failure(401, "SESSION_REVOKED");
    let renewed = ann.rest.post("/auth/refresh", &json!({"refreshToken": phone.refresh_token})).await;
    assert_eq!(renewed.status, 401, "{}", renewed.body);
    at_desk.ask("presence:get", json!({"userId": ann.id})).await;

    let sessions = ann.rest.get("/auth/sessions").await.data(200);
    assert_eq!(sessions.as_array().map(Vec::len), Some(1), "{sessions}");
    ann.rest.post("/auth/logout-all", &json!({})).await.data(200);
    assert_eq!(at_desk.closed().await.code, 4003);
}

#[tokio::test]
async fn ending_a_session_from_the_list_ends_its_socket() {
    let server = start().await;
    let ann = server.register("ann").await;
    let phone = ann.sign_in().await;
    let mut at_phone = server.connect(&phone).await;
    let sessions = ann.rest.get("/auth/sessions").await.data(200);
    let sessions = sessions.as_array().expect("sessions");
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|session| session["isCurrent"] == false).expect("the phone's session");
    ann.rest.delete(&format!("/auth/sessions/{}", other["id"].as_str().expect("an id"))).await.data(200);
    assert_eq!(at_phone.closed().await.code, 4003);
}

#[tokio::test]
async fn a_token_s_end_ends_the_socket_unless_a_fresh_one_comes() {
    let server = setup().set("JWT_EXPIRATION", "4s").start().await;
    let ann = server.register("ann").await;
    let (mut idle, mut renewing) = (server.connect(&ann).await, server.connect(&ann).await);
    // Tokens have times in whole seconds: a token issued two seconds later ends later.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let later = server.rest().post("/auth/refresh", &json!({"refreshToken": ann.refresh_token})).await.data(200);
    renewing.ask("auth", json!({"token": later["accessToken"]})).await;
    assert_eq!(idle.closed().await, Closed { code: 4002, reason: "TOKEN_EXPIRED".into() });
    renewing.ask("presence:get", json!({"userId": ann.id})).await;
    assert_eq!(renewing.closed().await.code, 4002, "the fresh one ends too");
}

#[tokio::test]
async fn refresh_tokens_rotate_and_reuse_ends_the_session() {
    let server = start().await;
    let ann = server.register("ann").await;
    let refresh = |token: &str| {
        let (rest, body) = (server.rest(), json!({"refreshToken": token}));
        async move { rest.post("/auth/refresh", &body).await }
    };
    let first = refresh(&ann.refresh_token).await.data(200);
    let repeated = refresh(&ann.refresh_token).await.data(200);
    assert_eq!(first["refreshToken"], repeated["refreshToken"], "a repeated refresh gets the same response");
    let successor = first["refreshToken"].as_str().expect("a token").to_owned();
    let by_header =
        server.rest().with_token(&successor).request(reqwest::Method::POST, "/auth/refresh").send().await.data(200);
    refresh(&ann.refresh_token).await.assert_failure(401, "REFRESH_TOKEN_REUSED");
    let ended = refresh(by_header["refreshToken"].as_str().expect("a token")).await;
    assert_eq!(ended.status, 401, "{}", ended.body);
}

#[tokio::test]
async fn an_account_that_is_deleted_leaves_nothing_but_its_messages() {
    let server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let group = ann.group_with("Hikers", &[&ben]).await;
    ann.say(&group, "remember me").await;
    let mut at_ann = server.connect(&ann).await;
    let reply = ann.rest.delete("/users/me").await;
    assert!((200..300).contains(&reply.status), "{}", reply.body);
    assert_eq!(at_ann.closed().await.code, 4003);
    ben.rest.get(&format!("/users/{}", ann.id)).await.assert_failure(404, "USER_NOT_FOUND");
    assert_eq!(ben.history(&group).await[0]["sender"]["name"], "deleted user");
    let group = ben.rest.get(&format!("/conversations/{group}")).await.data(200);
    assert_eq!((&group["participantCount"], &group["participants"][0]["role"]), (&json!(1), &json!("admin")));
    let body = json!({"email": ann.email, "username": ann.username, "password": "long enough"});
    server.rest().post("/auth/register", &body).await.data(201);
}

#[tokio::test]
async fn one_user_s_connections_are_bounded() {
    let server = setup().set("MAX_CONNECTIONS_PER_USER", "2").start().await;
    let ann = server.register("ann").await;
    let _held = [server.connect(&ann).await, server.connect(&ann).await];
    let bearer = format!("Bearer {}", ann.access_token);
    match Socket::open(&server.socket_url(), &[("authorization", &bearer)]).await {
        Err(refused) => assert_eq!(refused.body["code"], "TOO_MANY_CONNECTIONS"),
        Ok(mut socket) => assert_eq!(socket.closed().await.code, 4009),
    }
    let ben = server.register("ben").await;
    server.connect(&ben).await.ask("presence:get", json!({"userId": ben.id})).await;
}

#[tokio::test]
async fn a_password_signs_in_however_the_keyboard_writes_its_accents() {
    let server = start().await;
    let (composed, decomposed) = ("caf\u{e9} au lait", "cafe\u{301} au lait");
    for (name, set, typed) in [("ann", composed, decomposed), ("ben", decomposed, composed)] {
        let email = format!("{name}@test.example");
        let body = json!({"email": email, "username": name, "password": set});
        server.rest().post("/auth/register", &body).await.data(201);
        for password in [typed, set] {
            server.rest().post("/auth/login", &json!({"email": email, "password": password})).await.data(200);
        }
        let plain = json!({"email": email, "password": "cafe au lait"});
        server.rest().post("/auth/login", &plain).await.assert_failure(401, "INVALID_CREDENTIALS");
    }
}
