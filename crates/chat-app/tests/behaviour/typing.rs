use crate::tampered::Bend;
use crate::world::{World, bent, code, nowhere};
use chat_domain::{Audience, ErrorCode};
use std::time::Duration;

#[tokio::test]
async fn writing_is_told_to_the_window_when_it_begins_and_when_it_ends() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.talk(ann, bob).await;
    world.bus.take();
    for _ in 0..3 {
        world.app.typing.start(ann, chat).await.expect("writing");
    }
    let published = world.bus.take();
    assert_eq!(published.len(), 1, "a repeated start is not published");
    assert_eq!((&published[0].audience, published[0].except), (&Audience::Window(chat), Some(ann.user_id)));
    world.app.typing.stop(ann, chat).await.expect("stopped");
    world.app.typing.stop(ann, chat).await.expect("stopped");
    assert_eq!(world.published(), ["typing false"]);
}

#[tokio::test]
async fn writing_in_a_direct_conversation_is_told_once_both_have_written() {
    let world = World::new();
    let (ann, eve) = (world.user("ann").await, world.user("eve").await);
    let chat = world.direct(eve, ann).await.details.conversation.id;
    world.send(eve, chat, "hey").await;
    world.bus.take();
    world.app.typing.start(ann, chat).await.expect("writing");
    world.app.typing.stop(ann, chat).await.expect("stopped");
    world.app.typing.start(ann, chat).await.expect("writing");
    world.clock.advance(Duration::from_secs(6));
    world.app.typing.expire().await;
    world.app.typing.start(eve, chat).await.expect("writing");
    assert!(world.bus.take().is_empty(), "typing would show that the user is online");
    world.send(ann, chat, "who are you?").await;
    world.bus.take();
    world.app.typing.start(ann, chat).await.expect("writing");
    world.app.typing.stop(ann, chat).await.expect("stopped");
    assert_eq!(world.published(), ["typing true", "typing false"]);
}

#[tokio::test]
async fn whoever_does_not_say_so_again_has_stopped_after_five_seconds() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.talk(ann, bob).await;
    world.app.typing.start(ann, chat).await.expect("writing");
    world.clock.advance(Duration::from_secs(4));
    world.app.typing.start(ann, chat).await.expect("still writing");
    world.bus.take();
    world.clock.advance(Duration::from_secs(4));
    world.app.typing.expire().await;
    assert!(world.bus.take().is_empty());
    world.clock.advance(Duration::from_secs(1));
    world.app.typing.expire().await;
    world.app.typing.expire().await;
    assert_eq!(world.published(), ["typing false"]);
}

#[tokio::test]
async fn a_stranger_is_not_seen_writing() {
    let world = World::new();
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.bus.take();
    assert_eq!(code(world.app.typing.start(eve, chat).await), Some(ErrorCode::NotAParticipant));
    assert_eq!(code(world.app.typing.stop(eve, chat).await), Some(ErrorCode::NotAParticipant));
    assert_eq!(code(world.app.typing.start(ann, nowhere()).await), Some(ErrorCode::ConversationNotFound));
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn nobody_writes_in_an_inactive_group() {
    let world = bent(Bend::Inactive);
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let group = world.group(ann, &[bob]).await;
    assert_eq!(code(world.app.typing.start(ann, group).await), Some(ErrorCode::GroupInactive));
    assert_eq!(code(world.app.typing.stop(ann, group).await), None, "stopping is allowed");
}

#[tokio::test]
async fn broken_typing_is_nobodys_trouble() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.bus.take();
    world.typing.set_broken(true);
    assert_eq!(code(world.app.typing.start(ann, chat).await), None);
    assert_eq!(code(world.app.typing.stop(ann, chat).await), None);
    world.app.typing.expire().await;
    assert!(world.bus.take().is_empty());
}
