//! The contract of presence and typing, which every adapter of these ports must fulfil, in one process or on many
//! nodes. Each clause is a named test.
//!
//! The test target of an adapter contains
//!
//! ```ignore
//! async fn presence() -> Arc<dyn PresenceRegistry> { ... } // nobody is online, each time
//! async fn typing() -> Arc<dyn TypingRegistry> { ... } // nobody is typing, each time
//! chat_testkit::realtime_contract!(presence, typing);
//! ```
//!
//! which emits all clauses. **To add a clause**: add a `pub async fn` to the file of its port and its name to the list
//! below; a test here finds forgotten names.

// The name of a clause is its documentation, and a clause panics on purpose.
#![allow(missing_docs, clippy::missing_panics_doc)]

pub mod presence;
pub mod typing;

/// Emits every clause as a test. Both factories are paths of async functions without arguments.
#[macro_export]
macro_rules! realtime_contract {
    ($presence:path, $typing:path) => {
        $crate::realtime_clauses! {
            presence, $presence;
            the_first_connection_brings_a_user_online_and_the_last_takes_them_offline
            a_connection_counts_once_however_often_it_is_noted_or_forgotten
            forgetting_a_connection_that_was_never_noted_ends_nothing
            the_latest_choice_wins_over_all_of_a_user_s_connections
            choosing_what_is_chosen_already_changes_nothing
            a_choice_is_forgotten_with_the_last_connection
            who_is_offline_has_no_choice
            statuses_come_in_the_order_of_the_question
            everybody_who_is_online_is_listed_in_order
            of_many_that_come_at_once_one_is_the_first_and_one_the_last
        }
        $crate::realtime_clauses! {
            typing, $typing;
            only_the_beginning_is_news
            stopping_is_news_where_one_was_writing
            who_does_not_renew_expires_at_their_time
            renewing_puts_the_end_off
            each_who_expires_is_taken_by_one_call_only
            typists_and_conversations_do_not_mix
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! realtime_clauses {
    ($port:ident, $factory:path; $($clause:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $clause() {
            $crate::realtime::$port::$clause($factory().await).await;
        }
    )*};
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_clause_is_in_the_list() {
        let list = include_str!("mod.rs");
        for clauses in [include_str!("presence.rs"), include_str!("typing.rs")] {
            for name in clauses.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
                let name = name.split('(').next().expect("a name");
                assert!(list.lines().any(|line| line.trim() == name), "{name} is not in the list");
            }
        }
    }
}
