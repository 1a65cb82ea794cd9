//! Rate limits, from the view of an integrator, an operator and an attacker.

use crate::setup;
use chat_blackbox::{Person, Reply, Rest, Server, Setup, Socket};
use reqwest::Method;
use serde_json::json;

/// Two secrets that are in no example.
const SECRETS: [(&str, &str); 2] =
    [("JWT_SECRET", "k3Jv9QxT2mZp7LsW4nRb8YcF6hDg1AeU"), ("JWT_REFRESH_SECRET", "Zr5Xw8Nq1Kd4Vt7Gb0Hm3Pj6Lc9Sf2Ay")];

fn limited() -> Setup {
    setup().set("RATE_LIMIT", "on")
}

fn production() -> Setup {
    let setup = limited().set("APP_ENV", "production").set("BCRYPT_COST", "10");
    SECRETS.iter().fold(setup, |setup, (name, value)| setup.set(name, value))
}

/// Logs in through the test's proxy, as a client with this address.
async fn login(server: &Server, address: &str, person: &Person, password: &str) -> Reply {
    let body = json!({"email": person.email, "password": password});
    let request = server.rest().request(Method::POST, "/auth/login").header("x-forwarded-for", address);
    request.json(&body).send().await
}

async fn register(rest: &Rest, name: &str, forwarded_for: &str) -> Reply {
    let body = json!({"email": format!("{name}@test.example"), "username": name, "password": "correct horse"});
    rest.request(Method::POST, "/auth/register").header("x-forwarded-for", forwarded_for).json(&body).send().await
}

#[tokio::test]
async fn a_user_s_messages_are_limited_over_rest_and_sockets_together() {
    let server = limited().set("RATE_LIMIT_SENDS", "4/h").start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let place = ann.direct_with(&ben).await;
    let mut socket = server.connect(&ann).await;
    for number in 0..2 {
        ann.say(&place, &format!("by REST {number}")).await;
        socket.ask("message:send", json!({"conversationId": place, "content": "by socket"})).await;
    }
    let refused = ann.send(&place, &json!({"content": "too much"})).await;
    refused.assert_failure(429, "RATE_LIMITED");
    assert_eq!((refused.header("ratelimit-limit"), refused.header("ratelimit-remaining")), ("4", "0"));
    let pause: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=900).contains(&pause), "{pause}");
    let message = json!({"conversationId": place, "content": "too much"});
    let error = socket.try_ask("message:send", message).await.expect_err("a refusal");
    assert_eq!(error["code"], "RATE_LIMITED");
    assert!(error["retryAfterMs"].as_u64().is_some_and(|pause| (1..=900_000).contains(&pause)), "{error}");
    assert_eq!(ann.history(&place).await.len(), 4, "rejected sends store nothing");
    ben.say(&place, "others go on").await;
    server.assert_untroubled();
}

#[tokio::test]
async fn whoever_guesses_a_password_is_locked_out_and_the_victim_is_not() {
    let server = limited().set("TRUSTED_PROXIES", "127.0.0.1, ::1").set("RATE_LIMIT_LOGINS", "3/15m").start().await;
    let victim = server.register("victim").await;
    let (attacker, home) = ("203.0.113.66", "198.51.100.7");
    for _ in 0..3 {
        login(&server, attacker, &victim, "guessed wrong").await.assert_failure(401, "INVALID_CREDENTIALS");
    }
    let refused = login(&server, attacker, &victim, &victim.password).await;
    refused.assert_failure(429, "RATE_LIMITED");
    assert!(refused.header("retry-after").parse().is_ok_and(|pause: u64| (1..=300).contains(&pause)));
    // The client can forge the left part of the list.
    let disguised = format!("{home}, {attacker}");
    login(&server, &disguised, &victim, &victim.password).await.assert_failure(429, "RATE_LIMITED");
    let signed_in = login(&server, home, &victim, &victim.password).await.data(200);
    assert!(signed_in["accessToken"].is_string());
    let sessions = victim.rest.get("/auth/sessions").await.data(200);
    assert!(sessions.as_array().is_some_and(|all| all.iter().any(|one| one["ip"] == home)), "{sessions}");
    server.assert_untroubled();
}

#[tokio::test]
async fn guessing_the_current_password_is_limited_and_delays_nobody_else() {
    let server = limited().set("TRUSTED_PROXIES", "127.0.0.1").start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..64 {
        let rest = ann.rest.clone();
        let body = json!({"currentPassword": format!("guess {number}"), "newPassword": "battery staple"});
        guesses.spawn(async move { rest.post("/users/me/password", &body).await });
    }
    let answers = guesses.join_all().await;
    let with = |status| answers.iter().filter(|answer| answer.status == status).collect::<Vec<_>>();
    assert_eq!((with(403).len(), with(429).len()), (10, 54));
    with(429)[0].assert_failure(429, "RATE_LIMITED");
    assert!(with(429)[0].header("retry-after").parse().is_ok_and(|pause: u64| (1..=90).contains(&pause)));
    let right = json!({"currentPassword": ann.password, "newPassword": "battery staple"});
    ann.rest.post("/users/me/password", &right).await.assert_failure(429, "RATE_LIMITED");
    ben.sign_in().await;
    login(&server, "203.0.113.77", &ann, &ann.password).await.data(200);
    server.assert_untroubled();
}

#[tokio::test]
async fn an_address_that_nobody_vouches_for_is_no_way_around_a_limit() {
    let server = production().set("RATE_LIMIT_REGISTRATIONS", "2/h").set("RATE_LIMIT_CONNECTS", "2/h").start().await;
    let rest = server.rest();
    register(&rest, "ann", "203.0.113.1").await.data(201);
    register(&rest, "ben", "203.0.113.2").await.data(201);
    register(&rest, "cem", "203.0.113.3").await.assert_failure(429, "RATE_LIMITED");
    let open = async |address: &str| Socket::open(&server.socket_url(), &[("x-forwarded-for", address)]).await;
    let (_one, _other) = (open("203.0.113.1").await.expect("a socket"), open("203.0.113.2").await.expect("a socket"));
    let refused = open("203.0.113.3").await.expect_err("a refusal");
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!("RATE_LIMITED")));
    server.assert_untroubled();
}

#[tokio::test]
async fn development_leaves_this_machine_alone_and_counts_who_comes_by_a_proxy() {
    let server = limited().set("TRUSTED_PROXIES", "127.0.0.0/8").set("RATE_LIMIT_REGISTRATIONS", "1/h").start().await;
    for name in ["ann", "ben", "cem"] {
        server.register(name).await;
    }
    let rest = server.rest();
    register(&rest, "dan", "203.0.113.1").await.data(201);
    register(&rest, "eve", "203.0.113.1").await.assert_failure(429, "RATE_LIMITED");
    register(&rest, "eve", "203.0.113.2").await.data(201);
}

#[tokio::test]
async fn production_refuses_to_start_without_limits() {
    let (status, output) = production().set("RATE_LIMIT", "off").run(&["serve"]).await;
    assert!(!status.success());
    assert!(output.contains("RATE_LIMIT is off: keep it on in production"), "{output}");
}

#[tokio::test]
async fn health_checks_are_answered_however_often() {
    let server = production().set("RATE_LIMIT_REQUESTS", "1/h").start().await;
    for _ in 0..20 {
        let answer = server.rest().get("~/health/live").await;
        assert_eq!((answer.status, answer.header("ratelimit-limit")), (200, ""));
    }
    assert_eq!(server.rest().get("/users/me").await.status, 401);
    server.rest().get("/users/me").await.assert_failure(429, "RATE_LIMITED");
}
