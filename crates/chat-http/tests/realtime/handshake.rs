use crate::house::{House, Socket, command, register, state};
use chat_realtime::RealtimeSettings;
use serde_json::{Value, json};

type Headers = &'static [(&'static str, &'static str)];

async fn refused(house: &House, path: &str, headers: &[(&str, &str)]) -> (String, Value) {
    let mut socket = Socket::to(house.address).await;
    let head = socket.upgrade(path, headers, b"").await;
    let body = socket.rest().await;
    let body = serde_json::from_str(&body).unwrap_or_else(|_| panic!("an envelope: {head}{body}"));
    (head, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_upgraded_is_answered_in_the_envelope() {
    let house = House::open();
    let cases: [(&str, Headers, &str, &str); 11] = [
        ("/api/v1/ws", &[("Origin", "https://evil.example")], "403", "ORIGIN_NOT_ALLOWED"),
        ("/api/v1/ws", &[("Authorization", "Bearer nonsense")], "401", "TOKEN_INVALID"),
        ("/api/v1/ws", &[("Sec-WebSocket-Version", "8")], "426", "PROTOCOL_ERROR"),
        ("/api/v1/ws", &[("Sec-WebSocket-Key", "short")], "400", "PROTOCOL_ERROR"),
        ("/api/v1/ws", &[("Content-Length", "1")], "400", "PROTOCOL_ERROR"),
        ("/api/v1/ws", &[("Connection", "keep-alive")], "400", "PROTOCOL_ERROR"),
        ("/api/v1/ws", &[("Connection", "upgrades")], "400", "PROTOCOL_ERROR"),
        ("/api/v1/ws", &[("Upgrade", "h2c"), ("Upgrade", "websocket")], "400", "PROTOCOL_ERROR"),
        ("/api/v1/ws", &[("Upgrade", "websocket"), ("Upgrade", "websocket")], "400", "PROTOCOL_ERROR"),
        ("/api/v1/ws", &[("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Version", "13")], "400", "PROTOCOL_ERROR"),
        ("/api/v1/ws?dialect=klingon", &[], "400", "VALIDATION_FAILED"),
    ];
    for (path, headers, status, code) in cases {
        let (head, body) = refused(&house, path, headers).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!((&body["code"], &body["success"]), (&json!(code), &json!(false)), "{path}");
        assert!(head.to_lowercase().contains("x-request-id: "), "{head}");
    }
    house.state.readiness.drain();
    let (head, body) = refused(&house, "/api/v1/ws", &[]).await;
    assert!(head.starts_with("HTTP/1.1 503 ") && head.to_lowercase().contains("retry-after"), "{head}");
    assert_eq!(body["code"], "UNAVAILABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_is_told_before_the_upgrade() {
    let house = House::with(RealtimeSettings { max_connections: 1, ..RealtimeSettings::default() });
    let _one = house.strange_socket().await;
    let (head, body) = refused(&house, "/api/v1/ws", &[]).await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert_eq!(body["code"], "TOO_MANY_CONNECTIONS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_in_the_same_packet_as_the_handshake_is_heard() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut socket = Socket::to(house.address).await;
    let first = command("auth", &json!({"token": ann.token}), "hello");
    let head = socket.upgrade("/api/v1/ws", &[], &first).await;
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the key of RFC 6455 §1.3 is accepted: {head}");
    let ack = socket.event("ack").await;
    assert_eq!((&ack["id"], &ack["data"]["userId"]), (&json!("hello"), &json!(ann.id.to_string())));
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_send_the_token_as_a_subprotocol() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut socket = Socket::to(house.address).await;
    let protocol = format!("bearer, {}", ann.token);
    let head = socket.upgrade("/api/v1/ws", &[("Sec-WebSocket-Protocol", &protocol)], b"").await;
    assert!(head.contains("Sec-WebSocket-Protocol: bearer\r\n"), "{head}");
    socket.write(&command("presence:get", &json!({"userId": ann.id.to_string()}), "1")).await;
    assert_eq!(socket.event("ack").await["data"]["isOnline"], true);

    let mut wrong = Socket::to(house.address).await;
    wrong.upgrade("/api/v1/ws", &[("Sec-WebSocket-Protocol", "bearer, nonsense")], b"").await;
    assert_eq!(wrong.event("error").await["data"]["code"], "TOKEN_INVALID");
    assert_eq!(wrong.close_code().await, 4001);
}

/// Such requests go to the `App`, which opens no socket. The connection may continue with the next request.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_looks_like_an_upgrade_is_a_request_that_is_refused() {
    let house = House::open();
    let cases: [(Headers, &[u8]); 4] = [
        (&[("Transfer-Encoding", "chunked")], b"0\r\n\r\n"),
        (&[("Upgrade", "h2c, websocket")], b""),
        (&[("Upgrade", "websocket, websocket")], b""),
        (&[("Upgrade", "h2c"), ("Content-Length", "5")], b"hello"),
    ];
    for path in ["/api/v1/ws", "/socket.io/?EIO=4&transport=websocket"] {
        for (headers, body) in cases {
            let next = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            let mut socket = Socket::to(house.address).await;
            let head = socket.upgrade(path, headers, &[body, next].concat()).await;
            assert!(head.starts_with("HTTP/1.1 400 "), "{path} {headers:?}: {head}");
            assert!(!head.to_lowercase().contains("connection: upgrade"), "{path} {headers:?}: {head}");
            let rest = socket.rest().await;
            assert!(
                rest.contains("HTTP/1.1 200 ") && rest.ends_with(r#"{"status":"ok"}"#),
                "{path} {headers:?}: {rest}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_of_a_websocket_where_none_is_served_is_ignored() {
    let house = House::open();
    let cases =
        [("/", 200), ("/health/live", 200), ("/api/docs", 200), ("/api/v1/users/me", 401), ("/api/v1/elsewhere", 404)];
    for (path, status) in cases {
        let next = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let mut socket = Socket::to(house.address).await;
        let head = socket.upgrade(path, &[], next).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {head}");
        assert!(!head.to_lowercase().contains("connection: "), "{path}: {head}");
        let rest = socket.rest().await;
        assert!(rest.contains("HTTP/1.1 200 ") && rest.ends_with(r#"{"status":"ok"}"#), "{path}: {rest}");
    }
}

#[test]
fn a_service_that_mounts_our_routes_has_the_same_socket() {
    let main = tokio::runtime::Runtime::new().expect("a runtime");
    let (state, _folder) = main.block_on(async { state(RealtimeSettings::default()) });
    let ann = main.block_on(register(&state, "ann"));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("an address");
    actix_rt::System::new().block_on(async move {
        let server =
            actix_web::HttpServer::new(move || actix_web::App::new().configure(chat_http::configure(state.clone())));
        let server = server.workers(1).disable_signals().listen(listener).expect("a server").run();
        let handle = server.handle();
        actix_rt::spawn(server);
        let mut socket = Socket::to(address).await;
        let token = format!("Bearer {}", ann.token);
        for (name, value) in [("Transfer-Encoding", "chunked"), ("Content-Length", "5"), ("Upgrade", "h2c, websocket")]
        {
            let mut refused = Socket::to(address).await;
            let head = refused.upgrade("/api/v1/ws", &[("Authorization", &token), (name, value)], b"").await;
            assert!(head.starts_with("HTTP/1.1 400 "), "{name}: {head}");
        }
        let head = socket.upgrade("/api/v1/ws", &[("Authorization", &token)], b"").await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        socket.write(&command("presence:get", &json!({"userId": ann.id.to_string()}), "1")).await;
        assert_eq!(socket.event("ack").await["data"]["isOnline"], true);
        socket.write(&crate::house::frame(0x88, &1000_u16.to_be_bytes())).await;
        assert_eq!(socket.close_code().await, 1000);
        handle.stop(false).await;
    });
}
