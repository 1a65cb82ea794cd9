use crate::house::{Answer, House, PASSWORD, Person, bearing};
use actix_web::test::TestRequest;
use chat_domain::rate_limits::Quota;
use chat_http::{HttpSettings, Quotas};
use serde_json::json;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

/// A client's address, which is not this machine's.
const SOMEWHERE: &str = "192.0.2.7";
const PROXY: &str = "10.0.0.1";

fn house(quotas: Quotas) -> House {
    let trusted_proxies = [PROXY.parse::<IpAddr>().expect("an address").into()].into_iter().collect();
    House::limited(HttpSettings { trusted_proxies, ..HttpSettings::default() }, quotas)
}

fn few_requests() -> Quotas {
    Quotas { requests: Quota::new(3, MINUTE), ..Quotas::default() }
}

fn peer(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().expect("an address"), 4000)
}

/// Returns `RateLimit-Limit`, `-Remaining`, `-Reset` and `Retry-After`.
fn told(answer: &Answer) -> [&str; 4] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"].map(|name| answer.header(name))
}

async fn search(house: &House, address: &str, forwarded_for: &[&str]) -> Answer {
    let mut request = TestRequest::get().uri("/api/v1/users/search?q=a").peer_addr(peer(address));
    for value in forwarded_for {
        request = request.append_header(("X-Forwarded-For", *value));
    }
    house.ask(request).await
}

async fn send(house: &House, person: &Person, path: &str) -> Answer {
    house.post(path, &person.token, json!({"content": "hello"})).await
}

#[actix_web::test]
async fn a_user_is_told_how_much_is_left_and_refused_when_nothing_is() {
    let house = house(few_requests());
    let ann = house.person().await;
    for left in ["2", "1", "0"] {
        let answer = house.get("/api/v1/users/me", &ann.token).await;
        assert_eq!(answer.status, 200);
        assert_eq!(told(&answer)[..2], ["3", left]);
    }
    let refused = house.get("/api/v1/users/me", &ann.token).await;
    refused.failure(429, "RATE_LIMITED");
    assert_eq!(told(&refused), ["3", "0", "60", "20"]);

    house.clock.advance(Duration::from_millis(19_999));
    let refused = house.get("/api/v1/users/me", &ann.token).await;
    refused.failure(429, "RATE_LIMITED");
    assert_eq!(told(&refused), ["3", "0", "41", "1"], "never less than it takes");
    house.clock.advance(Duration::from_millis(1));
    assert_eq!(house.get("/api/v1/users/me", &ann.token).await.status, 200);
}

#[actix_web::test]
async fn failures_count_and_say_so_too_and_unknown_routes_are_no_way_around() {
    let house = house(few_requests());
    let ann = house.person().await;
    let missing = house.get("/api/v1/users/00000000-0000-0000-0000-000000000000", &ann.token).await;
    missing.failure(404, "USER_NOT_FOUND");
    assert_eq!(told(&missing)[..2], ["3", "2"]);
    house.get("/api/v1/nowhere", &ann.token).await.failure(404, "ROUTE_NOT_FOUND");
    house.get("/elsewhere", &ann.token).await.failure(404, "ROUTE_NOT_FOUND");
    house.get("/api/v1/nowhere", &ann.token).await.failure(429, "RATE_LIMITED");
}

#[actix_web::test]
async fn each_user_has_a_bucket_of_their_own_wherever_they_are() {
    let house = house(few_requests());
    let (ann, ben) = (house.person().await, house.person().await);
    let me = |person: &Person, address| {
        bearing(TestRequest::get().uri("/api/v1/users/me"), &person.token).peer_addr(peer(address))
    };
    for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
        assert_eq!(house.ask(me(&ann, address)).await.status, 200);
    }
    house.ask(me(&ann, "192.0.2.4")).await.failure(429, "RATE_LIMITED");
    assert_eq!(house.ask(me(&ben, "192.0.2.1")).await.status, 200);
    assert_eq!(search(&house, "192.0.2.1", &[]).await.status, 401, "requests without a token count for the address");
}

#[actix_web::test]
async fn sends_are_counted_apart_and_in_whichever_way_their_path_is_written() {
    let house = house(Quotas { sends: Quota::new(3, MINUTE), ..Quotas::default() });
    let (ann, ben) = (house.person().await, house.person().await);
    let group = house.group(&[&ann, &ben]).await;
    let path = format!("/api/v1/conversations/{group}/messages");
    for way in [path.clone(), path.replace("messages", "m%65ssages"), path.replace("api", "%61pi")] {
        assert_eq!(told(&send(&house, &ann, &way).await)[0], "3", "{way}");
    }
    send(&house, &ann, &path).await.failure(429, "RATE_LIMITED");
    assert_eq!(
        house.get(&path, &ann.token).await.data(200).as_array().map(Vec::len),
        Some(3),
        "reads are still allowed"
    );
    assert_eq!(send(&house, &ben, &path).await.status, 201);
}

#[actix_web::test]
async fn whoever_has_no_good_token_is_counted_by_address() {
    let house = house(few_requests());
    let path = "/api/v1/conversations/00000000-0000-0000-0000-000000000000/messages";
    for _ in 0..3 {
        let bad = bearing(TestRequest::post().uri(path).set_json(json!({"content": "x"})), "made.up.token");
        house.ask(bad.peer_addr(peer(SOMEWHERE))).await.failure(401, "TOKEN_INVALID");
    }
    search(&house, SOMEWHERE, &[]).await.failure(429, "RATE_LIMITED");
    assert_eq!(search(&house, "192.0.2.8", &[]).await.status, 401);
}

#[actix_web::test]
async fn an_ipv6_network_is_one_address() {
    let house = house(few_requests());
    for address in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:3"] {
        assert_eq!(search(&house, address, &[]).await.status, 401);
    }
    search(&house, "2001:db8::4", &[]).await.failure(429, "RATE_LIMITED");
    assert_eq!(search(&house, "2001:db8:0:1::1", &[]).await.status, 401);
}

#[actix_web::test]
async fn in_development_this_machine_is_not_counted_by_address_and_its_users_are() {
    let house = house(few_requests());
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.0.0.1"] {
        let answer = search(&house, address, &[]).await;
        assert_eq!((answer.status.as_u16(), told(&answer)[0]), (401, ""));
    }
    let ann = house.person().await;
    let me = || bearing(TestRequest::get().uri("/api/v1/users/me"), &ann.token).peer_addr(peer("127.0.0.1"));
    for _ in 0..3 {
        house.ask(me()).await.data(200);
    }
    house.ask(me()).await.failure(429, "RATE_LIMITED");
}

#[actix_web::test]
async fn a_made_up_forwarding_is_no_way_around() {
    let house = house(few_requests());
    for made_up in ["203.0.113.1", "203.0.113.2", "127.0.0.1"] {
        assert_eq!(search(&house, SOMEWHERE, &[made_up]).await.status, 401);
    }
    search(&house, SOMEWHERE, &["203.0.113.4"]).await.failure(429, "RATE_LIMITED");
    // Forged addresses do not help behind the proxy either, since it appends the client's address.
    for made_up in ["203.0.113.1", "127.0.0.1", "nonsense"] {
        assert_eq!(search(&house, PROXY, &[&format!("{made_up}, 192.0.2.9")]).await.status, 401);
    }
    search(&house, PROXY, &["203.0.113.5", "192.0.2.9"]).await.failure(429, "RATE_LIMITED");
    assert_eq!(
        search(&house, PROXY, &["192.0.2.10"]).await.status,
        401,
        "other clients behind the proxy have their own limit"
    );
}

#[actix_web::test]
async fn the_address_behind_a_trusted_proxy_is_the_one_in_the_list_of_devices() {
    let house = house(Quotas::default());
    let ann = house.person().await;
    let login = |address: &str, forwarded: &str| {
        let body = json!({"email": ann.email, "password": PASSWORD});
        let request = TestRequest::post().uri("/api/v1/auth/login").set_json(body).peer_addr(peer(address));
        house.ask(request.append_header(("X-Forwarded-For", forwarded.to_owned())))
    };
    login(PROXY, "198.51.100.9, 192.0.2.9").await.data(200);
    login(SOMEWHERE, "198.51.100.9").await.data(200);
    let sessions = house.get("/api/v1/auth/sessions", &ann.token).await.data(200);
    let mut addresses: Vec<_> =
        sessions.as_array().expect("a list").iter().filter_map(|session| session["ip"].as_str()).collect();
    addresses.sort_unstable();
    assert_eq!(addresses, [SOMEWHERE, "192.0.2.9"]);
}

#[actix_web::test]
async fn accounts_are_made_so_often_from_one_address_and_typing_errors_do_not_count() {
    let house = house(Quotas { registrations: Quota::new(2, MINUTE), ..Quotas::default() });
    let register = |name: &str, password: &str| {
        let body = json!({"email": format!("{name}@example.com"), "username": name, "password": password});
        house.ask(TestRequest::post().uri("/api/v1/auth/register").set_json(body).peer_addr(peer(SOMEWHERE)))
    };
    for _ in 0..5 {
        register("ann", "short").await.failure(400, "VALIDATION_FAILED");
    }
    let first = register("ann", PASSWORD).await;
    first.data(201);
    assert_eq!(told(&first)[..2], ["2", "1"]);
    register("ann", PASSWORD).await.failure(409, "EMAIL_TAKEN");
    let refused = register("ben", PASSWORD).await;
    refused.failure(429, "RATE_LIMITED");
    assert_eq!(told(&refused), ["2", "0", "60", "30"]);
}

#[actix_web::test]
async fn failed_sign_ins_are_refused_as_such_with_the_same_headers() {
    let house = house(Quotas::default());
    let ann = house.person().await;
    let login = |password: &str, address: &str| {
        let body = json!({"email": ann.email, "password": password});
        house.ask(TestRequest::post().uri("/api/v1/auth/login").set_json(body).peer_addr(peer(address)))
    };
    for _ in 0..10 {
        login("wrong password", SOMEWHERE).await.failure(401, "INVALID_CREDENTIALS");
    }
    let refused = login(PASSWORD, SOMEWHERE).await;
    refused.failure(429, "RATE_LIMITED");
    assert_eq!(told(&refused), ["10", "0", "900", "90"]);
    login(PASSWORD, "192.0.2.8").await.data(200);
}

#[actix_web::test]
async fn health_and_documents_are_never_refused() {
    let house = house(Quotas { requests: Quota::new(1, MINUTE), ..Quotas::default() });
    for path in ["/", "/health/live", "/health/ready", "/api/openapi.json", "/api/docs/"] {
        for _ in 0..3 {
            let answer = house.ask(TestRequest::get().uri(path).peer_addr(peer(SOMEWHERE))).await;
            assert!(answer.status.as_u16() < 400, "{path}: {}", answer.status);
            assert_eq!(told(&answer), [""; 4]);
        }
    }
}

#[actix_web::test]
async fn pages_may_read_a_refusal_and_asking_whether_they_may_counts_as_nothing() {
    let house = house(Quotas { requests: Quota::new(1, MINUTE), ..Quotas::default() });
    let origin = ("Origin", "http://localhost:5173");
    for _ in 0..3 {
        let preflight = TestRequest::default().method(actix_web::http::Method::OPTIONS).uri("/api/v1/users/me");
        let preflight = preflight.append_header(origin).append_header(("Access-Control-Request-Method", "GET"));
        assert_eq!(house.ask(preflight.peer_addr(peer(SOMEWHERE))).await.status, 200);
    }
    let me = || TestRequest::get().uri("/api/v1/users/me").append_header(origin).peer_addr(peer(SOMEWHERE));
    assert_eq!(house.ask(me()).await.status, 401);
    let refused = house.ask(me()).await;
    refused.failure(429, "RATE_LIMITED");
    assert_eq!(refused.header("access-control-allow-origin"), origin.1);
    let exposed = refused.header("access-control-expose-headers").to_ascii_lowercase();
    assert!(["retry-after", "ratelimit-remaining"].iter().all(|name| exposed.contains(name)), "{exposed}");
}
