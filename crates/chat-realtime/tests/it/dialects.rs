//! A connection's events follow its dialect, and are encoded once for all connections that share it.

use crate::house::{Happening, House, conversation, on_a_worker, settings, settle, until, user};
use chat_domain::conversations::ConversationKind;
use chat_domain::receipts::{DeliveryStatus, MessageStatus, Positions, PositionsMoved};
use chat_domain::{Audience, ChangeKind, Envelope, Event, MessageId, Pos, Seq};
use chat_protocol::realtime::{Dialect, Gateway, Resume};
use chat_realtime::{Format, Outgoing};
use serde_json::json;
use uuid::Uuid;

#[test]
fn one_message_reaches_each_connection_in_its_own_dialect() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let colon = house.arrive(user(2), None).await;
        let camel = house.arrive_in(Dialect::Camel, user(2), None).await;
        let sender = house.arrive_in(Dialect::Camel, user(1), None).await;
        house.happens(room, Happening::Said(user(1), "hi".into()));
        until("all clients have the event", || {
            [&colon, &camel, &sender].iter().all(|client| !client.events().is_empty())
        })
        .await;
        assert_eq!(colon.named("message:received")[0]["content"], "hi");
        assert!(colon.named("groupMessageReceived").is_empty());
        let (theirs, own) = (camel.named("groupMessageReceived"), sender.named("groupMessageReceived"));
        assert_eq!((&theirs[0]["message"], &theirs[0]["isMine"]), (&json!("hi"), &json!(false)));
        assert_eq!((&own[0]["isMine"], &own[0]["pos"]), (&json!(true), &json!(2)));
    });
}

#[test]
fn an_event_is_encoded_once_for_each_dialect_and_shared_from_then_on() {
    let house_format = |dialect| Format { dialect, gateway: Gateway::WebSocket };
    let event = Event::UserOffline { user_id: user(1), last_seen: chat_domain::Timestamp::default() };
    let event = Outgoing::new(Envelope { audience: Audience::Everyone, except: None, event });
    for dialect in Dialect::ALL {
        let one = event.frame(house_format(*dialect), Some(user(2))).expect("a frame");
        let other = event.frame(house_format(*dialect), Some(user(3))).expect("a frame");
        assert_eq!(one.as_ptr(), other.as_ptr(), "the same bytes, not a copy");
    }
    let frames: Vec<_> = Dialect::ALL.iter().map(|dialect| event.frame(house_format(*dialect), None)).collect();
    assert_ne!(frames[0], frames[1]);
}

#[test]
fn what_a_dialect_does_not_tell_of_is_not_sent_and_ends_nothing() {
    on_a_worker(async {
        let house = House::with(settings());
        let camel = house.arrive_in(Dialect::Camel, user(1), None).await;
        let room = conversation(1);
        let pair = ConversationKind::Direct(chat_domain::conversations::DirectKey::new(user(1), user(2)));
        let mut change = house.store.commit(room, Happening::Made(vec![user(1), user(2)]));
        if let ChangeKind::Created { details, .. } = &mut change.kind {
            details.conversation.kind = pair;
        }
        house.publish(change);
        settle().await;
        assert!(camel.events().is_empty(), "a private chat has no event before its first message");
        house.happens(room, Happening::Said(user(2), "hi".into()));
        until("the client is a member nevertheless", || camel.named("groupMessageReceived").len() == 1).await;
    });
}

#[test]
fn a_client_of_the_second_dialect_that_comes_back_learns_how_far_messages_have_got() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(9)]));
        for _ in 0..3 {
            house.happens(room, Happening::Said(user(1), "hi".into()));
        }
        // User 9 has received 4 and read 3. The user's own positions do not count here, nor do those of a user who
        // joined later.
        *house.store.positions.lock().expect("a lock") =
            vec![(user(1), 0, 4, 4), (user(9), 0, 4, 3), (user(8), 4, 4, 4)];
        let resume = Resume::new([(room, Pos::new(4))]);
        let client = house.arrive_in(Dialect::Camel, user(1), Some(resume.clone())).await;
        until("the client has resumed", || client.named("resumed").len() == 1).await;
        let message = |number| json!(Uuid::from_u128(number));
        assert_eq!(
            client.named("messageStatus"),
            [
                json!({"messageId": message(3), "status": "READ", "readBy": [user(9).as_uuid()]}),
                json!({"messageId": message(4), "status": "DELIVERED", "readBy": []}),
            ]
        );
        let colon = house.arrive(user(1), Some(resume)).await;
        until("the client has resumed", || colon.named("resumed").len() == 1).await;
        assert_eq!(colon.named("message:status").len(), 2, "the positions of all participants that have moved");
        *house.store.positions.lock().expect("a lock") = vec![(user(1), 4, 4, 4), (user(8), 4, 4, 4)];
        let new = house.arrive(user(1), Some(Resume::new([(room, Pos::new(4))]))).await;
        until("the client has resumed", || new.named("resumed").len() == 1).await;
        let own: Vec<_> = new.named("message:status").iter().map(|status| status["userId"].clone()).collect();
        assert_eq!(own, [json!(user(1).as_uuid())], "the user's own positions are always sent");
    });
}

#[test]
fn a_position_that_moves_is_a_message_in_one_dialect_and_a_number_in_the_other() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let colon = house.arrive(user(1), None).await;
        let camel = house.arrive_in(Dialect::Camel, user(1), None).await;
        let moved = |seq: u64, covers| {
            house.fan_out.accept(Envelope {
                audience: Audience::Conversation(room),
                except: None,
                event: Event::PositionsMoved(PositionsMoved {
                    conversation_id: room,
                    kind: ConversationKind::Group,
                    user_id: user(2),
                    positions: Positions { joined: Seq::ZERO, delivered: Seq::new(seq), read: Seq::new(seq) },
                    covers,
                }),
            });
        };
        moved(1, None);
        let message_id = MessageId::new(Uuid::from_u128(7));
        moved(2, Some(MessageStatus { message_id, status: DeliveryStatus::Read, read_by: vec![user(2)] }));
        until("both events have arrived", || colon.named("message:status").len() == 2).await;
        let read_by = [user(2).as_uuid()];
        let told = json!({"messageId": message_id.as_uuid(), "status": "READ", "readBy": read_by});
        assert_eq!(camel.named("messageStatus"), [told]);
    });
}

#[test]
fn of_many_conversations_one_s_own_positions_come_all_and_those_of_others_up_to_a_bound() {
    on_a_worker(async {
        let house = House::with(settings());
        let rooms: Vec<_> = (1..=600).map(conversation).collect();
        for room in &rooms {
            house.happens(*room, Happening::Made(vec![user(1), user(2)]));
        }
        *house.store.positions.lock().expect("a lock") = vec![(user(1), 0, 1, 1), (user(2), 0, 1, 1)];
        let resume = Resume::new(rooms.iter().map(|room| (*room, Pos::new(1))));
        let client = house.arrive(user(1), Some(resume)).await;
        until("the client has resumed", || client.named("resumed").len() == 1).await;
        let statuses = client.named("message:status");
        let of = |number| statuses.iter().filter(|status| status["userId"] == json!(user(number).as_uuid())).count();
        assert_eq!((of(1), of(2)), (600, 500));
    });
}
