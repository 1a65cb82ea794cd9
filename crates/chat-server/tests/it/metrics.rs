//! Metrics and readiness, for operators.

use crate::setup;
use chat_blackbox::{Rest, Server, Setup};
use serde_json::json;
use std::collections::BTreeSet;

/// Starts a server with metrics on a free port, and returns a client of that port.
pub(crate) async fn watched(setup: Setup) -> (Server, Rest) {
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let server = setup.set("ADMIN_PORT", &port.to_string()).start().await;
    (server, Rest::new(&format!("http://127.0.0.1:{port}")))
}

/// Returns the names of the metrics on a page, with the suffix of counters.
pub(crate) fn names(page: &str) -> BTreeSet<String> {
    let described = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    described.map(|(name, kind)| format!("{name}{}", if kind == "counter" { "_total" } else { "" })).collect()
}

/// Returns the names of the metrics in the table of the operator's guide.
pub(crate) fn documented() -> BTreeSet<String> {
    let guide = include_str!("../../../../docs/operations.md");
    let rows = guide.lines().filter(|line| line.starts_with("| `chat_") || line.starts_with("| `process_"));
    let named = rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2));
    named
        .map(|name| name.split('{').next().unwrap_or_default().to_owned())
        .filter(|name| (name.starts_with("chat_") || name.starts_with("process_")) && !name.contains(' '))
        .collect()
}

/// Returns the value of a metric. `name` includes the labels, written as on the page.
pub(crate) fn value(page: &str, name: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not in {page}")).parse().expect("a number")
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let (server, admin) = watched(setup()).await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let mut at_ben = server.connect(&ben).await;
    for number in 0..3 {
        ann.say(&conversation, &number.to_string()).await;
        at_ben.event("message:received").await;
    }
    let once = json!({"content": "once", "clientMessageId": "key"});
    ann.send(&conversation, &once).await.data(201);
    ann.send(&conversation, &once).await.data(200);
    ann.rest.get("/nowhere").await;

    let reply = admin.get("~/metrics").await;
    assert!(reply.header("content-type").starts_with("application/openmetrics-text"));
    let page = reply.body.as_str().expect("text");
    assert!(page.trim_end().ends_with("# EOF"), "{page}");
    for (name, expected) in [
        ("chat_ready", 1.0),
        ("chat_connections", 1.0),
        ("chat_queue_bytes", 0.0),
        (r#"chat_sends_total{outcome="stored"}"#, 4.0),
        (r#"chat_sends_total{outcome="replayed"}"#, 1.0),
        (r#"chat_starts_total{outcome="resumed"}"#, 1.0),
    ] {
        assert!((value(page, name) - expected).abs() < f64::EPSILON, "{name} is not {expected} in {page}");
    }
    assert!(value(page, "chat_deliveries_total") >= 4.0, "{page}");
    let sends = r#"method="POST",route="/api/v1/conversations/{conversationId}/messages",status="2xx""#;
    let sends = sends.replace("{conversationId}", "{id}");
    assert!((value(page, &format!("chat_http_request_seconds_count{{{sends}}}")) - 5.0).abs() < f64::EPSILON, "{page}");
    let all = value(page, &format!(r#"chat_http_request_seconds_bucket{{le="+Inf",{sends}}}"#));
    assert!((all - 5.0).abs() < f64::EPSILON, "every request is in the last bucket: {page}");
    assert!(!page.contains(&conversation), "no ids in labels");
    assert!(names(page).is_subset(&documented()), "{:?}", names(page).difference(&documented()));
    server.assert_untroubled();
}

#[tokio::test]
async fn metrics_stand_alone_and_can_be_turned_off() {
    let (server, admin) = watched(setup()).await;
    assert_eq!(server.rest().get("~/metrics").await.status, 404, "the clients' port does not serve metrics");
    assert_eq!(admin.get("/users/me").await.status, 404, "the metrics port serves nothing else");
    let quiet = setup().start().await;
    assert!(!quiet.log().contains(":9090"), "a second node does not use the default port");
}

#[tokio::test]
async fn a_port_of_metrics_that_is_taken_stops_the_start_and_says_what_to_do() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let (status, said) = setup().set("ADMIN_PORT", &port).run(&["serve"]).await;
    assert!(!status.success() && said.contains(&port) && said.contains("ADMIN_PORT"), "{said}");
}
