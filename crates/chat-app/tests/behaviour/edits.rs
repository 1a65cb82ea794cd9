use crate::world::{World, code};
use chat_app::Settings;
use chat_domain::ErrorCode;
use chat_domain::messages::{EditHistory, EditMessage, Message, MessageBody};
use std::time::Duration;

fn edit_of(message: &Message, text: &str) -> EditMessage {
    EditMessage {
        conversation_id: message.conversation_id,
        message_id: message.id,
        body: Some(MessageBody::parse(text).expect("a body")),
        attachment: None,
        metadata: None,
        if_changed_pos: None,
    }
}

#[tokio::test]
async fn an_edit_and_a_deletion_are_told_once_each() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let group = world.group(ann, &[bob]).await;
    let message = world.send(bob, group, "helo").await;
    world.bus.take();
    let messages = &world.app.messages;
    for _ in 0..2 {
        let edited = messages.edit(bob, edit_of(&message, "hello")).await.expect("edited");
        assert_eq!((edited.body.as_str(), edited.changed_pos().get()), ("hello", 3));
    }
    for admin_or_author in [ann, bob] {
        let deleted = messages.delete(admin_or_author, group, message.id).await.expect("deleted");
        assert_eq!((deleted.body.as_str(), deleted.deleted_by), ("", Some(ann.user_id)));
    }
    assert_eq!(world.published(), ["3 edited hello", "4 message_deleted"]);
    assert_eq!(code(messages.edit(bob, edit_of(&message, "again")).await), Some(ErrorCode::MessageDeleted));
}

#[tokio::test]
async fn authors_change_their_messages_in_the_time_that_the_settings_give() {
    let settings = Settings {
        message_edit_window: Some(Duration::from_mins(1)),
        message_delete_window: Some(Duration::from_mins(2)),
        ..Settings::default()
    };
    let world = World::with(settings, |_| {});
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let group = world.group(ann, &[bob]).await;
    let [one, other] = [world.send(bob, group, "one").await, world.send(bob, group, "other").await];
    let messages = &world.app.messages;
    messages.edit(bob, edit_of(&one, "first")).await.expect("in time");
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(code(messages.edit(bob, edit_of(&one, "1st")).await), Some(ErrorCode::MessageTooOld));
    messages.edit(bob, edit_of(&one, "first")).await.expect("a repetition changes nothing");
    messages.delete(bob, group, one.id).await.expect("in time");
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(code(messages.delete(bob, group, other.id).await), Some(ErrorCode::MessageTooOld));
    messages.delete(ann, group, other.id).await.expect("an admin, at any time");
}

#[tokio::test]
async fn earlier_versions_are_shown_as_the_setting_says() {
    for (edit_history, refused) in [
        (EditHistory::Participants, [None, None]),
        (EditHistory::Admins, [None, Some(ErrorCode::NotAnAdmin)]),
        (EditHistory::Off, [Some(ErrorCode::Forbidden), Some(ErrorCode::Forbidden)]),
    ] {
        let world = World::with(Settings { edit_history, ..Settings::default() }, |_| {});
        let [ann, bob] = world.users(["ann", "bob"]).await;
        let group = world.group(ann, &[bob]).await;
        let message = world.send(bob, group, "helo").await;
        world.app.messages.edit(bob, edit_of(&message, "hello")).await.expect("edited");
        let read = async |actor| code(world.app.messages.versions(actor, group, message.id).await);
        assert_eq!([read(ann).await, read(bob).await], refused, "{edit_history:?}");
    }
}

#[tokio::test]
async fn one_message_is_found_and_many_leave_out_what_is_not_there() {
    let world = World::new();
    let [ann, bob, eve] = world.users(["ann", "bob", "eve"]).await;
    let (group, other) = (world.group(ann, &[bob]).await, world.group(ann, &[eve]).await);
    let [here, there] = [world.send(ann, group, "here").await, world.send(ann, other, "there").await];
    let messages = &world.app.messages;
    assert_eq!(messages.find(bob, group, here.id).await.expect("found").0, here);
    assert_eq!(code(messages.find(bob, group, there.id).await), Some(ErrorCode::MessageNotFound));
    assert_eq!(code(messages.find(eve, group, here.id).await), Some(ErrorCode::NotAParticipant));
    let found = messages.find_many(bob, group, &[here.id, there.id]).await.expect("found");
    assert_eq!(found.messages, [here]);
}
