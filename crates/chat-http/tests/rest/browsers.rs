//! Responses to browsers: CORS, security headers, compression, methods.

use crate::house::{House, bearing};
use actix_web::http::Method;
use actix_web::test::TestRequest;
use chat_http::{AllowedOrigins, HttpSettings};

fn preflight(origin: &str) -> TestRequest {
    TestRequest::with_uri("/api/v1/conversations")
        .method(Method::OPTIONS)
        .insert_header(("Origin", origin.to_owned()))
        .insert_header(("Access-Control-Request-Method", "POST"))
        .insert_header(("Access-Control-Request-Headers", "authorization,content-type,idempotency-key"))
}

#[actix_web::test]
async fn pages_of_allowed_origins_may_call_us_with_credentials() {
    let house = House::new();
    let answer = house.ask(preflight("http://localhost:5173")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "http://localhost:5173");
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    assert!(answer.header("access-control-allow-headers").contains("idempotency-key"));
    let request = TestRequest::get().uri("/health/live").insert_header(("Origin", "http://localhost:5173"));
    let answer = house.ask(request).await;
    assert_eq!(answer.header("access-control-allow-origin"), "http://localhost:5173");
    assert!(answer.header("access-control-expose-headers").contains("x-request-id"));
    assert!(answer.header("vary").to_lowercase().contains("origin"));
}

#[actix_web::test]
async fn failures_can_be_read_by_allowed_pages_too() {
    let house = House::new();
    let request = TestRequest::get().uri("/api/v1/users/me").insert_header(("Origin", "http://localhost"));
    let answer = house.ask(request).await;
    answer.failure(401, "UNAUTHENTICATED");
    assert_eq!(answer.header("access-control-allow-origin"), "http://localhost");
}

#[actix_web::test]
async fn pages_of_other_origins_may_not() {
    let origins = AllowedOrigins::List(vec!["https://chat.example.com".to_owned()]);
    let house = House::with(HttpSettings { allowed_origins: origins, ..HttpSettings::default() });
    let refused = house.ask(preflight("http://localhost:5173")).await;
    refused.failure(403, "ORIGIN_NOT_ALLOWED");
    assert_eq!(refused.header("access-control-allow-origin"), "");
    assert_eq!(house.ask(preflight("https://chat.example.com")).await.status, 200);
    let request = TestRequest::get().uri("/health/live").insert_header(("Origin", "https://evil.example"));
    let answer = house.ask(request).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, ""));
}

#[actix_web::test]
async fn every_answer_carries_the_security_headers() {
    let house = House::new();
    for path in ["/health/live", "/nowhere", "/api/v1/users/me", "/api/openapi.json"] {
        let answer = house.ask(TestRequest::get().uri(path)).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}");
    }
    let production = House::with(HttpSettings { is_production: true, ..HttpSettings::default() });
    let answer = production.ask(TestRequest::get().uri("/health/live")).await;
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}

#[actix_web::test]
async fn large_answers_are_compressed_for_those_who_want_it_and_small_ones_are_not() {
    let house = House::new();
    let person = house.person().await;
    for _ in 0..10 {
        house.person().await;
    }
    let search = |encoding: &'static str| {
        let request =
            TestRequest::get().uri("/api/v1/users/search?q=person").insert_header(("Accept-Encoding", encoding));
        bearing(request, &person.token)
    };
    let gzip = house.ask(search("gzip, deflate")).await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert_eq!(gzip.body[..2], [0x1f, 0x8b]);
    let vary: Vec<_> = gzip.headers.get_all("vary").filter_map(|value| value.to_str().ok()).collect();
    assert!(vary.join(", ").to_lowercase().contains("accept-encoding"), "{vary:?}");
    let plain = house.ask(search("identity")).await;
    assert_eq!(plain.header("content-encoding"), "");
    assert!(gzip.body.len() * 2 < plain.body.len());
    let small = TestRequest::get().uri("/health/live").insert_header(("Accept-Encoding", "gzip"));
    let small = house.ask(small).await;
    assert_eq!((small.header("content-encoding"), &small.body[..]), ("", &b"{\"status\":\"ok\"}"[..]));
    let failure = TestRequest::get().uri("/nowhere").insert_header(("Accept-Encoding", "gzip"));
    house.ask(failure).await.failure(404, "ROUTE_NOT_FOUND");
    let none = TestRequest::get().uri("/health/live").insert_header(("Accept-Encoding", "*;q=0"));
    house.ask(none).await.failure(406, "VALIDATION_FAILED");
}

#[actix_web::test]
async fn head_is_answered_as_get_and_options_names_the_methods() {
    let house = House::new();
    let person = house.person().await;
    let head = TestRequest::with_uri("/api/v1/users/me").method(Method::HEAD);
    assert_eq!(house.ask(bearing(head, &person.token)).await.status, 200);
    let head = TestRequest::with_uri("/api/v1/users/me").method(Method::HEAD);
    assert_eq!(house.ask(head).await.status, 401);
    let options = house.ask(TestRequest::with_uri("/api/v1/users/me").method(Method::OPTIONS)).await;
    assert_eq!(options.status, 204);
    assert_eq!(options.header("allow"), "GET, PATCH, DELETE, HEAD, OPTIONS");
    assert!(options.body.is_empty());
}
