//! A device: it keeps what it gets, and comes back when it lost its connection.

use crate::client::{Endpoint, Heard, Link, Writer, number_of};
use crate::disk::micros;
use crate::storm::{Client, Positions, told};
use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// What all devices have counted together.
pub(super) struct Counts {
    /// Times in messages are since then.
    pub(super) epoch: Instant,
    /// Deliveries of messages: from when the message was due, in microseconds.
    pub(super) latency: Mutex<Histogram<u64>>,
    pub(super) acked: AtomicU64,
    pub(super) resumed: AtomicU64,
}

impl Counts {
    pub(super) fn new() -> Self {
        Self {
            epoch: Instant::now(),
            latency: Mutex::new(Histogram::new(3).expect("three digits")),
            acked: AtomicU64::new(0),
            resumed: AtomicU64::new(0),
        }
    }

    fn received(&self, data: &str) {
        // Only what was sent in this run has a time at its beginning.
        let Some(due) = number_of(data, r#""content":""#) else { return };
        let latency = micros(self.epoch.elapsed()).saturating_sub(due);
        self.latency.lock().expect("nobody panics in here").record(latency).expect("a histogram that grows");
    }
}

/// The side from which it is told what to do.
pub(super) struct Remote {
    /// `None` while it is away.
    writer: Mutex<Option<Writer>>,
    hang_up: Notify,
    /// Commands without an answer.
    unanswered: AtomicU64,
    is_away: AtomicBool,
}

impl Remote {
    /// Gives a command, to be answered; whether it is here to be told.
    pub(super) fn command(&self, number: u64, name: &str, data: &str) -> bool {
        let writer = self.writer.lock().expect("nobody panics in here");
        let Some(writer) = writer.as_ref() else { return false };
        self.unanswered.fetch_add(1, Ordering::Relaxed);
        writer.command(number, name, data);
        true
    }

    /// Lets it lose its connection, and come back at once; whether it was here, and nothing unanswered.
    pub(super) fn hang_up(&self) -> bool {
        if self.unanswered.load(Ordering::Relaxed) > 0 || self.is_away.swap(true, Ordering::Relaxed) {
            return false;
        }
        self.writer.lock().expect("nobody panics in here").take();
        self.hang_up.notify_one();
        true
    }
}

/// A device that has arrived.
pub(super) struct Device {
    pub(super) client: Client,
    pub(super) remote: Arc<Remote>,
    link: Link,
    endpoint: Endpoint,
    counts: Arc<Counts>,
}

impl Device {
    pub(super) async fn arrive(mut client: Client, endpoint: Endpoint, counts: Arc<Counts>) -> Self {
        let link = client.arrive(&endpoint).await;
        let remote = Remote {
            writer: Mutex::new(Some(link.writer().clone())),
            hang_up: Notify::new(),
            unanswered: AtomicU64::new(0),
            is_away: AtomicBool::new(false),
        };
        Self { client, remote: Arc::new(remote), link, endpoint, counts }
    }

    /// Until it is told what it must have in the end, and has it; that is where the time is up.
    pub(super) async fn live(mut self, mut goal: watch::Receiver<Option<Arc<Positions>>>) -> Client {
        let goal = loop {
            let Self { client, remote, link, counts, .. } = &mut self;
            tokio::select! {
                ended = link.until(|heard| { hear(client, remote, counts, heard); false }) => panic!("a connection \
                    ended: {ended:?}"),
                () = remote.hang_up.notified() => self.come_back().await,
                goal = told(&mut goal) => break goal,
            }
        };
        let Self { client, remote, link, counts, .. } = &mut self;
        let is_done = |client: &Client| client.has(&goal) && remote.unanswered.load(Ordering::Relaxed) == 0;
        if !is_done(client) {
            let reading = link.until(|heard| {
                hear(client, remote, counts, heard);
                is_done(client)
            });
            tokio::time::timeout(Duration::from_secs(30), reading)
                .await
                .expect("nothing is lost")
                .expect("a connection");
        }
        self.client
    }

    async fn come_back(&mut self) {
        let Self { client, remote, link, endpoint, counts } = self;
        // What still waits on the old connection is lost with it, as it is when a network goes.
        let (fresh, _) = client.come_back(endpoint).await;
        *link = fresh;
        counts.resumed.fetch_add(1, Ordering::Relaxed);
        *remote.writer.lock().expect("nobody panics in here") = Some(link.writer().clone());
        remote.is_away.store(false, Ordering::Relaxed);
    }
}

fn hear(client: &mut Client, remote: &Remote, counts: &Counts, heard: &Heard<'_>) {
    match heard {
        Heard::Answer { is_done, said, .. } => {
            assert!(*is_done, "a command was refused: {said}");
            remote.unanswered.fetch_sub(1, Ordering::Relaxed);
            counts.acked.fetch_add(1, Ordering::Relaxed);
        }
        Heard::Event { name: "message:received", data } => {
            counts.received(data);
            client.hear(heard);
        }
        _ => {
            client.hear(heard);
        }
    }
}
