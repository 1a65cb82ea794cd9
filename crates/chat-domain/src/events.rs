use crate::calls::CallStarted;
use crate::changes::Change;
use crate::conversations::ConversationKind;
use crate::presence::PresenceStatus;
use crate::receipts::PositionsMoved;
use crate::users::UserSummary;
use crate::{ConversationId, Timestamp, UserId};
use async_trait::async_trait;

/// What connections learn of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Event {
    /// A durable change; delivered in order of `pos`, repaired where lost.
    Change(Change),
    /// Somebody's positions moved.
    PositionsMoved(PositionsMoved),
    /// Somebody began or stopped writing.
    TypingChanged {
        /// Where.
        conversation_id: ConversationId,
        /// Of which kind that is.
        kind: ConversationKind,
        /// Who.
        user_id: UserId,
        /// Whether they write.
        is_typing: bool,
    },
    /// Somebody came online, or chose another status.
    UserOnline {
        /// Who.
        user: UserSummary,
        /// How.
        status: PresenceStatus,
        /// Since when.
        at: Timestamp,
    },
    /// Somebody's last connection ended.
    UserOffline {
        /// Who.
        user_id: UserId,
        /// When.
        last_seen: Timestamp,
    },
    /// Somebody opened the window of a conversation.
    WindowOpened {
        /// Which.
        conversation_id: ConversationId,
        /// Of which kind that is.
        kind: ConversationKind,
        /// Who.
        user_id: UserId,
        /// When.
        at: Timestamp,
    },
    /// Somebody closed the window of a conversation.
    WindowClosed {
        /// Which.
        conversation_id: ConversationId,
        /// Of which kind that is.
        kind: ConversationKind,
        /// Who.
        user_id: UserId,
        /// When.
        at: Timestamp,
    },
    /// Somebody calls.
    CallStarted(CallStarted),
}

/// Whose connections an event is for. The audience of a conversation is the conversation, not a list of members: each
/// node knows who is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Everyone who takes part, and, for changes of membership, whoever they concern.
    Conversation(ConversationId),
    /// Connections that have this conversation's window open.
    Window(ConversationId),
    /// Everyone who takes part in any of these, each connection once.
    Conversations(Vec<ConversationId>),
    /// Every connection of this user.
    User(UserId),
    /// Every connection.
    Everyone,
}

/// An event with its audience: what travels on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// For whom.
    pub audience: Audience,
    /// Connections of this user are left out: the typist, the one who opened the window.
    pub except: Option<UserId>,
    /// What.
    pub event: Event,
}

impl Envelope {
    /// A durable change, for everyone who takes part.
    pub fn change(change: Change) -> Self {
        Self { audience: Audience::Conversation(change.conversation_id), except: None, event: Event::Change(change) }
    }
}

/// Carries events to the connections of this node first, then to the other nodes. Best effort: what is durable and gets
/// lost is repaired from the [`ChangeLog`](crate::changes::ChangeLog) by whoever misses it.
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Hands the event on. Does not wait for any socket, and does not fail.
    async fn publish(&self, envelope: Envelope);

    /// Says that a change of this conversation is being stored, and will be published while what this returns is kept,
    /// if all goes well. A hint: who delivers to many may wait a moment, and deliver several changes at once. A bus
    /// that makes nothing of it may leave it at this.
    fn expect(&self, _conversation: ConversationId) -> Expected {
        Expected::default()
    }
}

/// A change that is expected as long as this is kept; see [`EventBus::expect`].
#[must_use]
#[derive(Default)]
pub struct Expected(Option<Box<dyn Send + Sync>>);

impl Expected {
    /// Whoever dropping `guard` tells learns that nothing is expected any more.
    pub fn until_dropped(guard: impl Send + Sync + 'static) -> Self {
        Self(Some(Box::new(guard)))
    }
}

impl std::fmt::Debug for Expected {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Expected").field(&self.0.is_some()).finish()
    }
}
