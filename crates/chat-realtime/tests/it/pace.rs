//! Coming back at the pace of the client.

use crate::house::{Happening, House, conversation, on_a_worker, poll_once, session, settings, until, user};
use chat_domain::Pos;
use chat_protocol::realtime::{CloseCode, Resume};
use chat_realtime::{Format, Life, RealtimeSettings, Sink};
use std::pin::pin;
use std::time::Duration;

/// More, in one page of the log, than a queue may hold.
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
        until("it has all", || client.positions(conversation(1)) == (1..=151).collect::<Vec<_>>()).await;
        until("and knows", || client.named("resumed").len() == 1).await;
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
        // As the connection's task does while a command is under way.
        stuck.set_reading(false);
        let mut running = pin!(replay.run(&house.hub, &stuck));
        until("it is given up", || {
            let is_over = poll_once(&mut running).is_ready();
            assert!(!is_over || stuck.life() != Life::Open, "much of it still waits");
            is_over
        })
        .await;
        assert_eq!(stuck.closed_by(), Some(CloseCode::TooSlow));
    });
}
