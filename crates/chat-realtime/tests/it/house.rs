//! A node without sockets: hubs of one thread, connections whose bytes are pulled, and a store in memory.

use async_trait::async_trait;
use bytes::Bytes;
use chat_domain::conversations::*;
use chat_domain::messages::{Message, MessageBody};
use chat_domain::receipts::{Positions, PositionsMoved};
use chat_domain::users::UserSummary;
use chat_domain::*;
use chat_protocol::realtime::Resume;
use chat_realtime::{Connection, FanOut, Format, Hub, RealtimeSettings, Sink, TooManyConnections};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::task::{LocalSet, yield_now};
use uuid::Uuid;

pub(crate) fn conversation(number: u128) -> ConversationId {
    ConversationId::new(Uuid::from_u128(0xC000 + number))
}

pub(crate) fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

pub(crate) fn session(number: u128) -> SessionId {
    SessionId::new(Uuid::from_u128(number))
}

fn summary(id: UserId) -> UserSummary {
    UserSummary { id, username: None, name: "someone".into(), avatar: None }
}

pub(crate) fn details(id: ConversationId) -> Box<ConversationDetails> {
    let conversation = Conversation {
        id,
        kind: ConversationKind::Group,
        name: None,
        description: None,
        avatar: None,
        is_active: true,
        invite_code: None,
        created_by: user(1),
        last_seq: Seq::ZERO,
        last_pos: Pos::ZERO,
        participant_count: 2,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    };
    Box::new(ConversationDetails { conversation, participants: Vec::new() })
}

/// What happens to a conversation.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    Made(Vec<UserId>),
    Said(UserId, String),
    Added(UserId),
    Removed(UserId),
}

/// Everything that was committed, as a database would tell it.
#[derive(Default)]
pub(crate) struct Store {
    logs: Mutex<BTreeMap<ConversationId, Vec<Change>>>,
    /// How often whoever reads is made to wait, before and after what it reads is fixed.
    pub(crate) delays: Mutex<(usize, usize)>,
    pub(crate) failures: Mutex<usize>,
    pub(crate) reads: Mutex<usize>,
}

impl Store {
    pub(crate) fn commit(&self, id: ConversationId, happening: Happening) -> Change {
        let mut logs = self.logs.lock().expect("a lock");
        let log = logs.entry(id).or_default();
        let pos = Pos::new(log.len() as u64 + 1);
        let kind = match happening {
            Happening::Made(member_ids) => ChangeKind::Created { details: details(id), member_ids },
            Happening::Said(sender, text) => ChangeKind::MessageSent(Box::new(Message {
                id: MessageId::new(Uuid::from_u128(u128::from(pos.get()))),
                conversation_id: id,
                kind: ConversationKind::Group,
                seq: Seq::new(pos.get()),
                pos,
                sender: summary(sender),
                body: MessageBody::parse(&text).expect("a body"),
                attachment: None,
                reply_to: None,
                client_message_id: ClientMessageId::parse("key").ok(),
                created_at: Timestamp::default(),
                updated_at: Timestamp::default(),
                edited_at: None,
                deleted_at: None,
            })),
            Happening::Added(id_of_user) => {
                ChangeKind::ParticipantAdded { user: summary(id_of_user), role: Role::Member, details: details(id) }
            }
            Happening::Removed(user_id) => ChangeKind::ParticipantRemoved { user_id },
        };
        let change = Change { conversation_id: id, pos, at: Timestamp::default(), kind };
        log.push(change.clone());
        change
    }

    pub(crate) fn log(&self, id: ConversationId) -> Vec<Change> {
        self.logs.lock().expect("a lock").get(&id).cloned().unwrap_or_default()
    }

    pub(crate) fn last(&self, id: ConversationId) -> u64 {
        self.log(id).len() as u64
    }

    async fn wait(&self, after: bool) -> Result<(), StoreError> {
        *self.reads.lock().expect("a lock") += usize::from(!after);
        let delays = *self.delays.lock().expect("a lock");
        for _ in 0..if after { delays.1 } else { delays.0 } {
            yield_now().await;
        }
        let mut failures = self.failures.lock().expect("a lock");
        if *failures > 0 && !after {
            *failures -= 1;
            return Err(StoreError::Overloaded);
        }
        Ok(())
    }
}

pub(crate) fn is_member(log: &[Change], user: UserId) -> bool {
    log.iter().fold(false, |member, change| after(member, change, user))
}

pub(crate) fn after(member: bool, change: &Change, user: UserId) -> bool {
    match &change.kind {
        ChangeKind::Created { member_ids, .. } => member_ids.contains(&user),
        ChangeKind::ParticipantAdded { user: added, .. } if added.id == user => true,
        ChangeKind::ParticipantRemoved { user_id } if *user_id == user => false,
        _ => member,
    }
}

#[async_trait]
impl ChangeLog for Store {
    async fn list_changes(&self, ranges: &[ChangeRange], limit: u32) -> Result<Vec<Change>, StoreError> {
        self.wait(false).await?;
        let changes = ranges
            .iter()
            .flat_map(|range| {
                let (after, up_to) = (range.after, range.up_to);
                self.log(range.conversation_id)
                    .into_iter()
                    .filter(move |change| after < change.pos && change.pos <= up_to)
            })
            .take(limit as usize)
            .collect();
        self.wait(true).await?;
        Ok(changes)
    }
}

#[async_trait]
impl ConversationStore for Store {
    async fn list_memberships(&self, user: UserId, _: u32) -> Result<Vec<Membership>, StoreError> {
        self.wait(false).await?;
        let memberships = {
            let logs = self.logs.lock().expect("a lock");
            let of_user = logs.iter().filter(|(_, log)| is_member(log, user));
            of_user
                .map(|(id, log)| Membership {
                    conversation_id: *id,
                    role: Role::Member,
                    last_pos: Pos::new(log.len() as u64),
                    positions: Positions::joining_at(Seq::new(3)),
                    participant_count: 2,
                })
                .collect()
        };
        self.wait(true).await?;
        Ok(memberships)
    }

    async fn list_removals(&self, user: UserId, ids: &[ConversationId]) -> Result<Vec<Removal>, StoreError> {
        self.wait(false).await?;
        let removals = ids.iter().filter_map(|id| {
            let log = self.log(*id);
            let removal = log
                .iter()
                .rfind(|change| matches!(change.kind, ChangeKind::ParticipantRemoved { user_id } if user_id == user))?;
            (!is_member(&log, user)).then_some(Removal { conversation_id: *id, pos: removal.pos, at: removal.at })
        });
        Ok(removals.collect())
    }

    async fn list_positions(&self, ids: &[ConversationId]) -> Result<Vec<PositionsMoved>, StoreError> {
        let of = |id: &ConversationId, member: UserId, seq| PositionsMoved {
            conversation_id: *id,
            kind: ConversationKind::Group,
            user_id: member,
            positions: Positions::joining_at(Seq::new(seq)),
            covers: None,
        };
        Ok(ids.iter().flat_map(|id| [of(id, user(1), 3), of(id, user(9), 2)]).collect())
    }

    async fn list_last_pos(&self, ids: &[ConversationId]) -> Result<Vec<(ConversationId, Pos)>, StoreError> {
        self.wait(false).await?;
        Ok(ids.iter().map(|id| (*id, Pos::new(self.last(*id)))).filter(|(_, pos)| *pos > Pos::ZERO).collect())
    }

    async fn list_joined(&self, _: Timestamp, _: u32) -> Result<Vec<Joined>, StoreError> {
        let logs = self.logs.lock().expect("a lock");
        let mut all = Vec::new();
        for (id, log) in logs.iter() {
            for number in 1..=9 {
                let coming = log.iter().rfind(|change| after(false, change, user(number)));
                if let Some(change) = coming.filter(|_| is_member(log, user(number))) {
                    all.push(Joined { conversation_id: *id, user_id: user(number), pos: change.pos, at: change.at });
                }
            }
        }
        Ok(all)
    }

    async fn create(&self, _: NewConversation) -> Result<CreatedConversation, CreateConversationError> {
        Err(StoreError::Overloaded.into())
    }

    async fn find(&self, _: ConversationId, _: UserId) -> Result<Option<ConversationOverview>, StoreError> {
        Ok(None)
    }

    async fn find_direct(&self, _: DirectKey) -> Result<Option<ConversationId>, StoreError> {
        Ok(None)
    }

    async fn list(
        &self,
        _: UserId,
        _: ConversationFilter,
        _: PageRequest,
    ) -> Result<Page<ConversationOverview>, StoreError> {
        Err(StoreError::Overloaded)
    }

    async fn find_membership(
        &self,
        _: ConversationId,
        _: UserId,
    ) -> Result<Option<(Conversation, Option<Membership>)>, StoreError> {
        Ok(None)
    }

    async fn add_participant(&self, _: AddParticipant) -> Result<(ConversationDetails, Change), ParticipantError> {
        Err(StoreError::Overloaded.into())
    }

    async fn remove_participant(&self, _: RemoveParticipant) -> Result<Vec<Change>, ParticipantError> {
        Err(StoreError::Overloaded.into())
    }

    async fn update(&self, _: UpdateConversation) -> Result<(ConversationDetails, Change), ParticipantError> {
        Err(StoreError::Overloaded.into())
    }
}

pub(crate) struct House {
    pub(crate) store: Arc<Store>,
    pub(crate) fan_out: Arc<FanOut>,
    pub(crate) hub: Rc<Hub>,
}

pub(crate) fn settings() -> RealtimeSettings {
    RealtimeSettings {
        hole_patience: Duration::from_millis(1),
        receipts_gathering: Duration::from_millis(5),
        ..RealtimeSettings::default()
    }
}

impl House {
    pub(crate) fn with(settings: RealtimeSettings) -> Self {
        let store = Arc::new(Store::default());
        let fan_out = FanOut::new(settings, store.clone(), store.clone(), tokio::runtime::Handle::current());
        let hub = Hub::of_this_thread(&fan_out);
        Self { store, fan_out, hub }
    }

    /// Commits and publishes.
    pub(crate) fn happens(&self, id: ConversationId, happening: Happening) -> u64 {
        let change = self.store.commit(id, happening);
        let pos = change.pos.get();
        self.publish(change);
        pos
    }

    pub(crate) fn publish(&self, change: Change) {
        self.fan_out.accept(Envelope::change(change));
    }

    /// A connection that is signed in and attached, its replay done.
    pub(crate) async fn arrive(&self, user: UserId, resume: Option<Resume>) -> Client {
        let client = self.sign_in(user).expect("room");
        client.attach(&self.hub, resume.as_ref()).await;
        client
    }

    pub(crate) fn sign_in(&self, user: UserId) -> Result<Client, TooManyConnections> {
        let connection = self.hub.connect(Sink::Pulled, Format::default());
        let client = Client::listening(connection);
        let number = user.as_uuid().as_u128();
        self.hub.sign_in(&client.connection, user, session(number)).map(|()| client)
    }
}

/// One connection, read as fast as it is written to.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) connection: Rc<Connection>,
    frames: Rc<RefCell<Vec<Bytes>>>,
}

impl Client {
    pub(crate) fn listening(connection: Rc<Connection>) -> Self {
        let frames = Rc::new(RefCell::new(Vec::new()));
        let (source, sink) = (Rc::clone(&connection), Rc::clone(&frames));
        tokio::task::spawn_local(async move {
            while let Some(frame) = poll_fn(|context| source.poll_pull(context)).await {
                sink.borrow_mut().push(frame);
            }
        });
        Self { connection, frames }
    }

    pub(crate) async fn attach(&self, hub: &Hub, resume: Option<&Resume>) {
        let connection = &self.connection;
        let mut attaching = pin!(async {
            let replay = hub.attach(connection, resume).await.expect("attached");
            connection.uncork(None);
            replay.run(hub, connection).await.expect("replayed");
        });
        poll_fn(|context| {
            connection.poll_write(context);
            attaching.as_mut().poll(context)
        })
        .await;
    }

    /// Everything that came so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        let frames = self.frames.borrow();
        let texts = frames.iter().filter(|frame| frame[0] == 0x81);
        texts.map(|frame| serde_json::from_slice(payload(frame)).expect("JSON")).collect()
    }

    pub(crate) fn named(&self, name: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == name).map(|event| event["data"].clone()).collect()
    }

    /// The numbers of the changes of one conversation, in the order in which they came.
    pub(crate) fn positions(&self, id: ConversationId) -> Vec<u64> {
        let id = id.to_string();
        let of = |data: &Value| (data["conversationId"] == id.as_str()).then(|| data["pos"].as_u64()).flatten();
        self.events().iter().filter_map(|event| of(&event["data"])).collect()
    }

    pub(crate) fn close_code(&self) -> Option<u16> {
        let frames = self.frames.borrow();
        frames.iter().find(|frame| frame[0] == 0x88).map(|frame| u16::from_be_bytes([frame[2], frame[3]]))
    }
}

fn payload(frame: &[u8]) -> &[u8] {
    match frame[1] {
        126 => &frame[4..],
        127 => &frame[10..],
        _ => &frame[2..],
    }
}

/// What a test waits for, in words.
pub(crate) trait What {
    fn say(&self) -> String;
}

impl What for &str {
    fn say(&self) -> String {
        (*self).to_owned()
    }
}

impl<F: Fn() -> String> What for F {
    fn say(&self) -> String {
        self()
    }
}

/// Lets everything that can happen now happen, until `done`; fails after a while.
pub(crate) async fn until(what: impl What, mut done: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(3);
    while !done() {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain: {}", what.say());
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

/// Lets what was posted be taken in and pulled.
pub(crate) async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// Runs a test on a thread that is a worker and the main runtime in one.
pub(crate) fn on_a_worker<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, test)
}

/// One poll, without waking anybody.
pub(crate) fn poll_once<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Poll<T> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// What a member who comes and goes is to see of a log after `from`.
pub(crate) fn visible(log: &[Change], user: UserId, from: u64) -> BTreeSet<u64> {
    let mut member = false;
    let mut seen = BTreeSet::new();
    for change in log {
        let before = member;
        member = after(member, change, user);
        if change.pos.get() > from && (before || member) {
            seen.insert(change.pos.get());
        }
    }
    seen
}
