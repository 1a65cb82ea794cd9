use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use chat_domain::rate_limits::{Quota, Verdict};
use serde_json::{Value, json};
use std::time::Duration;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The headers that pages of other origins may read.
pub(crate) const EXPOSED: [&str; 3] = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];

/// The headers of a refusal, for the document.
pub(crate) fn documented_headers() -> Value {
    let header = |description: &str| json!({"description": description, "schema": {"type": "integer"}});
    json!({
        "Retry-After": header("Seconds until the request is allowed again."),
        "RateLimit-Limit": header(
            "The number of requests that a full bucket allows at once. Every limited response has the three \
             `RateLimit` headers."
        ),
        "RateLimit-Remaining": header("The number of requests that are allowed now."),
        "RateLimit-Reset": header("Seconds until the bucket is full."),
    })
}

/// The state of a bucket, as sent to clients (draft-ietf-httpapi-ratelimit-headers-03 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BucketState {
    /// The number of requests that a full bucket allows at once.
    pub(crate) limit: u32,
    /// The number of requests that are allowed now.
    pub(crate) remaining: u32,
    /// The time until the bucket is full.
    pub(crate) reset: Duration,
    /// The time until the next request is allowed; `None` if it is allowed now.
    pub(crate) retry_after: Option<Duration>,
}

impl BucketState {
    pub(crate) fn new(quota: Quota, verdict: Verdict) -> Self {
        Self {
            limit: quota.burst(),
            remaining: verdict.remaining,
            reset: verdict.full_after,
            retry_after: (!verdict.is_allowed).then_some(verdict.retry_after),
        }
    }

    /// Writes the headers, with times rounded up to whole seconds.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(whole_seconds(self.reset)));
        if let Some(pause) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(pause).max(1)));
        }
    }
}

/// Returns the duration in whole seconds, rounded up.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
