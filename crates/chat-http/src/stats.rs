mod commands;

use actix_http::StatusCode;
use commands::CommandStats;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// The upper bounds of the buckets of [`LatencyStats`], in seconds. Longer durations are only in the sum and the count.
pub const LATENCY_BOUNDS: [f64; 14] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The label of requests without a route of ours.
const NO_ROUTE: &str = "-";

/// The methods that routes have. All others count as one, so that clients cannot make the table grow.
const METHODS: [&str; 6] = ["GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"];

/// The durations of requests, by method, route and class of status. Updated once per request.
#[derive(Debug, Default)]
pub struct HttpStats {
    routes: RwLock<HashMap<Key, Arc<LatencyStats>>>,
    sessions: AtomicUsize,
    commands: CommandStats,
}

/// Counts one Socket.IO session until it is dropped.
#[derive(Debug)]
pub(crate) struct CountedSession(Arc<HttpStats>);

impl Drop for CountedSession {
    fn drop(&mut self) {
        self.0.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}

type Key = (&'static str, String, u16);

/// The requests of one route with one class of status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteLabels {
    /// `GET`, `POST` and so on; `other` for methods that no route has.
    pub method: &'static str,
    /// The pattern, such as `/api/v1/users/{id}`; `-` if none matched.
    pub route: String,
    /// The class of status: 2 for 200 to 299, and so on.
    pub status_class: u16,
}

/// A histogram of durations. It uses relaxed ordering, since it is only shown in graphs.
#[derive(Debug, Default)]
pub struct LatencyStats {
    buckets: [AtomicU64; LATENCY_BOUNDS.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

/// A snapshot of a histogram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latency {
    /// The number of durations in each bucket: at most its bound, and over the previous bound.
    pub buckets: [u64; LATENCY_BOUNDS.len()],
    /// The number of all durations.
    pub count: u64,
    /// The sum of all durations, in seconds.
    pub seconds: f64,
}

impl HttpStats {
    /// The number of Socket.IO sessions, connected to the namespace or not.
    pub fn socketio_sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    pub(crate) fn count_session(self: &Arc<Self>) -> CountedSession {
        self.sessions.fetch_add(1, Ordering::Relaxed);
        CountedSession(Arc::clone(self))
    }

    pub(crate) fn observe(&self, method: &str, route: Option<&str>, status: StatusCode, duration: Duration) {
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("other");
        let key = (method, route.unwrap_or(NO_ROUTE).to_owned(), status.as_u16() / 100);
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let of_route = known.unwrap_or_else(|| {
            self.routes.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone()
        });
        of_route.observe(duration);
    }

    pub(crate) fn observe_command(&self, name: &'static str, failed: bool, duration: Duration) {
        self.commands.observe(name, failed, duration);
    }

    /// The socket commands so far: name, `ok` or `failed`, and duration.
    pub fn read_commands(&self) -> impl Iterator<Item = (&'static str, &'static str, Latency)> {
        self.commands.read()
    }

    /// A snapshot of all requests so far.
    pub fn read(&self) -> Vec<(RouteLabels, Latency)> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let labels = |(method, route, class): &Key| RouteLabels { method, route: route.clone(), status_class: *class };
        routes.iter().map(|(key, stats)| (labels(key), stats.read())).collect()
    }
}

impl LatencyStats {
    fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        if let Some(bucket) = LATENCY_BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn read(&self) -> Latency {
        Latency {
            buckets: std::array::from_fn(|bucket| self.buckets[bucket].load(Ordering::Relaxed)),
            count: self.count.load(Ordering::Relaxed),
            seconds: Duration::from_micros(self.micros.load(Ordering::Relaxed)).as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_in_the_bucket_of_the_first_bound_that_it_does_not_exceed() {
        let stats = HttpStats::default();
        for (method, number, millis) in [("GET", 200, 1), ("GET", 204, 3), ("GET", 204, 60_000), ("BREW", 404, 1)] {
            let answer = StatusCode::from_u16(number).expect("a status");
            stats.observe(method, Some("/api/v1/users/{id}"), answer, Duration::from_millis(millis));
        }
        let mut read = stats.read();
        read.sort_by_key(|(labels, _)| labels.status_class);
        let [(good, latency), (strange, _)] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!((good.method, good.route.as_str(), good.status_class), ("GET", "/api/v1/users/{id}", 2));
        assert_eq!((strange.method, strange.status_class), ("other", 4));
        assert_eq!((latency.count, latency.buckets[1], latency.buckets[3]), (3, 1, 1));
        assert_eq!(latency.buckets.iter().sum::<u64>(), 2, "a minute is in no bucket");
        assert!((latency.seconds - 60.004).abs() < 1e-9, "{latency:?}");
    }
}
