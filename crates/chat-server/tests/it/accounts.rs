//! The account commands of the command line, beside a running server.

use crate::setup;
use chat_blackbox::{Reply, Server};
use chat_testkit::servers::Postgres;
use serde_json::json;

async fn login(server: &Server, email: &str, password: &str) -> Reply {
    server.rest().post("/auth/login", &json!({"email": email, "password": password})).await
}

async fn register(server: &Server, name: &str, code: Option<&str>) -> Reply {
    let email = format!("{name}@test.example");
    let body = json!({"email": email, "username": name, "password": "correct horse", "inviteCode": code});
    server.rest().post("/auth/register", &body).await
}

#[tokio::test]
async fn a_password_is_reset_beside_a_running_server_and_every_session_ends() {
    let setup = setup();
    let server = setup.start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let (mut of_ann, mut of_ben) = (server.connect(&ann).await, server.connect(&ben).await);
    let (status, said) = setup.run(&["users", "reset-password", &ann.email]).await;
    assert!(status.success() && said.contains(&ann.username) && said.contains("Sessions ended: 1"), "{said}");
    let made = said.lines().find_map(|line| line.strip_prefix("New password: ")).expect("a password");
    assert!(made.len() >= 16 && made != ann.password, "{said}");
    assert_eq!(of_ann.closed().await.code, 4003);
    of_ben.ask("presence:get", json!({"userId": ben.id})).await;
    login(&server, &ann.email, &ann.password).await.assert_failure(401, "INVALID_CREDENTIALS");
    login(&server, &ann.email, made).await.data(200);

    let reset = ["users", "reset-password", &ann.username, "--stdin"];
    let (status, said) = setup.feed(&reset, "battery staple\n").await;
    assert!(status.success() && !said.contains("battery staple"), "{said}");
    login(&server, &ann.email, "battery staple").await.data(200);
    let (status, said) = setup.feed(&reset, "short\n").await;
    assert!(!status.success() && said.contains("must have at least 8 characters"), "{said}");
    let (status, said) = setup.run(&["users", "reset-password", "nobody"]).await;
    assert!(!status.success() && said.contains("no account"), "{said}");
    login(&server, &ann.email, "battery staple").await.data(200);
    server.assert_untroubled();
}

#[tokio::test]
async fn commands_for_accounts_make_no_database() {
    let postgres = Postgres::start();
    let (file, shared) = (setup(), setup().set("DATABASE_URL", &postgres.create_database()));
    for command in [&["users", "invite"][..], &["users", "reset-password", "ann"], &["users", "collisions"]] {
        for setup in [&file, &shared] {
            let (status, said) = setup.run(command).await;
            assert!(!status.success() && said.contains("no database at") && said.contains("DATABASE_URL"), "{said}");
        }
    }
    assert!(!file.folder().join("data").exists(), "the command creates no folder");
    assert_eq!(postgres.psql("test_0", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
    for setup in [&file, &shared] {
        assert!(setup.run(&["migrate"]).await.0.success());
        let (status, said) = setup.run(&["users", "invite"]).await;
        assert!(status.success(), "{said}");
    }
}

#[tokio::test]
async fn registration_by_invitation_takes_a_code_that_is_good_once() {
    let setup = setup().set("REGISTRATION", "invite");
    let server = setup.start().await;
    register(&server, "ann", None).await.assert_failure(403, "INVITE_REQUIRED");
    register(&server, "ann", Some("0f8fad5bd9cb469fa16570867728950e")).await.assert_failure(403, "INVITE_REQUIRED");
    let (status, said) = setup.run(&["users", "invite", "--count", "2", "--expires", "1h"]).await;
    let codes: Vec<_> = said.lines().collect();
    assert!(status.success() && codes.len() == 2 && codes[0] != codes[1], "{said}");
    register(&server, "ann", Some(codes[0])).await.data(201);
    register(&server, "ben", Some(codes[0])).await.assert_failure(403, "INVITE_REQUIRED");
    register(&server, "ben", Some(codes[1])).await.data(201);
    for wrong in ["0s", "soon", "400d"] {
        let (status, said) = setup.run(&["users", "invite", "--expires", wrong]).await;
        assert!(!status.success() && said.contains("365d"), "{said}");
    }
    server.assert_untroubled();
}

#[tokio::test]
async fn closed_registration_refuses_everybody_and_others_sign_in() {
    let open = setup();
    let server = open.start().await;
    let ann = server.register("ann").await;
    drop(server);
    let server = open.set("REGISTRATION", "closed").start().await;
    register(&server, "ben", None).await.assert_failure(403, "REGISTRATION_CLOSED");
    login(&server, &ann.email, &ann.password).await.data(200);
    server.assert_untroubled();
}

#[tokio::test]
async fn common_passwords_are_refused_where_the_list_is_on_and_never_at_sign_in() {
    let lenient = setup();
    let server = lenient.start().await;
    let body = |name: &str, password: &str| {
        let email = format!("{name}@test.example");
        json!({"email": email, "username": name, "password": password})
    };
    server.rest().post("/auth/register", &body("ann", "password123")).await.data(201);
    let blank = server.rest().post("/auth/register", &body("ben", "        ")).await;
    blank.assert_failure(400, "VALIDATION_FAILED");
    drop(server);
    let server = lenient.set("PASSWORD_BLOCKLIST", "on").start().await;
    let data = login(&server, "ann@test.example", "password123").await.data(200);
    let ann = server.rest().with_token(data["accessToken"].as_str().expect("a token"));
    let change = json!({"currentPassword": "password123", "newPassword": "Qwerty123"});
    ann.post("/users/me/password", &change).await.assert_failure(400, "VALIDATION_FAILED");
    server.rest().post("/auth/register", &body("ben", "Password123")).await.assert_failure(400, "VALIDATION_FAILED");
    server.rest().post("/auth/register", &body("ben", "SecurePass123!")).await.data(201);
}
