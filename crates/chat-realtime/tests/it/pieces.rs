//! Several messages in one piece.

use crate::house::{Happening, House, conversation, on_a_worker, session, settings, settle, until, user};
use bytes::Bytes;
use chat_domain::{ConversationId, EventBus as _, UserId};
use chat_protocol::realtime::Gateway;
use chat_realtime::{Connection, Flushed, Format, LocalBus, Outlet, RealtimeSettings, SendQueue, Sink};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

type Taken = Rc<RefCell<Vec<Bytes>>>;

/// An outlet that accepts everything, piece by piece.
#[derive(Debug)]
struct Eager {
    is_stream: bool,
    taken: Taken,
}

impl Outlet for Eager {
    fn flush(&self, queue: &mut SendQueue) -> Flushed {
        self.taken.borrow_mut().extend(std::iter::from_fn(|| queue.pop()));
        Flushed::All
    }

    fn is_stream(&self) -> bool {
        self.is_stream
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

struct Member {
    connection: Rc<Connection>,
    taken: Taken,
}

impl Member {
    async fn arrive(house: &House, who: UserId, is_stream: bool) -> Self {
        let taken = Taken::default();
        let sink = Sink::Session(Box::new(Eager { is_stream, taken: Rc::clone(&taken) }));
        let format = Format { gateway: Gateway::WebSocket, ..Format::default() };
        let connection = house.hub.connect(sink, format);
        house.hub.sign_in(&connection, who, session(who.as_uuid().as_u128())).expect("room");
        let replay = house.hub.attach(&connection, None).await.expect("attached");
        connection.uncork(None);
        replay.run(&house.hub, &connection).await.expect("replayed");
        Self { connection, taken }
    }

    /// The `pos` of each piece's messages.
    fn pieces(&self) -> Vec<Vec<u64>> {
        self.taken.borrow().iter().map(numbers).collect()
    }
}

fn numbers(piece: &Bytes) -> Vec<u64> {
    let text = String::from_utf8_lossy(piece);
    let rests = text.split("\"pos\":").skip(1);
    rests
        .map(|rest| rest.split(|sign: char| !sign.is_ascii_digit()).next().unwrap_or_default())
        .map(|digits| digits.parse().expect("a number"))
        .collect()
}

/// Settings under which a conversation with three connections is large.
fn patient(patience: Duration) -> RealtimeSettings {
    RealtimeSettings { large_conversation: 3, burst_patience: patience, ..settings() }
}

async fn room_of_three(house: &House) -> (ConversationId, [Member; 3]) {
    let room = conversation(1);
    house.happens(room, Happening::Made(vec![user(1), user(2), user(3)]));
    let first = Member::arrive(house, user(1), true).await;
    let second = Member::arrive(house, user(2), true).await;
    (room, [first, second, Member::arrive(house, user(3), false).await])
}

fn say(house: &House, room: ConversationId, who: u128) {
    house.happens(room, Happening::Said(user(who), "hi".into()));
}

#[test]
fn messages_that_come_together_are_one_piece_but_for_their_sender_and_for_whoever_takes_frames() {
    on_a_worker(async {
        let house = House::with(settings());
        let (room, [sender, stream, frames]) = room_of_three(&house).await;
        for _ in 0..3 {
            say(&house, room, 1);
        }
        settle().await;
        assert_eq!(stream.pieces(), [[2, 3, 4]]);
        assert_eq!(sender.pieces(), [[2], [3], [4]], "the sender's messages contain its keys");
        assert_eq!(frames.pieces(), [[2], [3], [4]]);
        assert_eq!(house.fan_out.stats().deliveries.get(), 9, "each message counts once per connection");
    });
}

#[test]
fn what_changes_who_takes_part_stands_between_the_pieces() {
    on_a_worker(async {
        let house = House::with(settings());
        let (room, [_, stream, frames]) = room_of_three(&house).await;
        say(&house, room, 1);
        say(&house, room, 1);
        house.happens(room, Happening::Removed(user(3)));
        say(&house, room, 1);
        settle().await;
        assert_eq!(stream.pieces(), [vec![2, 3], vec![4], vec![5]]);
        assert_eq!(frames.pieces(), [[2], [3], [4]], "nothing is sent after the removal");
    });
}

#[test]
fn a_piece_is_no_longer_than_a_bound_and_another_conversation_ends_it() {
    on_a_worker(async {
        let house = House::with(settings());
        let (room, [_, stream, _]) = room_of_three(&house).await;
        let other = conversation(2);
        house.happens(other, Happening::Made(vec![user(1), user(2)]));
        settle().await;
        stream.taken.borrow_mut().clear();
        for _ in 0..40 {
            say(&house, room, 1);
        }
        say(&house, other, 1);
        say(&house, room, 1);
        settle().await;
        let lengths: Vec<_> = stream.pieces().iter().map(Vec::len).collect();
        assert_eq!(lengths, [32, 8, 1, 1]);
        assert_eq!(stream.pieces().concat(), [(2..=41).collect(), vec![2, 42]].concat());
    });
}

#[test]
fn what_is_ready_for_a_large_conversation_waits_for_what_is_being_stored_there() {
    on_a_worker(async {
        let house = House::with(patient(Duration::from_mins(1)));
        let (room, [_, stream, _]) = room_of_three(&house).await;
        let bus = LocalBus::new(Arc::clone(&house.fan_out));
        let (one, other) = (bus.expect(room), bus.expect(room));
        say(&house, room, 1);
        drop(one);
        settle().await;
        assert!(stream.pieces().is_empty(), "another message is expected");
        say(&house, room, 1);
        drop(other);
        settle().await;
        assert_eq!(stream.pieces(), [[2, 3]]);
    });
}

#[test]
fn a_message_that_was_expected_alone_does_not_wait_for_the_answer_to_its_sender() {
    on_a_worker(async {
        let house = House::with(patient(Duration::from_mins(1)));
        let (room, [_, stream, _]) = room_of_three(&house).await;
        let expected = house.fan_out.expect(room);
        say(&house, room, 1);
        settle().await;
        assert_eq!(stream.pieces(), [[2]]);
        let next = house.fan_out.expect(room);
        drop(expected);
        say(&house, room, 1);
        settle().await;
        assert_eq!(stream.pieces(), [[2], [3]]);
        drop(next);
    });
}

#[test]
fn what_is_expected_and_fails_holds_nothing_up() {
    on_a_worker(async {
        let house = House::with(patient(Duration::from_mins(1)));
        let (room, [_, stream, _]) = room_of_three(&house).await;
        let (stored, failing) = (house.fan_out.expect(room), house.fan_out.expect(room));
        say(&house, room, 1);
        settle().await;
        assert!(stream.pieces().is_empty(), "another message is expected");
        drop(failing);
        drop(stored);
        settle().await;
        assert_eq!(stream.pieces(), [[2]]);
    });
}

#[test]
fn what_is_expected_for_too_long_is_not_waited_for() {
    on_a_worker(async {
        let house = House::with(patient(Duration::from_millis(1)));
        let (room, [_, stream, _]) = room_of_three(&house).await;
        let expected = (house.fan_out.expect(room), house.fan_out.expect(room));
        say(&house, room, 1);
        until("it arrives nevertheless", || stream.pieces() == [[2]]).await;
        drop(expected);
    });
}

#[test]
fn small_conversations_and_those_where_nothing_is_expected_wait_for_nobody() {
    on_a_worker(async {
        let house = House::with(RealtimeSettings { large_conversation: 4, ..patient(Duration::from_mins(1)) });
        let (room, [_, stream, _]) = room_of_three(&house).await;
        let expected = house.fan_out.expect(room);
        say(&house, room, 1);
        settle().await;
        assert_eq!(stream.pieces(), [[2]], "a conversation of three is not large");
        drop(expected);
        let fourth = Member::arrive(&house, user(2), true).await;
        let elsewhere = house.fan_out.expect(conversation(7));
        say(&house, room, 1);
        settle().await;
        assert_eq!(stream.pieces(), [[2], [3]], "no other message is expected");
        assert!(fourth.connection.is_flushed());
        drop(elsewhere);
    });
}

#[test]
fn others_of_the_thread_may_come_in_while_a_large_conversation_waits() {
    on_a_worker(async {
        let house = House::with(patient(Duration::from_mins(1)));
        let (room, [_, stream, _]) = room_of_three(&house).await;
        let expected = (house.fan_out.expect(room), house.fan_out.expect(room), house.fan_out.expect(room));
        say(&house, room, 1);
        settle().await;
        let late = Member::arrive(&house, user(2), true).await;
        say(&house, room, 1);
        drop(expected);
        settle().await;
        assert_eq!(stream.pieces().concat(), [2, 3]);
        assert_eq!(late.pieces().concat(), [3]);
    });
}

#[test]
fn a_piece_of_long_messages_is_short_and_nothing_of_it_is_lost() {
    on_a_worker(async {
        let house = House::with(settings());
        let (room, [_, stream, _]) = room_of_three(&house).await;
        for _ in 0..32 {
            house.happens(room, Happening::Said(user(1), "€".repeat(2_000)));
        }
        settle().await;
        let sizes: Vec<_> = stream.taken.borrow().iter().map(Bytes::len).collect();
        assert!(sizes.len() > 2 && sizes.iter().all(|size| (6_000..=64 * 1024).contains(size)), "{sizes:?}");
        assert_eq!(stream.pieces().concat(), (2..=33).collect::<Vec<_>>());
    });
}
