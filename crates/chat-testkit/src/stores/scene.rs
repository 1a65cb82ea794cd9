use super::Stores;
use chat_domain::auth::{ClientInfo, NewSession, PasswordHash, RefreshTokenHash, Session};
use chat_domain::conversations::{
    AddParticipant, ChangeRole, ConversationChanges, ConversationDetails, ConversationName, ConversationOverview,
    InviteCode, JoinGroup, NameRule, NewConversation, NewGroup, Participant, ParticipantIds, RemoveParticipant, Role,
    UpdateConversation,
};
use chat_domain::messages::{
    Appended, By, ChangedMessage, Draft, EditMessage, Editor, Emoji, HistoryRequest, Message, MessageBody, PinMessage,
    React, ReactedMessage, Reacting, SendMessage,
};
use chat_domain::receipts::{AdvancePositions, Advanced, ReceiptTarget};
use chat_domain::users::{DisplayName, EmailAddress, NewUser, Username, WantedUsername};
use chat_domain::{
    ActionError, Change, ChangeKind, ChangeRange, ClientMessageId, ConversationId, MessageId, PageLimit, PageNumber,
    PageRequest, Pos, Seq, SessionId, Timestamp, UserId,
};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// Stores with users and conversations, and a clock that advances a millisecond on each read.
#[derive(Clone)]
pub struct Scene {
    stores: Stores,
    micros: Arc<AtomicI64>,
}

impl Deref for Scene {
    type Target = Stores;

    fn deref(&self) -> &Stores {
        &self.stores
    }
}

impl Scene {
    pub fn new(stores: Stores) -> Self {
        Self { stores, micros: Arc::new(AtomicI64::new(1_800_000_000_000_000)) }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.micros.fetch_add(1_001, Ordering::Relaxed))
    }

    /// A user to be registered with this username and name, and an email derived from it.
    pub fn new_user(&self, name: &str) -> NewUser {
        NewUser {
            id: UserId::new(Uuid::now_v7()),
            email: EmailAddress::parse(&format!("{name}@example.com")).expect("an email"),
            username: WantedUsername::Exactly(Username::parse(name).expect("a username")),
            name: Some(DisplayName::parse(name).expect("a name")),
            first_name: None,
            last_name: None,
            avatar: None,
            password_hash: PasswordHash::new(format!("hash of {name}")),
            invite: None,
            created_at: self.now(),
        }
    }

    pub async fn user(&self, name: &str) -> UserId {
        self.users.create(self.new_user(name)).await.expect("a user").id
    }

    pub async fn users_named<const N: usize>(&self, names: [&str; N]) -> [UserId; N] {
        let mut ids = Vec::with_capacity(N);
        for name in names {
            ids.push(self.user(name).await);
        }
        ids.try_into().expect("as many as names")
    }

    pub fn new_session(&self, user: UserId) -> NewSession {
        let at = self.now();
        let session = Session {
            id: SessionId::new(Uuid::now_v7()),
            user_id: user,
            client: ClientInfo::new(Some("a browser"), Some("127.0.0.1".into())),
            created_at: at,
            last_used_at: at,
            expires_at: at.plus(Duration::from_hours(24)),
        };
        NewSession { session, token_hash: RefreshTokenHash::new([1; 32]) }
    }

    pub async fn session(&self, user: UserId) -> SessionId {
        let new = self.new_session(user);
        let id = new.session.id;
        assert_eq!(self.sessions.create(new).await.expect("a session"), [], "no other session ends");
        id
    }

    pub fn new_conversation(&self, creator: UserId, others: &[UserId], name: Option<&str>) -> NewConversation {
        NewConversation {
            id: ConversationId::new(Uuid::now_v7()),
            created_by: creator,
            others: ParticipantIds::parse(creator, others).expect("others"),
            name: name.map(|name| ConversationName::parse(name).expect("a name")),
            invite_code: InviteCode::new(Uuid::new_v4()),
            max_own: u32::MAX,
            at: self.now(),
        }
    }

    pub async fn direct(&self, one: UserId, other: UserId) -> ConversationId {
        self.create(self.new_conversation(one, &[other], None)).await
    }

    /// A direct conversation in which both users have written.
    pub async fn talk(&self, one: UserId, other: UserId) -> ConversationId {
        let id = self.direct(one, other).await;
        self.say(id, one, "hello").await;
        self.say(id, other, "hello yourself").await;
        id
    }

    pub async fn group(&self, admin: UserId, others: &[UserId]) -> ConversationId {
        self.create(self.new_conversation(admin, others, Some("a group"))).await
    }

    /// A group to be created with a unique name.
    pub fn new_group(&self, creator: UserId, others: &[UserId], name: &str) -> NewGroup {
        NewGroup {
            id: ConversationId::new(Uuid::now_v7()),
            created_by: creator,
            others: others.to_vec(),
            name: ConversationName::parse(name).expect("a name"),
            description: None,
            avatar: None,
            invite_code: InviteCode::new(Uuid::new_v4()),
            max_own: u32::MAX,
            at: self.now(),
        }
    }

    /// A group with a reserved name.
    pub async fn named_group(&self, creator: UserId, others: &[UserId], name: &str) -> ConversationId {
        let made = self.groups.create_group(self.new_group(creator, others, name)).await.expect("a group");
        made.overview.details.conversation.id
    }

    pub async fn rename(
        &self,
        id: ConversationId,
        actor: UserId,
        name: &str,
        name_rule: NameRule,
    ) -> Result<(ConversationDetails, Change), ActionError> {
        let name = ConversationName::parse(name).expect("a name");
        let changes = ConversationChanges { name: Some(Some(name)), ..ConversationChanges::default() };
        let update = UpdateConversation { conversation_id: id, actor, changes, name_rule, at: self.now() };
        let (details, change) = self.conversations.update(update).await?;
        Ok((details, change.expect("a change")))
    }

    pub async fn deactivate(&self, id: ConversationId, admin: UserId) -> (ConversationDetails, Change) {
        self.groups.deactivate(id, admin, self.now()).await.expect("deactivated")
    }

    pub async fn join(
        &self,
        invite_code: InviteCode,
        user: UserId,
    ) -> Result<(ConversationDetails, Change), ActionError> {
        self.groups.join(JoinGroup { invite_code, user, max_own: u32::MAX, at: self.now() }).await
    }

    async fn create(&self, new: NewConversation) -> ConversationId {
        self.conversations.create(new).await.expect("a conversation").overview.details.conversation.id
    }

    pub async fn overview(&self, id: ConversationId, viewer: UserId) -> ConversationOverview {
        self.conversations.find(id, viewer).await.expect("an answer").expect("a conversation")
    }

    pub async fn add(&self, id: ConversationId, actor: UserId, user: UserId) -> Change {
        let add = AddParticipant { conversation_id: id, actor, user, at: self.now() };
        self.conversations.add_participant(add).await.expect("added").1
    }

    pub fn removal(&self, id: ConversationId, actor: UserId, user: UserId) -> RemoveParticipant {
        RemoveParticipant { conversation_id: id, actor, user, at: self.now() }
    }

    pub async fn remove(&self, id: ConversationId, actor: UserId, user: UserId) -> Vec<Change> {
        self.conversations.remove_participant(self.removal(id, actor, user)).await.expect("removed")
    }

    pub async fn change_role(
        &self,
        id: ConversationId,
        actor: UserId,
        user: UserId,
        role: Role,
    ) -> Result<(Participant, Option<Change>), ActionError> {
        let change = ChangeRole { conversation_id: id, actor, user, role, at: self.now() };
        self.conversations.change_role(change).await
    }

    pub fn command(&self, id: ConversationId, body: &str, key: Option<&str>) -> SendMessage {
        SendMessage {
            conversation_id: id,
            content: MessageBody::parse(body).expect("a body").into(),
            client_message_id: key.map(|key| ClientMessageId::parse(key).expect("a key")),
        }
    }

    pub fn draft(&self, id: ConversationId, sender: UserId, body: &str) -> Draft {
        self.draft_of(self.command(id, body, None), sender)
    }

    pub fn keyed_draft(&self, id: ConversationId, sender: UserId, body: &str, key: &str) -> Draft {
        self.draft_of(self.command(id, body, Some(key)), sender)
    }

    pub fn draft_of(&self, command: SendMessage, sender: UserId) -> Draft {
        command.into_draft(sender, MessageId::new(Uuid::now_v7()), self.now())
    }

    pub async fn say(&self, id: ConversationId, sender: UserId, body: &str) -> Message {
        match self.messages.append(self.draft(id, sender, body)).await.expect("a message") {
            Appended::New(message) | Appended::First(message) => message,
            Appended::Replayed(message) => panic!("{message:?} was already stored"),
        }
    }

    /// A user who edits or deletes at any time.
    pub fn editor(&self, user_id: UserId) -> Editor {
        Editor { user_id, at: self.now(), window: None }
    }

    /// The command to replace a message's text.
    pub fn edit_of(&self, message: &Message, body: &str) -> EditMessage {
        EditMessage {
            conversation_id: message.conversation_id,
            message_id: message.id,
            body: Some(MessageBody::parse(body).expect("a body")),
            attachment: None,
            metadata: None,
            if_changed_pos: None,
        }
    }

    /// Replaces a message's text, as its author.
    pub async fn edit(&self, message: &Message, body: &str) -> Message {
        let by = self.editor(message.sender.id);
        self.messages.edit(self.edit_of(message, body), by).await.expect("edited").message
    }

    pub async fn delete_message(&self, message: &Message, by: UserId) -> Message {
        let by = self.editor(by);
        self.messages.delete(message.conversation_id, message.id, by).await.expect("deleted").message
    }

    /// The command to react to a message.
    pub fn reaction(message: &Message, emoji: &str, action: Reacting) -> React {
        let emoji = Emoji::parse(emoji).expect("an emoji");
        React { conversation_id: message.conversation_id, message_id: message.id, emoji, action }
    }

    /// A user who acts now.
    pub fn by(&self, user_id: UserId) -> By {
        By { user_id, at: self.now() }
    }

    pub async fn react(&self, message: &Message, user: UserId, emoji: &str, action: Reacting) -> ReactedMessage {
        self.messages.react(Self::reaction(message, emoji, action), self.by(user)).await.expect("a reaction")
    }

    pub async fn pin(&self, message: &Message, user: UserId, is_pinned: bool) -> Result<ChangedMessage, ActionError> {
        let (conversation_id, message_id) = (message.conversation_id, message.id);
        self.messages.pin(PinMessage { conversation_id, message_id, is_pinned }, self.by(user)).await
    }

    /// Sends "message 1" to "message `count`".
    pub async fn say_many(&self, id: ConversationId, sender: UserId, count: u64) -> Vec<Message> {
        let mut said = Vec::new();
        for number in 1..=count {
            said.push(self.say(id, sender, &format!("message {number}")).await);
        }
        said
    }

    pub async fn read_up_to(&self, id: ConversationId, user: UserId, seq: u64) -> Advanced {
        let target = ReceiptTarget::Seq(Seq::new(seq));
        self.receipts.advance(id, user, AdvancePositions::Read(target)).await.expect("advanced")
    }

    /// The `seq`s of the messages in the result of this request, in order.
    pub async fn seqs(&self, id: ConversationId, reader: UserId, request: HistoryRequest) -> Vec<u64> {
        let page = self.messages.history(id, reader, request).await.expect("a history");
        page.messages.iter().map(|message| message.seq.get()).collect()
    }

    /// Every durable change of the conversation.
    /// A group with changes of every kind; all its changes.
    pub async fn changing_group(&self) -> Vec<Change> {
        let [ann, bob, cid] = self.users_named(["ann", "bob", "cid"]).await;
        let group = self.named_group(ann, &[bob], "before").await;
        self.say(group, bob, "hello").await;
        self.add(group, ann, cid).await;
        self.rename(group, ann, "after", NameRule::Reserved).await.expect("renamed");
        self.remove(group, ann, bob).await;
        self.all_changes(group).await
    }

    pub async fn all_changes(&self, id: ConversationId) -> Vec<Change> {
        let range = ChangeRange { conversation_id: id, after: Pos::ZERO, up_to: Pos::MAX };
        self.changes.list_changes(&[range], u32::MAX).await.expect("changes")
    }

    /// Every `pos` from 1 is one change, every `seq` from 1 one message, both in one order, and the conversation's
    /// counters are the last of each.
    pub async fn assert_numbered_without_gaps(&self, id: ConversationId, member: UserId) {
        let changes = self.all_changes(id).await;
        let positions: Vec<_> = changes.iter().map(|change| change.pos.get()).collect();
        assert_eq!(positions, (1..=changes.len() as u64).collect::<Vec<_>>());
        let seqs: Vec<_> = changes
            .iter()
            .filter_map(|change| match &change.kind {
                ChangeKind::MessageSent(message) => {
                    assert_eq!((message.pos, message.conversation_id), (change.pos, id));
                    Some(message.seq.get())
                }
                _ => None,
            })
            .collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
        let conversation = self.overview(id, member).await.details.conversation;
        assert_eq!(conversation.last_pos.get(), changes.len() as u64);
        assert_eq!(conversation.last_seq.get(), seqs.len() as u64);
    }
}

pub(super) fn limit(number: u64) -> PageLimit {
    PageLimit::parse(number).expect("a limit")
}

pub(super) fn page(number: u64, size: u64) -> PageRequest {
    PageRequest { number: PageNumber::parse(number).expect("a page"), limit: limit(size) }
}

pub(super) fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items
}
