use super::{BusNode, Pair, eventually};
use chat_domain::conversations::ConversationKind;
use chat_domain::presence::PresenceStatus;
use chat_domain::users::UserSummary;
use chat_domain::{Audience, Change, ChangeKind, ConversationId, Envelope, Event, Pos, Timestamp, UserId};
use uuid::Uuid;

/// Number of events that each node publishes in tests of order.
const MANY: u128 = 1_000;

fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

fn conversation(number: u128) -> ConversationId {
    ConversationId::new(Uuid::from_u128(number))
}

fn seen(audience: Audience, who: u128, when: u128) -> Envelope {
    let last_seen = Timestamp::from_unix_micros(i64::try_from(when).unwrap_or(i64::MAX));
    Envelope { audience, except: None, event: Event::UserOffline { user_id: user(who), last_seen } }
}

/// Waits until `count` events have arrived, and returns them.
async fn arrived(node: &BusNode, count: usize) -> Vec<Envelope> {
    let mut all = Vec::new();
    eventually(&format!("{count} events have arrived"), async || {
        all.extend(node.arrived.take());
        all.len() >= count
    })
    .await;
    all
}

pub async fn what_one_node_publishes_arrives_once_on_each(nodes: Pair<BusNode>) {
    let (first, second) = (seen(Audience::Everyone, 1, 1), seen(Audience::Everyone, 2, 2));
    nodes.one.bus.publish(first.clone());
    assert_eq!(arrived(&nodes.other, 1).await, std::slice::from_ref(&first));
    nodes.other.bus.publish(second.clone());
    // An echo of the first would have arrived before the second.
    assert_eq!(arrived(&nodes.one, 2).await, [first, second.clone()]);
    assert_eq!(arrived(&nodes.other, 1).await, [second]);
}

pub async fn an_envelope_arrives_as_it_was_published(nodes: Pair<BusNode>) {
    let summary = UserSummary { id: user(7), username: None, name: "\"ünïcode\"\n".to_owned(), avatar: None };
    let (conversation_id, at) = (conversation(8), Timestamp::from_unix_micros(1_767_605_400_123_456));
    let events = [
        Event::UserOnline { user: summary, status: PresenceStatus::Busy, at },
        Event::TypingChanged { conversation_id, kind: ConversationKind::Group, user_id: user(7), is_typing: true },
    ];
    let audiences = [
        Audience::Conversation(conversation_id),
        Audience::Window(conversation_id),
        Audience::Conversations(vec![conversation_id, conversation(9)]),
        Audience::User(user(7)),
        Audience::Everyone,
    ];
    for event in events {
        for audience in audiences.clone() {
            let envelope = Envelope { audience, except: Some(user(7)), event: event.clone() };
            nodes.one.bus.publish(envelope.clone());
            assert_eq!(arrived(&nodes.other, 1).await, [envelope]);
        }
    }
}

pub async fn what_one_node_publishes_arrives_in_its_order(nodes: Pair<BusNode>) {
    let publish = async |node: &BusNode, who: u128| {
        for when in 0..MANY {
            node.bus.publish(seen(Audience::Conversation(conversation(when % 50)), who, when));
        }
    };
    tokio::join!(publish(&nodes.one, 1), publish(&nodes.other, 2));
    let total = usize::try_from(2 * MANY).expect("a number");
    for node in [&nodes.one, &nodes.other] {
        let all = arrived(node, total).await;
        assert_eq!(all.len(), total, "each once");
        for who in [user(1), user(2)] {
            let times: Vec<_> = all
                .iter()
                .filter_map(|envelope| match envelope.event {
                    Event::UserOffline { user_id, last_seen } if user_id == who => Some(last_seen.as_unix_micros()),
                    _ => None,
                })
                .collect();
            assert!(times.is_sorted() && times.len() == total / 2, "out of order: {times:?}");
        }
    }
}

pub async fn the_changes_of_a_commit_arrive_once_and_in_their_order(nodes: Pair<BusNode>) {
    let change = |number: u64| Change {
        conversation_id: conversation(u128::from(number % 5)),
        pos: Pos::new(number / 5 + 1),
        at: Timestamp::from_unix_micros(1_767_605_400_000_000),
        kind: ChangeKind::ParticipantRemoved { user_id: user(u128::from(number)) },
    };
    let all: Vec<_> = (0..100).map(change).collect();
    for commit in all.chunks(17) {
        drop(nodes.one.bus.publish_changes(commit.to_vec()));
    }
    for node in [&nodes.one, &nodes.other] {
        let arrived = arrived(node, all.len()).await;
        assert_eq!(arrived.len(), all.len(), "each once");
        for id in (0..5).map(conversation) {
            let of_this = |envelope: &&Envelope| envelope.audience == Audience::Conversation(id);
            let sent: Vec<_> = all.iter().filter(|change| change.conversation_id == id).cloned().collect();
            let sent: Vec<_> = sent.into_iter().map(Envelope::change).collect();
            assert_eq!(arrived.iter().filter(of_this).cloned().collect::<Vec<_>>(), sent);
        }
    }
}
