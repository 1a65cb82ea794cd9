use crate::tampered::Bend;
use crate::world::{World, bent, connection};
use chat_app::{Coded, Settings};
use chat_domain::presence::{PresenceAudience, PresenceStatus};
use chat_domain::{Audience, Clock, ErrorCode};
use std::future::Future as _;
use std::task::{Context, Waker};
use std::time::Duration;
use tokio::sync::Semaphore;

#[tokio::test]
async fn coming_online_is_told_once_however_many_devices() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.bus.take();
    world.app.presence.connected(ann, connection()).await;
    let published = world.bus.take();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].audience, Audience::Conversations(vec![chat]));
    assert_eq!(published[0].except, Some(ann.user_id), "it is no news to oneself");
    world.app.presence.connected(ann, connection()).await;
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn the_last_connection_that_ends_is_told_and_remembered() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.direct(ann, bob).await;
    let (phone, laptop) = (connection(), connection());
    world.app.presence.connected(ann, phone).await;
    world.app.presence.connected(ann, laptop).await;
    world.bus.take();
    world.clock.advance(Duration::from_mins(1));
    world.app.presence.disconnected(ann, phone).await;
    assert!(world.bus.take().is_empty(), "the laptop is still there");
    assert_eq!(world.app.users.me(ann).await.expect("an account").last_seen, None);

    world.app.presence.disconnected(ann, laptop).await;
    assert_eq!(world.published(), ["offline"]);
    assert_eq!(world.app.users.me(ann).await.expect("an account").last_seen, Some(world.clock.now()));
    world.app.presence.disconnected(ann, laptop).await;
    assert!(world.bus.take().is_empty(), "twice is once");
}

#[tokio::test]
async fn a_chosen_status_is_told_when_it_changes_to_ones_own_devices_too() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.direct(ann, bob).await;
    world.app.presence.connected(ann, connection()).await;
    world.bus.take();
    world.app.presence.choose(ann, PresenceStatus::Busy).await.expect("chosen");
    let published = world.bus.take();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].except, None);
    world.app.presence.choose(ann, PresenceStatus::Busy).await.expect("chosen");
    assert!(world.bus.take().is_empty());
    world.app.presence.choose(ann, PresenceStatus::Online).await.expect("chosen");
    assert_eq!(world.published(), ["ann online"]);
    let seen = world.app.presence.status_of(bob, ann.user_id).await.expect("a profile");
    assert_eq!(seen.status, Some(PresenceStatus::Online));
}

#[tokio::test]
async fn whoever_is_offline_chooses_nothing() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.direct(ann, bob).await;
    world.bus.take();
    world.app.presence.choose(ann, PresenceStatus::Away).await.expect("no harm");
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn presence_is_not_told_in_crowds() {
    for (participants, told) in [(100, 1), (101, 0)] {
        let world = bent(Bend::Crowd(participants));
        let (ann, bob) = (world.user("ann").await, world.user("bob").await);
        world.group(ann, &[bob]).await;
        world.bus.take();
        world.app.presence.connected(ann, connection()).await;
        assert_eq!(world.bus.take().len(), told, "{participants} participants");
    }
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
    world.direct(ann, bob).await;
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
    world.direct(ann, bob).await;
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
    world.direct(ann, bob).await;
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
    world.direct(ann, bob).await;
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
    world.direct(crowd[0], crowd[69]).await;
    world.bus.take();
    let mut welcomes: Vec<_> =
        crowd.iter().map(|actor| Box::pin(world.app.presence.connected(*actor, connection()))).collect();
    let mut context = Context::from_waker(Waker::noop());
    for welcome in &mut welcomes {
        assert!(welcome.as_mut().poll(&mut context).is_pending(), "others are to be told");
    }
    let mut told = Box::pin(world.app.presence.told());
    assert!(told.as_mut().poll(&mut context).is_pending());
    let last = crowd[69];
    let mut choosing = Box::pin(world.app.presence.choose(last, PresenceStatus::Away));
    assert!(choosing.as_mut().poll(&mut context).is_pending(), "others are to be told of this, too");
    gate.add_permits(1_000);
    choosing.await.expect("chosen");
    for welcome in welcomes {
        welcome.await;
    }
    told.await;
    let seen = world.app.presence.status_of(last, last.user_id).await.expect("a profile");
    assert_eq!(seen.status, Some(PresenceStatus::Away), "what is chosen before others are told is not lost");
    assert_eq!(world.published().last().map(String::as_str), Some("user69 away"));
}
