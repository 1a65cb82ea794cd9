//! The clients that send.

use crate::disk::micros;
use crate::http::Connection;
use chat_blackbox::Person;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const CONTENT: &str = "A message of a usual length, such as people write: 64 characters";

/// When messages are due, and which of them are counted.
pub(super) struct Timetable {
    begin: Instant,
    /// Messages that are due from here on are counted.
    window: Instant,
    end: Instant,
    interval: Option<Duration>,
    /// Index of the next message that no client has taken.
    next: AtomicU32,
}

impl Timetable {
    pub(super) fn new(begin: Instant, window: Instant, end: Instant, rate: Option<f64>) -> Self {
        let interval = rate.map(|rate| Duration::from_secs_f64(rate.recip()));
        Self { begin, window, end, interval, next: AtomicU32::new(0) }
    }

    /// Waits until the next message is due, and returns when that was. Returns `None` at the end of the run.
    async fn due(&self) -> Option<Instant> {
        let due = match self.interval {
            Some(interval) => self.begin + interval * self.next.fetch_add(1, Ordering::Relaxed),
            None => Instant::now().max(self.begin),
        };
        if due >= self.end {
            return None;
        }
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        }
        Some(due)
    }
}

/// A sender with its own connection.
pub(super) struct Client {
    connection: Connection,
    person: String,
    conversation: String,
}

/// The results of one client: the ids of the acknowledged messages, and the latencies of those that count, in
/// microseconds.
pub(super) struct Sent {
    pub(super) conversation: String,
    pub(super) ids: Vec<String>,
    pub(super) waits: Histogram<u64>,
    pub(super) last_ack: Option<Instant>,
}

impl Client {
    pub(super) async fn connect(base: &str, person: &Person, conversation: &str) -> Self {
        let connection = Connection::open(base, &person.access_token).await;
        Self { connection, person: person.id.clone(), conversation: conversation.to_owned() }
    }

    /// Sends the messages that are due until the end of the run.
    pub(super) async fn send(mut self, timetable: Arc<Timetable>) -> Sent {
        let path = format!("/conversations/{}/messages", self.conversation);
        let (mut ids, mut waits, mut last_ack) = (Vec::new(), Histogram::new(3).expect("three digits"), None);
        while let Some(due) = timetable.due().await {
            let body = format!(r#"{{"content":"{CONTENT}","clientMessageId":"{}-{}"}}"#, self.person, ids.len());
            let message = self.connection.post(&path, &body, 201).await;
            ids.push(message["data"]["id"].as_str().expect("an id").to_owned());
            if due >= timetable.window {
                let now = Instant::now();
                waits.record(micros(now - due)).expect("a histogram that grows");
                last_ack = Some(now);
            }
        }
        Sent { conversation: self.conversation, ids, waits, last_ack }
    }
}
