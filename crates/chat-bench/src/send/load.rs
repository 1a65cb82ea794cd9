//! The clients that send.

use crate::client::{Heard, Link, Pass, text_of};
use crate::contest::Entrant;
use crate::disk::micros;
use crate::http::Connection;
use chat_blackbox::Person;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
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
    /// Acknowledged messages so far.
    acked: AtomicU64,
}

impl Timetable {
    pub(super) fn new(begin: Instant, window: Instant, end: Instant, rate: Option<f64>) -> Self {
        let interval = rate.map(|rate| Duration::from_secs_f64(rate.recip()));
        Self { begin, window, end, interval, next: AtomicU32::new(0), acked: AtomicU64::new(0) }
    }

    pub(super) fn acked(&self) -> u64 {
        self.acked.load(Ordering::Relaxed)
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

/// How members send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Way {
    /// On the socket on which they receive
    Socket,
    /// Over REST, on keep-alive connections
    Rest,
}

impl Way {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Socket => "sockets",
            Self::Rest => "REST",
        }
    }
}

/// A sender with its own connection.
pub(super) struct Client {
    line: Line,
    person: String,
    pub(super) conversation: String,
    /// The ids of the acknowledged messages.
    pub(super) ids: Vec<String>,
    /// The latencies of those that count, in microseconds.
    pub(super) waits: Histogram<u64>,
    pub(super) last_ack: Option<Instant>,
}

enum Line {
    Rest(Connection),
    Socket(Link),
}

impl Client {
    pub(super) async fn connect(way: Way, base: &str, person: &Person, conversation: &str) -> Self {
        let line = match way {
            Way::Rest => Line::Rest(Connection::open(base, &person.access_token).await),
            Way::Socket => {
                let endpoint = Entrant::Plain.endpoint(base).expect("our server");
                Line::Socket(endpoint.connect(Pass::new(&person.access_token, &[])).await)
            }
        };
        Self {
            line,
            person: person.id.clone(),
            conversation: conversation.to_owned(),
            ids: Vec::new(),
            waits: Histogram::new(3).expect("three digits"),
            last_ack: None,
        }
    }

    /// Sends the messages that are due until the end of the run.
    pub(super) async fn send(mut self, timetable: Arc<Timetable>) -> Self {
        while let Some(due) = timetable.due().await {
            let key = format!("{}-{}", self.person, self.ids.len());
            let id = self.line.send(&self.conversation, &key, self.ids.len() as u64).await;
            self.ids.push(id);
            timetable.acked.fetch_add(1, Ordering::Relaxed);
            if due >= timetable.window {
                let now = Instant::now();
                self.waits.record(micros(now - due)).expect("a histogram that grows");
                self.last_ack = Some(now);
            }
        }
        self
    }
}

impl Line {
    /// Sends a message and waits for its ack. Returns the message's id.
    async fn send(&mut self, conversation: &str, key: &str, number: u64) -> String {
        match self {
            Self::Rest(connection) => {
                let path = format!("/conversations/{conversation}/messages");
                let body = format!(r#"{{"content":"{CONTENT}","clientMessageId":"{key}"}}"#);
                let message = connection.post(&path, &body, 201).await;
                message["data"]["id"].as_str().expect("an id").to_owned()
            }
            Self::Socket(link) => {
                let data =
                    format!(r#"{{"conversationId":"{conversation}","content":"{CONTENT}","clientMessageId":"{key}"}}"#);
                link.writer().command(number, "message:send", &data);
                let mut id = None;
                let acked = link.until(|heard| match *heard {
                    Heard::Answer { number: answered, is_done: true, said } if answered == number => {
                        id = text_of(said, r#""id":"#).map(str::to_owned);
                        true
                    }
                    Heard::Answer { said, .. } => panic!("a message was refused: {said}"),
                    _ => false,
                });
                acked.await.expect("a connection that lasts");
                id.expect("an id")
            }
        }
    }
}
