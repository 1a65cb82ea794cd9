//! Memory per idle connection.

use crate::listener::{Stream, connect};
use crate::process::resident_kib;
use crate::say;
use chat_testkit::blackbox::{Person, Server, Setup};
use futures_util::StreamExt as _;
use std::time::Duration;

const STEPS: usize = 4;
const USERS: usize = 100;
const CONNECTING: usize = 64;
/// Memory is read once it has not changed for this long.
const SETTLING: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Connections in the end
    #[arg(long, default_value_t = 8_000)]
    connections: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections: 8_000 }
    }
}

pub(crate) async fn run(setup: &Setup, options: &Options) {
    say(format!(
        "idle: {} WebSockets of {USERS} users, authenticated and silent, in {STEPS} steps. The figure is the slope of the",
        options.connections
    ));
    say(
        "  server's resident memory over the number of connections (least squares; the first step, which also pays for",
    );
    say("  what is there once, is left out).");
    // Nobody reads here, so nobody would answer a ping.
    let setup = setup.clone().set("HEARTBEAT_INTERVAL", "10m");
    let server = setup.set("MAX_CONNECTIONS_PER_USER", &options.connections.to_string()).start().await;
    let mut people = Vec::new();
    for number in 0..USERS {
        people.push(server.register(&format!("u{number}")).await);
    }
    let mut held: Vec<Stream> = Vec::new();
    let mut points = Vec::new();
    for step in 1..=STEPS {
        let wanted = options.connections * step / STEPS;
        held.extend(more(&server, &people, held.len()..wanted).await);
        let resident = settled(server.pid()).await;
        say(format!("  {wanted:>7} connections: {resident:>8} KiB"));
        points.push((wanted as f64, resident as f64));
    }
    say(format!("  {:.2} KiB per idle connection", slope(&points[1..])));
    drop(held);
}

async fn more(server: &Server, people: &[Person], range: std::ops::Range<usize>) -> Vec<Stream> {
    let url = server.socket_url();
    let connecting =
        futures_util::stream::iter(range).map(|number| connect(&url, &people[number % people.len()].access_token));
    connecting.buffered(CONNECTING).collect().await
}

async fn settled(pid: u32) -> u64 {
    let mut last = resident_kib(pid);
    loop {
        tokio::time::sleep(SETTLING).await;
        let now = resident_kib(pid);
        if now == last {
            return now;
        }
        last = now;
    }
}

fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    covariance / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_slope_of_a_line_is_its_own() {
        let slope = super::slope(&[(1.0, 5.0), (2.0, 8.0), (3.0, 11.0)]);
        assert!((slope - 3.0).abs() < 1e-9, "{slope}");
    }
}
