//! Behind real reverse proxies, the server and the proxy must always agree where a request ends.

use crate::setup;
use chat_blackbox::{Person, Server, Socket};
use chat_testkit::servers::Proxy;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const DEADLINE: Duration = Duration::from_mins(1);

/// An address that a client tries to forge.
const FORGED: &str = "203.0.113.9";

async fn behind_a_proxy() -> Server {
    setup().set("TRUSTED_PROXIES", "127.0.0.1").start().await
}

fn nginx(server: &Server, more: &str) -> Proxy {
    let base = server.base();
    Proxy::nginx(|port| {
        format!(
            "map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
             server {{
                 listen 127.0.0.1:{port};
                 proxy_http_version 1.1;
                 proxy_set_header Upgrade $http_upgrade;
                 proxy_set_header Connection $connection_upgrade;
                 proxy_set_header Host $host;
                 proxy_set_header X-Forwarded-For $remote_addr;
                 {more}
                 location / {{ proxy_pass {base}; }}
             }}"
        )
    })
}

fn caddy(server: &Server) -> Proxy {
    let base = server.base();
    Proxy::caddy(|port| {
        format!("{{\n admin off\n auto_https off\n}}\nhttp://:{port} {{\n bind 127.0.0.1\n reverse_proxy {base}\n}}\n")
    })
}

fn address(base: &str) -> SocketAddr {
    base.trim_start_matches("http://").parse().expect("an address")
}

/// Sends these bytes and returns everything that is received until the connection ends.
async fn answers(address: SocketAddr, bytes: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut answer = Vec::new();
    let talking = async {
        // The other side may close the connection before it has read everything.
        let _ = stream.write_all(bytes.as_bytes()).await;
        let _ = stream.read_to_end(&mut answer).await;
    };
    tokio::time::timeout(DEADLINE, talking).await.unwrap_or_else(|_| panic!("the connection stays open after {bytes}"));
    String::from_utf8_lossy(&answer).into_owned()
}

/// A login request of this person that claims to come from [`FORGED`].
fn forged_sign_in(person: &Person) -> String {
    let body = json!({"email": person.email, "password": person.password}).to_string();
    format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {FORGED}\r\nContent-Type: \
         application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// The addresses of this person's sessions.
async fn addresses(person: &Person) -> Vec<String> {
    let sessions = person.rest.get("/auth/sessions").await.data(200);
    let sessions = sessions.as_array().expect("sessions").iter();
    sessions.map(|session| session["ip"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Request heads that a proxy may treat as an upgrade and a server as a request with a body, or the reverse. Each has
/// the end of that body.
fn attempts() -> Vec<(String, &'static str)> {
    let websocket = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    let variants = [
        (format!("{websocket}Transfer-Encoding: chunked\r\n"), "0\r\n\r\n"),
        (format!("{websocket}Transfer-Encoding: chunked\r\n"), "5\r\nhello\r\n0\r\n\r\n"),
        (format!("{websocket}Content-Length: 5\r\n"), "hello"),
        (format!("{websocket}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "0\r\n\r\n"),
        (format!("{websocket}Transfer-Encoding: identity\r\n"), ""),
        ("Upgrade: h2c, websocket\r\nConnection: Upgrade\r\n".to_owned(), ""),
        ("Upgrade: websocket, h2c\r\nConnection: Upgrade\r\nContent-Length: 5\r\n".to_owned(), "hello"),
        ("Upgrade: h2c\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n".to_owned(), ""),
        ("Upgrade: websocket\r\nConnection: upgrades\r\nTransfer-Encoding: chunked\r\n".to_owned(), "0\r\n\r\n"),
        ("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n".to_owned(), ""),
    ];
    let handshake = "Host: localhost\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let targets = [
        "GET /api/v1/ws HTTP/1.1",
        "GET http://localhost/api/v1/ws HTTP/1.1",
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        "POST /api/v1/ws HTTP/1.1",
        "GET /health/live HTTP/1.1",
    ];
    let mut attempts: Vec<_> = targets
        .iter()
        .flat_map(|target| {
            variants.iter().map(move |(headers, end)| (format!("{target}\r\n{handshake}{headers}\r\n"), *end))
        })
        .collect();
    for target in ["/api/v1/ws", "localhost:80", "/socket.io/?EIO=4&transport=websocket"] {
        for (headers, end) in
            [("", ""), ("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), ("Content-Length: 5\r\n", "hello")]
        {
            attempts.push((format!("CONNECT {target} HTTP/1.1\r\n{handshake}{websocket}{headers}\r\n"), end));
        }
    }
    attempts
}

#[tokio::test]
async fn no_upgrade_smuggles_a_request_past_a_proxy() {
    let server = behind_a_proxy().await;
    let person = server.register("ann").await;
    // The server trusts the proxy's header, so a request that bypassed the proxy would show the forged address.
    answers(address(server.base()), &forged_sign_in(&person)).await;
    assert!(addresses(&person).await.contains(&FORGED.to_owned()));
    let buffering = nginx(&server, "");
    let streaming = nginx(&server, "proxy_request_buffering off; proxy_buffering off;");
    let caddy = caddy(&server);
    for (name, proxy) in [("nginx", &buffering), ("nginx without buffering", &streaming), ("Caddy", &caddy)] {
        let person = server.register("eve").await;
        for (head, end) in attempts() {
            let answer = answers(address(&proxy.base()), &format!("{head}{end}{}", forged_sign_in(&person))).await;
            // nginx may drop an empty body; then both sides treat the request as an upgrade.
            let behind_upgrade = answer.split_once(" 101 ").map_or("", |(_, behind)| behind);
            assert!(!behind_upgrade.contains("HTTP/1.1"), "{name}, {head}: {answer}");
        }
        let seen = addresses(&person).await;
        assert!(!seen.contains(&FORGED.to_owned()), "{name}: {seen:?}");
        assert!(seen.len() > 1, "{name}: no attempt led to a request of its own, with the true address");

        // A real upgrade passes, and the server treats nothing sent on the socket as a request.
        let url = format!("{}/api/v1/ws", proxy.base().replacen("http", "ws", 1));
        let mut socket = Socket::connect(&url, &person.access_token).await;
        let own = socket.ask("presence:get", json!({"userId": person.id})).await;
        assert_eq!(own["isOnline"], true, "{name}");
        let open = "GET /api/v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let answer = answers(address(&proxy.base()), &format!("{open}{}", forged_sign_in(&person))).await;
        assert_eq!((answer.matches("HTTP/1.1").count(), answer.contains(" 101 ")), (1, true), "{name}: {answer}");
        assert!(!addresses(&person).await.contains(&FORGED.to_owned()), "{name}");
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn an_upgrade_with_a_body_or_of_another_protocol_is_no_socket() {
    let server = behind_a_proxy().await;
    let person = server.register("ann").await;
    for (head, end) in attempts() {
        // If the head became an upgrade, nothing after it may be parsed as a request. If it did not, what follows is a
        // request of its own.
        let answer = answers(address(server.base()), &format!("{head}{end}{}", forged_sign_in(&person))).await;
        assert!(!answer.contains(" 101 "), "{head}: {answer}");
        let (status, is_health) = (answer.split(' ').nth(1).unwrap_or_default(), head.contains("/health"));
        let is_expected = match head.split(' ').next() {
            Some("GET") if is_health => ["200", "400", "404"].contains(&status),
            Some("GET") => status == "400",
            _ => ["400", "404", "405"].contains(&status),
        };
        assert!(is_expected, "{head}: {answer}");
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn an_offer_of_another_protocol_is_ignored_and_the_connection_stays() {
    let server = behind_a_proxy().await;
    let person = server.register("ann").await;
    let offer = "Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \
        AAEAAEAAAAIAAAABAAMAAABk\r\n";
    let body = json!({"email": person.email, "password": person.password}).to_string();
    let length = body.len();
    let post = "POST /api/v1/auth/login HTTP/1.1";
    let requests = [
        format!("GET /health/live HTTP/1.1\r\n{offer}\r\n"),
        format!("{post}\r\n{offer}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"),
        format!(
            "{post}\r\n{offer}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
             {length:x}\r\n{body}\r\n0\r\n\r\n"
        ),
        format!("GET /api/v1/ws HTTP/1.1\r\n{offer}\r\n"),
        format!("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n{offer}\r\n"),
        "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(),
    ];
    // Sends the requests one after the other, byte by byte, and then all at once.
    let mut stream = TcpStream::connect(address(server.base())).await.expect("a connection");
    stream.set_nodelay(true).expect("an option");
    let mut slowly = String::new();
    for (before, request) in requests.iter().enumerate() {
        for byte in request.as_bytes() {
            stream.write_all(&[*byte]).await.expect("the connection is open");
        }
        while slowly.matches("HTTP/1.1 ").count() == before || !slowly.ends_with('}') {
            let mut bytes = Vec::new();
            let read = tokio::time::timeout(DEADLINE, stream.read_buf(&mut bytes)).await.expect("an answer");
            assert_ne!(read.expect("an answer"), 0, "the connection ended after {slowly}");
            slowly.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    // A client that waits for each response sees `connection: close` only on the last one.
    assert_eq!(slowly.matches("connection: close").count(), 1, "{slowly}");
    for answer in [slowly, answers(address(server.base()), &requests.concat()).await] {
        let statuses: Vec<_> = answer.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        assert_eq!(statuses, ["200", "200", "200", "400", "200", "200"], "{answer}");
        assert!(!answer.to_lowercase().contains("connection: upgrade"), "{answer}");
    }
    server.assert_untroubled();
}

/// Resolves a reference of a page or a redirect at `base`, as a browser does.
fn resolved(base: &str, reference: &str) -> String {
    let base = reqwest::Url::parse(base).expect("an address");
    base.join(reference).expect("a reference").to_string()
}

#[tokio::test]
async fn the_docs_work_below_a_prefix_that_the_proxy_strips() {
    let server = behind_a_proxy().await;
    let base = server.base();
    let nginx = Proxy::nginx(|port| {
        format!("server {{ listen 127.0.0.1:{port}; location /chat/ {{ proxy_pass {base}/; proxy_redirect off; }} }}")
    });
    let caddy = Proxy::caddy(|port| {
        let site = format!("bind 127.0.0.1\n handle_path /chat/* {{\n reverse_proxy {base}\n }}");
        format!("{{\n admin off\n auto_https off\n}}\nhttp://:{port} {{\n {site}\n}}\n")
    });
    for root in [format!("{base}/"), format!("{}/chat/", nginx.base()), format!("{}/chat/", caddy.base())] {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        for start in ["api", "api/", "api/docs", "api/docs/"] {
            let page = client.get(format!("{root}{start}")).send().await.expect("an answer");
            assert_eq!(
                (page.status().as_u16(), page.url().as_str()),
                (200, format!("{root}api/docs").as_str()),
                "{start}"
            );
        }
        let page = format!("{root}api/docs");
        let get = async |address: String| {
            assert!(address.starts_with(&root), "{address} is below {root}");
            let answer = client.get(&address).send().await.expect("an answer");
            assert_eq!(answer.status(), 200, "{address}");
            answer.text().await.expect("text")
        };
        let html = get(page.clone()).await;
        let quoted =
            |name: &str| html.split(name).skip(1).filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>();
        let parts = [quoted("src=\""), quoted("href=\"")].concat();
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.starts_with("data:")).collect();
        assert_eq!(parts.len(), 3, "{parts:?}");
        for part in parts {
            let text = get(resolved(&page, part)).await;
            if part.ends_with("start.js") {
                let document =
                    text.split("url: \"").nth(1).and_then(|rest| rest.split('"').next()).expect("an address");
                let place = resolved(&page, document);
                let document: Value = serde_json::from_str(&get(place.clone()).await).expect("JSON");
                let api = document["servers"][0]["url"].as_str().expect("a server");
                let api = resolved(&place, api);
                assert_eq!(get(format!("{}/health/live", api.trim_end_matches('/'))).await, r#"{"status":"ok"}"#);
            }
        }
    }
    server.assert_untroubled();
}

#[tokio::test]
async fn a_request_to_the_server_as_a_whole_is_answered_like_any_other() {
    let server = behind_a_proxy().await;
    let ask = async |line: &str| {
        let request = format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = answers(address(server.base()), &request).await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        (head.to_lowercase(), body.to_owned())
    };
    let (head, body) = ask("OPTIONS * HTTP/1.1").await;
    assert!(head.starts_with("http/1.1 204 ") && body.is_empty(), "{head}{body}");
    assert!(head.contains("allow: get, head, post, put, patch, delete, options") && head.contains("x-request-id: "));
    for line in ["GET * HTTP/1.1", "DELETE * HTTP/1.1", "GET localhost:80 HTTP/1.1", "OPTIONS localhost:80 HTTP/1.1"] {
        let (head, body) = ask(line).await;
        let body: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("an envelope: {head}{body}"));
        assert_eq!((&body["code"], &body["statusCode"]), (&json!("ROUTE_NOT_FOUND"), &json!(404)), "{line}");
        assert!(head.contains("x-request-id: "), "{head}");
    }
    server.assert_untroubled();
}
