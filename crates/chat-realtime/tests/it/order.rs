//! In whatever order the bus delivers, every connection receives each conversation's changes as committed.

use crate::house::{Happening, House, Sinks, conversation, on_a_worker, settings, settle, until, user};
use chat_realtime::RealtimeSettings;
use proptest::prelude::*;

/// The fate of an event on the bus.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Arrives,
    ArrivesTwice,
    IsLost,
}

fn fates() -> impl Strategy<Value = Vec<(Fate, u32)>> {
    let fate = prop_oneof![6 => Just(Fate::Arrives), 1 => Just(Fate::ArrivesTwice), 2 => Just(Fate::IsLost)];
    proptest::collection::vec((fate, any::<u32>()), 1..60)
}

fn sinks() -> impl Strategy<Value = Sinks> {
    prop_oneof![Just(Sinks::Pulled), Just(Sinks::Streams)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_member_sees_each_change_once_and_in_order(
        fates in fates(), failures in 0_usize..3, sinks in sinks(), is_large: bool
    ) {
        on_a_worker(async {
            let large = if is_large { 1 } else { usize::MAX };
            let house = House::of(sinks, RealtimeSettings { large_conversation: large, ..settings() });
            let room = conversation(1);
            house.happens(room, Happening::Made(vec![user(1), user(2)]));
            let (one, other) = (house.arrive(user(1), None).await, house.arrive(user(2), None).await);
            let count = fates.len() as u64;
            let mut on_the_way = Vec::new();
            for (fate, order) in fates {
                let change = house.store.commit(room, Happening::Said(user(1), "hi".into()));
                match fate {
                    Fate::Arrives => on_the_way.push((order, change)),
                    Fate::ArrivesTwice => on_the_way.extend([(order, change.clone()), (!order, change)]),
                    Fate::IsLost => {}
                }
            }
            on_the_way.sort_by_key(|(order, _)| *order);
            *house.store.failures.lock().expect("a lock") = failures.min(1);
            for (number, (order, change)) in on_the_way.into_iter().enumerate() {
                // Sometimes several events arrive together, and sometimes another one is expected.
                let expected = (order % 3 == 0).then(|| house.fan_out.expect(room));
                house.publish(change);
                if number % 4 != 1 {
                    settle().await;
                }
                drop(expected);
            }
            let expected: Vec<u64> = (2..=count + 1).collect();
            // The last event may be lost too: the tail check finds it.
            while house.fan_out.check_tails().await.is_err() {}
            until("every client has every change", || {
                one.positions(room).len() >= expected.len() && other.positions(room).len() >= expected.len()
            })
            .await;
            settle().await;
            assert_eq!(one.positions(room), expected);
            assert_eq!(other.positions(room), expected);
        });
    }
}

#[test]
fn a_hole_longer_than_what_is_held_is_read_again_from_the_store() {
    on_a_worker(async {
        let house = House::with(RealtimeSettings { queue_bytes: 16 << 20, ..settings() });
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1)]));
        let client = house.arrive(user(1), None).await;
        let changes: Vec<_> =
            (0..2_500).map(|_| house.store.commit(room, Happening::Said(user(1), "hi".into()))).collect();
        for change in changes.into_iter().skip(1) {
            house.publish(change);
        }
        until("everything came", || client.positions(room).len() == 2_500).await;
        assert_eq!(client.positions(room), (2..=2_501).collect::<Vec<_>>());
    });
}

#[test]
fn events_of_a_conversation_with_nobody_here_cost_no_reading() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1)]));
        for _ in 0..50 {
            house.happens(room, Happening::Said(user(1), "hi".into()));
        }
        house.fan_out.check_tails().await.expect("checked");
        settle().await;
        assert_eq!(*house.store.reads.lock().expect("a lock"), 0);
    });
}
