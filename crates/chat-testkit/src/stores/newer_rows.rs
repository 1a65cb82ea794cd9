//! Rows as a later release may write them: a store reads what it knows, and the rest is unknown or left out, never an
//! error.

use super::scene::limit;
use super::{Scene, Stores};
use chat_domain::changes::{ChangeRecord, ChangeTag, Detail, DetailValue, Effect};
use chat_domain::conversations::{AddParticipant, NameRule, Role};
use chat_domain::messages::{Anchor, HistoryRequest};
use chat_domain::{
    ActionError, Change, ChangeKind, ChangeRange, ConversationId, MessageId, Pos, Refusal, Timestamp, UserId,
};
use uuid::Uuid;

/// A conversation with rows from a later release.
pub struct Newer {
    scene: Scene,
    group: ConversationId,
    ann: UserId,
    records: Vec<ChangeRecord>,
}

impl Newer {
    /// Creates the conversation, and returns the records to be written into it.
    pub async fn prepare(stores: Stores) -> Self {
        let scene = Scene::new(stores);
        let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
        let group = scene.group(ann, &[bob]).await;
        let message = scene.say(group, bob, "hello").await.id;
        let record = |number: u64, tag: &str, effect| ChangeRecord {
            conversation_id: group,
            pos: Pos::new(2 + number),
            at: Timestamp::from_unix_micros(1_900_000_000_000_000),
            tag: ChangeTag::from_stored(tag),
            effect,
            actor: Some(ann),
            subject: None,
            message: Some(message),
            role: None,
            detail: Detail::default(),
        };
        let detail = Detail::default()
            .with("emoji", DetailValue::Text("it's '👍'".replace('\'', "’")))
            .with("count", DetailValue::Number(3));
        let records = vec![
            ChangeRecord { detail, ..record(1, "reaction_added", Effect::None) },
            ChangeRecord { message: None, ..record(2, "let_in", Effect::Joins(vec![ann, cid])) },
            ChangeRecord { subject: Some(cid), ..record(3, "put_out", Effect::Leaves(vec![cid])) },
            // A record of a known kind without the role that this kind needs.
            ChangeRecord { subject: Some(cid), ..record(4, "participant_added", Effect::Joins(vec![cid])) },
        ];
        Self { scene, group, ann, records }
    }

    /// Returns the statements that insert the records. `id` and `ids` write literals of the store.
    pub fn statements(&self, id: impl Fn(Uuid) -> String, ids: impl Fn(&[UserId]) -> String) -> Vec<String> {
        let group = id(self.group.as_uuid());
        let last = self.records.last().map_or(Pos::ZERO, |record| record.pos);
        let mut statements = vec![format!("UPDATE conversations SET last_pos = {last} WHERE id = {group}")];
        let optional = |value: Option<Uuid>| value.map_or("NULL".to_owned(), &id);
        for record in &self.records {
            let named = record.named_users().map_or("NULL".to_owned(), &ids);
            // A field of a later release, of another form than this release knows.
            let detail =
                record.detail.to_stored().expect("a text").map_or("NULL".to_owned(), |text| {
                    format!("'{}'", text.replacen('{', r#"{"more":[{"a":1.5}],"#, 1))
                });
            let (at, pos, tag, effect) = (record.at.as_unix_micros(), record.pos, &record.tag, record.effect.as_str());
            let (actor, subject) = (record.actor.map(UserId::as_uuid), record.subject.map(UserId::as_uuid));
            statements.push(format!(
                "INSERT INTO conversation_changes
                     (conversation_id, pos, kind, at, user_id, role, member_ids, effect, actor_id, message_id, detail)
                 VALUES ({group}, {pos}, '{tag}', {at}, {}, {}, {named}, '{effect}', {}, {}, {detail})",
                optional(subject),
                if tag.as_str() == "participant_added" { "'owner'" } else { "NULL" },
                optional(actor),
                optional(record.message.map(MessageId::as_uuid)),
            ));
        }
        statements.push(format!(
            // A row of the previous release: without the columns that it does not know.
            "INSERT INTO conversation_changes (conversation_id, pos, kind, at, user_id, role)
             VALUES ({group}, {}, 'participant_added', 1900000000000000, {}, 'member')",
            last.next(),
            id(self.ann.as_uuid()),
        ));
        statements.push(format!("UPDATE conversations SET last_pos = {} WHERE id = {group}", last.next()));
        statements
    }

    /// Checks that every record reads back as it was written, in its place, without an error.
    pub async fn assert_read(&self) {
        let changes = self.scene.all_changes(self.group).await;
        let numbers: Vec<_> = changes.iter().map(|change| change.pos.get()).collect();
        assert_eq!(numbers, (1..=self.records.len() as u64 + 3).collect::<Vec<_>>());
        for (change, record) in changes[2..].iter().zip(&self.records) {
            assert_eq!(change.kind, ChangeKind::Unknown(Box::new(record.clone())));
            assert_eq!(change.record(), *record);
            assert_eq!(change.kind.effect().to_owned(), record.effect);
        }
        let of_before = changes.last().expect("a change");
        assert!(!of_before.kind.is_unknown(), "{of_before:?}");
        assert_eq!(of_before.record().effect, Effect::Joins(vec![self.ann]));
    }
}

/// Conversations with rows of a form that only a later release can read.
pub struct Unreadable {
    scene: Scene,
    /// A participant has an unknown role.
    with_role: ConversationId,
    /// It has an invite code of another form.
    with_code: ConversationId,
    /// A former participant, who has sent the last message, has a username of another form.
    with_user: ConversationId,
    /// It has a message with text of another form, then one without text, then a deleted one without text.
    with_messages: ConversationId,
    messages: [MessageId; 3],
    ann: UserId,
    bob: UserId,
    dan: UserId,
    /// The changes of these conversations while all rows were readable.
    before: Vec<Change>,
}

impl Unreadable {
    /// Creates the conversations.
    pub async fn prepare(stores: Stores) -> Self {
        let scene = Scene::new(stores);
        let [ann, bob, cid, dan] = scene.users_named(["ann", "bob", "cid", "dan"]).await;
        let mut groups = Vec::new();
        for (name, other) in [("role", cid), ("code", cid), ("user", dan)] {
            let group = scene.named_group(ann, &[bob], name).await;
            scene.say(group, ann, "hello").await;
            scene.add(group, ann, other).await;
            if other == dan {
                scene.say(group, dan, "hello yourself").await;
            }
            scene.remove(group, ann, other).await;
            groups.push(group);
        }
        let with_messages = scene.named_group(ann, &[bob], "messages").await;
        let said = scene.say_many(with_messages, ann, 4).await;
        let messages = [said[1].id, said[2].id, said[3].id];
        let mut before = Vec::new();
        for group in groups.iter().chain([&with_messages]) {
            before.extend(scene.all_changes(*group).await);
        }
        let (with_role, with_code, with_user) = (groups[0], groups[1], groups[2]);
        Self { scene, with_role, with_code, with_user, with_messages, messages, ann, bob, dan, before }
    }

    /// Statements that change the rows, by literals of the store's own. The store must not check roles any more.
    pub fn statements(&self, id: impl Fn(Uuid) -> String) -> Vec<String> {
        let (with_role, with_code) = (id(self.with_role.as_uuid()), id(self.with_code.as_uuid()));
        let (bob, dan) = (id(self.bob.as_uuid()), id(self.dan.as_uuid()));
        let [of_new_form, empty, deleted] = self.messages.map(|message| id(message.as_uuid()));
        vec![
            format!("UPDATE participants SET role = 'owner' WHERE conversation_id = {with_role} AND user_id = {bob}"),
            format!("UPDATE conversations SET invite_code = 'a new form' WHERE id = {with_code}"),
            format!("UPDATE users SET username = 'of a new form' WHERE id = {dan}"),
            format!("UPDATE messages SET body = 'of a new form\u{1}' WHERE id = {of_new_form}"),
            format!("UPDATE messages SET body = '' WHERE id = {empty}"),
            format!(
                "UPDATE messages SET body = '', deleted_at = 1900000000000000, metadata = '{{}}',
                     forwarded_sender_id = {bob}, forwarded_at = 1
                 WHERE id = {deleted}"
            ),
        ]
    }

    /// Checks what the store reads after these statements.
    pub async fn assert_read(&self) {
        self.changes_that_need_these_rows_are_unknown().await;
        self.messages_are_read_without_those_that_cannot_be().await;
        self.a_participant_with_an_unknown_role_takes_part_without_rights().await;
    }

    /// Unknown changes keep their records.
    async fn changes_that_need_these_rows_are_unknown(&self) {
        let groups = [self.with_role, self.with_code, self.with_user, self.with_messages];
        let ranges = groups.map(|conversation_id| ChangeRange { conversation_id, after: Pos::ZERO, up_to: Pos::MAX });
        let changes = self.scene.changes.list_changes(&ranges, u32::MAX).await.expect("changes");
        let unknown = changes.iter().filter(|change| change.kind.is_unknown());
        let unknown: Vec<_> = unknown.map(|change| (change.conversation_id, change.pos.get())).collect();
        let expected = [
            // Its creation and the added participant.
            (self.with_code, 1),
            (self.with_code, 3),
            // The added participant and that participant's message.
            (self.with_user, 3),
            (self.with_user, 4),
            // The message with text of another form alone.
            (self.with_messages, 3),
        ];
        assert_eq!(unknown, expected);
        assert_eq!(changes.len(), self.before.len());
        for (change, before) in changes.iter().zip(&self.before) {
            assert_eq!(change.record(), before.record());
        }
    }

    async fn messages_are_read_without_those_that_cannot_be(&self) {
        let latest = HistoryRequest::Latest(limit(10));
        assert_eq!(self.scene.seqs(self.with_user, self.ann, latest).await, [1]);
        assert_eq!(self.scene.seqs(self.with_messages, self.ann, latest).await, [4, 3, 1]);
        let before_the_third = HistoryRequest::Before(Anchor::Message(self.messages[1]), limit(1));
        let page = self.scene.messages.history(self.with_messages, self.ann, before_the_third).await.expect("a page");
        assert!(page.messages.is_empty() && page.has_older() && page.has_newer(), "{page:?}");
        assert_eq!(self.scene.overview(self.with_user, self.ann).await.last_message, None);
        let last = self.scene.overview(self.with_messages, self.ann).await.last_message.expect("a message");
        assert_eq!((last.seq.get(), last.body.as_str(), last.deleted_at.is_some()), (4, "", true));
        // As nodes that do not know these columns delete a message.
        let found = self.scene.messages.find_many(self.with_messages, self.ann, &[last.id]).await.expect("messages");
        let [deleted] = &found.messages[..] else { panic!("{found:?}") };
        assert_eq!((&deleted.metadata, &deleted.forwarded_from), (&None, &None));
    }

    async fn a_participant_with_an_unknown_role_takes_part_without_rights(&self) {
        let Self { scene, with_role: group, ann, bob, dan, .. } = self;
        let (group, ann, bob, dan) = (*group, *ann, *bob, *dan);
        let role = async || {
            let memberships = scene.realtime.list_memberships(bob, 10).await.expect("memberships");
            memberships.iter().find(|membership| membership.conversation_id == group).map(|membership| membership.role)
        };
        assert_eq!(role().await, Some(Role::Unknown));
        let (_, membership) =
            scene.conversations.find_membership(group, bob).await.expect("an answer").expect("a group");
        assert_eq!(membership.map(|membership| membership.role), Some(Role::Unknown));
        scene.say(group, bob, "hello").await;

        let add = AddParticipant { conversation_id: group, actor: bob, user: dan, at: scene.now() };
        assert_not_an_admin(&scene.conversations.add_participant(add).await);
        assert_not_an_admin(&scene.conversations.remove_participant(scene.removal(group, bob, ann)).await);
        assert_not_an_admin(&scene.rename(group, bob, "renamed", NameRule::Reserved).await);
        assert_not_an_admin(&scene.groups.deactivate(group, bob, scene.now()).await);

        assert_eq!(scene.remove(group, ann, ann).await.len(), 1, "nobody becomes admin instead of the last one");
        assert_eq!(role().await, Some(Role::Unknown));
        scene.remove(group, bob, bob).await;
        assert_eq!(role().await, None);
    }
}

fn assert_not_an_admin<T: std::fmt::Debug>(outcome: &Result<T, ActionError>) {
    assert!(matches!(outcome, Err(ActionError::Refused(Refusal::NotAnAdmin))), "{outcome:?}");
}
