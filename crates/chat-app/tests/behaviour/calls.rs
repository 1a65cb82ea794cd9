use crate::tampered::Bend;
use crate::world::{World, bent, code, display_name, nowhere};
use chat_domain::conversations::ConversationKind;
use chat_domain::{Audience, Clock, ErrorCode, Event};

#[tokio::test]
async fn a_call_reaches_everyone_else_in_the_name_of_the_caller() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let group = world.group(ann, &[bob]).await;
    world.bus.take();
    world.app.calls.start(bob, group, None).await.expect("called");
    let published = world.bus.take();
    assert_eq!(published.len(), 1);
    assert_eq!((&published[0].audience, published[0].except), (&Audience::Conversation(group), Some(bob.user_id)));
    let Event::CallStarted(call) = &published[0].event else { panic!("no call: {published:?}") };
    assert_eq!((call.caller.name.as_str(), call.conversation_id, call.at), ("bob", group, world.clock.now()));
    assert_eq!((call.kind, &call.caller_name), (ConversationKind::Group, &None));

    world.app.calls.start(bob, group, Some(display_name("Bobby"))).await.expect("called");
    let Event::CallStarted(call) = &world.bus.take()[0].event else { panic!("no call") };
    assert_eq!(call.caller_name, Some(display_name("Bobby")));
    assert_eq!(call.caller.id, bob.user_id, "the client's name changes only the display name");
}

#[tokio::test]
async fn strangers_call_nobody() {
    let world = World::new();
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    let group = world.group(ann, &[bob]).await;
    world.bus.take();
    assert_eq!(code(world.app.calls.start(eve, group, None).await), Some(ErrorCode::NotAParticipant));
    assert_eq!(code(world.app.calls.start(ann, nowhere(), None).await), Some(ErrorCode::ConversationNotFound));
    assert!(world.bus.take().is_empty());
}

#[tokio::test]
async fn nobody_calls_in_an_inactive_group() {
    let world = bent(Bend::Inactive);
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let group = world.group(ann, &[bob]).await;
    assert_eq!(code(world.app.calls.start(ann, group, None).await), Some(ErrorCode::GroupInactive));
}

#[tokio::test]
async fn an_account_that_is_gone_calls_nobody() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.app.users.delete_me(ann).await.expect("deleted");
    assert_eq!(code(world.app.calls.start(ann, chat, None).await), Some(ErrorCode::SessionRevoked));
}
