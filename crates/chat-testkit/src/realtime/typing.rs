use chat_domain::typing::TypingRegistry;
use chat_domain::{ConversationId, Timestamp, UserId};
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

type Typing = Arc<dyn TypingRegistry>;

fn who(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

fn place(number: u128) -> ConversationId {
    ConversationId::new(Uuid::from_u128(number))
}

fn at(seconds: i64) -> Timestamp {
    // In the far future, so that a server that removes past entries keeps this one.
    Timestamp::from_unix_micros(4_000_000_000_000_000 + seconds * 1_000_000)
}

async fn start(typing: &Typing, room: u128, user: u128, until: i64) -> bool {
    typing.start(place(room), who(user), at(until)).await.expect("noted")
}

async fn stop(typing: &Typing, room: u128, user: u128) -> bool {
    typing.stop(place(room), who(user)).await.expect("forgotten")
}

async fn expired(typing: &Typing, now: i64) -> Vec<(ConversationId, UserId)> {
    let mut expired = typing.take_expired(at(now)).await.expect("taken");
    expired.sort_unstable();
    expired
}

pub async fn only_the_beginning_is_news(typing: Typing) {
    assert!(start(&typing, 1, 1, 5).await);
    assert!(!start(&typing, 1, 1, 6).await);
}

pub async fn stopping_is_news_where_one_was_writing(typing: Typing) {
    assert!(!stop(&typing, 1, 1).await);
    start(&typing, 1, 1, 5).await;
    assert!(stop(&typing, 1, 1).await);
    assert!(!stop(&typing, 1, 1).await);
    assert!(start(&typing, 1, 1, 5).await, "typing begins again");
}

pub async fn who_does_not_renew_expires_at_their_time(typing: Typing) {
    start(&typing, 1, 1, 5).await;
    assert_eq!(expired(&typing, 4).await, []);
    assert_eq!(expired(&typing, 5).await, [(place(1), who(1))]);
    assert!(!stop(&typing, 1, 1).await, "typing has ended already");
    assert!(start(&typing, 1, 1, 9).await);
}

pub async fn renewing_puts_the_end_off(typing: Typing) {
    start(&typing, 1, 1, 5).await;
    start(&typing, 1, 1, 8).await;
    assert_eq!(expired(&typing, 7).await, []);
    assert_eq!(expired(&typing, 8).await, [(place(1), who(1))]);
}

pub async fn each_who_expires_is_taken_by_one_call_only(typing: Typing) {
    for user in 0..20 {
        start(&typing, 1, user, 5).await;
    }
    let mut takers = JoinSet::new();
    for _ in 0..8 {
        let typing = Arc::clone(&typing);
        takers.spawn(async move { expired(&typing, 6).await.len() });
    }
    assert_eq!(takers.join_all().await.into_iter().sum::<usize>(), 20);
}

pub async fn typists_and_conversations_do_not_mix(typing: Typing) {
    start(&typing, 1, 1, 5).await;
    assert!(start(&typing, 2, 1, 9).await && start(&typing, 1, 2, 9).await);
    assert_eq!(expired(&typing, 6).await, [(place(1), who(1))]);
    assert!(stop(&typing, 2, 1).await && stop(&typing, 1, 2).await);
}
