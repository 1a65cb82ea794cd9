//! Honest clients, and how long they wait.

use crate::disk::micros;
use hdrhistogram::Histogram;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The time between two honest requests. Each starts when it is due, independent of earlier ones.
const INTERVAL: Duration = Duration::from_millis(20);

/// A request that takes longer has failed, and counts as this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// The latencies of honest requests, and the number of those that failed.
pub(super) struct Waits {
    histogram: Histogram<u64>,
    pub(super) failed: u64,
}

impl Waits {
    /// Returns a quantile in milliseconds.
    pub(super) fn quantile(&self, quantile: f64) -> f64 {
        self.histogram.value_at_quantile(quantile) as f64 / 1_000.0
    }
}

/// Sends requests at a fixed interval for this long, each on its own connection, and counts those due after the first
/// second. A bare server answers by closing.
pub(super) async fn probe(address: &str, request: &'static str, time: Duration) -> Waits {
    let (begin, mut running) = (Instant::now(), JoinSet::new());
    let mut due = begin;
    while begin.elapsed() < time {
        tokio::time::sleep_until(due.into()).await;
        let address = address.to_owned();
        running.spawn(async move {
            let answered = tokio::time::timeout(PATIENCE, ask(&address, request)).await;
            let is_answered = matches!(answered, Ok(Ok(true)));
            (due, if is_answered { due.elapsed() } else { PATIENCE }, is_answered)
        });
        due += INTERVAL;
    }
    let mut waits = Waits { histogram: Histogram::new(3).expect("three digits"), failed: 0 };
    for (due, wait, is_answered) in running.join_all().await {
        if due.duration_since(begin) >= Duration::from_secs(1) {
            waits.histogram.record(micros(wait)).expect("a histogram that grows");
            waits.failed += u64::from(!is_answered);
        }
    }
    waits
}

/// Returns whether the response is good. For the bare server, closing the connection is good.
async fn ask(address: &str, request: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    if request.is_empty() {
        // It may close in any way.
        let _ = stream.read(&mut [0; 16]).await;
        return Ok(true);
    }
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(1_024);
    stream.read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200 "))
}
