//! Which connections receive which events.

use crate::house::{Happening, House, conversation, on_a_worker, settings, settle, until, user};
use chat_domain::conversations::ConversationKind;
use chat_domain::presence::PresenceStatus;
use chat_domain::receipts::{Positions, PositionsMoved};
use chat_domain::users::UserSummary;
use chat_domain::{Audience, Envelope, Event, EventBus as _, Seq, Timestamp};
use chat_protocol::realtime::Dialect;
use chat_realtime::LocalBus;

fn typing(room: chat_domain::ConversationId) -> Envelope {
    Envelope {
        audience: Audience::Window(room),
        except: Some(user(1)),
        event: Event::TypingChanged {
            conversation_id: room,
            kind: ConversationKind::Group,
            user_id: user(1),
            is_typing: true,
        },
    }
}

#[test]
fn only_the_sender_s_own_connections_see_its_key() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let (own, other) = (house.arrive(user(1), None).await, house.arrive(user(2), None).await);
        house.happens(room, Happening::Said(user(1), "hi".into()));
        settle().await;
        assert_eq!(own.named("message:received")[0]["clientMessageId"], "key");
        assert_eq!(other.named("message:received")[0].get("clientMessageId"), None);
    });
}

#[test]
fn typing_is_for_open_windows_and_not_for_the_typist() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2), user(3)]));
        let typist = house.arrive(user(1), None).await;
        let (looking, elsewhere) = (house.arrive(user(2), None).await, house.arrive(user(3), None).await);
        assert!(typist.connection.open_window(room, 9) && looking.connection.open_window(room, 9));
        house.fan_out.accept(typing(room));
        settle().await;
        assert_eq!(looking.named("typing:update").len(), 1);
        assert!(typist.events().is_empty() && elsewhere.events().is_empty());
        assert!(looking.connection.close_window(room));
        house.fan_out.accept(typing(room));
        settle().await;
        assert_eq!(looking.named("typing:update").len(), 1);
    });
}

#[test]
fn a_camel_connection_looks_at_all_of_its_chats_until_it_closes_one() {
    on_a_worker(async {
        let house = House::with(settings());
        let (room, other) = (conversation(1), conversation(2));
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let camel = house.arrive_in(Dialect::Camel, user(2), None).await;
        let colon = house.arrive(user(2), None).await;
        let stranger = house.arrive_in(Dialect::Camel, user(3), None).await;
        let typing_told = async || {
            house.fan_out.accept(typing(room));
            house.fan_out.accept(typing(other));
            settle().await;
            camel.named("userTyping").len()
        };
        assert_eq!(typing_told().await, 1, "all windows are open from the start");
        house.happens(other, Happening::Made(vec![user(1), user(2)]));
        assert_eq!(typing_told().await, 3, "also in conversations that the user joins later");
        assert!(camel.connection.close_window(room) && !camel.connection.close_window(room));
        assert_eq!(typing_told().await, 4, "only in the other conversation");
        assert!(camel.connection.open_window(room, 9) && !camel.connection.open_window(room, 9));
        assert_eq!((typing_told().await, camel.connection.closed_windows()), (6, 0));
        assert!(
            camel.connection.close_window(other) && camel.connection.open_window(other, 1),
            "a closed window can be opened at the limit"
        );
        assert_eq!((typing_told().await, camel.connection.closed_windows()), (8, 0));
        assert_eq!(camel.connection.take_windows(), [room], "only the windows that the client opened");
        assert!(colon.named("typing:update").is_empty(), "in the other dialect the client opens each window");
        assert!(stranger.events().is_empty());
    });
}

#[test]
fn who_leaves_and_returns_looks_at_the_conversation_again() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let camel = house.arrive_in(Dialect::Camel, user(2), None).await;
        assert!(camel.connection.close_window(room));
        house.happens(room, Happening::Removed(user(2)));
        house.happens(room, Happening::Added(user(2)));
        house.fan_out.accept(typing(room));
        settle().await;
        assert_eq!((camel.named("userTyping").len(), camel.connection.closed_windows()), (1, 0));
    });
}

#[test]
fn an_event_for_several_conversations_reaches_each_connection_once() {
    on_a_worker(async {
        let house = House::with(settings());
        for number in 1..=3 {
            house.happens(conversation(number), Happening::Made(vec![user(1), user(2)]));
        }
        let (about, listener) = (house.arrive(user(1), None).await, house.arrive(user(2), None).await);
        let stranger = house.arrive(user(3), None).await;
        house.fan_out.accept(Envelope {
            audience: Audience::Conversations((1..=3).map(conversation).collect()),
            except: Some(user(1)),
            event: Event::UserOnline {
                user: UserSummary { id: user(1), username: None, name: "one".into(), avatar: None },
                status: PresenceStatus::Online,
                at: Timestamp::default(),
            },
        });
        settle().await;
        assert_eq!(listener.named("user:online").len(), 1);
        assert!(about.events().is_empty() && stranger.events().is_empty());
    });
}

#[test]
fn who_is_added_hears_of_it_and_who_is_removed_hears_of_that_and_of_nothing_after() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1)]));
        let (member, guest) = (house.arrive(user(1), None).await, house.arrive(user(2), None).await);
        house.happens(room, Happening::Said(user(1), "before".into()));
        house.happens(room, Happening::Added(user(2)));
        house.happens(room, Happening::Said(user(1), "welcome".into()));
        house.happens(room, Happening::Removed(user(2)));
        house.happens(room, Happening::Said(user(1), "after".into()));
        until("the member has every change", || member.positions(room) == [2, 3, 4, 5, 6]).await;
        assert_eq!(guest.positions(room), [3, 4, 5]);
        assert!(
            guest.named("participant:added")[0]["conversation"].is_object(),
            "the conversation is new to the guest"
        );
        assert_eq!(member.named("participant:added")[0].get("conversation"), None);
        assert_eq!(guest.named("participant:removed").len(), 1);
        house.happens(room, Happening::Added(user(2)));
        house.happens(room, Happening::Said(user(1), "again".into()));
        until("the guest is a member again", || guest.positions(room) == [3, 4, 5, 7, 8]).await;
    });
}

#[test]
fn moves_of_positions_are_gathered_and_the_furthest_counts() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let listener = house.arrive(user(2), None).await;
        let bus = LocalBus::new(house.fan_out.clone());
        for (delivered, read) in [(1, 0), (9, 4), (7, 7)] {
            let positions = Positions { joined: Seq::ZERO, delivered: Seq::new(delivered), read: Seq::new(read) };
            let moved = PositionsMoved {
                conversation_id: room,
                kind: ConversationKind::Group,
                user_id: user(1),
                positions,
                covers: None,
            };
            bus.publish(Envelope {
                audience: Audience::Conversation(room),
                except: None,
                event: Event::PositionsMoved(moved),
            });
        }
        until("they came", || !listener.events().is_empty()).await;
        settle().await;
        let statuses = listener.named("message:status");
        assert_eq!(statuses.len(), 1);
        assert_eq!((&statuses[0]["deliveredSeq"], &statuses[0]["readSeq"]), (&9.into(), &7.into()));
    });
}
