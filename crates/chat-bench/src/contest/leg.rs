use crate::crowd::{Crowd, Totals};
use crate::process::{self, Meter};
use hdrhistogram::Histogram;
use std::time::{Duration, Instant};

/// When the next message is sent, and by whom.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// When fewer than `count` messages have not reached every member (closed loop). The senders take turns.
    InFlight { count: u64, senders: usize },
    /// `count` messages at once, when every member has received all of the previous ones (closed loop)
    Bursts { count: u64, senders: usize },
    /// `rate` messages per second, evenly spaced and independent of the server (open loop)
    Rate { rate: f64, senders: usize },
}

impl Pace {
    /// For a column of a table.
    pub(crate) fn label(self) -> String {
        match self {
            Self::InFlight { count, senders: 1 } if count > 1 => format!("{count} pipelined"),
            Self::InFlight { count, .. } => format!("{count} in flight"),
            Self::Bursts { count, .. } => format!("{count} at once"),
            Self::Rate { rate, .. } => format!("{rate:.1} due/s"),
        }
    }
}

/// The results of sending for some time.
#[derive(Clone)]
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

/// Counters at the beginning of a leg.
pub(crate) struct Start {
    at: Instant,
    totals: Totals,
    cpu: Duration,
    client: Duration,
    machine: Duration,
}

impl Start {
    pub(crate) fn now(crowd: &Crowd, meter: &Meter) -> Self {
        Self {
            totals: crowd.totals(),
            cpu: meter.cpu(),
            client: process::cpu_time(std::process::id()),
            machine: process::machine().0,
            at: Instant::now(),
        }
    }

    /// Returns the results since then.
    pub(crate) fn end(self, crowd: &Crowd, meter: &Meter) -> Leg {
        let time = self.at.elapsed();
        let cpu = meter.cpu().saturating_sub(self.cpu);
        let client = process::cpu_time(std::process::id()).saturating_sub(self.client);
        let now = crowd.totals();
        Leg {
            messages: now.sent - self.totals.sent,
            deliveries: now.deliveries - self.totals.deliveries,
            bytes: now.bytes - self.totals.bytes,
            time,
            cpu,
            client,
            others: process::machine().0.saturating_sub(self.machine + cpu + client),
            latency: crowd.take_latency(),
        }
    }
}

async fn send(crowd: &Crowd, pace: Pace, start: Instant, end: Instant) {
    match pace {
        Pace::InFlight { count, senders } => {
            while Instant::now() < end {
                crowd.in_flight_at_most(count - 1).await;
                crowd.send(0, senders, Instant::now());
            }
        }
        Pace::Bursts { count, senders } => {
            while Instant::now() < end {
                crowd.in_flight_at_most(0).await;
                let now = Instant::now();
                for _ in 0..count {
                    crowd.send(0, senders, now);
                }
            }
        }
        Pace::Rate { rate, senders } => {
            let interval = Duration::from_secs_f64(rate.recip());
            for number in 0.. {
                let due = start + interval * number;
                if due >= end {
                    break;
                }
                tokio::time::sleep_until(due.into()).await;
                crowd.send(0, senders, due);
            }
        }
    }
}

impl Leg {
    /// Sends to the crowd's first room for this time, then waits until every member has received everything.
    pub(super) async fn run(crowd: &Crowd, meter: &Meter, pace: Pace, time: Duration) -> Self {
        let start = Start::now(crowd, meter);
        send(crowd, pace, start.at, start.at + time).await;
        crowd.settled().await;
        start.end(crowd, meter)
    }

    /// Returns the sum of both legs of a round, out and back.
    pub(crate) fn and(mut self, other: &Self) -> Self {
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
