//! Changes of kinds that only a later release knows: clients receive their `pos`, and their effect is applied.

use crate::house::{Happening, House, conversation, on_a_worker, settings, settle, until, user};
use chat_domain::Pos;
use chat_domain::changes::Effect;
use chat_protocol::realtime::{Dialect, Resume};
use serde_json::json;

#[test]
fn an_unknown_change_takes_its_place_and_is_told_in_one_form() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let colon = house.arrive(user(1), None).await;
        let camel = house.arrive_in(Dialect::Camel, user(2), None).await;
        house.happens(room, Happening::Newer(Effect::None));
        house.happens(room, Happening::Said(user(1), "hi".into()));
        until("all came", || colon.positions(room).len() == 2 && camel.events().len() == 2).await;
        assert_eq!(colon.positions(room), [2, 3]);
        for client in [&colon, &camel] {
            assert_eq!(client.named("change:skipped"), [json!({"conversationId": room.to_string(), "pos": 2})]);
        }
        assert_eq!(house.fan_out.stats().unknown_changes.get(), 1);
    });
}

#[test]
fn users_who_join_and_leave_by_an_unknown_change_get_what_follows_and_nothing_more() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1)]));
        let (staying, coming) = (house.arrive(user(1), None).await, house.arrive(user(2), None).await);
        house.happens(room, Happening::Said(user(1), "before".into()));
        house.happens(room, Happening::Newer(Effect::Joins(vec![user(2), user(3)])));
        house.happens(room, Happening::Said(user(1), "welcome".into()));
        house.happens(room, Happening::Newer(Effect::Leaves(vec![user(2), user(3)])));
        house.happens(room, Happening::Said(user(1), "after".into()));
        until("all came", || staying.positions(room) == [2, 3, 4, 5, 6]).await;
        settle().await;
        assert_eq!(coming.positions(room), [3, 4, 5]);
    });
}

#[test]
fn an_unknown_change_that_was_lost_is_read_from_the_store_and_holds_nothing_up() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(1);
        house.happens(room, Happening::Made(vec![user(1), user(2)]));
        let client = house.arrive(user(1), None).await;
        house.store.commit(room, Happening::Newer(Effect::Joins(vec![user(3)])));
        house.happens(room, Happening::Said(user(2), "hi".into()));
        until("both came", || client.positions(room) == [2, 3]).await;
        house.store.commit(room, Happening::Newer(Effect::Leaves(vec![user(1)])));
        house.store.commit(room, Happening::Said(user(2), "without one".into()));
        house.fan_out.check_tails().await.expect("checked");
        until("the last change has arrived", || client.positions(room) == [2, 3, 4]).await;
        settle().await;
        assert_eq!(client.positions(room), [2, 3, 4]);
    });
}

#[test]
fn resuming_over_an_unknown_change_names_the_conversation_in_limited() {
    on_a_worker(async {
        let house = House::with(settings());
        let (newer, known) = (conversation(1), conversation(2));
        for room in [newer, known] {
            house.happens(room, Happening::Made(vec![user(1), user(2)]));
            house.happens(room, Happening::Said(user(2), "hi".into()));
        }
        house.happens(newer, Happening::Newer(Effect::None));
        house.happens(newer, Happening::Said(user(2), "and on".into()));
        for dialect in [Dialect::Colon, Dialect::Camel] {
            let resume = Resume::new(vec![(newer, Pos::new(1)), (known, Pos::new(1))]);
            let client = house.arrive_in(dialect, user(1), Some(resume)).await;
            until("it has resumed", || client.named("resumed").len() == 1).await;
            assert_eq!(client.named("resumed")[0]["limited"], json!([newer.to_string()]));
            assert_eq!(client.named("change:skipped"), [json!({"conversationId": newer.to_string(), "pos": 3})]);
        }
        let resume = Resume::new(vec![(newer, Pos::new(3)), (known, Pos::new(1))]);
        let client = house.arrive(user(1), Some(resume)).await;
        until("it has resumed", || client.named("resumed").len() == 1).await;
        assert_eq!(client.named("resumed")[0]["limited"], json!([]), "the client has received it before");
    });
}
