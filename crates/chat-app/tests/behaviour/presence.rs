use crate::tampered::Bend;
use crate::world::{World, bent, connection, message};
use chat_app::Settings;
use chat_domain::presence::{PresenceAudience, PresenceStatus};
use chat_domain::{Audience, Clock, ErrorCode, Event};
use std::future::Future as _;
use std::task::{Context, Waker};
use std::time::Duration;
use tokio::sync::Semaphore;

#[tokio::test]
async fn coming_online_is_told_once_however_many_devices() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.talk(ann, bob).await;
    world.bus.take();
    world.app.presence.connected(ann, connection()).await;
    let published = world.bus.take();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].audience, Audience::Conversations(vec![chat]));
    assert_eq!(published[0].except, Some(ann.user_id), "the user is not notified");
    world.app.presence.connected(ann, connection()).await;
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn the_last_connection_that_ends_is_told_and_remembered() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.talk(ann, bob).await;
    let (phone, laptop) = (connection(), connection());
    world.app.presence.connected(ann, phone).await;
    world.app.presence.connected(ann, laptop).await;
    world.bus.take();
    world.clock.advance(Duration::from_mins(1));
    world.app.presence.disconnected(ann, phone).await;
    assert!(world.bus.take().is_empty(), "the laptop is still connected");
    assert_eq!(world.app.users.me(ann).await.expect("an account").last_seen, None);

    world.app.presence.disconnected(ann, laptop).await;
    assert_eq!(world.published(), ["offline"]);
    assert_eq!(world.app.users.me(ann).await.expect("an account").last_seen, Some(world.clock.now()));
    world.app.presence.disconnected(ann, laptop).await;
    assert!(world.bus.take().is_empty(), "a repeated call publishes nothing");
}

#[tokio::test]
async fn each_choice_of_a_status_is_told_to_others_and_to_ones_own_devices() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.talk(ann, bob).await;
    world.app.presence.connected(ann, connection()).await;
    world.bus.take();
    for _ in 0..2 {
        world.app.presence.choose(ann, PresenceStatus::Busy).await.expect("chosen");
        let told: Vec<_> = world.bus.take().into_iter().map(|one| (one.audience, one.except)).collect();
        let to_others = (Audience::Conversations(vec![chat]), Some(ann.user_id));
        assert_eq!(told, [to_others, (Audience::User(ann.user_id), None)], "a repeated choice is announced again");
    }
    world.app.presence.choose(ann, PresenceStatus::Online).await.expect("chosen");
    assert_eq!(world.published(), ["ann online", "ann online"]);
    let seen = world.app.presence.status_of(bob, ann.user_id).await.expect("a profile");
    assert_eq!(seen.status, Some(PresenceStatus::Online));
}

#[tokio::test]
async fn whoever_is_offline_chooses_nothing() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.talk(ann, bob).await;
    world.bus.take();
    world.app.presence.choose(ann, PresenceStatus::Away).await.expect("no harm");
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn a_stranger_who_writes_learns_nothing_until_both_have_written() {
    let world = World::new();
    let (ann, eve) = (world.user("ann").await, world.user("eve").await);
    let chat = world.direct(eve, ann).await.details.conversation.id;
    let (first, second) = (connection(), connection());
    world.app.presence.connected(eve, connection()).await;
    world.app.presence.connected(ann, first).await;
    world.send(eve, chat, "hey").await;
    world.bus.take();
    world.app.presence.disconnected(ann, first).await;
    world.app.presence.connected(ann, second).await;
    assert!(world.bus.take().is_empty(), "neither leaving nor returning is announced");
    world.app.presence.choose(ann, PresenceStatus::Busy).await.expect("chosen");
    let told: Vec<_> = world.bus.take().into_iter().map(|one| one.audience).collect();
    assert_eq!(told, [Audience::User(ann.user_id)], "only to her own devices");
    let how = async |viewer, of| world.app.presence.status_of(viewer, of).await.expect("a profile").status;
    assert_eq!((how(eve, ann.user_id).await, how(ann, eve.user_id).await), (None, None));

    world.send(ann, chat, "who are you?").await;
    let told = world.bus.take();
    let told: Vec<_> = told.iter().map(|one| (&one.audience, crate::world::short(one))).collect();
    let (to_ann, to_eve) = (Audience::User(ann.user_id), Audience::User(eve.user_id));
    let sent = (&Audience::Conversation(chat), "3 sent who are you?".to_owned());
    assert_eq!(told, [sent, (&to_eve, "ann busy".to_owned()), (&to_ann, "eve online".to_owned())]);
    assert_eq!(how(eve, ann.user_id).await, Some(PresenceStatus::Busy));
    assert_eq!(how(ann, eve.user_id).await, Some(PresenceStatus::Online));
    world.send(ann, chat, "well?").await;
    assert_eq!(world.published(), ["4 sent well?"], "told once");
    world.app.presence.disconnected(ann, second).await;
    assert_eq!(world.published(), ["offline"]);
}

#[tokio::test]
async fn those_who_begin_to_talk_learn_when_the_other_was_last_here() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.send(ann, chat, "hello").await;
    let seen = world.app.presence.touch(ann).await.expect("seen");
    world.clock.advance(Duration::from_mins(1));
    world.bus.take();
    world.send(bob, chat, "hello").await;
    let told: Vec<_> = world.bus.take().into_iter().skip(1).map(|one| (one.audience, one.event)).collect();
    let offline = Event::UserOffline { user_id: ann.user_id, last_seen: seen };
    assert_eq!(told, [(Audience::User(bob.user_id), offline)], "bob was never online");
}

#[tokio::test]
async fn a_repeated_message_tells_presence_again_where_both_have_written() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.app.presence.connected(ann, connection()).await;
    let send = async |sender| world.app.messages.send(sender, message(chat, "hello", Some("k"))).await.expect("sent");
    for _ in 0..2 {
        send(ann).await;
    }
    assert!(!world.published().contains(&"ann online".to_owned()), "bob has not written");
    send(bob).await;
    world.bus.take();
    send(bob).await;
    let told: Vec<_> = world.bus.take().iter().map(|one| (one.audience.clone(), crate::world::short(one))).collect();
    assert!(told.contains(&(Audience::User(bob.user_id), "ann online".to_owned())), "{told:?}");
}

#[tokio::test]
async fn where_everyone_knows_presence_it_is_not_told_anew_to_those_who_begin_to_talk() {
    let settings = Settings { presence_audience: PresenceAudience::Everyone, ..Settings::default() };
    let world = World::with(settings, |_| {});
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.app.presence.connected(ann, connection()).await;
    world.talk(ann, bob).await;
    assert_eq!(world.published(), ["ann online", "1 created with 2", "2 sent hello", "3 sent hello yourself"]);
}

#[tokio::test]
async fn whoever_talks_to_nobody_is_announced_to_nobody() {
    let world = World::new();
    let ann = world.user("ann").await;
    world.app.presence.connected(ann, connection()).await;
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn by_setting_everyone_is_told() {
    let settings = Settings { presence_audience: PresenceAudience::Everyone, ..Settings::default() };
    let world = World::with(settings, |_| {});
    let ann = world.user("ann").await;
    world.app.presence.connected(ann, connection()).await;
    let published = world.bus.take();
    assert_eq!(published.iter().map(|envelope| &envelope.audience).collect::<Vec<_>>(), [&Audience::Everyone]);
}

#[tokio::test]
async fn a_deleted_user_goes_offline_and_never_online() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.talk(ann, bob).await;
    let socket = connection();
    world.app.presence.connected(ann, socket).await;
    world.app.users.delete_me(ann).await.expect("deleted");
    world.bus.take();
    world.app.presence.disconnected(ann, socket).await;
    assert_eq!(world.published(), ["offline"], "the direct conversation stays");
    world.app.presence.connected(ann, socket).await;
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn broken_presence_fails_no_connection_but_is_said_to_whoever_chooses() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.talk(ann, bob).await;
    world.bus.take();
    world.presence.set_broken(true);
    world.app.presence.connected(ann, connection()).await;
    world.app.presence.disconnected(ann, connection()).await;
    assert!(world.bus.take().is_empty());
    let refused = world.app.presence.choose(ann, PresenceStatus::Away).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::Unavailable);
}

#[tokio::test]
async fn a_store_that_does_not_answer_fails_no_connection() {
    let world = bent(Bend::Failing);
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.talk(ann, bob).await;
    world.bus.take();
    let socket = connection();
    world.app.presence.connected(ann, socket).await;
    world.app.presence.disconnected(ann, socket).await;
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn whoever_says_to_be_here_was_last_seen_now_and_nobody_is_told() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.talk(ann, bob).await;
    world.bus.take();
    let at = world.app.presence.touch(ann).await.expect("seen");
    assert_eq!(at, world.clock.now());
    let seen = world.app.presence.status_of(bob, ann.user_id).await.expect("a profile");
    assert_eq!((seen.user.last_seen, seen.status), (Some(at), Some(PresenceStatus::Offline)));
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn where_many_come_at_once_all_are_here_at_once_and_told_in_turn() {
    let gate: &Semaphore = Box::leak(Box::new(Semaphore::new(0)));
    let world = bent(Bend::Held(gate));
    let mut crowd = Vec::new();
    for number in 0..70 {
        crowd.push(world.user(&format!("user{number}")).await);
    }
    world.talk(crowd[0], crowd[69]).await;
    world.bus.take();
    let mut welcomes: Vec<_> =
        crowd.iter().map(|actor| Box::pin(world.app.presence.connected(*actor, connection()))).collect();
    let mut context = Context::from_waker(Waker::noop());
    for welcome in &mut welcomes {
        assert!(welcome.as_mut().poll(&mut context).is_pending(), "the announcement waits");
    }
    let mut told = Box::pin(world.app.presence.told());
    assert!(told.as_mut().poll(&mut context).is_pending());
    let last = crowd[69];
    let mut choosing = Box::pin(world.app.presence.choose(last, PresenceStatus::Away));
    assert!(choosing.as_mut().poll(&mut context).is_pending(), "this announcement waits too");
    gate.add_permits(1_000);
    choosing.await.expect("chosen");
    for welcome in welcomes {
        welcome.await;
    }
    told.await;
    let seen = world.app.presence.status_of(last, last.user_id).await.expect("a profile");
    assert_eq!(seen.status, Some(PresenceStatus::Away), "a choice before the announcement is kept");
    assert_eq!(world.published().last().map(String::as_str), Some("user69 away"));
}
