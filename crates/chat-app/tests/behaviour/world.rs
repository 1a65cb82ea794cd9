//! A whole application for each test.

use crate::tampered::{Bend, Tampered};
use chat_app::{
    App, CreateConversation, CreateGroup, LoginIdentity, Ports, RegisterUser, SendDirect, Settings, SignedIn,
    UuidV7Source,
};
use chat_auth::{JwtAccessTokens, SealedRefreshTokens, SigningKey, SigningKeys};
use chat_domain::auth::{Actor, ClientInfo, Password};
use chat_domain::changes::{ChangeTag, Feature, WritableFeatures};
use chat_domain::conversations::{ConversationName, ConversationOverview};
use chat_domain::messages::{Message, MessageBody, SendMessage};
use chat_domain::rate_limits::InProcessRateLimiter;
use chat_domain::users::{DisplayName, EmailAddress, Username};
use chat_domain::{
    ActionError, ChangeKind, ClientMessageId, ConnectionId, ConversationId, Envelope, ErrorCode, Event, IdSource,
    PageLimit, PageNumber, PageRequest, UserId,
};
use chat_sqlite::{SqliteConfig, SqliteStore};
use chat_testkit::fakes::{FakeClock, FakePresence, FakeTyping, FastHasher, RecordingBus, RecordingConnections};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::time::{Duration, Instant};

pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) hasher: Arc<FastHasher>,
    pub(crate) bus: Arc<RecordingBus>,
    pub(crate) connections: Arc<RecordingConnections>,
    pub(crate) presence: Arc<FakePresence>,
    pub(crate) typing: Arc<FakeTyping>,
    asked: Arc<AskedFeatures>,
    _folder: TempDir,
}

/// Allows every feature, and keeps which ones were asked for.
#[derive(Default)]
struct AskedFeatures(Mutex<HashSet<Feature>>);

impl WritableFeatures for AskedFeatures {
    fn may_write(&self, feature: &Feature) -> bool {
        self.0.lock().expect("no panic while it is locked").insert(feature.clone());
        true
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default(), |_| {})
    }

    /// A world with other settings, and with replaced ports.
    pub(crate) fn with(settings: Settings, exchange: impl FnOnce(&mut Ports)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SqliteStore::open(&SqliteConfig::at(folder.path().join("chat.db"))).expect("a store");
        let store = Arc::new(store);
        let keys = SigningKeys::new([SigningKey::new("test", [7; 32]).expect("a key")]).expect("keys");
        let (clock, hasher, bus) = (Arc::<FakeClock>::default(), Arc::<FastHasher>::default(), Arc::default());
        let (connections, presence, typing) = (Arc::default(), Arc::<FakePresence>::default(), Arc::default());
        let asked = Arc::<AskedFeatures>::default();
        let mut ports = Ports {
            store: store.clone(),
            hasher: hasher.clone(),
            access_tokens: Arc::new(JwtAccessTokens::new(&keys, "chat", "chat")),
            refresh_tokens: Arc::new(SealedRefreshTokens::new(keys)),
            presence: presence.clone(),
            typing: Arc::<FakeTyping>::clone(&typing),
            rate_limiter: Arc::new(InProcessRateLimiter::new(clock.clone())),
            features: Arc::<AskedFeatures>::clone(&asked),
            bus: Arc::<RecordingBus>::clone(&bus),
            live_connections: Arc::<RecordingConnections>::clone(&connections),
            clock: clock.clone(),
            ids: Arc::new(UuidV7Source),
            runtime: Handle::current(),
        };
        exchange(&mut ports);
        let app = App::new(ports, settings);
        Self { app, store, clock, hasher, bus, connections, presence, typing, asked, _folder: folder }
    }

    /// A second application over the same store, like another node.
    pub(crate) fn another_node(&self) -> (App, Arc<RecordingConnections>) {
        let keys = SigningKeys::new([SigningKey::new("test", [7; 32]).expect("a key")]).expect("keys");
        let connections = Arc::<RecordingConnections>::default();
        let ports = Ports {
            store: self.store.clone(),
            hasher: self.hasher.clone(),
            access_tokens: Arc::new(JwtAccessTokens::new(&keys, "chat", "chat")),
            refresh_tokens: Arc::new(SealedRefreshTokens::new(keys)),
            presence: self.presence.clone(),
            typing: self.typing.clone(),
            rate_limiter: Arc::new(InProcessRateLimiter::new(self.clock.clone())),
            features: Arc::<AskedFeatures>::clone(&self.asked),
            bus: self.bus.clone(),
            live_connections: connections.clone(),
            clock: self.clock.clone(),
            ids: Arc::new(UuidV7Source),
            runtime: Handle::current(),
        };
        (App::new(ports, Settings::default()), connections)
    }

    /// Registers a user with this username, and signs them in.
    pub(crate) async fn user(&self, name: &str) -> Actor {
        let signed_in = self.app.auth.register(registration(name), client("phone")).await.expect("a new user");
        self.actor(&signed_in)
    }

    pub(crate) async fn login(&self, name: &str, password_text: &str) -> Result<SignedIn, ActionError> {
        self.login_from("127.0.0.1", name, password_text).await
    }

    pub(crate) async fn login_from(&self, ip: &str, name: &str, password_text: &str) -> Result<SignedIn, ActionError> {
        let identity = LoginIdentity::Username(Username::parse(name).expect("a username"));
        let client = ClientInfo::new(Some("laptop"), Some(ip.into()));
        self.app.auth.login(identity, password(password_text), client).await
    }

    pub(crate) fn actor(&self, signed_in: &SignedIn) -> Actor {
        self.app.auth.authenticate(&signed_in.access_token).expect("a good token")
    }

    pub(crate) async fn direct(&self, one: Actor, other: Actor) -> ConversationOverview {
        let command = CreateConversation { participant_ids: vec![other.user_id], name: None };
        self.app.conversations.create(one, command).await.expect("a direct conversation")
    }

    pub(crate) async fn group(&self, admin: Actor, others: &[Actor]) -> ConversationId {
        self.named_group(admin, others, "Friends").await
    }

    /// Users with these usernames, signed in.
    pub(crate) async fn users<const N: usize>(&self, names: [&str; N]) -> [Actor; N] {
        let mut users = Vec::with_capacity(N);
        for name in names {
            users.push(self.user(name).await);
        }
        users.try_into().expect("as many as were asked for")
    }

    /// A group whose name is not reserved.
    pub(crate) async fn named_group(&self, admin: Actor, others: &[Actor], text: &str) -> ConversationId {
        let participant_ids = others.iter().map(|other| other.user_id).collect();
        let command = CreateConversation { participant_ids, name: Some(name(text)) };
        self.app.conversations.create(admin, command).await.expect("a group").details.conversation.id
    }

    /// A group with a reserved name.
    pub(crate) async fn make_group(&self, admin: Actor, text: &str, others: &[Actor]) -> ConversationId {
        let made = self.app.groups.create(admin, create_group(text, others)).await.expect("a group");
        made.details.conversation.id
    }

    pub(crate) async fn send(&self, sender: Actor, conversation: ConversationId, text: &str) -> Message {
        self.app.messages.send(sender, message(conversation, text, None)).await.expect("sent").into_message()
    }

    /// A direct conversation in which both have written.
    pub(crate) async fn talk(&self, one: Actor, other: Actor) -> ConversationId {
        let id = self.direct(one, other).await.details.conversation.id;
        self.send(one, id, "hello").await;
        self.send(other, id, "hello yourself").await;
        id
    }

    /// Like [`Self::published`], once at least this many were published.
    pub(crate) async fn published_at_least(&self, count: usize) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut published = self.published();
        while published.len() < count {
            assert!(Instant::now() < deadline, "only {published:?}");
            tokio::task::yield_now().await;
            published.extend(self.published());
        }
        published
    }

    /// The durable changes published since the last call, as short texts. Fails if a use case wrote a kind of change
    /// without asking whether every node knows it.
    pub(crate) fn published(&self) -> Vec<String> {
        let envelopes = self.bus.take();
        let asked = self.asked.0.lock().expect("no panic while it is locked");
        for envelope in &envelopes {
            if let Event::Change(change) = &envelope.event {
                let tag = change.kind.tag();
                // Messages were written before nodes told each other what they know.
                assert!(
                    tag == ChangeTag::MESSAGE_SENT || asked.contains(&tag.clone().into()),
                    "{tag} was not asked for"
                );
            }
        }
        envelopes.iter().map(short).collect()
    }
}

pub(crate) fn registration(name: &str) -> RegisterUser {
    RegisterUser {
        email: EmailAddress::parse(&format!("{name}@example.com")).expect("an email"),
        username: Some(Username::parse(name).expect("a username")),
        name: None,
        first_name: None,
        last_name: None,
        avatar: None,
        password: password(PASSWORD),
        invite_code: None,
    }
}

pub(crate) fn password(text: &str) -> Password {
    Password::attempt(text).expect("a password")
}

pub(crate) fn display_name(text: &str) -> DisplayName {
    DisplayName::parse(text).expect("a name")
}

pub(crate) fn name(text: &str) -> ConversationName {
    ConversationName::parse(text).expect("a name")
}

pub(crate) fn client(agent: &str) -> ClientInfo {
    ClientInfo::new(Some(agent), Some("127.0.0.1".into()))
}

pub(crate) fn connection() -> ConnectionId {
    ConnectionId::new(UuidV7Source.next_uuid())
}

pub(crate) fn nobody() -> UserId {
    UserId::new(UuidV7Source.next_uuid())
}

pub(crate) fn nowhere() -> ConversationId {
    ConversationId::new(UuidV7Source.next_uuid())
}

pub(crate) fn message(conversation_id: ConversationId, text: &str, key: Option<&str>) -> SendMessage {
    SendMessage {
        conversation_id,
        content: MessageBody::parse(text).expect("a body").into(),
        client_message_id: key.map(|key| ClientMessageId::parse(key).expect("a key")),
    }
}

pub(crate) fn direct_message(receiver: Actor, text: &str, key: Option<&str>) -> SendDirect {
    let SendMessage { content, client_message_id, .. } = message(nowhere(), text, key);
    SendDirect { receiver: receiver.user_id, content, client_message_id }
}

pub(crate) fn create_group(text: &str, others: &[Actor]) -> CreateGroup {
    let member_ids = others.iter().map(|other| other.user_id).collect();
    CreateGroup { name: name(text), description: None, avatar: None, member_ids }
}

/// The error code; `None` for a success.
pub(crate) fn code<T>(answer: Result<T, ActionError>) -> Option<ErrorCode> {
    answer.err().map(|fault| fault.code())
}

pub(crate) fn page(number: u64, limit: u64) -> PageRequest {
    PageRequest { number: PageNumber::parse(number).expect("a page"), limit: PageLimit::parse(limit).expect("a limit") }
}

pub(crate) fn short(envelope: &Envelope) -> String {
    match &envelope.event {
        Event::Change(change) => {
            let kind = match &change.kind {
                ChangeKind::MessageSent(message) => format!("sent {}", message.body.as_str()),
                ChangeKind::Created { member_ids, .. } => format!("created with {}", member_ids.len()),
                ChangeKind::MessageUpdated(message) => format!("edited {}", message.body.as_str()),
                ChangeKind::ParticipantAdded { user, .. } => format!("added {}", user.name),
                ChangeKind::Unknown(record) => format!("unknown {}", record.tag),
                kind => kind.tag().to_string(),
            };
            format!("{} {kind}", change.pos)
        }
        Event::PositionsMoved(moved) => format!("read {}", moved.positions.read),
        Event::TypingChanged { is_typing, .. } => format!("typing {is_typing}"),
        Event::UserOnline { user, status, .. } => format!("{} {}", user.name, status.as_str()),
        Event::UserOffline { .. } => "offline".into(),
        Event::WindowOpened { .. } => "window opened".into(),
        Event::WindowClosed { .. } => "window closed".into(),
        Event::CallStarted(call) => format!("{} calls", call.caller.name),
    }
}

/// A world with altered memberships.
pub(crate) fn bent(bend: Bend) -> World {
    World::with(Settings::default(), |ports| {
        ports.store = Arc::new(Tampered { store: ports.store.clone(), bend });
    })
}
