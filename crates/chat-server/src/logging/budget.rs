//! Limits the log lines that clients can cause as often as they like: warnings, errors, and requests without a sign-in.
//! Each kind of line has a budget; lines over the budget are left out and counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// How many lines of one kind may be written at once.
const BURST: u32 = 100;

/// How many lines of one kind may be written per second, in the long run.
const PER_SECOND: u32 = 5;

/// What makes two lines the same kind: their place in the code and, for requests, the status of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Kind {
    target: &'static str,
    line: u32,
    /// 0 for lines that are not about requests.
    status: u64,
}

/// The budgets of all kinds; their number is bounded by the places in the code and the statuses.
#[derive(Default, Clone)]
pub(super) struct Budget(Arc<Mutex<HashMap<Kind, Bucket>>>);

struct Bucket {
    lines: f64,
    filled_at: Instant,
    left_out: u64,
}

impl Budget {
    /// Takes one line from the budget of this kind; `false` if the budget is used up.
    fn take(&self, kind: Kind, now: Instant) -> bool {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = || Bucket { lines: f64::from(BURST), filled_at: now, left_out: 0 };
        let bucket = buckets.entry(kind).or_insert_with(full);
        let refilled = now.saturating_duration_since(bucket.filled_at).as_secs_f64() * f64::from(PER_SECOND);
        bucket.lines = (bucket.lines + refilled).min(f64::from(BURST));
        bucket.filled_at = now;
        let may = bucket.lines >= 1.0;
        if may {
            bucket.lines -= 1.0;
        } else {
            bucket.left_out += 1;
        }
        may
    }

    /// Writes one line for each kind that had lines left out since the last report.
    pub(super) fn report(&self) {
        for (Kind { target, status, .. }, count) in self.left_out() {
            let status = (status > 0).then_some(status);
            tracing::info!(of = target, status, lines = count, "lines were left out of the log");
        }
    }

    fn left_out(&self) -> Vec<(Kind, u64)> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left_out = buckets.iter_mut().map(|(kind, bucket)| (*kind, std::mem::take(&mut bucket.left_out)));
        left_out.filter(|(_, count)| *count > 0).collect()
    }
}

impl<S: Subscriber> Layer<S> for Budget {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        // Debug and trace lines are on only while an operator looks for something.
        if *metadata.level() > Level::INFO {
            return true;
        }
        let mut read = Read::default();
        event.record(&mut read);
        if *metadata.level() == Level::INFO && read.is_signed_in != Some(false) {
            return true;
        }
        let line = metadata.line().unwrap_or_default();
        self.take(Kind { target: metadata.target(), line, status: read.status }, Instant::now())
    }
}

/// The fields of a line that matter here.
#[derive(Default)]
struct Read {
    status: u64,
    is_signed_in: Option<bool>,
}

impl Visit for Read {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "status" {
            self.status = value;
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "signed_in" {
            self.is_signed_in = Some(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_flood_of_one_kind_is_cut_and_counted_and_other_kinds_are_not() {
        let budget = Budget::default();
        let kind = |status| Kind { target: "request", line: 1, status };
        let start = Instant::now();
        let written = |status, at| (0..10_000).filter(|_| budget.take(kind(status), at)).count();
        assert_eq!(written(404, start), BURST as usize);
        assert_eq!(written(401, start), BURST as usize);
        assert_eq!(written(404, start + Duration::from_secs(10)), (10 * PER_SECOND) as usize);
        let mut left_out = budget.left_out();
        left_out.sort_unstable();
        assert_eq!(left_out, [(kind(401), 9_900), (kind(404), 19_850)]);
        assert_eq!(budget.left_out(), [], "told once");
    }
}
