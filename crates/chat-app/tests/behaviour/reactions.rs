use crate::world::{World, code};
use chat_domain::messages::{Emoji, Message, PinMessage, React, Reacting, ReactorsWanted};
use chat_domain::{ErrorCode, PageLimit, Pos};

fn reaction(message: &Message, emoji: &str, action: Reacting) -> React {
    let emoji = Emoji::parse(emoji).expect("an emoji");
    React { conversation_id: message.conversation_id, message_id: message.id, emoji, action }
}

#[tokio::test]
async fn reactions_are_told_once_each() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let group = world.group(ann, &[bob]).await;
    let message = world.send(bob, group, "hello").await;
    world.bus.take();
    let messages = &world.app.messages;
    for (emoji, action, kinds) in [
        ("👍", Reacting::Add, 1),
        ("👍", Reacting::Add, 1),
        ("🎉", Reacting::Replace, 1),
        ("👍", Reacting::Remove, 1),
        ("🎉", Reacting::Remove, 0),
        ("🎉", Reacting::Remove, 0),
    ] {
        let reacted = messages.react(ann, reaction(&message, emoji, action)).await.expect("a reaction");
        assert_eq!(reacted.reactions.iter().count(), kinds, "{emoji} {action:?}");
    }
    let told = ["3 reaction_added", "4 reaction_removed", "5 reaction_added", "6 reaction_removed"];
    assert_eq!(world.published(), told);
}

#[tokio::test]
async fn participants_see_who_reacted() {
    let world = World::new();
    let [ann, bob, eve] = world.users(["ann", "bob", "eve"]).await;
    let group = world.group(ann, &[bob]).await;
    let message = world.send(bob, group, "hello").await;
    let messages = &world.app.messages;
    messages.react(ann, reaction(&message, "👍", Reacting::Add)).await.expect("a reaction");
    let list = async |actor| {
        let emoji = Emoji::parse("👍").expect("an emoji");
        let wanted = ReactorsWanted { emoji, after: Pos::ZERO, limit: PageLimit::ONE };
        messages.list_reactors(actor, group, message.id, wanted).await
    };
    let ids: Vec<_> = list(bob).await.expect("a list").items.iter().map(|user| user.id).collect();
    assert_eq!(ids, [ann.user_id]);
    assert_eq!(code(list(eve).await), Some(ErrorCode::NotAParticipant));
}

#[tokio::test]
async fn pins_are_told_once_each() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let group = world.group(ann, &[bob]).await;
    let message = world.send(bob, group, "hello").await;
    world.bus.take();
    for is_pinned in [true, true, false, false] {
        let pin = PinMessage { conversation_id: group, message_id: message.id, is_pinned };
        let pinned = world.app.messages.pin(ann, pin).await.expect("pinned");
        assert_eq!(pinned.pinned_at.is_some(), is_pinned);
        let listed = world.app.messages.list_pinned(bob, group).await.expect("pins").messages;
        assert_eq!(listed.len(), usize::from(is_pinned));
    }
    assert_eq!(world.published(), ["3 message_pinned", "4 message_unpinned"]);
}
