//! Every error status that a client has to handle, each with the error body.

use crate::{setup, start};
use reqwest::Method;
use serde_json::json;

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

#[tokio::test]
async fn a_bad_request_names_every_fault() {
    let server = start().await;
    let reply = server.rest().post("/auth/register", &json!({"email": "nonsense", "password": "short"})).await;
    reply.assert_failure(400, "VALIDATION_FAILED");
    let fields: Vec<_> =
        reply.body["details"].as_array().expect("details").iter().map(|detail| &detail["field"]).collect();
    assert!(fields.contains(&&json!("email")) && fields.contains(&&json!("password")), "{}", reply.body);
    assert_eq!(reply.body["path"], "/api/v1/auth/register");

    let ann = server.register("ann").await;
    let group = ann.group_with("g", &[&server.register("ben").await]).await;
    for (body, why) in [
        (json!({"content": ""}), "empty"),
        (json!({"content": "   "}), "blank"),
        (json!({"content": "x".repeat(2_001)}), "too long"),
        (json!({"content": "a\u{0}b"}), "a NUL"),
        (json!({"content": 7}), "not a string"),
        (json!({"content": "x", "colour": "red"}), "an unknown field"),
        (json!({}), "nothing"),
        (json!([]), "a list"),
    ] {
        let reply = ann.send(&group, &body).await;
        assert_eq!((reply.status, why), (400, why), "{}", reply.body);
        reply.assert_failure_shape();
    }
    for query in ["page=0", "limit=101", "limit=many", "before=yesterday", "before=1&after=2", "page=1&before=2"] {
        ann.rest
            .get(&format!("/conversations/{group}/messages?{query}"))
            .await
            .assert_failure(400, "VALIDATION_FAILED");
    }
    server.assert_untroubled();
}

#[tokio::test]
async fn credentials_that_are_missing_or_wrong_are_401_with_a_challenge() {
    let server = start().await;
    let ann = server.register("ann").await;
    let none = server.rest().get("/users/me").await;
    none.assert_failure(401, "UNAUTHENTICATED");
    assert_eq!(none.header("www-authenticate"), "Bearer");
    for token in ["nonsense", "a.b.c", &format!("{}x", ann.access_token), &ann.refresh_token] {
        server.rest().with_token(token).get("/users/me").await.assert_failure(401, "TOKEN_INVALID");
    }
    let wrong = server.rest().post("/auth/login", &json!({"email": ann.email, "password": "not hers"})).await;
    let unknown =
        server.rest().post("/auth/login", &json!({"email": "nobody@test.example", "password": "not hers"})).await;
    wrong.assert_failure(401, "INVALID_CREDENTIALS");
    unknown.assert_failure(401, "INVALID_CREDENTIALS");
    assert_eq!(wrong.body["message"], unknown.body["message"], "the response does not show whether the account exists");
}

#[tokio::test]
async fn strangers_get_403_and_what_does_not_exist_404() {
    let server = start().await;
    let (ann, ben, cat) = (server.register("ann").await, server.register("ben").await, server.register("cat").await);
    let conversation = ann.direct_with(&ben).await;
    let path = format!("/conversations/{conversation}");
    cat.rest.get(&path).await.assert_failure(403, "NOT_A_PARTICIPANT");
    cat.rest.get(&format!("{path}/messages")).await.assert_failure(403, "NOT_A_PARTICIPANT");
    cat.send(&conversation, &json!({"content": "let me in"})).await.assert_failure(403, "NOT_A_PARTICIPANT");
    ann.rest
        .post(&format!("{path}/participants"), &json!({"userId": cat.id}))
        .await
        .assert_failure(400, "DIRECT_CONVERSATION");
    ann.rest.delete(&format!("{path}/participants/{}", ann.id)).await.assert_failure(400, "DIRECT_CONVERSATION");

    ann.rest.get(&format!("/conversations/{NOBODY}")).await.assert_failure(404, "CONVERSATION_NOT_FOUND");
    ann.send(NOBODY, &json!({"content": "x"})).await.assert_failure(404, "CONVERSATION_NOT_FOUND");
    ann.rest.get(&format!("/users/{NOBODY}")).await.assert_failure(404, "USER_NOT_FOUND");
    ann.rest.post("/conversations", &json!({"participantIds": [NOBODY]})).await.assert_failure(404, "USER_NOT_FOUND");
    ann.rest.get(&format!("{path}/messages?before={NOBODY}")).await.assert_failure(404, "MESSAGE_NOT_FOUND");
    ann.rest.delete(&format!("/auth/sessions/{NOBODY}")).await.assert_failure(404, "SESSION_NOT_FOUND");
    for path in ["/no/such/route", "~/", "~/nowhere", "~/api/v2/users/me"] {
        let reply = ann.rest.get(path).await;
        if path != "~/" {
            reply.assert_failure(404, "ROUTE_NOT_FOUND");
        }
    }
    ann.rest.get("/conversations/not-a-uuid").await.assert_failure(400, "VALIDATION_FAILED");
    server.assert_untroubled();
}

#[tokio::test]
async fn wrong_methods_types_and_sizes_are_405_415_and_413() {
    let server = start().await;
    let ann = server.register("ann").await;
    let put = ann.rest.request(Method::PUT, "/conversations").json(&json!({})).send().await;
    put.assert_failure(405, "METHOD_NOT_ALLOWED");
    assert!(put.header("allow").contains("GET") && put.header("allow").contains("POST"), "{:?}", put.headers);
    let post = |content_type, bytes: Vec<u8>| {
        server.rest().request(Method::POST, "/auth/login").body(content_type, bytes).send()
    };
    post("text/plain", b"{}".to_vec()).await.assert_failure(415, "UNSUPPORTED_MEDIA_TYPE");
    post("application/json", br#"{"email":"#.to_vec()).await.assert_failure(400, "MALFORMED_JSON");
    post("application/json", vec![b'x'; 1_000_001]).await.assert_failure(413, "PAYLOAD_TOO_LARGE");
    server.assert_untroubled();
}

#[tokio::test]
async fn what_is_taken_is_409_without_regard_to_case() {
    let server = start().await;
    let ann = server.register("ann").await;
    let rest = server.rest();
    let register = |email: String, username: String| {
        let body = json!({"email": email, "username": username, "password": "long enough"});
        let rest = rest.clone();
        async move { rest.post("/auth/register", &body).await }
    };
    register(ann.email.to_uppercase(), "someone-else".into()).await.assert_failure(409, "EMAIL_TAKEN");
    register("else@test.example".into(), ann.username.to_uppercase()).await.assert_failure(409, "USERNAME_TAKEN");
}

#[tokio::test]
async fn foreign_pages_may_neither_call_nor_connect() {
    let server = setup().set("ALLOWED_ORIGINS", "https://chat.example").start().await;
    let ann = server.register("ann").await;
    let preflight = |origin: &'static str| {
        let request = server.rest().request(Method::OPTIONS, "/conversations").header("origin", origin);
        request
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization")
            .send()
    };
    assert_eq!(preflight("https://chat.example").await.header("access-control-allow-origin"), "https://chat.example");
    assert_eq!(preflight("https://evil.example").await.header("access-control-allow-origin"), "");

    let bearer = format!("Bearer {}", ann.access_token);
    let connect = |origin: &'static str| {
        let (url, bearer) = (server.socket_url(), bearer.clone());
        async move { chat_blackbox::Socket::open(&url, &[("authorization", &bearer), ("origin", origin)]).await }
    };
    let refused = connect("https://evil.example").await.expect_err("a refusal");
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("ORIGIN_NOT_ALLOWED")));
    assert!(connect("https://chat.example").await.is_ok());
}

#[tokio::test]
async fn answers_carry_a_request_id_and_security_headers() {
    let server = start().await;
    let ann = server.register("ann").await;
    let reply = ann.rest.get("/users/me").await;
    assert!(!reply.header("x-request-id").is_empty());
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    let failure = server.rest().request(Method::GET, "/users/me").header("x-request-id", "my-own-id").send().await;
    assert_eq!(failure.body["requestId"], failure.header("x-request-id"));
    server.logged("my-own-id").await;
    let log = server.log();
    assert!(!log.contains(&ann.access_token) && !log.contains(&ann.password) && !log.contains(&ann.email), "{log}");
}
