use crate::gateway::{Gateway, quiet};
use chat_socketio::Settings;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::protocol::Message as Frame;

const PATH: &str = "engine.io/?EIO=4&transport=websocket";

#[actix_web::test]
async fn text_and_bytes_come_back() {
    let gateway = Gateway::start(quiet());
    let mut socket = gateway.connect(PATH).await;
    assert!(socket.hear().await.contains(r#""upgrades":[],"#));
    socket.say("4hello").await;
    assert_eq!(socket.hear().await, "4hello");
    socket.send(Frame::binary(vec![1, 2, 3])).await;
    assert_eq!(socket.frame().await, Some(Frame::binary(vec![1, 2, 3])));
    socket.send(Frame::Ping(Bytes::from_static(b"p"))).await;
    assert_eq!(socket.frame().await, Some(Frame::Pong(Bytes::from_static(b"p"))));
    let large = format!("4{}", "é".repeat(499_999));
    socket.say(large.clone()).await;
    assert_eq!(socket.hear().await, large);
    socket.send(Frame::Close(None)).await;
    gateway.settles_at(0).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_breach_has_its_close_code() {
    let gateway = Gateway::start(Settings { max_payload: 1_000, ..quiet() });
    let cases = [("abc".to_owned(), 1002), ("2".to_owned(), 1002), (String::new(), 1002), ("4".repeat(1_001), 1009)];
    for (text, code) in cases {
        let mut socket = gateway.connect(PATH).await;
        socket.say(text.clone()).await;
        assert_eq!(socket.closed().await, Some(code), "{text:.10}");
    }
    let mut socket = gateway.connect(PATH).await;
    socket.say("1").await;
    assert_eq!(socket.closed().await, Some(1000));
    gateway.settles_at(0).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_frame_that_came_along_with_the_request_is_heard() {
    let gateway = Gateway::start(quiet());
    let mut stream = TcpStream::connect(gateway.address()).await.expect("a connection");
    let mut bytes = format!(
        "GET /{PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes();
    bytes.extend_from_slice(&[0x81, 0x83, 0, 0, 0, 0, b'4', b'h', b'i']);
    stream.write_all(&bytes).await.expect("written");
    let mut read = Vec::new();
    while !read.ends_with(b"\x81\x034hi") {
        assert!(stream.read_buf(&mut read).await.expect("more") > 0, "{}", String::from_utf8_lossy(&read));
    }
    let text = String::from_utf8_lossy(&read);
    assert!(text.starts_with("HTTP/1.1 101 ") && text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{text}");
    assert!(text.contains("x-request-id: r1\r\n"), "{text}");
    drop(stream);
    gateway.settles_at(0).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_ping_does_not_wait_behind_what_the_client_does_not_take() {
    let settings =
        Settings { ping_interval: Duration::from_millis(200), ping_timeout: Duration::from_secs(20), ..quiet() };
    let gateway = Gateway::start(settings);
    let mut socket = gateway.connect(PATH).await;
    socket.hear().await;
    let flood = 500;
    socket.say(format!("4flood {flood}")).await;
    // The socket fills while the test does not read it; meanwhile the ping falls due.
    tokio::time::sleep(Duration::from_millis(400)).await;
    let mut messages = 0;
    let mut before_ping = None;
    while messages < flood {
        match socket.hear().await.as_str() {
            "2" => before_ping = before_ping.or(Some(messages)),
            _ => messages += 1,
        }
    }
    assert!(before_ping.is_some_and(|before| before < flood), "{before_ping:?}");
    gateway.stop().await;
}

#[actix_web::test]
async fn silence_ends_the_session_but_not_while_the_caller_is_not_listening() {
    let settings =
        Settings { ping_interval: Duration::from_millis(100), ping_timeout: Duration::from_millis(100), ..quiet() };
    let gateway = Gateway::start(settings);
    let mut silent = gateway.connect(PATH).await;
    assert_eq!(silent.closed().await, Some(1000));

    let mut waiting = gateway.connect(PATH).await;
    waiting.hear().await;
    waiting.say("4wait").await;
    waiting.say("3").await;
    waiting.say("4still here").await;
    assert_eq!(waiting.hear().await, "2");
    tokio::time::sleep(Duration::from_millis(500)).await;
    gateway.go.notify_one();
    assert_eq!(waiting.hear().await, "4still here");
    gateway.stop().await;
}

#[actix_web::test]
async fn who_takes_nothing_while_the_caller_is_busy_is_not_waited_for() {
    let settings =
        Settings { ping_interval: Duration::from_millis(100), ping_timeout: Duration::from_millis(100), ..quiet() };
    let gateway = Gateway::start(settings);
    let mut stuck = gateway.connect(PATH).await;
    let open: serde_json::Value = serde_json::from_str(&stuck.hear().await[1..]).expect("JSON");
    stuck.say("4flood 500").await;
    stuck.say("4wait").await;
    let poll = format!("engine.io/?EIO=4&transport=polling&sid={}", open["sid"].as_str().expect("a sid"));
    let ended = async {
        // While the session exists it is on a WebSocket, which is a different refusal.
        while !gateway
            .request("GET", &poll)
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("text")
            .contains("unknown")
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.expect("the session ends although nobody reads it");
    gateway.go.notify_one();
    gateway.settles_at(0).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_session_that_the_server_ends_flushes_and_closes_with_the_callers_code() {
    let gateway = Gateway::start(quiet());
    let mut socket = gateway.connect(PATH).await;
    socket.hear().await;
    socket.say("4flood 100").await;
    socket.say("4bye").await;
    for _ in 0..100 {
        assert_eq!(socket.hear().await.len(), 1 + 64 * 1024);
    }
    assert_eq!(socket.closed().await, Some(4000));
    gateway.settles_at(0).await;
    gateway.stop().await;
}
