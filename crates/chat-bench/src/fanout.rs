//! Deliveries per CPU-second: one message to every member of a large conversation.

use crate::listener::{Counter, Stream, connect, count};
use crate::process::cpu_time;
use crate::say;
use chat_testkit::blackbox::{Person, Server, Setup};
use futures_util::stream::SplitSink;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

/// Registrations and connections under way at once while the stage is set.
const SETTING_UP: usize = 32;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Members of the conversation, each with one connection
    #[arg(long, default_value_t = 1_000)]
    members: usize,
    /// How long each of the two rounds takes, in seconds
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Messages in flight in the second round
    #[arg(long, default_value_t = 16)]
    in_flight: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { members: 1_000, seconds: 10, in_flight: 16 }
    }
}

pub(crate) async fn run(setup: &Setup, options: &Options) {
    say(format!(
        "fanout: {} members of one conversation, one WebSocket each, on loopback; as many of them take turns in sending",
        options.members
    ));
    say(
        "  as messages are in flight. A round sends for its time and waits until every member has every message, in order.",
    );
    say("  The figure is messages times members, by the CPU seconds of the server's process, storing included.");
    let server = setup.start().await;
    let people = people(&server, options.members).await;
    let others: Vec<_> = people[1..].iter().collect();
    let conversation = people[0].group_with("everybody", &others).await;
    let counter = Arc::new(Counter::default());
    let mut tasks = JoinSet::new();
    let mut senders = Vec::new();
    for (number, stream) in connections(&server, &people).await.into_iter().enumerate() {
        if (number as u64) < options.in_flight {
            // Those who send also receive.
            let (writing, reading) = stream.split();
            count(&mut tasks, reading, counter.clone());
            senders.push(writing);
        } else {
            count(&mut tasks, stream, counter.clone());
        }
    }
    let frame = json!({"event": "message:send", "data": {"conversationId": conversation, "content": "x".repeat(64)}})
        .to_string();
    let mut sent = 0;
    for in_flight in [1, options.in_flight] {
        let round = Round { members: people.len() as u64, in_flight, time: Duration::from_secs(options.seconds) };
        sent = round.run(&server, &counter, &mut senders, &frame, sent).await;
    }
    assert!(tasks.try_join_next().is_none(), "a member's connection ended");
    let stored = people[0].history(&conversation).await.len() as u64;
    assert_eq!(stored, sent, "what was delivered is stored");
}

struct Round {
    members: u64,
    in_flight: u64,
    time: Duration,
}

impl Round {
    /// Sends on from message number `sent`; answers how many were sent in all.
    async fn run(&self, server: &Server, counter: &Counter, senders: &mut [Sender], frame: &str, mut sent: u64) -> u64 {
        let (first, cpu, start) = (sent, cpu_time(server.pid()), Instant::now());
        while start.elapsed() < self.time {
            // Frames of one connection are handled one after the other: messages in flight together have senders of their own.
            let turn = usize::try_from(sent % self.in_flight).expect("few in flight") % senders.len();
            senders[turn].send(Message::text(frame)).await.expect("sent");
            sent += 1;
            // Every message but the last few has reached everyone.
            counter
                .reaches((sent - first).saturating_sub(self.in_flight - 1) * self.members + first * self.members)
                .await;
        }
        counter.reaches(sent * self.members).await;
        let (elapsed, cpu) = (start.elapsed(), cpu_time(server.pid()).saturating_sub(cpu));
        let deliveries = (sent - first) * self.members;
        say(format!(
            "  {:>3} in flight: {:>9.0} deliveries per CPU-second, {:>9.0} per second of the clock ({} messages, {:.2} s CPU)",
            self.in_flight,
            deliveries as f64 / cpu.as_secs_f64(),
            deliveries as f64 / elapsed.as_secs_f64(),
            sent - first,
            cpu.as_secs_f64(),
        ));
        sent
    }
}

type Sender = SplitSink<Stream, Message>;

async fn people(server: &Server, count: usize) -> Vec<Person> {
    let rest = server.rest();
    futures_util::stream::iter(0..count)
        .map(|number| {
            let rest = rest.clone();
            async move { Person::register(&rest, &format!("m{number}")).await }
        })
        .buffered(SETTING_UP)
        .collect()
        .await
}

async fn connections(server: &Server, people: &[Person]) -> Vec<Stream> {
    let url = server.socket_url();
    futures_util::stream::iter(people)
        .map(|person| connect(&url, &person.access_token))
        .buffered(SETTING_UP)
        .collect()
        .await
}
