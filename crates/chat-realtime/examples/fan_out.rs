//! Ordered delivery for a service with its own store: `cargo run -p chat-realtime --example fan_out`.
//!
//! Two users are connected. The bus loses one of three messages and delivers the others in the wrong order. Both users
//! still get all three, in order: the lost one is read from the store.

#![allow(clippy::print_stdout, reason = "the output is the purpose")]

use async_trait::async_trait;
use bytes::Bytes;
use chat_domain::conversations::{ConversationKind, Joined, Membership, Participation, Role};
use chat_domain::messages::{Message, MessageBody, MessagePlace, Reactions};
use chat_domain::receipts::{Positions, PositionsMoved};
use chat_domain::users::UserSummary;
use chat_domain::{
    Change, ChangeKind, ChangeLog, ChangeRange, ClientMessageId, CommitCursor, Committed, ConversationId, Envelope,
    MessageId, Pos, RealtimeStore, Seq, SessionId, StoreError, Timestamp, UserId,
};
use chat_realtime::{Connection, FanOut, Format, Hub, RealtimeSettings, Sink};
use std::error::Error;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::task::LocalSet;
use uuid::Uuid;

/// The service's store: one conversation of a fixed set of members.
struct Memory {
    conversation: ConversationId,
    members: Vec<UserId>,
    log: Mutex<Vec<Change>>,
}

impl Memory {
    fn log(&self) -> Vec<Change> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn last(&self) -> Pos {
        Pos::new(self.log().len() as u64)
    }

    /// Stores a message. A real store does this in one transaction, and numbers changes and messages from 1.
    fn append(&self, sender: UserId, text: &str) -> Result<Change, Box<dyn Error>> {
        let pos = self.last().next();
        let message = Message {
            id: MessageId::new(Uuid::now_v7()),
            conversation_id: self.conversation,
            kind: ConversationKind::Group,
            seq: Seq::new(pos.get()),
            pos,
            changed: None,
            sender: UserSummary { id: sender, username: None, name: "Ann".into(), avatar: None },
            body: MessageBody::parse(text)?,
            attachment: None,
            reply_to: None,
            quoted: None,
            metadata: None,
            forwarded_from: None,
            reactions: Reactions::default(),
            pinned_at: None,
            client_message_id: ClientMessageId::parse(&format!("example-{pos}")).ok(),
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            edited_at: None,
            deleted_at: None,
            deleted_by: None,
        };
        let kind = ChangeKind::MessageSent(Box::new(message));
        let change = Change { conversation_id: self.conversation, pos, at: Timestamp::default(), kind };
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(change.clone());
        Ok(change)
    }
}

#[async_trait]
impl ChangeLog for Memory {
    async fn list_changes(&self, ranges: &[ChangeRange], limit: u32) -> Result<Vec<Change>, StoreError> {
        let is_asked = |change: &Change| {
            let is_in = |range: &ChangeRange| range.after < change.pos && change.pos <= range.up_to;
            ranges.iter().any(|range| range.conversation_id == change.conversation_id && is_in(range))
        };
        Ok(self.log().into_iter().filter(is_asked).take(limit as usize).collect())
    }
}

#[async_trait]
impl RealtimeStore for Memory {
    async fn list_memberships(&self, user: UserId, _: u32) -> Result<Vec<Membership>, StoreError> {
        let membership = Membership {
            conversation_id: self.conversation,
            role: Role::Member,
            last_pos: self.last(),
            positions: Positions::default(),
            participant_count: 2,
        };
        Ok(if self.members.contains(&user) { vec![membership] } else { Vec::new() })
    }

    async fn list_last_pos(&self, ids: &[ConversationId]) -> Result<Vec<(ConversationId, Pos)>, StoreError> {
        Ok(ids.iter().filter(|id| **id == self.conversation).map(|id| (*id, self.last())).collect())
    }

    // Nobody leaves or joins, and there are no receipts.
    async fn list_participations(&self, _: UserId, _: &[ConversationId]) -> Result<Vec<Participation>, StoreError> {
        Ok(Vec::new())
    }

    async fn list_joined(&self, _: Option<&CommitCursor>, _: u32) -> Result<Committed<Joined>, StoreError> {
        Ok(Committed { items: Vec::new(), cursor: CommitCursor::new("") })
    }

    async fn list_positions(&self, _: &[ConversationId]) -> Result<Vec<PositionsMoved>, StoreError> {
        Ok(Vec::new())
    }

    async fn list_at(&self, _: &[(ConversationId, Seq)]) -> Result<Vec<MessagePlace>, StoreError> {
        Ok(Vec::new())
    }
}

/// A connection of this user, signed in. A server gives it a socket; here the frames are pulled.
async fn connect(hub: &Hub, user: UserId) -> Result<Rc<Connection>, Box<dyn Error>> {
    let connection = hub.connect(Sink::Pulled, Format::default());
    connection.uncork(None);
    hub.sign_in(&connection, user, SessionId::new(Uuid::now_v7()))?;
    // From here on the connection misses nothing.
    hub.attach(&connection, None).await?.run(hub, &connection).await?;
    Ok(connection)
}

/// The next frame for this connection: a WebSocket frame (RFC 6455) with one event as JSON.
async fn next(connection: &Connection) -> Option<Bytes> {
    poll_fn(|context| connection.poll_pull(context)).await
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (ann, bob) = (UserId::new(Uuid::now_v7()), UserId::new(Uuid::now_v7()));
    let store = Arc::new(Memory {
        conversation: ConversationId::new(Uuid::now_v7()),
        members: vec![ann, bob],
        log: Mutex::default(),
    });
    let fan_out = FanOut::new(RealtimeSettings::default(), store.clone(), Handle::current());
    fan_out.spawn_upkeep();
    // One hub per worker thread; this example has one thread.
    let hub = Hub::of_this_thread(&fan_out);
    let connections = [("Ann", connect(&hub, ann).await?), ("Bob", connect(&hub, bob).await?)];

    let (first, _lost, third) = (store.append(ann, "one")?, store.append(ann, "two")?, store.append(ann, "three")?);
    fan_out.accept(Envelope::change(third));
    fan_out.accept(Envelope::change(first));

    for expected in ["one", "two", "three"] {
        for (name, connection) in &connections {
            let frame = next(connection).await.ok_or("the connection was closed")?;
            let text = String::from_utf8_lossy(&frame);
            let json = text.find('{').map_or("", |start| &text[start..]);
            println!("{name} gets {json}");
            assert!(json.contains(&format!("\"{expected}\"")), "messages arrive in order");
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, run())
}
