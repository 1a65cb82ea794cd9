//! The contract of what several nodes share: the bus between them, presence, typing and rate limits. Each clause is a
//! named test.
//!
//! `realtime` says what a single node must do; the clauses here use two nodes on one backend. The test target of an
//! adapter contains
//!
//! ```ignore
//! async fn buses() -> Pair<BusNode> { ... } // two nodes that receive each other's events and no others
//! async fn presence() -> Pair<Arc<dyn PresenceRegistry>> { ... } // nobody is online, each time
//! async fn typing() -> Pair<Arc<dyn TypingRegistry>> { ... }
//! async fn limits() -> Pair<Arc<dyn RateLimiter>> { ... } // every bucket is full
//! chat_testkit::nodes_contract!(buses, presence, typing, limits);
//! ```
//!
//! which emits all clauses. An adapter of a single process returns the same value twice. **To add a clause**: add a
//! `pub async fn` to the file of its port and its name to the list below; a test here finds forgotten names.

// The name of a clause is its documentation, and a clause panics on purpose.
#![allow(missing_docs, clippy::missing_panics_doc)]

pub mod bus;
pub mod presence;
pub mod rate_limits;
pub mod typing;

use crate::fakes::RecordingBus;
use chat_domain::EventBus;
use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest wait before a clause fails: far more than needed, for busy machines.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How often to check a condition that cannot be awaited.
const POLL: Duration = Duration::from_millis(5);

/// Two nodes on one backend.
pub struct Pair<T> {
    pub one: T,
    pub other: T,
    /// Values that must live as long as the nodes.
    _keep: Box<dyn Any + Send>,
}

impl<T> Pair<T> {
    /// Creates a pair that owns `keep`.
    pub fn new(one: T, other: T, keep: impl Any + Send) -> Self {
        Self { one, other, _keep: Box::new(keep) }
    }
}

/// The bus of a node and the events that have arrived there: its own and the other node's.
#[derive(Clone)]
pub struct BusNode {
    pub bus: Arc<dyn EventBus>,
    pub arrived: Arc<RecordingBus>,
}

/// Repeats the check until it returns true. Fails at [`DEADLINE`].
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !is_so().await {
        assert!(Instant::now() < until, "not reached within {DEADLINE:?}: {what}");
        tokio::time::sleep(POLL).await;
    }
}

/// Emits every clause as a test. The factories are paths of async functions without arguments.
#[macro_export]
macro_rules! nodes_contract {
    ($buses:path, $presence:path, $typing:path, $limits:path) => {
        $crate::nodes_clauses! {
            bus, $buses;
            what_one_node_publishes_arrives_once_on_each
            an_envelope_arrives_as_it_was_published
            what_one_node_publishes_arrives_in_its_order
            the_changes_of_a_commit_arrive_once_and_in_their_order
        }
        $crate::nodes_clauses! {
            presence, $presence;
            whoever_is_online_on_one_node_is_online_on_the_other
            the_last_connection_of_all_nodes_takes_a_user_offline
            the_latest_choice_wins_over_all_nodes
            who_is_online_is_listed_over_all_nodes
            of_many_that_come_on_both_nodes_one_is_the_first_and_one_the_last
        }
        $crate::nodes_clauses! {
            typing, $typing;
            writing_on_one_node_is_no_news_on_the_other
            whoever_expires_is_taken_by_one_node_only
        }
        $crate::nodes_clauses! {
            rate_limits, $limits;
            a_bucket_is_shared_by_all_nodes
            of_many_that_ask_at_once_as_many_are_allowed_as_there_are_tokens
            a_refusal_takes_nothing_and_says_when_to_come_back
            tokens_that_are_given_back_can_be_taken_again
            tokens_come_back_with_time
            buckets_of_different_keys_do_not_mix
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! nodes_clauses {
    ($port:ident, $factory:path; $($clause:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $clause() {
            $crate::nodes::$port::$clause($factory().await).await;
        }
    )*};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{FakePresence, FakeTyping, LinkedBus};
    use chat_domain::presence::PresenceRegistry;
    use chat_domain::rate_limits::{InProcessRateLimiter, RateLimiter};
    use chat_domain::typing::TypingRegistry;
    use chat_domain::{Clock, Timestamp};
    use std::time::SystemTime;

    #[test]
    fn every_clause_is_in_the_list() {
        let list = include_str!("mod.rs");
        let files = [
            include_str!("bus.rs"),
            include_str!("presence.rs"),
            include_str!("rate_limits.rs"),
            include_str!("typing.rs"),
        ];
        for clauses in files {
            for name in clauses.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
                let name = name.split('(').next().expect("a name");
                assert!(list.lines().any(|line| line.trim() == name), "{name} is not in the list");
            }
        }
    }

    fn twice<T: ?Sized + 'static>(value: Arc<T>) -> Pair<Arc<T>> {
        Pair::new(value.clone(), value, ())
    }

    async fn buses() -> Pair<BusNode> {
        let arrived: [Arc<RecordingBus>; 2] = Default::default();
        let node = |own: usize| BusNode {
            bus: Arc::new(LinkedBus::new(arrived[own].clone(), vec![arrived[1 - own].clone()])),
            arrived: arrived[own].clone(),
        };
        Pair::new(node(0), node(1), ())
    }

    async fn presence() -> Pair<Arc<dyn PresenceRegistry>> {
        twice(Arc::new(FakePresence::default()))
    }

    async fn typing() -> Pair<Arc<dyn TypingRegistry>> {
        twice(Arc::new(FakeTyping::default()))
    }

    struct SystemClock;

    impl Clock for SystemClock {
        fn now(&self) -> Timestamp {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
            Timestamp::default().plus(since)
        }
    }

    async fn limits() -> Pair<Arc<dyn RateLimiter>> {
        twice(Arc::new(InProcessRateLimiter::new(Arc::new(SystemClock))))
    }

    crate::nodes_contract!(buses, presence, typing, limits);
}
