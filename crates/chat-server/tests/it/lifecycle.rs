//! Start and stop.

use crate::{setup, start};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_stop_closes_sockets_with_a_time_to_come_back_and_ends_well() {
    let mut server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    ann.direct_with(&ben).await;
    let (mut at_ann, mut at_ben) = (server.connect(&ann).await, server.connect(&ben).await);
    let before = Instant::now();
    server.terminate();
    for socket in [&mut at_ann, &mut at_ben] {
        let closed = socket.closed().await;
        assert_eq!(closed.code, 4012);
        let reason: serde_json::Value = serde_json::from_str(&closed.reason).expect("the reason is JSON");
        assert!(reason["retryAfterMs"].is_u64(), "{reason}");
    }
    assert!(server.ended().await.success());
    assert!(before.elapsed() < Duration::from_secs(10), "the stop did not wait for a timeout: {:?}", before.elapsed());
    server.assert_untroubled();
}

#[tokio::test]
async fn sends_that_are_under_way_at_a_stop_are_finished() {
    let mut server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let sender = tokio::spawn({
        let (ann, conversation) = (ann.clone(), conversation.clone());
        async move {
            let mut acked = Vec::new();
            loop {
                let path = format!("/conversations/{conversation}/messages");
                let request = ann.rest.request(reqwest::Method::POST, &path).json(&json!({"content": "still going"}));
                match request.try_send().await {
                    Some(reply) if reply.status == 201 => acked.push(reply.data(201)["id"].clone()),
                    Some(reply) if reply.status >= 500 && reply.status != 503 => panic!("{}", reply.body),
                    _ => return acked,
                }
            }
        }
    });
    let mut at_ben = server.connect(&ben).await;
    at_ben.event("message:received").await;
    server.terminate();
    let acked = sender.await.expect("the sender ends");
    assert!(server.ended().await.success());
    server.assert_untroubled();

    let server = server.restart().await;
    let stored: Vec<_> =
        ann.at(&server.rest()).history(&conversation).await.iter().map(|message| message["id"].clone()).collect();
    assert!(
        !acked.is_empty() && acked.iter().all(|id| stored.contains(id)),
        "{} acked, {} stored",
        acked.len(),
        stored.len()
    );
}

#[tokio::test]
async fn a_dropped_server_has_ended() {
    let server = start().await;
    let pid = i32::try_from(server.pid()).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
    drop(server);
    rustix::process::test_kill_process(pid).expect_err("no process has this id");
}

#[tokio::test]
async fn a_second_signal_ends_the_server_at_once() {
    let mut server = setup().set("SHUTDOWN_TIMEOUT", "10m").start().await;
    // A request whose body never arrives keeps the server from stopping before its timeout.
    let address = server.base().trim_start_matches("http://").to_owned();
    let mut half = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \
        100\r\n\r\n{";
    tokio::io::AsyncWriteExt::write_all(&mut half, head).await.expect("written");
    server.rest().get("~/health/live").await;
    server.terminate();
    server.logged("stopping").await;
    server.terminate();
    assert!(!server.ended().await.success());
}

#[tokio::test]
async fn data_and_sign_ins_survive_a_restart() {
    let mut server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    ann.say(&conversation, "remember").await;
    server.terminate();
    assert!(server.ended().await.success());
    let server = server.restart().await;
    let ann = ann.at(&server.rest());
    assert_eq!(ann.history(&conversation).await[0]["content"], "remember", "development keeps its secrets");
}

#[tokio::test]
async fn health_tells_how_the_server_is() {
    let server = start().await;
    let root = server.rest().get("~/").await;
    assert_eq!((root.status, &root.body["environment"]), (200, &json!("development")));
    for field in ["status", "uptime", "timestamp", "version"] {
        assert!(!root.body[field].is_null(), "{field} is missing in {}", root.body);
    }
    assert_eq!(server.rest().get("~/health/live").await.status, 200);
    assert_eq!(server.rest().get("~/health/ready").await.status, 200);
}

#[tokio::test]
async fn production_refuses_weak_settings_naming_each() {
    let setup =
        setup().set("APP_ENV", "production").set("JWT_SECRET", "your_jwt_secret_key_here_minimum_32_characters");
    let (status, said) = setup.run(&["serve"]).await;
    assert!(!status.success());
    for setting in
        ["JWT_SECRET contains", "JWT_REFRESH_SECRET is missing", "BCRYPT_COST is too low", "RATE_LIMIT is off"]
    {
        assert!(said.contains(setting), "{setting} is not in {said}");
    }
    assert!(!said.contains("your_jwt_secret_key"), "{said}");
}

#[tokio::test]
async fn production_starts_with_proper_secrets() {
    let strong = ["k3Jv9QxT2mZp7LsW4nRb8YcF6hDg1AeU", "Zr5Xw8Nq1Kd4Vt7Gb0Hm3Pj6Lc9Sf2Ay"];
    let setup = setup().set("APP_ENV", "production").set("BCRYPT_COST", "10").set("RATE_LIMIT", "on");
    let server = setup.set("JWT_SECRET", strong[0]).set("JWT_REFRESH_SECRET", strong[1]).start().await;
    let ann = server.register("ann").await;
    assert_eq!(ann.rest.get("/users/me").await.data(200)["id"], ann.id);
    assert!(!setup_folder_has_secrets(&server), "no secret is generated if all are configured");
}

fn setup_folder_has_secrets(server: &chat_blackbox::Server) -> bool {
    std::fs::read_dir(server.folder().join("data"))
        .expect("the data folder")
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().contains("secret"))
}

#[tokio::test]
async fn what_cannot_start_says_why_in_one_line() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let (status, said) = setup().set("PORT", &port).run(&["serve"]).await;
    assert!(!status.success() && said.contains(&port) && said.contains("cannot listen"), "{said}");

    let broken = setup();
    std::fs::create_dir(broken.folder().join("data")).expect("a folder");
    std::fs::write(broken.folder().join("data/chat.db"), "this is no database, and long enough to be looked at")
        .expect("written");
    let (status, said) = broken.run(&["serve"]).await;
    assert!(!status.success() && said.contains("chat.db") && !said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn the_other_subcommands_do_their_one_thing() {
    let setup = setup();
    let (status, said) = setup.run(&["migrate"]).await;
    assert!(status.success() && setup.folder().join("data/chat.db").exists(), "{said}");
    let (status, said) = setup.run(&["migrate"]).await;
    assert!(status.success() && said.contains("up to date"), "{said}");
    let (status, said) = setup.run(&["openapi"]).await;
    let document: serde_json::Value = serde_json::from_str(&said).expect("JSON and nothing else");
    assert!(status.success() && document["openapi"].is_string());
    let (status, said) = setup.run(&["--help"]).await;
    assert!(status.success() && said.contains("DATABASE_URL"), "{said}");
}
