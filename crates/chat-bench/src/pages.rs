//! The latency of pages, requested one after the other on one connection.

use crate::disk::micros;
use crate::http::Connection;
use crate::say;
use hdrhistogram::Histogram;
use std::time::Instant;

/// Latencies in microseconds.
pub(crate) struct Times(Histogram<u64>);

impl Times {
    /// Requests the page `repeat` times after a warm-up of a tenth as many, and prints the latencies.
    pub(crate) async fn of(connection: &mut Connection, name: &str, path: &str, repeat: usize) -> Self {
        for _ in 0..repeat / 10 {
            connection.get(path).await;
        }
        let (mut waits, mut bytes) = (Histogram::new(3).expect("three digits"), 0);
        for _ in 0..repeat {
            let before = Instant::now();
            bytes = connection.get(path).await;
            waits.record(micros(before.elapsed())).expect("a histogram that grows");
        }
        let times = Self(waits);
        say(format!(
            "    {name:<32} p50 {:>6.2} ms, p99 {:>6.2} ms ({:.1} KiB)",
            times.millis(0.5),
            times.millis(0.99),
            bytes as f64 / 1_024.0,
        ));
        times
    }

    pub(crate) fn millis(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1_000.0
    }
}
