//! Durable sends per second: each is acknowledged after its own commit has reached the disk.

use crate::process::cpu_time;
use crate::say;
use chat_testkit::blackbox::{Person, Setup};
use serde_json::json;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Clients that send at once, each on a connection that it keeps
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Conversations that they are spread over
    #[arg(long, default_value_t = 16)]
    conversations: usize,
    /// For how long, in seconds
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { clients: 64, conversations: 16, seconds: 10 }
    }
}

/// What one client sent: the ids that were acked, and how long each took.
type Sent = (String, Vec<String>, Vec<Duration>);

pub(crate) async fn run(setup: &Setup, options: &Options) {
    say(format!(
        "send: {} keep-alive clients POST messages of 64 characters into {} direct conversations, each the next",
        options.clients, options.conversations
    ));
    say(
        "  after its 201, which follows the commit (WAL, synchronous=FULL). Then every acked message is looked up in the",
    );
    say("  history. Client and server share the machine.");
    let server = setup.start().await;
    let ann = server.register("ann").await;
    let mut conversations = Vec::new();
    for number in 0..options.conversations {
        conversations.push(ann.direct_with(&server.register(&format!("peer{number}")).await).await);
    }
    let (start, cpu) = (Instant::now(), cpu_time(server.pid()));
    let until = start + Duration::from_secs(options.seconds);
    let mut clients = JoinSet::new();
    for client in 0..options.clients {
        let own = Person { rest: server.rest().with_token(&ann.access_token), ..ann.clone() };
        clients.spawn(send_until(own, conversations[client % conversations.len()].clone(), until));
    }
    let sent: Vec<Sent> = clients.join_all().await;
    let (elapsed, cpu) = (start.elapsed(), cpu_time(server.pid()).saturating_sub(cpu));
    let mut latencies: Vec<_> = sent.iter().flat_map(|(_, _, latencies)| latencies.iter().copied()).collect();
    latencies.sort_unstable();
    let at = |share: usize| latencies[(latencies.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
    check(&ann, &conversations, &sent).await;
    say(format!(
        "  {:.0} durable sends per second ({} in {:.1} s, {:.1} s CPU of the server), p50 {:.1} ms, p99 {:.1} ms",
        latencies.len() as f64 / elapsed.as_secs_f64(),
        latencies.len(),
        elapsed.as_secs_f64(),
        cpu.as_secs_f64(),
        at(50),
        at(99),
    ));
}

async fn send_until(person: Person, conversation: String, until: Instant) -> Sent {
    let body = json!({"content": "x".repeat(64)});
    let (mut ids, mut latencies) = (Vec::new(), Vec::new());
    while Instant::now() < until {
        let before = Instant::now();
        let message = person.send(&conversation, &body).await.data(201);
        latencies.push(before.elapsed());
        ids.push(message["id"].as_str().unwrap_or_default().to_owned());
    }
    (conversation, ids, latencies)
}

/// Every acked message is in its conversation's history once, and the history is numbered from 1 without a gap.
async fn check(reader: &Person, conversations: &[String], sent: &[Sent]) {
    for conversation in conversations {
        let history = reader.history(conversation).await;
        let stored: HashSet<_> = history.iter().filter_map(|message| message["id"].as_str()).collect();
        assert_eq!(stored.len(), history.len(), "no message twice");
        assert!(history.iter().zip(1..).all(|(message, seq)| message["seq"] == seq), "no gap");
        let acked = sent.iter().filter(|(of, _, _)| of == conversation).flat_map(|(_, ids, _)| ids);
        assert!(acked.into_iter().all(|id| stored.contains(id.as_str())), "an acked message is missing");
    }
}
