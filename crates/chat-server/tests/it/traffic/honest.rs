use super::offender::{PING, Raw, frame};
use crate::start;
use chat_blackbox::Socket;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_pings_within_the_budget_is_answered_ping_by_ping() {
    let server = start().await;
    let mut raw = Raw::upgraded(&server, "/api/v1/ws", "").await;
    let pings: Vec<u8> = (0..200_u32).flat_map(|number| frame(PING, &number.to_be_bytes())).collect();
    raw.send(&pings).await;
    let expected: Vec<u8> = (0..200_u32).flat_map(|number| [&[0x8A, 4][..], &number.to_be_bytes()].concat()).collect();
    while raw.bytes.len() < expected.len() {
        assert!(raw.read().await, "closed");
    }
    assert_eq!(raw.bytes, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_not_charged_to_the_budget_of_what_no_limit_counts() {
    let server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let place = ann.direct_with(&ben).await;
    let mut socket: Socket = server.connect(&ann).await;
    for number in 0..300 {
        if number % 5 == 0 {
            socket.send_raw(Message::Ping(vec![1].into())).await;
        }
        socket.tell("message:send", json!({"conversationId": place, "content": format!("number {number}")})).await;
    }
    let last = socket.ask("message:send", json!({"conversationId": place, "content": "the last"})).await;
    assert_eq!(last["seq"], 301, "{last}");
    server.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn health_checks_of_a_load_balancer_stay_on_their_connection() {
    let server = start().await;
    let mut raw = Raw::to(&server).await;
    for _ in 0..300 {
        raw.send(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let (head, _) = raw.answer().await;
        assert!(head.starts_with("http/1.1 200") && !head.contains("connection: close"), "{head}");
    }
}
