use super::{Pair, eventually};
use chat_domain::rate_limits::{LimitKey, Quota, RateLimiter};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

type Nodes = Pair<Arc<dyn RateLimiter>>;

/// Longer than any test takes.
const LONG: Duration = Duration::from_hours(10);

/// `LONG` minus one minute, which is longer than a test takes.
const ALMOST: Duration = Duration::from_mins(599);

/// A tenth of `LONG`.
const A_TENTH: Duration = Duration::from_hours(1);
const ALMOST_A_TENTH: Duration = Duration::from_mins(59);

fn key(subject: &str) -> LimitKey {
    LimitKey::new("test", subject)
}

pub async fn a_bucket_is_shared_by_all_nodes(nodes: Nodes) {
    let quota = Quota::new(3, LONG);
    assert_eq!(nodes.one.take(&key("a"), quota, 2).await.remaining, 1);
    let last = nodes.other.take(&key("a"), quota, 1).await;
    assert!(last.is_allowed && last.remaining == 0 && last.retry_after.is_zero());
    assert!(last.full_after > ALMOST && last.full_after <= LONG);
    assert!(!nodes.one.take(&key("a"), quota, 1).await.is_allowed);
}

pub async fn of_many_that_ask_at_once_as_many_are_allowed_as_there_are_tokens(nodes: Nodes) {
    let quota = Quota::new(20, LONG);
    let mut asking = JoinSet::new();
    for _ in 0..25 {
        for limiter in [&nodes.one, &nodes.other] {
            let limiter = Arc::clone(limiter);
            asking.spawn(async move { limiter.take(&key("a"), quota, 1).await.is_allowed });
        }
    }
    assert_eq!(asking.join_all().await.into_iter().filter(|allowed| *allowed).count(), 20);
}

pub async fn a_refusal_takes_nothing_and_says_when_to_come_back(nodes: Nodes) {
    let quota = Quota::new(10, LONG);
    assert!(nodes.one.take(&key("a"), quota, 9).await.is_allowed);
    let refused = nodes.other.take(&key("a"), quota, 2).await;
    assert!(!refused.is_allowed && refused.remaining == 1);
    assert!(refused.retry_after > ALMOST_A_TENTH && refused.retry_after <= A_TENTH);
    assert_eq!(nodes.one.take(&key("a"), quota, 0).await.remaining, 1, "a refused call takes no tokens");
    assert!(!nodes.one.take(&key("b"), quota, 11).await.is_allowed, "more than the capacity is never allowed");
}

pub async fn tokens_that_are_given_back_can_be_taken_again(nodes: Nodes) {
    let quota = Quota::new(2, LONG);
    assert!(nodes.one.take(&key("a"), quota, 2).await.is_allowed);
    nodes.other.give_back(&key("a"), quota, 1).await;
    assert!(nodes.one.take(&key("a"), quota, 1).await.is_allowed);
    assert!(!nodes.one.take(&key("a"), quota, 1).await.is_allowed);
    nodes.one.give_back(&key("a"), quota, 100).await;
    assert_eq!(nodes.other.take(&key("a"), quota, 0).await.remaining, 2, "a bucket never exceeds its capacity");
}

pub async fn tokens_come_back_with_time(nodes: Nodes) {
    let quota = Quota::new(2, Duration::from_millis(400));
    assert!(nodes.one.take(&key("a"), quota, 2).await.is_allowed);
    eventually("the tokens are refilled", async || nodes.other.take(&key("a"), quota, 2).await.is_allowed).await;
}

pub async fn buckets_of_different_keys_do_not_mix(nodes: Nodes) {
    let quota = Quota::new(1, LONG);
    for subject in ["a", "b", "a:b"] {
        assert!(nodes.one.take(&key(subject), quota, 1).await.is_allowed);
        assert!(!nodes.other.take(&key(subject), quota, 1).await.is_allowed);
    }
}
