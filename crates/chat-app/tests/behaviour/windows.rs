use crate::world::{World, nowhere};
use chat_domain::{Audience, ErrorCode};

#[tokio::test]
async fn an_opened_window_is_told_to_the_others_who_have_it_open() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let group = world.group(ann, &[bob]).await;
    world.bus.take();
    world.app.conversations.open_window(ann, group).await.expect("opened");
    world.app.conversations.close_window(ann, group).await.expect("closed");
    let published = world.bus.take();
    for envelope in &published {
        assert_eq!((&envelope.audience, envelope.except), (&Audience::Window(group), Some(ann.user_id)));
    }
    assert_eq!(published.len(), 2);
}

#[tokio::test]
async fn windows_of_a_direct_conversation_are_told_once_both_have_written() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let direct = world.direct(ann, bob).await.details.conversation.id;
    let group = world.group(ann, &[bob]).await;
    let eve = world.user("eve").await;
    let strangers = world.direct(eve, ann).await.details.conversation.id;
    world.send(eve, strangers, "hey").await;
    world.send(ann, direct, "hello").await;
    world.bus.take();
    world.app.conversations.open_window(ann, strangers).await.expect("opened");
    world.app.conversations.close_window(ann, strangers).await.expect("closed");
    assert!(world.bus.take().is_empty(), "a stranger does not learn of it");
    world.app.conversations.close_window(ann, group).await.expect("closed");
    world.send(bob, direct, "hello").await;
    world.app.conversations.open_window(ann, direct).await.expect("opened");
    world.app.conversations.close_window(ann, direct).await.expect("closed");
    assert_eq!(world.published(), ["window closed", "3 sent hello", "window opened", "window closed"]);
}

#[tokio::test]
async fn a_stranger_opens_no_window() {
    let world = World::new();
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    let group = world.group(ann, &[bob]).await;
    world.bus.take();
    let refused = world.app.conversations.open_window(eve, group).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::NotAParticipant);
    let refused = world.app.conversations.close_window(eve, group).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::NotAParticipant);
    let refused = world.app.conversations.open_window(ann, nowhere()).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::ConversationNotFound);
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn nobody_opens_the_window_of_an_inactive_group_but_who_had_it_open_closes_it() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let group = world.make_group(ann, "Project", &[bob]).await;
    world.app.conversations.open_window(ann, group).await.expect("opened");
    world.app.groups.deactivate(ann, group).await.expect("deactivated");
    world.bus.take();
    let refused = world.app.conversations.open_window(bob, group).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::GroupInactive);
    assert!(world.bus.take().is_empty());
    world.app.conversations.close_window(ann, group).await.expect("closed");
    assert!(world.bus.take().is_empty(), "the stranger's window is not announced");
}
