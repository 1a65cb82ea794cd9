//! The node finds lost changes in the store, and does not read changes that none of its users needs.

use crate::house::{Happening, House, conversation, on_a_worker, settings, settle, until, user};
use chat_domain::{Envelope, NodeId};
use chat_protocol::node::{Form, Packet, write_packet};
use chat_realtime::RealtimeSettings;
use std::time::Duration;
use uuid::Uuid;

#[test]
fn somebody_added_without_this_node_hearing_of_it_is_found_with_all_that_followed() {
    on_a_worker(async {
        let house = House::with(settings());
        let client = house.arrive(user(1), None).await;
        let (made, added) = (conversation(1), conversation(2));
        house.store.commit(made, Happening::Made(vec![user(1), user(2)]));
        house.store.commit(made, Happening::Said(user(2), "hi".into()));
        house.store.commit(added, Happening::Made(vec![user(2)]));
        house.store.commit(added, Happening::Said(user(2), "before".into()));
        house.store.commit(added, Happening::Added(user(1)));
        house.store.commit(added, Happening::Said(user(2), "after".into()));
        house.fan_out.check_tails().await.expect("checked");
        until("both changes have arrived", || client.positions(made).len() == 2 && client.positions(added).len() == 2)
            .await;
        assert_eq!(client.positions(made), [1, 2]);
        assert_eq!(client.positions(added), [3, 4], "every change from the addition on");
        assert_eq!(house.fan_out.stats().found_joiners.get(), 2);
        house.fan_out.check_tails().await.expect("checked");
        settle().await;
        assert_eq!((client.positions(made).len(), client.positions(added).len()), (2, 2), "each change arrives once");
    });
}

#[test]
fn who_was_added_and_removed_in_between_is_told_of_neither() {
    on_a_worker(async {
        let house = House::with(settings());
        let client = house.arrive(user(1), None).await;
        let room = conversation(1);
        house.store.commit(room, Happening::Made(vec![user(1), user(2)]));
        house.store.commit(room, Happening::Removed(user(1)));
        house.store.commit(room, Happening::Said(user(2), "without one".into()));
        house.fan_out.check_tails().await.expect("checked");
        settle().await;
        assert!(client.positions(room).is_empty());
    });
}

#[test]
fn a_lost_removal_ends_delivery_at_the_next_check() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let (leaving, staying) = (house.arrive(user(1), None).await, house.arrive(user(2), None).await);
        house.store.commit(room, Happening::Removed(user(1)));
        house.store.commit(room, Happening::Said(user(2), "without one".into()));
        house.fan_out.check_tails().await.expect("checked");
        until("the other client has both", || staying.positions(room).len() == 2).await;
        assert_eq!((leaving.positions(room), staying.positions(room)), (vec![2], vec![2, 3]));
    });
}

#[test]
fn only_what_somebody_here_needs_is_read_and_the_rest_is_remembered() {
    on_a_worker(async {
        let house = House::with(settings());
        let (known, unknown) = (conversation(1), conversation(2));
        house.happens(known, Happening::Made(vec![user(1)]));
        let client = house.arrive(user(1), None).await;
        let node = NodeId::new(Uuid::from_u128(7));
        let needs = |room, happening| {
            let envelope = Envelope::change(house.store.commit(room, happening));
            let bytes = write_packet(node, &envelope, Form::NEWEST).expect("a packet");
            house.fan_out.needs(&Packet::read(&bytes).expect("a head").head)
        };
        assert!(needs(known, Happening::Said(user(2), "hi".into())));
        assert!(!needs(unknown, Happening::Made(vec![user(2)])));
        assert!(!needs(unknown, Happening::Said(user(2), "hi".into())));
        assert!(needs(unknown, Happening::Added(user(1))), "a connected user is added");
        // The node remembered earlier packets: the addition alone shows that a change before it is known, and none
        // after it.
        house.publish(house.store.log(unknown)[2].clone());
        until("the addition has arrived", || client.positions(unknown) == [3]).await;
    });
}

#[test]
fn rows_that_the_log_lacks_for_good_are_given_up_loudly_and_what_follows_goes_on() {
    on_a_worker(async {
        let pause = Duration::from_millis(1);
        let house = House::with(RealtimeSettings { repair_pause: pause, repair_tries: 3, ..settings() });
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let client = house.arrive(user(1), None).await;
        house.store.lost_rows.lock().expect("a lock").extend([2, 3]);
        for _ in 0..2 {
            house.store.commit(room, Happening::Said(user(2), "lost".into()));
        }
        house.happens(room, Happening::Said(user(2), "held".into()));
        assert!(client.positions(room).is_empty());
        until("delivery continues without them", || client.positions(room) == [4]).await;
        assert_eq!(house.fan_out.stats().abandoned_changes.get(), 2);
        house.happens(room, Happening::Said(user(2), "as ever".into()));
        until("later changes arrive", || client.positions(room) == [4, 5]).await;
    });
}

#[test]
fn a_store_that_cannot_be_asked_is_asked_again_until_it_answers() {
    on_a_worker(async {
        let pause = Duration::from_millis(1);
        let house = House::with(RealtimeSettings { repair_pause: pause, repair_tries: 2, ..settings() });
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let client = house.arrive(user(1), None).await;
        *house.store.failures.lock().expect("a lock") = 8;
        house.store.commit(room, Happening::Said(user(2), "missed".into()));
        house.happens(room, Happening::Said(user(2), "held".into()));
        until("no change is abandoned", || client.positions(room) == [2, 3]).await;
        assert_eq!(house.fan_out.stats().abandoned_changes.get(), 0);
    });
}
