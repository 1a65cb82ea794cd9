use crate::crowd::Crowd;
use crate::process::{self, Meter};
use hdrhistogram::Histogram;
use std::time::{Duration, Instant};

/// When the next message is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// When fewer than this many messages have not reached every member (closed loop)
    InFlight(u64),
    /// This many at once, when every member has received all of the previous ones (closed loop)
    Bursts(u64),
    /// This many per second, evenly spaced and independent of the server (open loop)
    Rate(f64),
}

/// A server, and the connected members of a conversation on it.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) crowd: Crowd,
    pub(crate) meter: Meter,
}

/// The results of sending for some time.
pub(crate) struct Leg {
    pub(crate) messages: u64,
    pub(crate) deliveries: u64,
    pub(crate) bytes: u64,
    pub(crate) time: Duration,
    /// CPU time of all processes of the server.
    pub(crate) cpu: Duration,
    /// CPU time of this process.
    pub(crate) client: Duration,
    /// CPU time of all other processes.
    pub(crate) others: Duration,
    /// From when a message was due until its last member received it, in microseconds.
    pub(crate) latency: Histogram<u64>,
}

impl Subject {
    /// Sends for this time, then waits until every member has received everything.
    pub(crate) async fn leg(&self, pace: Pace, time: Duration) -> Leg {
        let own = std::process::id();
        let (totals, cpu, client, machine) =
            (self.crowd.totals(), self.meter.cpu(), process::cpu_time(own), process::machine().0);
        let start = Instant::now();
        self.send(pace, start, start + time).await;
        self.crowd.settled().await;
        let time = start.elapsed();
        let cpu = self.meter.cpu().saturating_sub(cpu);
        let client = process::cpu_time(own).saturating_sub(client);
        let now = self.crowd.totals();
        Leg {
            messages: now.sent - totals.sent,
            deliveries: now.deliveries - totals.deliveries,
            bytes: now.bytes - totals.bytes,
            time,
            cpu,
            client,
            others: process::machine().0.saturating_sub(machine + cpu + client),
            latency: self.crowd.take_latency(),
        }
    }

    async fn send(&self, pace: Pace, start: Instant, end: Instant) {
        match pace {
            Pace::InFlight(count) => {
                while Instant::now() < end {
                    self.crowd.in_flight_at_most(count - 1).await;
                    self.crowd.send(Instant::now());
                }
            }
            Pace::Bursts(count) => {
                while Instant::now() < end {
                    self.crowd.in_flight_at_most(0).await;
                    let now = Instant::now();
                    for _ in 0..count {
                        self.crowd.send(now);
                    }
                }
            }
            Pace::Rate(rate) => {
                let interval = Duration::from_secs_f64(rate.recip());
                for number in 0.. {
                    let due = start + interval * number;
                    if due >= end {
                        break;
                    }
                    tokio::time::sleep_until(due.into()).await;
                    self.crowd.send(due);
                }
            }
        }
    }
}

impl Leg {
    /// Returns the sum of both legs of a round, out and back.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.latency.add(&other.latency).expect("equal histograms");
        Self {
            messages: self.messages + other.messages,
            deliveries: self.deliveries + other.deliveries,
            bytes: self.bytes + other.bytes,
            time: self.time + other.time,
            cpu: self.cpu + other.cpu,
            client: self.client + other.client,
            others: self.others + other.others,
            latency: self.latency,
        }
    }

    pub(crate) fn per_cpu_second(&self) -> f64 {
        self.deliveries as f64 / self.cpu.as_secs_f64()
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.deliveries as f64 / self.time.as_secs_f64()
    }

    /// Returns a quantile of the latency, in milliseconds.
    pub(crate) fn latency_at(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1_000.0
    }
}
