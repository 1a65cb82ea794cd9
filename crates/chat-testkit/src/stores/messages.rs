//! Sending: once per key, by participants only.

use super::scene::limit;
use super::{Scene, Stores};
use chat_domain::conversations::{ConversationKind, DirectKey};
use chat_domain::messages::{
    Appended, AttachmentUrl, Draft, ExpectedKind, ForwardOf, ForwardedFrom, HistoryRequest, Message, MessageBody,
    MessageContent, QuotedMessage, Reactions, SendMessage,
};
use chat_domain::{
    ActionError, Change, ChangeRange, ConversationId, MessageId, Metadata, Pos, Refusal, Seq, Timestamp,
};
use uuid::Uuid;

pub async fn a_message_reads_back_as_it_was_stored(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let first = scene.say(direct, ann, "first").await;
    let command = SendMessage {
        content: MessageContent {
            body: MessageBody::parse("two\nlines, 'quotes' and 😀").expect("a body"),
            attachment: Some(AttachmentUrl::parse("https://example.com/f.pdf").expect("an address")),
            metadata: Some(Metadata::parse(r#"{"b":[1.5,"é'"],"a":null}"#).expect("an object")),
            forward_of: None,
            reply_to: Some(first.id),
        },
        ..scene.command(direct, "x", Some("key"))
    };
    let draft = scene.draft_of(command.clone(), bob);
    let sender = scene.users.find(bob).await.expect("an answer").expect("a user").summary();
    let expected = Message {
        id: draft.id,
        conversation_id: direct,
        kind: ConversationKind::Direct(DirectKey::new(ann, bob)),
        seq: Seq::new(2),
        pos: Pos::new(3),
        changed: None,
        sender,
        body: command.content.body,
        attachment: command.content.attachment,
        reply_to: command.content.reply_to,
        quoted: Some(Box::new(first.quote())),
        metadata: command.content.metadata,
        forwarded_from: None,
        reactions: Reactions::default(),
        pinned_at: None,
        client_message_id: command.client_message_id,
        created_at: draft.sent_at,
        updated_at: draft.sent_at,
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
    };
    assert_eq!(scene.messages.append(draft).await.expect("a message"), Appended::First(expected.clone()));
    let page = scene.messages.history(direct, ann, HistoryRequest::Latest(limit(10))).await.expect("a history");
    assert_eq!(page.messages, [expected, first]);
}

pub async fn sending_bumps_the_conversation_and_the_senders_own_positions(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    scene.say(direct, ann, "one").await;
    let message = scene.say(direct, bob, "two").await;
    let overview = scene.overview(direct, bob).await;
    let conversation = &overview.details.conversation;
    assert_eq!((conversation.last_seq, conversation.last_pos), (message.seq, message.pos));
    assert_eq!(conversation.updated_at, message.created_at);
    let positions = overview.viewer.expect("takes part").positions;
    assert_eq!((positions.joined, positions.delivered, positions.read), (Seq::ZERO, Seq::new(2), Seq::new(2)));
    let of_ann = scene.overview(direct, ann).await.viewer.expect("takes part").positions;
    assert_eq!(of_ann.read, Seq::new(1), "no other positions move");
}

pub async fn a_message_is_never_older_than_the_one_before_whatever_the_clock_says(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let noon = scene.now();
    let mut sent = Vec::new();
    // A clock that steps ahead and back, and then continues.
    for seconds in [10_i64, 310, 11, 12, 309, 311] {
        let sent_at = Timestamp::from_unix_micros(noon.as_unix_micros() + seconds * 1_000_000);
        let draft = Draft { sent_at, ..scene.draft(direct, ann, "what time is it?") };
        let appended = scene.messages.append(draft).await.expect("a message");
        assert!(!matches!(appended, Appended::Replayed(_)), "the message was already stored");
        let message = appended.into_message();
        assert_eq!(message.updated_at, message.created_at);
        sent.push(message);
    }
    let seconds: Vec<_> = sent.iter().map(|message| message.created_at.since(noon).as_secs()).collect();
    assert_eq!(seconds, [10, 310, 310, 310, 310, 311]);
    let page = scene.messages.history(direct, bob, HistoryRequest::Latest(limit(10))).await.expect("a history");
    sent.reverse();
    assert_eq!(page.messages, sent, "the result equals the stored message");
    assert_eq!(scene.overview(direct, ann).await.details.conversation.updated_at, sent[0].created_at);
}

pub async fn for_a_send_to_a_group_a_direct_conversation_does_not_exist(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let (direct, group) = (scene.direct(ann, bob).await, scene.group(ann, &[bob]).await);
    let to_group = |draft| Draft { expects: ExpectedKind::Group, ..draft };
    let first = scene.messages.append(to_group(scene.keyed_draft(group, ann, "hello", "k"))).await;
    assert!(matches!(first, Ok(Appended::New(_))), "{first:?}");
    let stranger = scene.messages.append(to_group(scene.draft(group, eve, "hello"))).await;
    assert!(matches!(stranger, Err(ActionError::Refused(Refusal::NotAParticipant))), "{stranger:?}");
    scene.messages.append(scene.keyed_draft(direct, ann, "hello", "k")).await.expect("a message");
    for draft in [
        scene.draft(direct, ann, "hello"),
        scene.draft(direct, eve, "hello"),
        scene.keyed_draft(direct, ann, "hello", "k"),
    ] {
        let refused = scene.messages.append(to_group(draft)).await;
        assert!(matches!(refused, Err(ActionError::Refused(Refusal::UnknownConversation))), "{refused:?}");
    }
    assert_eq!(scene.say(direct, ann, "next").await.seq, Seq::new(2), "nothing was stored");
}

pub async fn sending_twice_with_one_key_makes_one_message(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let first = scene.messages.append(scene.keyed_draft(direct, ann, "hello", "k")).await.expect("a message");
    let Appended::First(message) = first else { panic!("{first:?}") };
    scene.say(direct, bob, "in between").await;
    let again = scene.messages.append(scene.keyed_draft(direct, ann, " hello ", "k")).await.expect("a message");
    assert_eq!(again, Appended::Replayed(message), "trimmed, it is the same");
    assert_eq!(scene.say(direct, ann, "next").await.seq, Seq::new(3), "no number is skipped");
    scene.assert_numbered_without_gaps(direct, ann).await;
}

pub async fn a_repetition_in_another_composition_is_the_same_message(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let first = scene.messages.append(scene.keyed_draft(direct, ann, "cafe\u{301}", "k")).await.expect("a message");
    let Appended::First(message) = first else { panic!("{first:?}") };
    assert_eq!(message.body.as_str(), "cafe\u{301}", "stored as it was sent");
    let again = scene.messages.append(scene.keyed_draft(direct, ann, "caf\u{e9}", "k")).await.expect("a message");
    assert_eq!(again, Appended::Replayed(message));
    let compatible = scene.messages.append(scene.keyed_draft(direct, ann, "\u{ff43}af\u{e9}", "k")).await;
    assert!(
        matches!(compatible, Err(ActionError::Refused(Refusal::KeyReused))),
        "another character is another message: {compatible:?}"
    );
}

pub async fn a_key_counts_per_conversation_and_sender(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (direct, group) = (scene.direct(ann, bob).await, scene.group(ann, &[bob]).await);
    for (conversation, sender, body) in [(direct, ann, "one"), (direct, bob, "two"), (group, ann, "three")] {
        let sent = scene.messages.append(scene.keyed_draft(conversation, sender, body, "k")).await.expect("a message");
        assert!(matches!(sent, Appended::New(_) | Appended::First(_)), "{sent:?}");
    }
    let upper = scene.messages.append(scene.keyed_draft(direct, ann, "four", "K")).await.expect("a message");
    assert!(matches!(upper, Appended::New(_)), "keys are taken as they are: {upper:?}");
}

pub async fn another_message_under_a_used_key_is_refused(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let first = scene.messages.append(scene.keyed_draft(direct, ann, "hello", "k")).await.expect("a message");
    let Appended::First(first) = first else { panic!("{first:?}") };
    let plain = scene.command(direct, "hello", Some("k"));
    let with = |content| SendMessage { content, ..plain.clone() };
    let others = [
        scene.command(direct, "other", Some("k")),
        with(MessageContent { attachment: AttachmentUrl::parse("/a").ok(), ..plain.content.clone() }),
        with(MessageContent { reply_to: Some(first.id), ..plain.content.clone() }),
    ];
    for other in others {
        let refused = scene.messages.append(scene.draft_of(other, ann)).await;
        assert!(matches!(refused, Err(ActionError::Refused(Refusal::KeyReused))), "{refused:?}");
    }
    assert_eq!(scene.seqs(direct, ann, HistoryRequest::Latest(limit(10))).await, [1]);
}

pub async fn a_replay_is_looked_up_before_membership(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let sent = scene.messages.append(scene.keyed_draft(group, bob, "hello", "k")).await.expect("a message");
    let Appended::New(message) = sent else { panic!("{sent:?}") };
    scene.remove(group, ann, bob).await;
    let again = scene.messages.append(scene.keyed_draft(group, bob, "hello", "k")).await.expect("an answer");
    assert_eq!(again, Appended::Replayed(message));
    let other = scene.messages.append(scene.keyed_draft(group, bob, "other", "k")).await;
    assert!(matches!(other, Err(ActionError::Refused(Refusal::KeyReused))), "{other:?}");
    let fresh = scene.messages.append(scene.keyed_draft(group, bob, "hello", "l")).await;
    assert!(matches!(fresh, Err(ActionError::Refused(Refusal::NotAParticipant))), "{fresh:?}");
}

pub async fn only_participants_send_and_a_refusal_spends_no_number(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let direct = scene.direct(ann, bob).await;
    let refused = scene.messages.append(scene.draft(direct, eve, "let me in")).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::NotAParticipant))), "{refused:?}");
    let unknown = scene.messages.append(scene.draft(ConversationId::new(Uuid::now_v7()), ann, "hello?")).await;
    assert!(matches!(unknown, Err(ActionError::Refused(Refusal::UnknownConversation))), "{unknown:?}");
    let message = scene.say(direct, ann, "hello").await;
    assert_eq!((message.seq, message.pos), (Seq::new(1), Pos::new(2)));
}

pub async fn an_answer_names_a_message_of_the_same_conversation(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (direct, group) = (scene.direct(ann, bob).await, scene.group(ann, &[bob]).await);
    let elsewhere = scene.say(group, ann, "elsewhere").await.id;
    let reply = |id| {
        let mut draft = scene.draft(direct, ann, "re: that");
        draft.content.reply_to = Some(id);
        draft
    };
    for unknown in [elsewhere, MessageId::new(Uuid::now_v7())] {
        let refused = scene.messages.append(reply(unknown)).await;
        assert!(matches!(refused, Err(ActionError::Refused(Refusal::UnknownMessage))), "{refused:?}");
    }
    let here = scene.say(direct, bob, "here").await;
    let answer = scene.messages.append(reply(here.id)).await.expect("a message").into_message();
    assert_eq!((answer.reply_to, answer.seq), (Some(here.id), Seq::new(2)));
}

pub async fn a_reply_shows_what_it_quotes_as_of_now_wherever_it_is_read(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    let long = scene.say(group, ann, &"😀".repeat(300)).await;
    let mut draft = scene.keyed_draft(group, bob, "re: that", "k");
    draft.content.reply_to = Some(long.id);
    let reply = scene.messages.append(draft.clone()).await.expect("a message").into_message();
    let quoted = reply.quoted.as_deref().expect("a quote");
    assert_eq!(*quoted, long.quote());
    assert_eq!((quoted.excerpt.as_str(), quoted.changed_pos), ("😀".repeat(200).as_str(), long.pos));

    let edited = scene.edit(&long, "short").await;
    assert_shown_with(&scene, &draft, edited.quote()).await;
    let gone = scene.delete_message(&long, ann).await.quote();
    assert_eq!((gone.excerpt.as_str(), gone.deleted_at.is_some()), ("", true));
    assert_shown_with(&scene, &draft, gone).await;
}

/// Checks what every reading of a reply shows of the message that it quotes.
async fn assert_shown_with(scene: &Scene, draft: &Draft, quoted: QuotedMessage) {
    let (group, id) = (draft.conversation_id, draft.id);
    let range = ChangeRange { conversation_id: group, after: Pos::ZERO, up_to: Pos::MAX };
    let shown = |changes: Vec<Change>| {
        let messages = changes.into_iter().filter_map(|change| change.kind.shown().message.cloned());
        messages.filter(|message| message.id == id).collect::<Vec<_>>()
    };
    let mut found = vec![scene.messages.append(draft.clone()).await.expect("a replay").into_message()];
    let edit = scene.messages.edit(scene.edit_of(&found[0], &Uuid::now_v7().to_string()), scene.editor(draft.sender));
    found.push(edit.await.expect("edited").message);
    let page = scene.messages.history(group, draft.sender, HistoryRequest::Latest(limit(10))).await.expect("a history");
    found.extend(page.messages.into_iter().filter(|message| message.id == id));
    found.extend(scene.messages.find_many(group, draft.sender, &[id]).await.expect("messages").messages);
    let before = found.len();
    found.extend(shown(scene.changes.list_changes(&[range], u32::MAX).await.expect("changes")));
    found.extend(shown(scene.changes.list_missed(&[range]).await.expect("changes")));
    let after_sending = ChangeRange { after: found[0].pos, ..range };
    found.extend(shown(scene.changes.list_missed(&[after_sending]).await.expect("changes")));
    assert!(before == 4 && found.len() >= before + 4, "{found:?}");
    for message in found {
        assert_eq!(message.quoted.as_deref(), Some(&quoted), "{message:?}");
    }
}

pub async fn a_copy_of_a_message_shows_its_origin_and_outlives_it(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (group, other) = (scene.group(ann, &[bob]).await, scene.direct(ann, bob).await);
    let source = scene.say(group, ann, "news").await;
    let copy = |forwarded, key| {
        let mut command = scene.command(other, "news", Some(key));
        command.content.forward_of = Some(ForwardOf { conversation_id: group, message_id: source.id });
        Draft { forwarded: Some(forwarded), ..scene.draft_of(command, bob) }
    };
    let sent = scene.messages.append(copy(Ok(ForwardedFrom::of(&source)), "k")).await.expect("sent").into_message();
    let origin = ForwardedFrom { sender: source.sender.clone(), created_at: source.created_at };
    assert_eq!((sent.forwarded_from.as_deref(), sent.body.as_str()), (Some(&origin), "news"));
    scene.delete_message(&source, ann).await;
    let again = scene.messages.append(copy(Err(Refusal::MessageDeleted), "k")).await.expect("a replay");
    assert_eq!(again, Appended::Replayed(sent.clone()), "whatever became of the source");
    // Deleted before or after its content was copied.
    for forwarded in [Err(Refusal::MessageDeleted), Ok(ForwardedFrom::of(&source))] {
        let refused = scene.messages.append(copy(forwarded, "l")).await;
        assert!(matches!(refused, Err(ActionError::Refused(Refusal::MessageDeleted))), "{refused:?}");
    }
    let range = ChangeRange { conversation_id: other, after: Pos::ZERO, up_to: Pos::MAX };
    let changes = scene.changes.list_changes(&[range], u32::MAX).await.expect("changes");
    let page = scene.messages.history(other, bob, HistoryRequest::Latest(limit(10))).await.expect("a history");
    assert_eq!(page.messages, std::slice::from_ref(&sent));
    assert_eq!(changes.last().and_then(|change| change.kind.shown().message), Some(&sent));

    let edited = scene.edit(&sent, "my own words").await;
    assert_eq!(edited.forwarded_from, None);
    let found = scene.messages.find_many(other, bob, &[sent.id]).await.expect("messages");
    assert_eq!(found.messages, [edited]);
}

pub async fn the_first_message_of_each_in_a_direct_conversation_is_told_as_such(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (direct, group) = (scene.direct(ann, bob).await, scene.group(ann, &[bob]).await);
    let is_first = async |id, sender, key: &str| {
        let sent = scene.messages.append(scene.keyed_draft(id, sender, "hello", key)).await.expect("a message");
        matches!(sent, Appended::First(_))
    };
    assert!(is_first(direct, ann, "one").await);
    assert!(!is_first(direct, ann, "one").await, "a replay");
    assert!(!is_first(direct, ann, "two").await);
    assert!(is_first(direct, bob, "one").await);
    assert!(!is_first(direct, bob, "two").await);
    assert!(!is_first(group, ann, "one").await, "in a group there is no first message to report");
}

pub async fn a_message_shows_its_sender_as_they_are_now(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    scene.say(direct, ann, "hello").await;
    let renamed = chat_domain::users::ProfileChanges {
        name: chat_domain::users::DisplayName::parse("Queen Ann").ok(),
        ..Default::default()
    };
    scene.users.update_profile(ann, renamed, scene.now()).await.expect("renamed");
    let page = scene.messages.history(direct, bob, HistoryRequest::Latest(limit(1))).await.expect("a history");
    assert_eq!(page.messages[0].sender.name, "Queen Ann");
}
