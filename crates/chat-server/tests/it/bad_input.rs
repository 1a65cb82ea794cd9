//! Invalid input of every kind: the client gets a clear error, and nothing else is affected.

use crate::start;
use chat_blackbox::{Server, Socket};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// Checks that the server has logged no error and still delivers a message.
async fn assert_still_works(server: &Server) {
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let mut at_ben = server.connect(&ben).await;
    ann.say(&conversation, "still here").await;
    assert_eq!(at_ben.event("message:received").await["content"], "still here");
    server.assert_untroubled();
}

#[tokio::test]
async fn bad_bodies_get_a_clear_error_and_cost_nothing_else() {
    let server = start().await;
    let ann = server.register("ann").await;
    let conversation = ann.group_with("g", &[&server.register("ben").await]).await;
    let messages = format!("/conversations/{conversation}/messages");
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", b"".to_vec()),
        ("not JSON", b"hello".to_vec()),
        ("cut off", br#"{"content":"x"#.to_vec()),
        ("half a UTF-8 character", b"{\"content\":\"\xc3\"}".to_vec()),
        ("half a surrogate pair", br#"{"content":"\ud83d"}"#.to_vec()),
        ("a NUL", br#"{"content":"a\u0000b"}"#.to_vec()),
        ("a raw NUL", b"{\"content\":\"a\0b\"}".to_vec()),
        ("the wrong type", br#"{"content":{"text":"x"}}"#.to_vec()),
        ("a number that is too large", br#"{"content":1e999}"#.to_vec()),
        ("an unknown field", br#"{"content":"x","role":"admin"}"#.to_vec()),
        ("a field twice", br#"{"content":"x","content":"y"}"#.to_vec()),
        ("a list", b"[]".to_vec()),
        ("null", b"null".to_vec()),
        ("deep JSON", nested(100_000).into_bytes()),
        ("deep JSON in a field", format!(r#"{{"content":{}}}"#, nested(100_000)).into_bytes()),
        ("a bad UUID", br#"{"content":"x","replyTo":"not-a-uuid"}"#.to_vec()),
        ("a key with control characters", br#"{"content":"x","clientMessageId":"a\nb"}"#.to_vec()),
        ("1 MB of content", serde_json::to_vec(&json!({"content": "x".repeat(999_900)})).expect("JSON")),
        ("a script for an attachment", br#"{"content":"x","attachment":"javascript:alert(1)"}"#.to_vec()),
    ];
    for (name, body) in bodies {
        let reply = ann.rest.request(Method::POST, &messages).body("application/json", body).send().await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.body);
        reply.assert_failure_shape();
    }
    let too_large = ann.rest.request(Method::POST, &messages).body("application/json", vec![b' '; 10_000_000]);
    // The server may close the connection while the client still writes. If a response arrives, it is 413.
    if let Some(reply) = too_large.try_send().await {
        reply.assert_failure(413, "PAYLOAD_TOO_LARGE");
    }
    assert_eq!(ann.history(&conversation).await.len(), 0);
    assert_still_works(&server).await;
}

#[tokio::test]
async fn bad_paths_and_queries_get_a_clear_error() {
    let server = start().await;
    let ann = server.register("ann").await;
    for path in [
        "/conversations/%00",
        "/conversations/%ff",
        "/conversations/..%2f..%2fetc%2fpasswd",
        "/conversations/018f4e2a",
        "/conversations/{00000000-0000-4000-8000-000000000000}",
        "/users/'%20OR%201=1--",
        "/users/search?q=",
        "/users/search?q=%00",
        "/users/search",
        "/users/online?page=-1",
        "/conversations?limit=99999999999999999999",
        "/conversations?page=%F0%28",
    ] {
        let reply = ann.rest.get(path).await;
        assert!((400..500).contains(&reply.status), "{path}: {} {}", reply.status, reply.body);
        reply.assert_failure_shape();
    }
    let wild = ann.rest.get("/users/search?q=%25").await;
    assert_eq!(wild.data(200), json!([]), "% is a character like any other");
    let header =
        server.rest().request(Method::GET, "/users/me").header("authorization", &"x".repeat(4_000)).send().await;
    assert_eq!(header.status, 401, "{}", header.body);
    assert_still_works(&server).await;
}

#[tokio::test]
async fn bad_frames_get_an_error_and_the_connection_goes_on() {
    let server = start().await;
    let ann = server.register("ann").await;
    let mut socket = server.connect(&ann).await;
    let bad_id = json!({"conversationId": "not-a-uuid"});
    let with_nul = json!({"conversationId": "00000000-0000-4000-8000-000000000000", "content": "a\u{0}b"});
    let long = json!({"conversationId": "00000000-0000-4000-8000-000000000000", "content": "x".repeat(900_000)});
    let deep: Value = (0..100).fold(json!(1), |inner, _| json!([inner]));
    for (name, event, data, code) in [
        ("an unknown event", "message:explode", json!({}), "UNKNOWN_EVENT"),
        ("another dialect's nonsense", "", json!({}), "UNKNOWN_EVENT"),
        ("no fields", "message:send", json!({}), "VALIDATION_FAILED"),
        ("data that is not an object", "message:send", json!("text"), "VALIDATION_FAILED"),
        ("a bad UUID", "typing:start", bad_id, "VALIDATION_FAILED"),
        ("a NUL", "message:send", with_nul, "VALIDATION_FAILED"),
        ("content that is too long", "message:send", long, "VALIDATION_FAILED"),
        ("deep JSON", "message:send", json!({"conversationId": deep}), "VALIDATION_FAILED"),
        ("an unknown status", "presence:update", json!({"status": "invisible"}), "VALIDATION_FAILED"),
        ("the status offline cannot be chosen", "presence:update", json!({"status": "offline"}), "VALIDATION_FAILED"),
        (
            "an unknown user",
            "presence:get",
            json!({"userId": "00000000-0000-4000-8000-000000000000"}),
            "USER_NOT_FOUND",
        ),
    ] {
        let error = socket.try_ask(event, data).await.expect_err(name);
        assert_eq!((name, &error["code"]), (name, &json!(code)), "{error}");
        assert!(error["message"].is_string() || error["message"].is_array(), "{error}");
    }
    socket.ask("presence:get", json!({"userId": ann.id, "unknown": "fields are ignored in frames"})).await;
    assert_still_works(&server).await;
}

#[tokio::test]
async fn what_is_no_frame_at_all_ends_at_most_its_own_connection() {
    let server = start().await;
    let ann = server.register("ann").await;
    let text = |bytes: &[u8]| Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(Data::Text), true));
    let frames: Vec<(&str, Message, &[u16])> = vec![
        ("not JSON", Message::text("hello"), &[4000]),
        ("a list", Message::text("[]"), &[4000]),
        ("no event", Message::text(r#"{"data":{}}"#), &[4000]),
        ("an event that is not a string", Message::text(r#"{"event":7}"#), &[4000]),
        ("deep JSON", Message::text(nested(100_000)), &[4000]),
        ("half a UTF-8 character", text(b"{\"event\":\"\xc3\"}"), &[1007]),
        ("bytes", Message::binary(vec![0, 1, 2]), &[1003]),
        ("10 MB", Message::text("x".repeat(10_000_000)), &[1009, 1006]),
    ];
    for (name, frame, codes) in frames {
        let mut socket = server.connect(&ann).await;
        socket.send_raw(frame).await;
        assert_refused(name, &mut socket, codes).await;
    }
    assert_still_works(&server).await;
}

/// Accepts an error event on an open connection, or a close with one of these codes.
async fn assert_refused(name: &str, socket: &mut Socket, codes: &[u16]) {
    let outcome = socket.next_or_closed().await;
    match outcome {
        Ok(frame) => {
            assert_eq!((name, &frame["event"]), (name, &json!("error")), "{frame}");
            assert!(codes.contains(&4000), "{name} should have closed the connection: {frame}");
        }
        Err(closed) => assert!(codes.contains(&closed.code), "{name}: {closed:?}"),
    }
}
