//! Nodes restart one after the other behind a real proxy, configured as in `deploy`, while clients send.

use super::{cluster, turn};
use crate::operators::{caddy_config, nginx_config};
use chat_blackbox::cluster::Cluster;
use chat_blackbox::{Person, Rest, Server, Setup};
use chat_testkit::servers::Proxy;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::JoinSet;

/// The number of clients, each of which sends one message after the other.
const SENDERS: usize = 8;

/// Longer than Caddy's interval of health checks, and than nginx keeps an idle connection: 4 s in `deploy`, 2 s in this
/// test.
const SHUTDOWN_DELAY: &str = "3s";

/// Two nodes that keep their ports over restarts.
struct Nodes {
    cluster: Cluster,
    setups: [Setup; 2],
    running: Vec<Server>,
}

impl Nodes {
    async fn start() -> Self {
        let cluster = cluster(0, &[("TRUSTED_PROXIES", "127.0.0.1"), ("SHUTDOWN_DELAY", SHUTDOWN_DELAY)]).await;
        let setups = [(); 2].map(|()| cluster.setup().set("PORT", &free_port().to_string()));
        let running = vec![setups[0].start().await, setups[1].start().await];
        Self { cluster, setups, running }
    }

    /// Returns `127.0.0.1:port` of each node.
    fn addresses(&self) -> [String; 2] {
        [0, 1].map(|index| self.running[index].base().trim_start_matches("http://").to_owned())
    }

    /// Restarts one node after the other: stops it, waits for its end, starts it, and waits until the proxy uses it
    /// again.
    async fn restart_all(&mut self) {
        for index in 0..self.running.len() {
            self.running[index].terminate();
            assert!(self.running[index].ended().await.success(), "{}", self.running[index].log());
            self.running[index] = self.setups[index].start().await;
            self.running[index].logged(r#""method":"POST""#).await;
        }
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port()
}

/// Returns the ids of the messages that one client sent. Fails if a response is not 201.
async fn send_until(person: Person, place: String, ends: Arc<AtomicBool>) -> Vec<String> {
    let path = format!("/conversations/{place}/messages");
    let mut ids = Vec::new();
    while !ends.load(Ordering::Relaxed) {
        let reply = person.rest.request(Method::POST, &path).json(&json!({"content": "going on"})).send().await;
        assert_eq!(reply.status, 201, "after {} messages: {reply:?}", ids.len());
        ids.push(reply.body["data"]["id"].as_str().expect("an id").to_owned());
    }
    ids
}

/// Checks that every request through this proxy succeeds while nodes restart, and that no message is stored twice.
async fn every_request_succeeds(mut nodes: Nodes, proxy: &Proxy) {
    let through = Rest::new(&proxy.base());
    let (ann, ben) = (nodes.running[0].register("ann").await, nodes.running[1].register("ben").await);
    let place = ann.direct_with(&ben).await;
    let (ends, mut sending) = (Arc::<AtomicBool>::default(), JoinSet::new());
    for _ in 0..SENDERS {
        // Each client has its own connection.
        let person = ann.at(&Rest::new(&proxy.base()));
        sending.spawn(send_until(person, place.clone(), ends.clone()));
    }
    nodes.restart_all().await;
    ends.store(true, Ordering::Relaxed);
    let acked: Vec<_> = sending.join_all().await.into_iter().flatten().collect();
    let stored: BTreeSet<_> = ann
        .at(&through)
        .history(&place)
        .await
        .iter()
        .map(|message| message["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(acked.len() > SENDERS * 4, "too few messages to show anything: {}", acked.len());
    assert_eq!(acked.iter().cloned().collect::<BTreeSet<_>>(), stored, "exactly the acked messages are stored");
    nodes.running.iter().for_each(Server::assert_untroubled);
    drop(nodes.cluster);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_behind_nginx_fails_no_request() {
    let _turn = turn().await;
    let nodes = Nodes::start().await;
    let addresses = nodes.addresses();
    let proxy =
        Proxy::nginx(|port| nginx_config(&addresses, port).replace("keepalive_timeout 4s;", "keepalive_timeout 2s;"));
    every_request_succeeds(nodes, &proxy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_behind_caddy_fails_no_request() {
    let _turn = turn().await;
    let nodes = Nodes::start().await;
    let addresses = nodes.addresses();
    let proxy = Proxy::caddy(|port| caddy_config(&addresses, port));
    every_request_succeeds(nodes, &proxy).await;
}
