//! A device: it keeps what it receives, and reconnects when it loses its connection.

use crate::client::{Endpoint, Heard, Link, Writer, number_of};
use crate::disk::micros;
use crate::storm::{Client, Positions, told};
use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// The counts of all devices together.
pub(super) struct Counts {
    /// Times in messages are relative to this.
    pub(super) epoch: Instant,
    /// Latency of deliveries, from when the message was due, in microseconds.
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
        // Only messages of this run start with their time.
        let Some(due) = number_of(data, r#""content":""#) else { return };
        let latency = micros(self.epoch.elapsed()).saturating_sub(due);
        self.latency.lock().expect("nobody panics in here").record(latency).expect("a histogram that grows");
    }
}

/// The handle by which a device is controlled.
pub(super) struct Remote {
    /// `None` while the device is disconnected.
    writer: Mutex<Option<Writer>>,
    hang_up: Notify,
    /// Number of commands without an answer.
    unanswered: AtomicU64,
    is_away: AtomicBool,
}

impl Remote {
    /// Sends a command that asks for an answer. Returns whether the device was connected.
    pub(super) fn command(&self, number: u64, name: &str, data: &str) -> bool {
        let writer = self.writer.lock().expect("nobody panics in here");
        let Some(writer) = writer.as_ref() else { return false };
        self.unanswered.fetch_add(1, Ordering::Relaxed);
        writer.command(number, name, data);
        true
    }

    /// Closes the connection if the device is connected and every command is answered; the device then reconnects.
    /// Returns whether it closed the connection.
    pub(super) fn hang_up(&self) -> bool {
        if self.unanswered.load(Ordering::Relaxed) > 0 || self.is_away.swap(true, Ordering::Relaxed) {
            return false;
        }
        self.writer.lock().expect("nobody panics in here").take();
        self.hang_up.notify_one();
        true
    }
}

/// A connected device.
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

    /// Runs until the device knows its final positions and has reached them. Panics if that takes too long.
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
                .expect("every event arrives in time")
                .expect("a connection");
        }
        self.client
    }

    async fn come_back(&mut self) {
        let Self { client, remote, link, endpoint, counts } = self;
        // What the old connection has not delivered is lost with it, as when a network fails.
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
