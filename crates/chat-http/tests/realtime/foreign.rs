//! The chat mounted in another service's `App`, over REST and over a socket.

use crate::house::{BINARY, CLOSE, FIN, PING, PONG, Person, Socket, TEXT, command, frame, register, state};
use chat_http::HttpState;
use chat_realtime::RealtimeSettings;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// A service that has its own route and mounts ours behind it.
struct Host {
    state: HttpState,
    address: SocketAddr,
}

impl Host {
    async fn socket(&self, person: &Person) -> Socket {
        let mut socket = self.stranger(&[("Authorization", &format!("Bearer {}", person.token))]).await;
        // Events may arrive as soon as the socket is open.
        assert!(socket.ask("presence:get", &json!({"userId": person.id.to_string()}), "open").await.is_ok());
        socket
    }

    async fn stranger(&self, headers: &[(&str, &str)]) -> Socket {
        let mut socket = Socket::to(self.address).await;
        let head = socket.upgrade("/api/v1/ws", headers, b"").await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        socket
    }

    async fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> (u16, String) {
        let mut socket = Socket::to(self.address).await;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        socket.write(request.as_bytes()).await;
        let answer = socket.rest().await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, body.to_owned())
    }
}

/// Runs a test with the service and two users.
fn beside_a_host(test: impl AsyncFnOnce(Host, Person, Person)) {
    let main = tokio::runtime::Runtime::new().expect("a runtime");
    let (state, _folder) = main.block_on(async { state(RealtimeSettings::default()) });
    let (ann, ben) = main.block_on(async { (register(&state, "ann").await, register(&state, "ben").await) });
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("an address");
    let host = Host { state: state.clone(), address };
    actix_rt::System::new().block_on(async move {
        let server = actix_web::HttpServer::new(move || {
            actix_web::App::new()
                .route("/mine", actix_web::web::get().to(async || "mine"))
                .configure(chat_http::configure(state.clone()))
        });
        let server = server.workers(1).disable_signals().listen(listener).expect("a server").run();
        let handle = server.handle();
        actix_rt::spawn(server);
        test(host, ann, ben).await;
        handle.stop(false).await;
    });
}

#[test]
fn what_is_sent_over_rest_arrives_on_the_socket_and_the_other_way_round() {
    beside_a_host(async |host, ann, ben| {
        assert_eq!(host.ask("GET", "/mine", "", "").await, (200, "mine".to_owned()));
        let mut socket = host.socket(&ben).await;
        let create = json!({"participantIds": [ben.id.to_string()]}).to_string();
        let (status, body) = host.ask("POST", "/api/v1/conversations", &ann.token, &create).await;
        assert_eq!(status, 201, "{body}");
        let created: Value = serde_json::from_str(&body).expect("JSON");
        let id = created["data"]["id"].as_str().expect("an id").to_owned();

        let path = format!("/api/v1/conversations/{id}/messages");
        let (status, body) = host.ask("POST", &path, &ann.token, r#"{"content": "over REST"}"#).await;
        assert_eq!(status, 201, "{body}");
        assert_eq!(socket.event("message:received").await["data"]["content"], "over REST");
        let sent = socket.ask("message:send", &json!({"conversationId": id, "content": "over a socket"}), "1").await;
        assert_eq!(sent.expect("an ack")["seq"], 2);
        let (status, body) = host.ask("GET", &path, &ann.token, "").await;
        assert!(status == 200 && body.contains("over REST") && body.contains("over a socket"), "{body}");
    });
}

#[test]
fn consecutive_sends_are_answered_in_order_here_too() {
    beside_a_host(async |host, ann, ben| {
        let create = json!({"participantIds": [ben.id.to_string()]}).to_string();
        let (_, body) = host.ask("POST", "/api/v1/conversations", &ann.token, &create).await;
        let id = serde_json::from_str::<Value>(&body).expect("JSON")["data"]["id"].clone();
        let mut socket = host.socket(&ann).await;
        let send = |number: u32| json!({"conversationId": id, "content": number.to_string()});
        let burst: Vec<u8> =
            (1..=100).flat_map(|number| command("message:send", &send(number), &number.to_string())).collect();
        socket.write(&burst).await;
        for number in 1..=100 {
            let ack = socket.event("ack").await;
            assert_eq!((&ack["id"], &ack["data"]["seq"]), (&json!(number.to_string()), &json!(number)));
        }
    });
}

#[test]
fn a_browser_signs_in_by_the_subprotocol_and_is_told_which_was_taken() {
    beside_a_host(async |host, ann, _| {
        let mut socket = Socket::to(host.address).await;
        let offer = format!("bearer, {}", ann.token);
        let head = socket.upgrade("/api/v1/ws", &[("Sec-WebSocket-Protocol", &offer)], b"").await;
        assert!(head.to_lowercase().contains("sec-websocket-protocol: bearer\r\n"), "{head}");
        let own = socket.ask("presence:get", &json!({"userId": ann.id.to_string()}), "1").await;
        assert_eq!(own.expect("an ack")["isOnline"], true);
    });
}

#[test]
fn a_stranger_may_say_who_it_is_and_all_that_it_has_in_one_large_frame() {
    beside_a_host(async |host, ann, _| {
        let mut socket = host.stranger(&[]).await;
        let positions: serde_json::Map<_, _> =
            (0..6_000_u128).map(|number| (uuid::Uuid::from_u128(number).to_string(), json!(1))).collect();
        let auth = json!({"token": ann.token, "resume": positions});
        assert!(auth.to_string().len() > 200_000);
        assert!(socket.ask("auth", &auth, "1").await.is_ok());
    });
}

#[test]
fn fragments_make_one_message_and_a_ping_between_them_is_answered_here_too() {
    beside_a_host(async |host, ann, _| {
        let mut socket = host.socket(&ann).await;
        let message = json!({"event": "presence:update", "data": {"status": "busy"}, "id": "é"}).to_string();
        let cut = message.find('é').expect("it is there") + 1;
        let bytes = message.as_bytes();
        socket.write(&frame(TEXT, &bytes[..cut])).await;
        socket.write(&frame(FIN | PING, b"there?")).await;
        assert_eq!(socket.frame().await, Some((FIN | PONG, b"there?".to_vec())));
        socket.write(&frame(FIN, &bytes[cut..])).await;
        assert_eq!(socket.event("ack").await["id"], "é");
    });
}

#[test]
fn each_breach_of_the_protocol_ends_with_its_code_here_too() {
    beside_a_host(async |host, ann, _| {
        let cases: [(&str, Vec<u8>, u16); 7] = [
            ("unmasked", vec![FIN | TEXT, 2, b'{', b'}', 0, 0], 1002),
            ("reserved bits", frame(FIN | 0x40 | TEXT, b"{}"), 1002),
            ("a continuation of nothing", frame(FIN, b"{}"), 1002),
            ("binary", frame(FIN | BINARY, b"{}"), 1003),
            ("half a character", frame(FIN | TEXT, &[0xC3]), 1007),
            ("half a character at the end of two", [frame(TEXT, b"{"), frame(FIN, &[0xC3])].concat(), 1007),
            ("too many pings", frame(FIN | PING, b"").repeat(300), 4009),
        ];
        for (what, bytes, code) in cases {
            let mut socket = host.socket(&ann).await;
            socket.write(&bytes).await;
            assert_eq!(socket.close_code().await, code, "{what}");
        }
    });
}

#[test]
fn a_message_that_is_too_long_is_refused_before_all_of_it_has_come() {
    beside_a_host(async |host, ann, ben| {
        let mut other = host.socket(&ben).await;
        let whole = frame(FIN | TEXT, &vec![b'x'; 10_000_000]);
        let parts = [frame(TEXT, &vec![b'x'; 600_000]), frame(0, &vec![b'x'; 600_000])].concat();
        for (what, bytes) in [("in one frame", whole), ("in fragments", parts)] {
            let socket = host.socket(&ann).await;
            let (mut reading, mut writing) = socket.stream.into_split();
            // The server may close the connection before it has read everything. The client keeps its side open and
            // waits for the response.
            let write = tokio::spawn(async move {
                drop(writing.write_all(&bytes).await);
                writing
            });
            let mut answer = [0; 4];
            tokio::io::AsyncReadExt::read_exact(&mut reading, &mut answer).await.expect("a Close frame");
            assert_eq!((answer[0], u16::from_be_bytes([answer[2], answer[3]])), (FIN | CLOSE, 1009), "{what}");
            drop((write.await, reading));
        }
        assert!(other.ask("presence:get", &json!({"userId": ben.id.to_string()}), "1").await.is_ok());
    });
}

#[test]
fn a_goodbye_is_answered_and_a_hang_up_noticed() {
    beside_a_host(async |host, ann, ben| {
        let mut socket = host.socket(&ann).await;
        let hangs_up = host.socket(&ben).await;
        socket.write(&command("presence:get", &json!({"userId": ann.id.to_string()}), "1")).await;
        socket.event("ack").await;
        socket.write(&frame(FIN | CLOSE, &1001_u16.to_be_bytes())).await;
        assert_eq!(socket.close_code().await, 1001);
        assert_eq!(socket.frame().await, None);
        drop(hangs_up);
        let gone = host.state.fan_out.all_left();
        tokio::time::timeout(Duration::from_secs(5), gone).await.expect("nothing is left of them");
    });
}
