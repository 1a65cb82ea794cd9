//! Limits, and the reasons for which a connection ends.

use crate::house::{
    Client, Happening, House, conversation, on_a_worker, poll_once, session, settings, settle, until, user,
};
use chat_domain::auth::LiveConnections as _;
use chat_domain::changes::MissedLimit;
use chat_domain::{Pos, StoreError};
use chat_protocol::realtime::{CloseCode, Resume};
use chat_realtime::{Format, Life, RealtimeSettings, Sink, catch_up};
use std::time::Duration;

#[test]
fn a_user_has_so_many_connections_and_one_that_ends_makes_room() {
    on_a_worker(async {
        let house = House::with(RealtimeSettings { max_connections_per_user: 2, ..settings() });
        let (one, two) = (house.sign_in(user(1)), house.sign_in(user(1)));
        assert!(one.is_ok() && two.is_ok() && house.sign_in(user(1)).is_err());
        assert!(house.sign_in(user(2)).is_ok(), "other users are not affected");
        house.hub.disconnect(&one.expect("a connection").connection);
        assert!(house.sign_in(user(1)).is_ok());
    });
}

#[test]
fn a_node_has_so_many_connections_and_refuses_when_it_drains() {
    on_a_worker(async {
        let house = House::with(RealtimeSettings { max_connections: 2, ..settings() });
        let (one, two) = (house.fan_out.admit(), house.fan_out.admit());
        assert!(one.is_some() && two.is_some() && house.fan_out.admit().is_none());
        drop(one);
        let three = house.fan_out.admit();
        assert!(three.is_some());
        let client = house.arrive(user(1), None).await;
        {
            let drained = house.fan_out.drain();
            tokio::pin!(drained);
            assert!(poll_once(&mut drained).is_pending());
            settle().await;
            assert!(client.connection.is_to_leave());
            drop((two, three));
            drained.await;
        }
        assert!(house.fan_out.admit().is_none());
        let late = house.hub.connect(Sink::Pulled, Format::default());
        assert!(late.is_to_leave(), "a connection made during the drain must close too");
    });
}

#[test]
fn who_reads_too_slowly_is_closed_and_nobody_else_is() {
    on_a_worker(async {
        let house = House::with(RealtimeSettings { queue_bytes: 20_000, ..settings() });
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let reader = house.arrive(user(1), None).await;
        // Signed in and attached, but its client never pulls.
        let slow = house.hub.connect(Sink::Pulled, Format::default());
        house.hub.sign_in(&slow, user(2), session(2)).expect("room");
        house.hub.attach(&slow, None).await.expect("attached").run(&house.hub, &slow).await.expect("replayed");
        slow.uncork(None);
        for _ in 0..100 {
            house.happens(room, Happening::Said(user(1), "x".repeat(1_000)));
            settle().await;
        }
        until("the reader has every change", || reader.positions(room).len() == 100).await;
        assert_eq!(slow.closed_by(), Some(CloseCode::TooSlow));
        assert!(slow.queued_bytes() < 200, "its unsent data is dropped");
        assert_eq!((reader.connection.life(), reader.close_code()), (Life::Open, None));
        let late = Client::listening(slow);
        until("the connection gets close code 4008", || late.close_code() == Some(4008)).await;
    });
}

#[test]
fn a_user_s_call_to_catch_up_is_refused_while_too_many_of_theirs_wait() {
    on_a_worker(async {
        let house = House::with(RealtimeSettings { attaching_per_user: 1, max_connections_per_user: 2, ..settings() });
        *house.store.delays.lock().expect("a lock") = (1_000, 0);
        let resume = Resume::default();
        let catching_up = |number| Box::pin(catch_up(&house.fan_out, user(number), &resume, MissedLimit::GREATEST));
        let mut calls = [catching_up(1), catching_up(1), catching_up(1)];
        assert!(calls.iter_mut().all(|call| poll_once(call).is_pending()), "one runs, two wait");
        assert!(matches!(catching_up(1).await, Err(StoreError::TooManyCalls)));
        assert!(poll_once(&mut catching_up(2)).is_pending(), "other users are not affected");
    });
}

#[test]
fn the_end_of_a_session_closes_its_sockets_and_no_others() {
    on_a_worker(async {
        let house = House::with(settings());
        let (one, other) = (house.arrive(user(1), None).await, house.arrive(user(2), None).await);
        house.fan_out.close_session(session(1));
        until("it is closed", || one.close_code() == Some(4003)).await;
        assert_eq!(other.connection.life(), Life::Open);
        house.hub.renew(&other.connection, session(7));
        house.fan_out.close_session(session(2));
        settle().await;
        assert_eq!(other.connection.life(), Life::Open, "its token belongs to another session now");
        house.fan_out.close_session(session(7));
        until("it is closed", || other.close_code() == Some(4003)).await;
    });
}

#[test]
fn timers_ask_whether_a_client_lives_and_end_what_does_not() {
    on_a_worker(async {
        let quick = Duration::from_millis(100);
        let house = House::with(RealtimeSettings {
            heartbeat_interval: quick,
            heartbeat_timeout: quick,
            auth_timeout: quick * 2,
            close_linger: quick,
            ..settings()
        });
        let stranger = Client::listening(house.hub.connect(Sink::Pulled, Format::default()));
        stranger.connection.uncork(None);
        let silent = house.arrive(user(1), None).await;
        let lively = house.arrive(user(2), None).await;
        let busy = house.arrive(user(3), None).await;
        busy.connection.set_reading(false);
        let expiring = house.arrive(user(4), None).await;
        house.hub.expire_after(&expiring.connection, quick / 2);
        until("the silent one is closed", || {
            house.hub.heard(&lively.connection);
            silent.close_code() == Some(4004)
        })
        .await;
        until("the connection that is not signed in is closed", || {
            house.hub.heard(&lively.connection);
            stranger.close_code() == Some(4001)
        })
        .await;
        assert_eq!(expiring.close_code(), Some(4002));
        assert_eq!(lively.connection.life(), Life::Open);
        assert_eq!(busy.connection.life(), Life::Open, "its answer may be in the socket");
        house.hub.linger(&silent.connection);
        until("its socket is abandoned", || silent.connection.life() == Life::Gone).await;
    });
}

#[test]
fn a_worker_for_whom_too_much_waits_sends_its_connections_back_and_misses_nothing_afterwards() {
    on_a_worker(async {
        let house = House::with(RealtimeSettings { inbox_events: 5, ..settings() });
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let client = house.arrive(user(1), None).await;
        let stranger = Client::listening(house.hub.connect(Sink::Pulled, Format::default()));
        // The hub handles no posts meanwhile.
        for number in 0..20 {
            house.happens(room, Happening::Said(user(2), number.to_string()));
        }
        until("it is closed to reconnect", || client.close_code() == Some(1011)).await;
        assert_eq!(client.positions(room), [2, 3, 4, 5, 6], "the events that fit, in order");
        assert_eq!(house.fan_out.stats().overfull_inboxes.get(), 1);
        assert_eq!(stranger.connection.life(), Life::Open, "a connection that is not signed in has missed nothing");

        let resume = Resume::new([(room, Pos::new(6))]);
        let again = house.arrive(user(1), Some(resume)).await;
        until("it receives the missed events", || again.positions(room).len() == 15).await;
        house.happens(room, Happening::Said(user(2), "live".into()));
        until("it receives new events", || again.positions(room).last() == Some(&22)).await;
        assert!(again.positions(room).windows(2).all(|pair| pair[0] + 1 == pair[1]));
    });
}

#[test]
fn a_connection_whose_memberships_change_too_often_while_it_attaches_is_told_to_come_back() {
    on_a_worker(async {
        let house = House::with(settings());
        let client = house.sign_in(user(1)).expect("room");
        client.connection.uncork(None);
        for number in 0..1_001 {
            house.happens(conversation(number), Happening::Made(vec![user(1), user(2)]));
        }
        until("it is closed", || client.close_code() == Some(4008)).await;
        let again = house.arrive(user(1), Some(Resume::default())).await;
        until("a later connection can attach", || again.named("resumed").len() == 1).await;
    });
}
