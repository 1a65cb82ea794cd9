//! Failures of every layer have the same shape.

use crate::house::{BEGINNING, House, bearing};
use actix_http::Payload;
use actix_web::body::to_bytes;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Bytes;
use chat_domain::{Clock, Timestamp};
use chat_http::HttpSettings;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const REGISTER: &str = "/api/v1/auth/register";

fn raw(content_type: &str, body: impl Into<Bytes>) -> TestRequest {
    TestRequest::post().uri(REGISTER).insert_header(("Content-Type", content_type.to_owned())).set_payload(body)
}

#[actix_web::test]
async fn an_unknown_route_is_404_wherever_it_is() {
    let house = House::new();
    for path in ["/nowhere", "/api/v1", "/api/v1/", "/api/v2/users", "/api/docs/nowhere", "/api/v1/users/a/b/c", "//"] {
        let json = house.ask(TestRequest::get().uri(path)).await.failure(404, "ROUTE_NOT_FOUND");
        assert_eq!(json["path"], path);
    }
    let json = house.ask(TestRequest::post().uri("/nowhere?token=secret")).await.failure(404, "ROUTE_NOT_FOUND");
    assert_eq!(json["path"], "/nowhere");
}

#[actix_web::test]
async fn a_wrong_method_is_405_and_names_the_right_ones() {
    let house = House::new();
    for (request, allow) in [
        (TestRequest::get().uri(REGISTER), "POST, OPTIONS"),
        (TestRequest::put().uri("/api/v1/users/me"), "GET, PATCH, DELETE, HEAD, OPTIONS"),
        (TestRequest::delete().uri("/api/v1/conversations"), "GET, POST, HEAD, OPTIONS"),
        (TestRequest::post().uri("/health/live"), "GET, HEAD, OPTIONS"),
    ] {
        let answer = house.ask(request).await;
        answer.failure(405, "METHOD_NOT_ALLOWED");
        assert_eq!(answer.header("allow"), allow);
    }
}

#[actix_web::test]
async fn what_is_not_json_is_malformed() {
    let house = House::new();
    for body in [
        &b""[..],
        b"   ",
        b"{",
        b"{\"email\": }",
        b"{} trailing",
        b"{'email': 1}",
        b"\xff\xfe",
        b"{\"email\": \"\xc3\"}",
        b"{\"email\": \"\\ud800\"}",
        b"{\"email\": 1e999}",
    ] {
        house.ask(raw("application/json", Bytes::from_static(body))).await.failure(400, "MALFORMED_JSON");
    }
    let deep = format!("{{\"email\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    house.ask(raw("application/json", deep)).await.failure(400, "MALFORMED_JSON");
    let twice = house.ask(raw("application/json", "{\"email\": 1, \"email\": 2}")).await;
    twice.failure(400, "VALIDATION_FAILED");
    assert_eq!(twice.sentences(), ["the body must not have the field email twice"]);
}

#[actix_web::test]
async fn what_is_not_sent_as_json_is_415() {
    let house = House::new();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        house.ask(raw(content_type, "{}")).await.failure(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let without = TestRequest::post().uri(REGISTER).set_payload("{}");
    house.ask(without).await.failure(415, "UNSUPPORTED_MEDIA_TYPE");
    let gzip = raw("application/json", "{}").insert_header(("Content-Encoding", "gzip"));
    house.ask(gzip).await.failure(415, "UNSUPPORTED_MEDIA_TYPE");
    house.ask(raw("application/json; charset=utf-8", "{}")).await.failure(400, "VALIDATION_FAILED");
}

#[actix_web::test]
async fn a_body_over_the_limit_is_413_announced_or_not() {
    let house = House::new();
    let large = format!("{{\"email\": \"{}\"}}", "x".repeat(1_000_000));
    house.ask(raw("application/json", large.clone())).await.failure(413, "PAYLOAD_TOO_LARGE");
    let announced = raw("application/json", "{}").insert_header(("Content-Length", "1000001"));
    house.ask(announced).await.failure(413, "PAYLOAD_TOO_LARGE");
    let chunks = futures_util::stream::repeat_with(|| Ok(Bytes::from_static(&[b' '; 8_192])));
    let (request, _) =
        raw("application/json", "").to_request().replace_payload(Payload::Stream { payload: chunks.boxed_local() });
    house.ask_raw(request).await.failure(413, "PAYLOAD_TOO_LARGE");
    let fits = format!("{{\"email\": \"{}\"}}", "x".repeat(900_000));
    house.ask(raw("application/json", fits)).await.failure(400, "VALIDATION_FAILED");
}

#[actix_web::test]
async fn what_a_refused_client_still_sends_is_taken_so_that_it_lives_to_read_why() {
    let house = House::new();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let chunk = Bytes::from_static(&[b' '; 10_000]);
    let body = futures_util::stream::iter(0..500).map(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(chunk.clone())
    });
    let large = raw("application/json", "").insert_header(("Content-Length", "5000000")).to_request();
    let (request, _) = large.replace_payload(Payload::Stream { payload: body.boxed_local() });
    house.ask_raw(request).await.failure(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(sent.load(Ordering::SeqCst), 500);

    // The server reads nothing of these bodies: one is announced too long, the other belongs to an upgrade and never
    // ends.
    for (header, status, code) in
        [(("Content-Length", "16000001"), 413, "PAYLOAD_TOO_LARGE"), (("Upgrade", "websocket"), 404, "ROUTE_NOT_FOUND")]
    {
        let path = if status == 404 { "/nowhere" } else { REGISTER };
        let refused = raw("application/json", "").uri(path).insert_header(header).to_request();
        let untouched = futures_util::stream::poll_fn(|_| panic!("the body is left alone"));
        let (request, _) = refused.replace_payload(Payload::Stream { payload: untouched.boxed_local() });
        house.ask_raw(request).await.failure(status, code);
    }
}

#[actix_web::test]
async fn a_body_that_never_comes_is_408() {
    let house = House::with(HttpSettings { body_timeout: Duration::from_millis(20), ..HttpSettings::default() });
    let never = futures_util::stream::pending();
    let (request, _) =
        raw("application/json", "").to_request().replace_payload(Payload::Stream { payload: never.boxed_local() });
    house.ask_raw(request).await.failure(408, "REQUEST_TIMEOUT");
}

#[actix_web::test]
async fn who_is_not_signed_in_learns_so_before_the_body_is_looked_at() {
    let house = House::new();
    let request = TestRequest::post().uri("/api/v1/conversations").set_payload("not json");
    house.ask(request).await.failure(401, "UNAUTHENTICATED");
}

#[actix_web::test]
async fn no_odd_request_is_our_fault() {
    let house = House::new();
    let person = house.person().await;
    let odd = "%00%ff%2e%2e/%F0%28%8C%BC";
    for path in [
        format!("/api/v1/users/{odd}"),
        format!("/api/v1/users/search?q={odd}"),
        format!("/api/v1/conversations?page={odd}&limit[]=1"),
        format!("/api/v1/conversations/{odd}/messages?before={odd}"),
        "/api/v1/users/search?q=%00".to_owned(),
        "/api/v1/conversations?page=99999999999999999999".to_owned(),
        format!("/{}", "a".repeat(60_000)),
    ] {
        let answer = house.get(&path, &person.token).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        assert!(answer.json()["path"].as_str().is_some_and(|path| path.len() <= 512));
    }
    let headers = TestRequest::get().uri("/api/v1/users/me").insert_header(("Authorization", &b"Bearer \xff"[..]));
    house.ask(headers).await.failure(401, "UNAUTHENTICATED");
}

#[actix_web::test]
async fn a_closed_store_is_unavailable_and_says_nothing_of_itself() {
    let house = House::new();
    let person = house.person().await;
    house.close_store();
    let answer = house.get("/api/v1/users/me", &person.token).await;
    let json = answer.failure(503, "UNAVAILABLE");
    assert_eq!(answer.header("retry-after"), "1");
    assert!(!json.to_string().to_lowercase().contains("sql"), "{json}");
}

#[actix_web::test]
async fn a_panic_in_a_use_case_is_one_requests_failure() {
    let house = House::new();
    let outcome = house.state.run(async { std::panic::resume_unwind(Box::new("a test's panic")) }).await;
    let error: Result<(), _> = outcome;
    assert_eq!(error.err().map(|error| error.failure().code), Some(chat_domain::ErrorCode::Internal));
    house.ask(TestRequest::get().uri("/health/live")).await;
}

#[actix_web::test]
async fn a_use_case_ends_what_it_began_though_its_client_has_hung_up() {
    let house = House::new();
    let (go, gate) = tokio::sync::oneshot::channel::<()>();
    let (done, ended) = tokio::sync::oneshot::channel();
    let mut asked = Box::pin(house.state.run(async move {
        gate.await.expect("a signal");
        done.send("stored and published").expect("the receiver still waits");
    }));
    assert!(futures_util::poll!(&mut asked).is_pending());
    drop(asked);
    go.send(()).expect("the use case still runs");
    assert_eq!(ended.await, Ok("stored and published"));
}

/// A clock that panics the first time it is read.
struct StuckOnce(AtomicBool);

impl Clock for StuckOnce {
    fn now(&self) -> Timestamp {
        assert!(self.0.swap(true, Ordering::SeqCst), "a test's panic");
        Timestamp::from_unix_micros(BEGINNING)
    }
}

#[actix_web::test]
async fn a_panic_in_a_handler_is_one_requests_failure() {
    let mut house = House::new();
    house.state.clock = Arc::new(StuckOnce(AtomicBool::new(false)));
    let answer = house.ask(TestRequest::get().uri("/").insert_header(("X-Request-Id", "trace-7"))).await;
    let json = answer.failure(500, "INTERNAL");
    assert_eq!(
        (&json["requestId"], &json["message"]),
        (&json!("trace-7"), &json!(["Something went wrong on our side"]))
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(house.ask(TestRequest::get().uri("/")).await.status, 200);
}

#[actix_web::test]
async fn a_service_of_another_may_mount_our_routes_behind_its_own() {
    let house = House::new();
    let host = actix_web::App::new()
        .route("/mine", actix_web::web::get().to(|| async { "mine" }))
        .configure(chat_http::configure(house.state.clone()));
    let service = init_service(host).await;
    let ask = async |path: &str| {
        let response = call_service(&service, TestRequest::get().uri(path).to_request()).await;
        let status = response.status().as_u16();
        let Ok(body) = to_bytes(response.into_body()).await else { panic!("no body from {path}") };
        (status, body)
    };
    assert_eq!(ask("/mine").await, (200, Bytes::from_static(b"mine")));
    assert_eq!(ask("/health/live").await, (200, Bytes::from_static(b"{\"status\":\"ok\"}")));
    let (status, body) = ask("/nowhere").await;
    assert_eq!(status, 404);
    assert_eq!(serde_json::from_slice::<Value>(&body).expect("JSON")["code"], "ROUTE_NOT_FOUND");
}

#[actix_web::test]
async fn a_request_id_that_is_sane_is_kept() {
    let house = House::new();
    let kept = TestRequest::get().uri("/nowhere").insert_header(("X-Request-Id", "trace-7"));
    assert_eq!(house.ask(kept).await.failure(404, "ROUTE_NOT_FOUND")["requestId"], "trace-7");
    let odd = TestRequest::get().uri("/nowhere").insert_header(("X-Request-Id", "a b\"c"));
    let made = house.ask(odd).await.failure(404, "ROUTE_NOT_FOUND");
    assert!(made["requestId"].as_str().is_some_and(|id| uuid::Uuid::parse_str(id).is_ok()));
    let fine = house.ask(TestRequest::get().uri("/health/live").insert_header(("X-Request-Id", "trace-8"))).await;
    assert_eq!(fine.header("x-request-id"), "trace-8");
}

#[actix_web::test]
async fn a_plain_request_to_the_socket_is_told_what_it_is() {
    let house = House::new();
    let person = house.person().await;
    house.ask(bearing(TestRequest::get().uri("/api/v1/ws"), &person.token)).await.failure(400, "PROTOCOL_ERROR");
}

#[actix_web::test]
async fn health_is_told_without_an_envelope_and_refused_with_one() {
    let house = House::new();
    house.clock.advance(Duration::from_secs(61));
    let about = house.ask(TestRequest::get().uri("/")).await.json();
    assert_eq!(
        about,
        json!({
            "status": "ok", "uptime": 61, "timestamp": "2026-01-05T09:31:01.000Z",
            "version": env!("CARGO_PKG_VERSION"), "environment": "development"
        })
    );
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(house.ask(TestRequest::get().uri(path)).await.json(), json!({"status": "ok"}));
    }
    house.state.readiness.drain();
    house.ask(TestRequest::get().uri("/health/ready")).await.failure(503, "UNAVAILABLE");
    assert_eq!(house.ask(TestRequest::get().uri("/health/live")).await.status, 200);
}
