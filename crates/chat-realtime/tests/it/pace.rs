//! Replay at the pace of the client.

use crate::house::{Happening, House, conversation, on_a_worker, poll_once, session, settings, until, user};
use chat_domain::Pos;
use chat_protocol::realtime::{CloseCode, Resume};
use chat_realtime::{Format, Life, RealtimeSettings, Sink};
use std::pin::pin;
use std::time::Duration;

/// Commits more events, in one page of the log, than a queue may hold.
fn a_long_talk(house: &House) -> Resume {
    let room = conversation(1);
    house.happens(room, Happening::Made(vec![user(1), user(2)]));
    for _ in 0..150 {
        house.happens(room, Happening::Said(user(1), "€".repeat(2_000)));
    }
    Resume::new([(room, Pos::ZERO)])
}

#[test]
fn a_page_of_long_messages_does_not_make_a_slow_reader_of_a_steady_one() {
    on_a_worker(async {
        let house = House::with(RealtimeSettings { queue_bytes: 128 * 1024, ..settings() });
        let resume = a_long_talk(&house);
        let client = house.arrive(user(2), Some(resume)).await;
        until("the client has every change", || client.positions(conversation(1)) == (1..=151).collect::<Vec<_>>())
            .await;
        until("the client has received resumed", || client.named("resumed").len() == 1).await;
        assert_eq!((client.connection.life(), client.close_code()), (Life::Open, None));
    });
}

#[test]
fn who_takes_nothing_of_what_was_missed_is_not_waited_for_for_ever() {
    on_a_worker(async {
        let quick = Duration::from_millis(100);
        let house = House::with(RealtimeSettings { heartbeat_interval: quick, heartbeat_timeout: quick, ..settings() });
        let resume = a_long_talk(&house);
        let stuck = house.hub.connect(Sink::Pulled, Format::default());
        house.hub.sign_in(&stuck, user(2), session(2)).expect("room");
        let replay = house.hub.attach(&stuck, Some(&resume)).await.expect("attached");
        stuck.uncork(None);
        // As the connection's task does while a command is running.
        stuck.set_reading(false);
        let mut running = pin!(replay.run(&house.hub, &stuck));
        until("the connection is closed", || {
            let is_over = poll_once(&mut running).is_ready();
            assert!(!is_over || stuck.life() != Life::Open, "much of the replay still waits");
            is_over
        })
        .await;
        assert_eq!(stuck.closed_by(), Some(CloseCode::TooSlow));
    });
}

#[test]
fn of_those_who_come_at_once_so_many_read_from_the_store_and_the_others_follow() {
    on_a_worker(async {
        let house = House::with(RealtimeSettings { attaching_at_once: 1, ..settings() });
        house.happens(conversation(1), Happening::Made(vec![user(1), user(2)]));
        let (one, other) = (house.sign_in(user(1)).expect("room"), house.sign_in(user(2)).expect("room"));
        *house.store.delays.lock().expect("a lock") = (3, 0);
        let reads = || *house.store.reads.lock().expect("a lock");
        let mut first = pin!(house.hub.attach(&one.connection, None));
        let mut second = pin!(house.hub.attach(&other.connection, None));
        assert!(poll_once(&mut first).is_pending());
        for _ in 0..10 {
            assert!(poll_once(&mut second).is_pending());
        }
        assert_eq!(reads(), 1, "only the first connection reads");
        first.await.expect("attached").run(&house.hub, &one.connection).await.expect("replayed");
        second.await.expect("attached");
        assert_eq!(reads(), 2);
    });
}

#[test]
fn who_is_slow_to_take_what_was_missed_keeps_nobody_else_from_coming_in() {
    on_a_worker(async {
        let house = House::with(RealtimeSettings { attaching_at_once: 1, ..settings() });
        let resume = a_long_talk(&house);
        let stuck = house.hub.connect(Sink::Pulled, Format::default());
        house.hub.sign_in(&stuck, user(2), session(2)).expect("room");
        let replay = house.hub.attach(&stuck, Some(&resume)).await.expect("attached");
        stuck.uncork(None);
        let mut running = pin!(replay.run(&house.hub, &stuck));
        until("its queue is long", || {
            assert!(poll_once(&mut running).is_pending());
            stuck.queued_bytes() > 64 * 1024
        })
        .await;
        let other = house.arrive(user(1), Some(resume)).await;
        until("another connection has attached", || other.named("resumed").len() == 1).await;
    });
}

#[test]
fn who_has_not_taken_what_was_asked_for_before_keeps_nobody_else_from_coming_in() {
    on_a_worker(async {
        let house = House::with(RealtimeSettings { attaching_at_once: 1, ..settings() });
        let resume = a_long_talk(&house);
        let stuck = house.hub.connect(Sink::Pulled, Format::default());
        house.hub.sign_in(&stuck, user(2), session(2)).expect("room");
        stuck.uncork(None);
        stuck.push(vec![0; 70 * 1024].into());
        let replay = house.hub.attach(&stuck, Some(&resume)).await.expect("attached");
        let mut running = pin!(replay.run(&house.hub, &stuck));
        assert!(poll_once(&mut running).is_pending());
        let other = house.arrive(user(1), Some(resume)).await;
        until("another connection has attached", || other.named("resumed").len() == 1).await;
    });
}

#[test]
fn who_waits_for_others_is_neither_given_up_nor_waited_for_when_the_server_stops() {
    on_a_worker(async {
        let quick = Duration::from_millis(50);
        let hasty = RealtimeSettings { heartbeat_interval: quick, heartbeat_timeout: quick, ..settings() };
        let house = House::with(RealtimeSettings { attaching_at_once: 1, ..hasty });
        house.happens(conversation(1), Happening::Made(vec![user(1), user(2)]));
        let first = house.sign_in(user(1)).expect("room");
        let turn = house.hub.attach(&first.connection, Some(&a_long_talk(&house))).await.expect("attached");
        let second = house.hub.connect(Sink::Pulled, Format::default());
        house.hub.sign_in(&second, user(2), session(2)).expect("room");
        second.set_reading(false);
        let mut waiting = pin!(house.hub.attach(&second, None));
        assert!(poll_once(&mut waiting).is_pending());
        // A client that sends and reads nothing is pinged, and then closed.
        let silent = house.hub.connect(Sink::Pulled, Format::default());
        silent.set_reading(false);
        until("it is closed after the usual time", || silent.life() != Life::Open).await;
        assert_eq!(second.life(), Life::Open);
        tokio::task::spawn_local({
            let fan_out = house.fan_out.clone();
            async move { fan_out.drain().await }
        });
        until("it is asked to leave", || second.is_to_leave()).await;
        assert!(poll_once(&mut waiting).is_ready(), "it does not wait for its turn");
        drop(turn);
    });
}
