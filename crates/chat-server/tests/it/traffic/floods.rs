use super::offender::{BEGUN_TEXT, BINARY, CONTINUATION, PING, PONG, Raw, TEXT, close_code, frame};
use crate::{setup, start};
use chat_blackbox::{Person, Server};
use futures_util::future::join_all;
use std::time::{Duration, Instant};

/// The time limit for closing a flood. The first kilobytes use up a budget of 200 frames; the rest of the time is for
/// slow machines. Far below `AUTH_TIMEOUT`.
const SOON: Duration = Duration::from_secs(6);

/// The longest time that `/health/live` may take during floods, on a machine that runs other tests too.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Requests `/health/live` until the work is done, and checks that no response takes longer than [`PATIENCE`].
async fn healthy_while<T>(server: &Server, work: impl Future<Output = T>) -> T {
    let rest = server.rest();
    let ask = async {
        let mut asked = tokio::time::interval(Duration::from_millis(50));
        loop {
            asked.tick().await;
            let start = Instant::now();
            assert_eq!(rest.get("~/health/live").await.status, 200);
            assert!(start.elapsed() < PATIENCE, "health took {:?} beside a flood", start.elapsed());
        }
    };
    tokio::select! {
        done = work => done,
        () = ask => unreachable!("the requests never end"),
    }
}

/// Checks that this flood, from two clients at once, ends with one of the codes.
async fn ends(server: &Server, name: &str, codes: &[u16], offenders: [Raw; 2], bytes: &[u8]) {
    let floods = join_all(offenders.map(|raw| raw.flood(bytes)));
    for (came, took) in healthy_while(server, floods).await {
        let code = close_code(&came);
        assert!(code.is_some_and(|code| codes.contains(&code)), "{name}: closed with {code:?} after {took:?}");
        assert!(took < SOON, "{name}: closed after {took:?}");
    }
}

async fn strangers(server: &Server) -> [Raw; 2] {
    [Raw::upgraded(server, "/api/v1/ws", "").await, Raw::upgraded(server, "/api/v1/ws", "").await]
}

async fn sockets(server: &Server, person: &Person) -> [Raw; 2] {
    let token = format!("Authorization: Bearer {}\r\n", person.access_token);
    [Raw::upgraded(server, "/api/v1/ws", &token).await, Raw::upgraded(server, "/api/v1/ws", &token).await]
}

const SOCKET_IO: &str = "/socket.io/?EIO=4&transport=websocket";

async fn session(server: &Server, token: Option<&str>) -> Raw {
    let mut raw = Raw::upgraded(server, SOCKET_IO, "").await;
    raw.until("\"maxPayload\":1000000}").await;
    if let Some(token) = token {
        raw.send(&frame(TEXT, format!("40/chat,{{\"token\":\"{token}\"}}").as_bytes())).await;
        raw.until("40/chat,{\"sid\":\"").await;
        raw.until("}").await;
    }
    raw
}

async fn sessions(server: &Server, token: Option<&str>) -> [Raw; 2] {
    [session(server, token).await, session(server, token).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_that_floods_a_websocket_is_closed_with_4009_whatever_it_sends() {
    let server = start().await;
    let kinds = [
        ("empty pings", 4009, frame(PING, b"")),
        ("full pings", 4009, frame(PING, &[7; 125])),
        ("pongs", 4009, frame(PONG, b"")),
        ("unknown events", 4009, frame(TEXT, br#"{"event":"nobody:knows"}"#)),
        ("commands before signing in", 4009, frame(TEXT, br#"{"event":"presence:get","data":{}}"#)),
        ("empty messages", 4000, frame(TEXT, b"")),
        ("no JSON", 4000, frame(TEXT, b"[")),
    ];
    for (name, code, bytes) in kinds {
        ends(&server, name, &[code], strangers(&server).await, &bytes).await;
    }
    for (name, part) in [("empty parts of a message", ""), ("small parts of a message", "x")] {
        let mut offenders = strangers(&server).await;
        for raw in &mut offenders {
            raw.send(&frame(BEGUN_TEXT, b"[")).await;
        }
        ends(&server, name, &[4009], offenders, &frame(CONTINUATION, part.as_bytes())).await;
    }
    server.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_floods_a_websocket_is_closed_with_4009_whatever_it_sends() {
    let server = setup().set("RATE_LIMIT", "on").start().await;
    let ann = server.register("ann").await;
    let refused = br#"{"event":"presence:update","data":{"status":"busy"}}"#;
    let kinds = [
        ("pings", frame(PING, b"")),
        ("pongs", frame(PONG, b"hello")),
        ("unknown events", frame(TEXT, br#"{"event":"nobody:knows"}"#)),
        ("invalid data", frame(TEXT, br#"{"event":"message:send","data":{}}"#)),
        ("commands that are refused", frame(TEXT, refused)),
    ];
    for (name, bytes) in kinds {
        ends(&server, name, &[4009], sockets(&server, &ann).await, &bytes).await;
    }
    server.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_floods_a_session_of_socket_io_is_closed_with_4009_whatever_it_sends() {
    let server = setup().set("RATE_LIMIT", "on").start().await;
    let ann = server.register("ann").await;
    let kinds = [
        ("pings of the websocket", frame(PING, b"")),
        ("pongs of the websocket", frame(PONG, b"")),
        ("pongs of the protocol", frame(TEXT, b"3")),
        ("noops", frame(TEXT, b"6")),
        ("upgrades", frame(TEXT, b"5")),
        ("another namespace", frame(TEXT, b"40/other,")),
        ("leaving a namespace that was not joined", frame(TEXT, b"41/other,")),
    ];
    for (name, bytes) in kinds {
        ends(&server, name, &[4009], sessions(&server, None).await, &bytes).await;
        ends(&server, name, &[4009], sessions(&server, Some(&ann.access_token)).await, &bytes).await;
    }
    let attached = [frame(TEXT, br#"451-/chat,["nobody:knows",{"_placeholder":true,"num":0}]"#), frame(BINARY, b"x")];
    let kinds = [
        ("acks without an event", frame(TEXT, b"43/chat,7[]")),
        ("unknown events", frame(TEXT, br#"42/chat,["nobody:knows"]"#)),
        ("binary attachments", attached.concat()),
    ];
    for (name, bytes) in kinds {
        ends(&server, name, &[4009], sessions(&server, Some(&ann.access_token)).await, &bytes).await;
    }
    server.assert_untroubled();
}

fn post(sid: &str, payload: &str) -> String {
    let length = payload.len();
    format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: localhost\r\nContent-Length: \
         {length}\r\n\r\n{payload}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_posts_packets_that_are_no_messages_ends() {
    let server = start().await;
    let many = ["6"; 500].join("\u{1e}");
    for (name, payload, posts) in [("in one payload", many.as_str(), 1), ("one by one", "6", 400)] {
        let mut raw = Raw::to(&server).await;
        raw.send(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let (_, body) = raw.answer().await;
        let open: serde_json::Value = serde_json::from_str(&body[1..]).expect("an open packet");
        let sid = open["sid"].as_str().expect("a session");
        let mut accepted = 0;
        for _ in 0..posts {
            raw.send(post(sid, payload).as_bytes()).await;
            let (head, _) = raw.answer().await;
            if !head.starts_with("http/1.1 200") {
                break;
            }
            accepted += 1;
        }
        assert!(accepted < posts, "{name}: {accepted} were taken");
        raw.send(post(sid, "6").as_bytes()).await;
        let (head, body) = raw.answer().await;
        assert!(head.starts_with("http/1.1 400") && body.contains("Session ID unknown"), "{name}: {head}{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_no_limit_counts_end_their_connection_and_keep_nobody_waiting() {
    let limited = setup().set("RATE_LIMIT", "on").set("RATE_LIMIT_REQUESTS", "1/h").set("TRUSTED_PROXIES", "127.0.0.1");
    let server = limited.start().await;
    let request = |method: &str, path: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n").into_bytes()
    };
    let preflight = b"OPTIONS /api/v1/users/me HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:5173\r\n\
        Access-Control-Request-Method: GET\r\n\r\n";
    let kinds = [
        ("health checks", request("GET", "/health/live"), 1_000),
        ("the short root", request("GET", "/"), 1_000),
        ("unknown routes", request("GET", "/nowhere"), 200),
        ("refused requests", request("GET", "/api/v1/users/me"), 200),
        ("unknown sessions", request("GET", "/socket.io/?EIO=4&transport=polling&sid=x"), 200),
        ("a wrong transport", request("GET", "/socket.io/?EIO=4"), 200),
        ("preflights", preflight.to_vec(), 1_000),
        ("preflights of Socket.IO", request("OPTIONS", "/socket.io/?EIO=4&transport=polling"), 1_000),
    ];
    for (name, bytes, most) in kinds {
        let offenders = [Raw::to(&server).await, Raw::to(&server).await];
        let floods = join_all(offenders.map(|raw| raw.flood(&bytes)));
        for (came, took) in healthy_while(&server, floods).await {
            let came = String::from_utf8_lossy(&came).to_ascii_lowercase();
            let answers = came.matches("http/1.1 ").count();
            // The budget that refills meanwhile is allowed too.
            let allowed = most + usize::try_from(took.as_millis()).expect("short") / 10 + 2;
            assert!(answers <= allowed, "{name}: {answers} answers in {took:?}");
            assert_eq!(
                came.matches("connection: close").count(),
                1,
                "{name}: only the last response closes the connection"
            );
        }
    }
    server.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_when_a_request_is_answered_before_its_body_has_come() {
    let server = start().await;
    for (name, path) in [("Socket.IO", "/socket.io/?EIO=4&transport=polling"), ("REST", "/nowhere")] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
        let (mut busy, mut silent) = (Raw::to(&server).await, Raw::to(&server).await);
        busy.send(head.as_bytes()).await;
        silent.send([head.as_bytes(), b"1\r\nx\r\n"].concat().as_slice()).await;
        let start = Instant::now();
        let (came, took) = healthy_while(&server, busy.flood(b"1\r\nx\r\n")).await;
        let came = String::from_utf8_lossy(&came).to_ascii_lowercase();
        assert_eq!(came.matches("connection: close").count(), 1, "{name}: {came}");
        assert!(came.starts_with("http/1.1 4") && took < SOON, "{name}: {came} after {took:?}");
        let (head, _) = silent.answer().await;
        assert!(head.contains("connection: close") && silent.rest().await.is_empty(), "{name}: {head}");
        assert!(start.elapsed() < SOON, "{name}: closed after {:?}", start.elapsed());
    }
    server.assert_untroubled();
}

/// Returns the CPU time that the server has used so far, in hundredths of a second.
fn processor_time(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).expect("a process");
    let (_, fields) = stat.rsplit_once(')').expect("its name");
    fields.split_ascii_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("ticks")).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_behind_one_that_waits_cost_no_time() {
    let server = start().await;
    for body in ["Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Content-Length: 5\r\n\r\nhello", "\r\n"] {
        let mut raw = Raw::to(&server).await;
        raw.send(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let (_, open) = raw.answer().await;
        let open: serde_json::Value = serde_json::from_str(&open[1..]).expect("an open packet");
        let sid = open["sid"].as_str().expect("a session");
        let poll = format!("GET /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: localhost\r\n{body}");
        let health = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(10);
        raw.send([health.as_str(), &poll, &health.repeat(500)].concat().as_bytes()).await;
        for _ in 0..10 {
            assert!(raw.answer().await.0.starts_with("http/1.1 200"));
        }
        let before = processor_time(&server);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let used = processor_time(&server) - before;
        assert!(used < 50, "{body:?}: {used} hundredths of a second of CPU time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_answer_of_a_connection_is_whole() {
    let server = start().await;
    let mut raw = Raw::to(&server).await;
    // Each of these costs five units of the budget.
    for _ in 0..198 {
        raw.send(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let (head, _) = raw.answer().await;
        assert!(head.starts_with("http/1.1 404") && !head.contains("connection: close"), "{head}");
    }
    let (came, _) = raw
        .flood(
            b"GET /api/openapi.json?nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n\
        GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\nDELETE /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n",
        )
        .await;
    let mut rest = came.as_slice();
    let mut last = String::new();
    while !rest.is_empty() {
        let end = rest.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a whole head");
        last = String::from_utf8_lossy(&rest[..end]).to_ascii_lowercase();
        let length = last.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        let length: usize = length.parse().expect("a number");
        assert!(rest.len() >= end + 4 + length, "an incomplete response: {last}");
        rest = &rest[end + 4 + length..];
    }
    assert!(last.contains("connection: close"), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_floods_http_is_refused_what_no_limit_counts_on_new_connections() {
    let secrets = [
        ("JWT_SECRET", "k3Jv9QxT2mZp7LsW4nRb8YcF6hDg1AeU"),
        ("JWT_REFRESH_SECRET", "Zr5Xw8Nq1Kd4Vt7Gb0Hm3Pj6Lc9Sf2Ay"),
    ];
    let setup = setup().set("RATE_LIMIT", "on").set("APP_ENV", "production").set("BCRYPT_COST", "10");
    let setup = secrets.iter().fold(setup, |setup, (name, value)| setup.set(name, value));
    let server = setup.set("RATE_LIMIT_CONNECTS", "100/h,burst=45").start().await;
    let ask = async |path: &str| {
        let mut raw = Raw::to(&server).await;
        raw.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await;
        raw.answer().await
    };
    for flood in 1..=2 {
        let (head, _) = ask("/api/openapi.json").await;
        assert!(head.starts_with("http/1.1 200"), "before flood {flood}: {head}");
        Raw::to(&server).await.flood(b"GET /api/docs HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    }
    let refused = async {
        loop {
            let (head, body) = ask("/api/openapi.json").await;
            if !head.starts_with("http/1.1 200") {
                return (head, body);
            }
        }
    };
    let (head, body) = tokio::time::timeout(SOON, refused).await.expect("a refusal");
    assert!(head.starts_with("http/1.1 429") && head.contains("connection: close"), "{head}");
    assert!(head.contains("retry-after: ") && body.contains("RATE_LIMITED"), "{head}{body}");
    assert!(ask("/health/live").await.0.starts_with("http/1.1 200"), "health checks are never rejected");
    let (head, _) = ask("/api/v1/users/me").await;
    assert!(head.starts_with("http/1.1 401"), "requests that a limit counts are not rejected: {head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_not_http_leave_no_error_in_the_log() {
    let server = start().await;
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(140_000));
    for (request, status) in [("nonsense\r\n\r\n", "400"), ("GET / HTTP/9\r\n\r\n", "400"), (long.as_str(), "431")] {
        let mut raw = Raw::to(&server).await;
        // A server that has rejected the connection may not read this.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut raw.stream, request.as_bytes()).await;
        let told = String::from_utf8_lossy(raw.rest().await).into_owned();
        assert!(told.is_empty() || told.contains(status), "{told}");
    }
    server.rest().get("~/nowhere").await;
    server.logged(r#""status":404"#).await;
    server.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offender_that_reconnects_is_refused_soon() {
    let server = setup()
        .set("RATE_LIMIT", "on")
        .set("RATE_LIMIT_CONNECTS", "100/h,burst=45")
        .set("TRUSTED_PROXIES", "127.0.0.1")
        .start()
        .await;
    let mut closed = 0;
    let refusal = loop {
        let mut raw = Raw::to(&server).await;
        let head = raw.upgrade("/api/v1/ws", "X-Forwarded-For: 203.0.113.9\r\n").await;
        if !head.starts_with("HTTP/1.1 101") {
            break head;
        }
        let (came, _) = raw.flood(&frame(PING, b"")).await;
        assert_eq!(close_code(&came), Some(4009));
        closed += 1;
        assert!(closed < 10, "each closed connection costs twenty units");
    };
    assert!(refusal.starts_with("HTTP/1.1 429"), "{refusal}");
    Raw::upgraded(&server, "/api/v1/ws", "X-Forwarded-For: 203.0.113.10\r\n").await;
    server.logged("closing connection: flooding").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_that_sends_within_its_budget_is_dropped_when_its_time_to_sign_in_is_over() {
    let server = setup().set("AUTH_TIMEOUT", "1s").start().await;
    let mut raw = Raw::upgraded(&server, "/api/v1/ws", "").await;
    let start = Instant::now();
    for _ in 0..150 {
        raw.send(&frame(PING, b"")).await;
    }
    assert_eq!(close_code(raw.rest().await), Some(4001));
    assert!((Duration::from_millis(900)..SOON).contains(&start.elapsed()), "after {:?}", start.elapsed());
}
