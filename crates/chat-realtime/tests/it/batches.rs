//! The changes of one commit: they reach each connection together, and each connection gets exactly its part.

use crate::house::{Happening, House, Sinks, conversation, on_a_worker, session, settings, settle, user, visible};
use chat_domain::Change;
use chat_realtime::{Connection, Flushed, Format, Outlet, SendQueue, Sink};
use proptest::prelude::*;
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Commits these happenings in room 1, and publishes them as one commit.
fn commit(house: &House, happenings: impl IntoIterator<Item = (u128, Happening)>) {
    let changes: Vec<Change> =
        happenings.into_iter().map(|(room, happening)| house.store.commit(conversation(room), happening)).collect();
    drop(house.fan_out.accept_changes(changes));
}

fn said(who: u128) -> Happening {
    Happening::Said(user(who), "hi".into())
}

#[test]
fn whoever_joins_or_leaves_in_the_middle_of_a_commit_gets_exactly_their_part() {
    for sinks in [Sinks::Pulled, Sinks::Streams] {
        on_a_worker(async {
            let house = House::of(sinks, settings());
            let room = conversation(1);
            house.happens(room, Happening::Made(vec![user(1), user(2)]));
            let stays = house.arrive(user(1), None).await;
            let leaves = house.arrive(user(2), None).await;
            let joins = house.arrive(user(3), None).await;
            commit(
                &house,
                [
                    (1, said(1)),
                    (1, said(2)),
                    (1, Happening::Added(user(3))),
                    (1, said(2)),
                    (1, Happening::Removed(user(2))),
                    (1, said(1)),
                    (1, Happening::Added(user(2))),
                    (1, said(2)),
                    (1, Happening::Removed(user(3))),
                    (1, said(1)),
                ],
            );
            settle().await;
            assert_eq!(stays.positions(room), (2..=11).collect::<Vec<_>>());
            assert_eq!(leaves.positions(room), [2, 3, 4, 5, 6, 8, 9, 10, 11], "not what was said meanwhile");
            assert_eq!(joins.positions(room), (4..=10).collect::<Vec<_>>());
        });
    }
}

/// One happening of a room: who, and what they do.
fn happenings() -> impl Strategy<Value = Vec<(u128, u128, u8)>> {
    proptest::collection::vec((1..=2_u128, 1..=4_u128, 0..6_u8), 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// However the changes of two rooms are cut into commits, each user gets those that a member may see.
    #[test]
    fn each_user_gets_their_part_of_every_commit(
        happenings in happenings(), cuts in proptest::collection::vec(1..20_usize, 1..20), streams: bool
    ) {
        on_a_worker(async {
            let house = House::of(if streams { Sinks::Streams } else { Sinks::Pulled }, settings());
            let mut members = [vec![1_u128, 2], vec![2, 3]];
            for (room, who) in [(1, &members[0]), (2, &members[1])] {
                house.happens(conversation(room), Happening::Made(who.iter().map(|number| user(*number)).collect()));
            }
            let mut clients = Vec::new();
            for number in 1..=4 {
                clients.push((user(number), house.arrive(user(number), None).await));
            }
            let mut waiting = Vec::new();
            for (room, who, what) in happenings {
                let inside = &mut members[usize::try_from(room).expect("a room") - 1];
                let happening = match (inside.contains(&who), what) {
                    (false, _) => {
                        inside.push(who);
                        Happening::Added(user(who))
                    }
                    (true, 0) => {
                        inside.retain(|member| *member != who);
                        Happening::Removed(user(who))
                    }
                    (true, _) => said(who),
                };
                waiting.push(house.store.commit(conversation(room), happening));
            }
            let mut cuts = cuts.iter().cycle();
            while !waiting.is_empty() {
                let count = cuts.next().copied().unwrap_or(1).min(waiting.len());
                drop(house.fan_out.accept_changes(waiting.drain(..count).collect()));
                if count % 2 == 0 {
                    settle().await;
                }
            }
            settle().await;
            for room in [conversation(1), conversation(2)] {
                for (who, client) in &clients {
                    let expected: Vec<_> = visible(&house.store.log(room), *who, 1).into_iter().collect();
                    assert_eq!(client.positions(room), expected, "{who} in {room}");
                }
            }
        });
    }
}

/// An outlet that accepts everything, and counts how often it is written to.
#[derive(Debug)]
struct Counting(Rc<Cell<usize>>);

impl Outlet for Counting {
    fn flush(&self, queue: &mut SendQueue) -> Flushed {
        if queue.pop().is_some() {
            self.0.update(|count| count + 1);
            while queue.pop().is_some() {}
        }
        Flushed::All
    }

    fn is_stream(&self) -> bool {
        true
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

async fn counted(house: &House, who: u128) -> (Rc<Connection>, Rc<Cell<usize>>) {
    let count = Rc::<Cell<usize>>::default();
    let sink = Sink::Session(Box::new(Counting(Rc::clone(&count))));
    let connection = house.hub.connect(sink, Format::default());
    house.hub.sign_in(&connection, user(who), session(who)).expect("room");
    let replay = house.hub.attach(&connection, None).await.expect("attached");
    connection.uncork(None);
    replay.run(&house.hub, &connection).await.expect("replayed");
    settle().await;
    count.set(0);
    (connection, count)
}

#[test]
fn a_commit_is_one_write_per_connection_whatever_is_in_it() {
    on_a_worker(async {
        let house = House::with(settings());
        for room in 1..=3 {
            house.happens(conversation(room), Happening::Made((1..=4).map(user).collect()));
        }
        let mut members = Vec::new();
        for who in 1..=4 {
            members.push(counted(&house, who).await);
        }
        let newcomer = counted(&house, 5).await;
        commit(&house, (0..16).map(|number| (1, said(number % 3 + 1))));
        settle().await;
        let writes = || members.iter().map(|(_, count)| count.take()).collect::<Vec<_>>();
        assert_eq!(writes(), [1; 4], "sixteen messages of one room, by three of its members");
        let several = (0..48).map(|number| (number / 3 % 3 + 1, said(number % 4 + 1)));
        commit(&house, several.chain([(2, Happening::Added(user(5))), (2, said(1)), (1, Happening::Removed(user(4)))]));
        settle().await;
        assert_eq!(writes(), [1; 4], "messages of three rooms, a join and a removal");
        assert_eq!(newcomer.1.get(), 1);
    });
}

#[test]
fn the_answers_to_the_sends_of_a_connection_go_with_the_events_of_their_commit_in_one_write() {
    on_a_worker(async {
        let house = House::with(settings());
        house.happens(conversation(1), Happening::Made(vec![user(1), user(2)]));
        let (sender, writes) = counted(&house, 1).await;
        let (_member, writes_of_member) = counted(&house, 2).await;
        sender.await_answers(true);
        commit(&house, [(1, said(2))]);
        settle().await;
        assert_eq!((writes.take(), writes_of_member.take()), (1, 1), "an event that comes without an answer");

        let answered = house.hub.inbox_waker();
        let waker = answered.waker().clone();
        let task = tokio::task::spawn_local(async move {
            poll_fn(|context| answered.poll_woken(context)).await;
            sender.send_empty_ack("1");
            sender.await_answers(false);
        });
        settle().await;
        let changes = (0..16).map(|_| house.store.commit(conversation(1), said(1))).collect();
        let wakeup = house.fan_out.accept_changes(changes);
        settle().await;
        assert_eq!(writes_of_member.get(), 0, "nothing before the store has answered");
        waker.wake();
        drop(wakeup);
        settle().await;
        task.await.expect("answered");
        assert_eq!((writes.take(), writes_of_member.take()), (1, 1));
    });
}
