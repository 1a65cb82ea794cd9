//! Editing, deleting and finding messages.

use super::races::race;
use super::scene::limit;
use super::{Scene, Stores};
use chat_domain::changes::ChangeTag;
use chat_domain::messages::{
    Appended, AttachmentUrl, ChangedMessage, EditHistory, EditMessage, Editor, HistoryRequest, MAX_VERSIONS, Message,
    MessageBody, MessageContent, SendMessage,
};
use chat_domain::{ActionError, ChangeKind, ConversationId, MessageId, Metadata, Pos, Refusal, Seq, Timestamp, UserId};
use std::collections::HashSet;
use std::time::Duration;
use uuid::Uuid;

/// The only message with this id, as `reader` finds it.
pub(super) async fn present(scene: &Scene, message: &Message, reader: UserId) -> Message {
    let found = scene.messages.find_many(message.conversation_id, reader, &[message.id]).await.expect("found");
    let [message] = <[Message; 1]>::try_from(found.messages).expect("one message");
    message
}

async fn versions(scene: &Scene, message: &Message, reader: UserId) -> Vec<(String, u64)> {
    let history = EditHistory::Participants;
    let listed = scene.messages.list_versions(message.conversation_id, reader, message.id, history);
    let listed = listed.await.expect("versions").into_iter();
    listed.map(|version| (version.body.into_string(), version.pos.get())).collect()
}

pub(super) fn refusal<T: std::fmt::Debug>(outcome: Result<T, ActionError>) -> Refusal {
    match outcome {
        Err(ActionError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

pub async fn an_edit_replaces_the_content_and_keeps_what_was_there_before(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let first = scene.say(group, bob, "frist").await;
    let other = scene.say(group, ann, "another").await;
    assert_eq!((first.changed, first.changed_pos()), (None, first.pos));
    let edited = scene.messages.edit(scene.edit_of(&first, "first"), scene.editor(bob)).await.expect("edited");
    let ChangedMessage { message, change: Some(change) } = edited else { panic!("{edited:?}") };
    assert_eq!((change.pos, change.kind), (Pos::new(4), ChangeKind::MessageUpdated(Box::new(message.clone()))));
    let expected = Message {
        body: MessageBody::parse("first").expect("a body"),
        changed: Some(Pos::new(4)),
        updated_at: change.at,
        edited_at: Some(change.at),
        ..first.clone()
    };
    assert_eq!(message, expected);
    assert_eq!(present(&scene, &first, ann).await, expected);
    let page = scene.messages.history(group, ann, HistoryRequest::Latest(limit(10))).await.expect("a history");
    assert_eq!(page.messages, [other, expected]);

    let attachment =
        EditMessage { attachment: Some(AttachmentUrl::parse("/a.png").ok()), ..scene.edit_of(&first, "1st") };
    let again = scene.messages.edit(attachment, scene.editor(bob)).await.expect("edited").message;
    assert_eq!((again.changed_pos(), again.attachment.is_some()), (Pos::new(5), true));
    assert_eq!(versions(&scene, &first, ann).await, [("frist".into(), 4), ("first".into(), 5)]);
    assert_eq!(scene.overview(group, ann).await.unread_count(), 0, "edits do not count");
    scene.assert_numbered_without_gaps(group, ann).await;
}

pub async fn an_edit_to_the_present_content_changes_nothing(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let message = scene.say(direct, ann, "hello").await;
    let edited = scene.edit(&message, "bye").await;
    let seen = EditMessage { if_changed_pos: Some(message.pos), ..scene.edit_of(&message, "bye") };
    let again = scene.messages.edit(seen, scene.editor(ann)).await.expect("the same again");
    assert_eq!(again, ChangedMessage { message: edited, change: None });
    assert_eq!(versions(&scene, &message, bob).await.len(), 1);
    assert_eq!(scene.overview(direct, ann).await.details.conversation.last_pos, Pos::new(3));
}

pub async fn a_message_that_was_edited_is_repeated_by_its_first_content(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let first = scene.messages.append(scene.keyed_draft(direct, ann, "helo", "k")).await.expect("sent").into_message();
    let edited = scene.edit(&first, "hello").await;
    let again = scene.messages.append(scene.keyed_draft(direct, ann, "helo", "k")).await.expect("a replay");
    assert_eq!(again, Appended::Replayed(edited));
    let other = scene.messages.append(scene.keyed_draft(direct, ann, "hello", "k")).await;
    assert_eq!(refusal(other), Refusal::KeyReused);
    let gone = scene.delete_message(&first, ann).await;
    let again = scene.messages.append(scene.keyed_draft(direct, ann, "helo", "k")).await.expect("a replay");
    assert_eq!(again, Appended::Replayed(gone), "and not a second message");
}

pub async fn metadata_are_edited_kept_with_the_versions_and_erased(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let of = |text: &str| Some(Metadata::parse(text).expect("an object"));
    let mut draft = scene.keyed_draft(direct, ann, "hello", "k");
    draft.content.metadata = of(r#"{"b":1,"a":2}"#);
    let message = scene.messages.append(draft).await.expect("sent").into_message();
    let edit = async |metadata| {
        let edit = EditMessage { body: None, metadata: Some(metadata), ..scene.edit_of(&message, "x") };
        scene.messages.edit(edit, scene.editor(ann)).await.expect("edited")
    };
    let same = edit(of(r#"{"a":2,"b":1}"#)).await;
    assert_eq!(same, ChangedMessage { message: message.clone(), change: None }, "the order of keys is not content");
    let edited = edit(of(r#"{"a":3}"#)).await.message;
    assert_eq!((&edited.metadata, edited.body.as_str()), (&of(r#"{"a":3}"#), "hello"));
    assert_eq!(edit(None).await.message.metadata, None);
    let versions = scene.messages.list_versions(direct, bob, message.id, EditHistory::Participants).await;
    let versions = versions.expect("versions").into_iter().map(|version| version.metadata);
    assert_eq!(versions.collect::<Vec<_>>(), [of(r#"{"b":1,"a":2}"#), of(r#"{"a":3}"#)]);
    edit(of(r#"{"a":4}"#)).await;
    assert_eq!(scene.delete_message(&message, ann).await.metadata, None);
    assert_eq!(present(&scene, &message, bob).await.metadata, None);
}

pub async fn a_deleted_message_leaves_a_tombstone_in_its_place(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(ann, &[bob, cid]).await;
    let first = scene.say(group, bob, "secret").await;
    scene.edit(&first, "more secret").await;
    let reply = SendMessage {
        content: MessageContent { reply_to: Some(first.id), ..MessageBody::parse("what?").expect("a body").into() },
        ..scene.command(group, "x", None)
    };
    let reply = scene.messages.append(scene.draft_of(reply, cid)).await.expect("sent").into_message();
    let last = scene.say(group, bob, "last").await;
    let unread = scene.overview(group, ann).await.unread_count();

    for (message, by) in [(&first, bob), (&last, ann)] {
        let deleted = scene.messages.delete(group, message.id, scene.editor(by)).await.expect("deleted");
        let ChangedMessage { message: gone, change: Some(change) } = deleted else { panic!("{deleted:?}") };
        let before = present(&scene, message, cid).await;
        assert_eq!(gone, before);
        assert_eq!((gone.body.as_str(), &gone.attachment, gone.seq), ("", &None, message.seq));
        assert_eq!((gone.deleted_at, gone.deleted_by), (Some(change.at), Some(by)));
        assert_eq!((gone.changed_pos(), gone.updated_at), (change.pos, change.at));
        assert_eq!(change.kind, ChangeKind::MessageDeleted { message: Box::new(gone.clone()), by });
        let again = scene.messages.delete(group, message.id, scene.editor(ann)).await.expect("deleted already");
        assert_eq!(again, ChangedMessage { message: gone, change: None }, "by the first who deleted it");
    }
    assert_eq!(versions(&scene, &first, ann).await, [], "erased");
    assert_eq!(present(&scene, &reply, ann).await.reply_to, Some(first.id));
    let overview = scene.overview(group, ann).await;
    assert_eq!((overview.unread_count(), overview.last_message.map(|message| message.id)), (unread, Some(last.id)));
    assert_eq!(scene.seqs(group, ann, HistoryRequest::Latest(limit(10))).await, [3, 2, 1]);
    scene.assert_numbered_without_gaps(group, ann).await;
}

pub async fn what_may_not_be_edited_or_deleted_stays_as_it_is(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, eve] = scene.users_named(["ann", "bob", "cid", "eve"]).await;
    let (group, other) = (scene.group(ann, &[bob, cid]).await, scene.group(ann, &[bob, eve]).await);
    let message = scene.say(group, bob, "hello").await;
    let elsewhere = scene.say(other, bob, "elsewhere").await;
    let nowhere = ConversationId::new(Uuid::now_v7());
    let edit = async |edit: EditMessage, by: Editor| refusal(scene.messages.edit(edit, by).await);
    let delete = async |at, id, by| refusal(scene.messages.delete(at, id, by).await);
    let of = |conversation_id| EditMessage { conversation_id, ..scene.edit_of(&message, "changed") };
    assert_eq!(edit(of(nowhere), scene.editor(bob)).await, Refusal::UnknownConversation);
    assert_eq!(delete(nowhere, message.id, scene.editor(bob)).await, Refusal::UnknownConversation);
    assert_eq!(edit(of(group), scene.editor(eve)).await, Refusal::NotAParticipant);
    assert_eq!(delete(group, message.id, scene.editor(eve)).await, Refusal::NotAParticipant);
    assert_eq!(edit(of(other), scene.editor(bob)).await, Refusal::UnknownMessage, "it is in another conversation");
    assert_eq!(delete(group, elsewhere.id, scene.editor(bob)).await, Refusal::UnknownMessage);
    assert_eq!(edit(of(group), scene.editor(ann)).await, Refusal::NotTheAuthor, "an admin neither");
    assert_eq!(delete(group, message.id, scene.editor(cid)).await, Refusal::NeitherAuthorNorAdmin);
    let late = Editor {
        at: message.created_at.plus(Duration::from_mins(2)),
        window: Some(Duration::from_mins(1)),
        ..scene.editor(bob)
    };
    assert_eq!(edit(of(group), late).await, Refusal::MessageTooOld);
    assert_eq!(delete(group, message.id, late).await, Refusal::MessageTooOld);
    let stale = EditMessage { if_changed_pos: Some(Pos::new(1)), ..of(group) };
    assert_eq!(edit(stale, scene.editor(bob)).await, Refusal::MessageChanged);
    assert_eq!(present(&scene, &message, ann).await, message);

    scene.delete_message(&elsewhere, bob).await;
    assert_eq!(edit(scene.edit_of(&elsewhere, "back"), scene.editor(bob)).await, Refusal::MessageDeleted);
    scene.deactivate(group, ann).await;
    assert_eq!(edit(of(group), scene.editor(bob)).await, Refusal::Inactive);
    assert_eq!(delete(group, message.id, scene.editor(ann)).await, Refusal::Inactive);
    let last_pos = scene.overview(group, ann).await.details.conversation.last_pos;
    assert_eq!(last_pos, Pos::new(3), "the deactivation is the last change");
}

pub async fn a_message_has_at_most_a_hundred_versions(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let message = scene.say(scene.direct(ann, bob).await, ann, "0").await;
    for number in 1..MAX_VERSIONS {
        scene.edit(&message, &number.to_string()).await;
    }
    let one_more = scene.messages.edit(scene.edit_of(&message, "one more"), scene.editor(ann)).await;
    assert_eq!(refusal(one_more), Refusal::TooManyEdits);
    let kept = versions(&scene, &message, bob).await;
    let texts: Vec<_> = kept.iter().map(|(text, _)| text.clone()).collect();
    assert_eq!(texts, (0..MAX_VERSIONS - 1).map(|number| number.to_string()).collect::<Vec<_>>());
    scene.delete_message(&message, ann).await;
    assert_eq!(versions(&scene, &message, bob).await, []);
}

pub async fn earlier_versions_are_for_those_whom_the_setting_names(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let group = scene.group(ann, &[bob]).await;
    let message = scene.say(group, bob, "hello").await;
    scene.edit(&message, "bye").await;
    let read = async |reader, history| scene.messages.list_versions(group, reader, message.id, history).await;
    let count = async |reader, history| read(reader, history).await.expect("versions").len();
    assert_eq!(count(bob, EditHistory::Participants).await, 1);
    assert_eq!(count(ann, EditHistory::Admins).await, 1);
    assert_eq!(refusal(read(bob, EditHistory::Admins).await), Refusal::NotAnAdmin);
    assert_eq!(refusal(read(ann, EditHistory::Off).await), Refusal::EditHistoryOff);
    assert_eq!(refusal(read(eve, EditHistory::Participants).await), Refusal::NotAParticipant);
    let unknown = MessageId::new(Uuid::now_v7());
    let listed = scene.messages.list_versions(group, ann, unknown, EditHistory::Participants).await;
    assert_eq!(refusal(listed), Refusal::UnknownMessage);
    let nowhere = ConversationId::new(Uuid::now_v7());
    let listed = scene.messages.list_versions(nowhere, ann, message.id, EditHistory::Participants).await;
    assert_eq!(refusal(listed), Refusal::UnknownConversation);
}

pub async fn messages_are_found_by_their_ids_in_one_conversation(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let (one, other) = (scene.group(ann, &[bob]).await, scene.group(ann, &[eve]).await);
    let said = scene.say_many(one, bob, 3).await;
    let elsewhere = scene.say(other, ann, "elsewhere").await;
    let ids = [said[2].id, elsewhere.id, said[0].id, MessageId::new(Uuid::now_v7()), said[0].id];
    let found = scene.messages.find_many(one, bob, &ids).await.expect("found");
    let mut seqs: Vec<_> = found.messages.iter().map(|message| message.seq).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, [Seq::new(1), Seq::new(3)]);
    assert_eq!(found.participants.len(), 2);
    assert_eq!(scene.messages.find_many(one, bob, &[]).await.expect("nothing").messages, []);
    assert_eq!(refusal(scene.messages.find_many(one, eve, &ids).await), Refusal::NotAParticipant);
    let nowhere = ConversationId::new(Uuid::now_v7());
    assert_eq!(refusal(scene.messages.find_many(nowhere, bob, &ids).await), Refusal::UnknownConversation);
}

pub async fn no_change_of_a_message_is_older_than_the_one_before_whatever_the_clock_says(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let message = scene.say(scene.direct(ann, bob).await, ann, "hello").await;
    let early = Editor { at: Timestamp::from_unix_micros(1), ..scene.editor(ann) };
    let edited = scene.messages.edit(scene.edit_of(&message, "bye"), early).await.expect("edited").message;
    assert_eq!(edited.edited_at, Some(message.created_at));
    let deleted = scene.messages.delete(message.conversation_id, message.id, early).await.expect("deleted").message;
    assert_eq!(deleted.deleted_at, Some(message.created_at));
}

pub async fn of_edits_that_name_the_same_state_one_succeeds(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let message = scene.say(scene.direct(ann, bob).await, ann, "hello").await;
    let outcomes = race(|number| {
        let (scene, message) = (scene.clone(), message.clone());
        async move {
            let text = format!("device {number}");
            let edit = EditMessage { if_changed_pos: Some(message.pos), ..scene.edit_of(&message, &text) };
            scene.messages.edit(edit, scene.editor(ann)).await
        }
    })
    .await;
    let (edited, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(edited.len(), 1);
    assert!(refused.into_iter().map(refusal).all(|refusal| refusal == Refusal::MessageChanged));
    assert_eq!(versions(&scene, &message, bob).await, [("hello".into(), 3)]);
}

pub async fn a_deletion_among_edits_ends_them(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let message = scene.say(group, bob, "hello").await;
    race(|number| {
        let (scene, message) = (scene.clone(), message.clone());
        async move {
            match number % 5 {
                0 => drop(scene.say(group, ann, "in between").await),
                3 => drop(scene.messages.delete(group, message.id, scene.editor(ann)).await.expect("deleted")),
                _ => {
                    let edit = scene.edit_of(&message, &format!("version {number}"));
                    match scene.messages.edit(edit, scene.editor(bob)).await {
                        Ok(_) | Err(ActionError::Refused(Refusal::MessageDeleted | Refusal::TooManyEdits)) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            }
        }
    })
    .await;
    let gone = present(&scene, &message, bob).await;
    assert_eq!((gone.body.as_str(), gone.deleted_by), ("", Some(ann)));
    assert_eq!(versions(&scene, &message, bob).await, []);
    let changes = scene.all_changes(group).await;
    let deletions: Vec<_> =
        changes.iter().filter(|change| matches!(change.kind, ChangeKind::MessageDeleted { .. })).collect();
    assert_eq!(deletions.len(), 1);
    assert_eq!(gone.changed_pos(), deletions[0].pos);
    let last_edit = changes.iter().rposition(|change| matches!(change.kind, ChangeKind::MessageUpdated(_)));
    assert!(last_edit.is_none_or(|place| changes[place].pos < deletions[0].pos), "nothing edits a tombstone");
    scene.assert_numbered_without_gaps(group, ann).await;
}

pub async fn an_author_who_was_removed_edits_nothing_after_the_removal(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let message = scene.say(group, bob, "hello").await;
    race(|number| {
        let (scene, message) = (scene.clone(), message.clone());
        async move {
            if number == 20 {
                scene.remove(group, ann, bob).await;
            } else {
                let edit = scene.edit_of(&message, &format!("version {number}"));
                match scene.messages.edit(edit, scene.editor(bob)).await {
                    Ok(_) | Err(ActionError::Refused(Refusal::NotAParticipant | Refusal::TooManyEdits)) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
    })
    .await;
    let changes = scene.all_changes(group).await;
    let removal = changes.iter().position(|change| matches!(change.kind, ChangeKind::ParticipantRemoved { .. }));
    let removal = removal.expect("a removal");
    let later: HashSet<_> = changes[removal..].iter().map(|change| change.kind.tag()).collect();
    assert_eq!(later, HashSet::from([ChangeTag::PARTICIPANT_REMOVED]));
}
