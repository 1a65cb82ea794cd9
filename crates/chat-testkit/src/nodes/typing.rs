use super::Pair;
use chat_domain::typing::TypingRegistry;
use chat_domain::{ConversationId, Timestamp, UserId};
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

type Typing = Arc<dyn TypingRegistry>;
type Nodes = Pair<Typing>;

const PLACE: ConversationId = ConversationId::new(Uuid::from_u128(1));

fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

fn at(seconds: i64) -> Timestamp {
    // In the far future, so that a server that removes past entries keeps this one.
    Timestamp::from_unix_micros(4_000_000_000_000_000 + seconds * 1_000_000)
}

pub async fn writing_on_one_node_is_no_news_on_the_other(nodes: Nodes) {
    assert!(nodes.one.start(PLACE, user(1), at(5)).await.expect("noted"));
    assert!(!nodes.other.start(PLACE, user(1), at(6)).await.expect("noted"));
    assert!(nodes.other.stop(PLACE, user(1)).await.expect("forgotten"));
    assert!(!nodes.one.stop(PLACE, user(1)).await.expect("forgotten"));
}

pub async fn whoever_expires_is_taken_by_one_node_only(nodes: Nodes) {
    for number in 0..20 {
        let node = if number % 2 == 0 { &nodes.one } else { &nodes.other };
        node.start(PLACE, user(number), at(5)).await.expect("noted");
    }
    let mut takers = JoinSet::new();
    for _ in 0..4 {
        for typing in [&nodes.one, &nodes.other] {
            let typing = Arc::clone(typing);
            takers.spawn(async move { typing.take_expired(at(6)).await.expect("taken") });
        }
    }
    let mut taken: Vec<_> = takers.join_all().await.into_iter().flatten().collect();
    taken.sort_unstable();
    assert_eq!(taken, (0..20).map(|number| (PLACE, user(number))).collect::<Vec<_>>());
}
