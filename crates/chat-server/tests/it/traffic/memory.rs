//! The memory that clients without a token can use: 128 KiB each, and more for sixteen per thread at a time, on every
//! gateway and transport.

use super::offender::{Raw, TEXT, close_code, frame, head};
use crate::setup;
use chat_blackbox::Server;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

/// The number of large messages of unauthenticated clients that one thread reads at a time.
const PLACES: usize = 16;

/// The number of clients without a token.
const STRANGERS: usize = 24;

/// The length that each client announces, in bytes. It sends only [`SENT`] of them.
const ANNOUNCED: usize = 999_000;
const SENT: usize = 200_000;

async fn server() -> Server {
    setup().set("WORKERS", "1").set("REALTIME_PORT", "").start().await
}

/// Waits until the server has closed all but [`PLACES`] of the connections, and returns what those received.
async fn sent_away(mut strangers: Vec<Raw>) -> Vec<Vec<u8>> {
    let mut ends: FuturesUnordered<_> = strangers.iter_mut().map(async |raw| raw.rest().await.to_vec()).collect();
    let mut told = Vec::new();
    while told.len() < STRANGERS - PLACES {
        told.push(ends.next().await.expect("one more closed connection"));
    }
    let more = tokio::time::timeout(std::time::Duration::from_millis(300), ends.next()).await;
    assert!(more.is_err(), "the server waits for the first connections");
    told
}

/// Sends the head of a long frame, and [`SENT`] bytes of its payload.
async fn begin_a_frame(raw: &mut Raw) {
    let bytes = [head(TEXT, ANNOUNCED), vec![b'4'; SENT]].concat();
    // A server that has closed the connection may not read this.
    let _ = tokio::io::AsyncWriteExt::write_all(&mut raw.stream, &bytes).await;
}

async fn unfinished_frames(path: &str) {
    let server = server().await;
    let mut strangers = Vec::new();
    for _ in 0..STRANGERS {
        let mut raw = Raw::upgraded(&server, path, "").await;
        if path.contains("socket.io") {
            raw.until("\"maxPayload\":1000000}").await;
        }
        begin_a_frame(&mut raw).await;
        strangers.push(raw);
    }
    for told in sent_away(strangers).await {
        assert_eq!(close_code(&told), Some(4009));
    }
    assert_eq!(server.rest().get("~/health/live").await.status, 200);
    server.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_frames_of_strangers_on_a_plain_websocket_are_bounded() {
    unfinished_frames("/api/v1/ws").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_frames_of_strangers_on_socket_io_are_bounded() {
    unfinished_frames("/socket.io/?EIO=4&transport=websocket").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_frames_of_sessions_that_have_left_the_namespace_are_bounded() {
    let server = server().await;
    let ann = server.register("ann").await;
    let mut strangers = Vec::new();
    for _ in 0..STRANGERS {
        let mut raw = Raw::upgraded(&server, "/socket.io/?EIO=4&transport=websocket", "").await;
        raw.until("\"maxPayload\":1000000}").await;
        let connect = format!("40/chat,{{\"token\":\"{}\"}}", ann.access_token);
        raw.send(&frame(TEXT, connect.as_bytes())).await;
        raw.until("40/chat,{\"sid\":\"").await;
        raw.until("}").await;
        raw.send(&frame(TEXT, b"41/chat,")).await;
        begin_a_frame(&mut raw).await;
        strangers.push(raw);
    }
    for told in sent_away(strangers).await {
        assert_eq!(close_code(&told), Some(4009));
    }
    server.assert_untroubled();
}

async fn unfinished_bodies(head_of: impl AsyncFn(&mut Raw) -> String) {
    let server = server().await;
    let mut strangers = Vec::new();
    for _ in 0..STRANGERS {
        let mut raw = Raw::to(&server).await;
        let head = head_of(&mut raw).await;
        let _ =
            tokio::io::AsyncWriteExt::write_all(&mut raw.stream, &[head.as_bytes(), &vec![b' '; SENT]].concat()).await;
        strangers.push(raw);
    }
    for told in sent_away(strangers).await {
        let told = String::from_utf8_lossy(&told).into_owned();
        assert!(told.contains("HTTP/1.1 429"), "{told}");
    }
    assert_eq!(server.rest().get("~/health/live").await.status, 200);
    server.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn half_sent_bodies_of_requests_without_a_token_are_bounded() {
    unfinished_bodies(async |_| {
        format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {ANNOUNCED}\r\n\r\n"
        )
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_sent_payloads_of_strangers_that_poll_are_bounded() {
    unfinished_bodies(async |raw| {
        raw.send(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let (_, body) = raw.answer().await;
        let open: serde_json::Value = serde_json::from_str(&body[1..]).expect("an open packet");
        let sid = open["sid"].as_str().expect("a session").to_owned();
        format!(
            "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {ANNOUNCED}\r\n\r\n"
        )
    })
    .await;
}
