//! Faults of the machine: log output that no one reads, full disks, and two servers that would share a database file.

use crate::metrics::watched;
use crate::{setup, start};
use chat_blackbox::{Rest, Server};
use serde_json::json;
use std::fs::OpenOptions;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn full_disk() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").expect("/dev/full").into()
}

/// Requests this path `times` times with several clients at once, and returns how many responses have this status.
async fn asks(server: &Server, times: usize, path: &'static str, status: u16) -> usize {
    const CLIENTS: usize = 8;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let rest = server.rest();
            tokio::spawn(async move {
                let mut answered = 0;
                for _ in 0..times / CLIENTS {
                    answered += usize::from(rest.get(path).await.status == status);
                }
                answered
            })
        })
        .collect();
    let mut answered = 0;
    for client in clients {
        answered += client.await.expect("a client ends");
    }
    answered
}

#[tokio::test]
async fn a_log_on_a_full_disk_loses_its_lines_and_nothing_else() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let setup = setup().set("ADMIN_PORT", &port.port().to_string());
    let mut server = setup.start_writing_to(full_disk(), full_disk()).await;
    assert_eq!(asks(&server, 80, "~/health/live", 200).await, 80);
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let mut at_ben = server.connect(&ben).await;
    ann.say(&conversation, "hello").await;
    at_ben.event("message:received").await;
    let page = Rest::new(&format!("http://{port}")).get("~/metrics").await;
    let page = page.body.as_str().expect("text").to_owned();
    let lost = page.lines().find_map(|line| line.strip_prefix("chat_log_lines_lost_total ")).expect("the metric");
    assert!(lost.parse::<f64>().expect("a number") > 0.0, "{lost}");
    server.terminate();
    assert!(server.ended().await.success());
}

#[tokio::test]
async fn a_log_into_a_closed_pipe_does_no_harm() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let errors = writer.try_clone().expect("a second handle");
    drop(reader);
    let mut server = setup().start_writing_to(writer.into(), errors.into()).await;
    assert_eq!(asks(&server, 80, "~/health/live", 200).await, 80);
    server.register("ann").await;
    server.terminate();
    assert!(server.ended().await.success());
}

#[tokio::test]
async fn a_pipe_that_nobody_reads_keeps_nobody_waiting() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let errors = writer.try_clone().expect("a second handle");
    let setup = setup().set("RUST_LOG", "debug");
    let mut server = setup.start_writing_to(writer.into(), errors.into()).await;
    assert_eq!(asks(&server, 10_000, "~/health/live", 200).await, 10_000);
    let started = Instant::now();
    server.terminate();
    assert!(server.ended().await.success());
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    drop(reader);
}

#[tokio::test]
async fn what_cannot_start_ends_with_its_exit_code_wherever_its_last_words_go() {
    let faulty = setup().set("PORT", "none");
    for errors in [full_disk(), Stdio::null()] {
        assert_eq!(faulty.run_writing_to(&["serve"], full_disk(), errors).await.code(), Some(1));
    }
    assert_eq!(setup().run_writing_to(&["openapi"], full_disk(), full_disk()).await.code(), Some(1));
}

#[tokio::test]
async fn requests_of_strangers_do_not_fill_the_log() {
    const REQUESTS: usize = 800;
    let server = start().await;
    let started = Instant::now();
    for (path, status) in [("~/health/ready", 200), ("/users/me", 401), ("~/nowhere", 404), ("~/", 200)] {
        assert_eq!(asks(&server, REQUESTS, path, status).await, REQUESTS, "{path}");
    }
    // A hundred lines of each kind at once, and five per second.
    let most = 101 + 5 * usize::try_from(started.elapsed().as_secs() + 1).expect("a few seconds");
    let log = server.log();
    let lines = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    assert_eq!(lines("/health/"), 0, "successful health checks are not logged");
    for kind in [r#""status":401"#, r#""status":404"#, r#""route":"/","status":200"#] {
        assert!((100..=most).contains(&lines(kind)), "{} of {kind}, at most {most}", lines(kind));
    }
    server.logged("lines were left out of the log").await;
    let ann = server.register("ann").await;
    for _ in 0..150 {
        ann.rest.get("/users/me").await.data(200);
    }
    // A line is written shortly after its response.
    let own = r#""route":"/api/v1/users/me","status":200"#;
    server.logged_times(own, 150).await;
}

/// A limit on the size of files stands for a full disk: a write that would exceed it fails.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_unavailable_and_well_again_by_itself_with_nothing_lost() {
    let (server, _) = watched(setup()).await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let mut at_ann = server.connect(&ann).await;
    let mut at_ben = server.connect(&ben).await;
    ann.say(&conversation, "before").await;
    at_ben.event("message:received").await;

    let journal = std::fs::read(server.folder().join("data/chat.db-wal")).expect("a journal");
    // The remaining space holds one changed page, but no message.
    let left = 2 * journal_frame_bytes(&journal) - 1;
    server.limit_files(Some(journal.len() as u64 + left));
    let during = json!({"content": "during", "clientMessageId": "during"});
    ann.send(&conversation, &during).await.assert_failure(503, "UNAVAILABLE");
    server.readiness(503).await;
    let started = Instant::now();
    // The server checks every second; this is long enough for several checks.
    while started.elapsed() < Duration::from_millis(3_500) {
        let refused = ann.send(&conversation, &during).await;
        refused.assert_failure(503, "UNAVAILABLE");
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(server.rest().get("~/health/ready").await.status, 503, "not ready until a message fits");
        // Paces the sends, which have a limit.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let refused = at_ann.try_ask("message:send", json!({"conversationId": conversation, "content": "during"})).await;
    assert_eq!(refused.expect_err("refused")["code"], "UNAVAILABLE");
    let login = json!({"email": ann.email, "password": ann.password});
    server.rest().post("/auth/login", &login).await.assert_failure(503, "UNAVAILABLE");
    assert_eq!(server.rest().get("~/health/live").await.status, 200);
    assert_eq!(ben.history(&conversation).await.len(), 1, "reads still work");

    server.limit_files(None);
    server.readiness(200).await;
    ann.send(&conversation, &during).await.data(201);
    ann.send(&conversation, &during).await.data(200);
    at_ben.event("message:received").await;
    let history = ben.history(&conversation).await;
    let seen: Vec<_> = history.iter().map(|message| (&message["content"], &message["seq"])).collect();
    assert_eq!(seen, [(&json!("before"), &json!(1)), (&json!("during"), &json!(2))]);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// The size of a changed page in this journal of `SQLite`. The journal's header contains the size of pages; the page
/// has a header of 24 bytes.
#[cfg(target_os = "linux")]
fn journal_frame_bytes(journal: &[u8]) -> u64 {
    let page_bytes: [u8; 4] = journal[8..12].try_into().expect("a header");
    u64::from(u32::from_be_bytes(page_bytes)) + 24
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused_and_commands_are_not() {
    let setup = setup();
    let mut server = setup.start().await;
    let (status, said) = setup.run(&["serve"]).await;
    assert!(!status.success() && said.contains("another chat-server") && said.contains("chat.db"), "{said}");
    assert!(said.contains(&server.pid().to_string()), "{said}");
    let (status, said) = setup.run(&["migrate"]).await;
    assert!(status.success() && said.contains("up to date"), "{said}");
    server.kill().await;
    let server = server.restart().await;
    server.register("ann").await;
}

#[tokio::test]
async fn a_file_with_two_names_is_served_under_neither() {
    let (first, second) = (setup(), setup());
    let mut server = first.start().await;
    std::fs::create_dir_all(second.folder().join("data")).expect("a folder");
    let link = second.folder().join("data/chat.db");
    std::fs::hard_link(first.folder().join("data/chat.db"), &link).expect("a hard link");
    let (status, said) = second.run(&["serve"]).await;
    assert!(!status.success() && said.contains("chat.db") && said.contains("2 names (hard links)"), "{said}");
    server.register("ann").await;
    server.terminate();
    assert!(server.ended().await.success());
    let (status, said) = first.run(&["serve"]).await;
    assert!(!status.success() && said.contains("2 names (hard links)"), "{said}");
    std::fs::remove_file(link).expect("removed");
    server.restart().await.register("ben").await;
}

#[tokio::test]
async fn the_health_command_tells_by_its_exit_code() {
    let server = setup().start_writing_to(Stdio::null(), Stdio::null()).await;
    let address = server.base().trim_start_matches("http://").to_owned();
    let port = address.rsplit(':').next().expect("a port");
    for arguments in [&["health"][..], &["health", "--ready"]] {
        let (status, said) = setup().set("PORT", port).set("HOST", "0.0.0.0").run(arguments).await;
        assert!(status.success() && said.is_empty(), "{said}");
        let (status, said) = setup().run(&[arguments, &["--address", &address]].concat()).await;
        assert!(status.success(), "{said}");
    }
    drop(server);
    let (status, said) = setup().set("PORT", port).run(&["health"]).await;
    assert!(status.code() == Some(1) && said.contains(port), "{said}");
}
