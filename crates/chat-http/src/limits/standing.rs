use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use chat_domain::rate_limits::{Quota, Verdict};
use serde_json::{Value, json};
use std::time::Duration;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// What pages of other origins may read.
pub(crate) const EXPOSED: [&str; 3] = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];

/// The headers of a refusal, for the document.
pub(crate) fn documented_headers() -> Value {
    let header = |description: &str| json!({"description": description, "schema": {"type": "integer"}});
    json!({
        "Retry-After": header("After how many seconds the same will be taken."),
        "RateLimit-Limit": header("How many may come at once when nothing was used. This and the next two are in every limited answer."),
        "RateLimit-Remaining": header("How many may come at once now."),
        "RateLimit-Reset": header("After how many seconds nothing will count as used."),
    })
}

/// How a bucket stands, as clients are told (draft-ietf-httpapi-ratelimit-headers-03 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How many may come at once when nothing was used.
    pub(crate) limit: u32,
    /// How many may come at once now.
    pub(crate) remaining: u32,
    /// After how long nothing will count as used.
    pub(crate) reset: Duration,
    /// After how long the next may come; `None` where it may now.
    pub(crate) retry_after: Option<Duration>,
}

impl Standing {
    pub(crate) fn new(quota: Quota, verdict: Verdict) -> Self {
        Self {
            limit: quota.burst(),
            remaining: verdict.remaining,
            reset: verdict.full_after,
            retry_after: (!verdict.is_allowed).then_some(verdict.retry_after),
        }
    }

    /// Whole seconds, never less than it takes.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(whole_seconds(self.reset)));
        if let Some(pause) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(pause).max(1)));
        }
    }
}

/// Rounded up.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
