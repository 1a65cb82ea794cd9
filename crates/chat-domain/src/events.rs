use crate::calls::CallStarted;
use crate::changes::Change;
use crate::conversations::ConversationKind;
use crate::presence::PresenceStatus;
use crate::receipts::PositionsMoved;
use crate::users::UserSummary;
use crate::{ConversationId, Timestamp, UserId, Wakeup};

/// An event for connections.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Event {
    /// A durable change, delivered in order of `pos`, and repaired if lost.
    Change(Change),
    /// A participant's positions moved.
    PositionsMoved(PositionsMoved),
    /// A user started or stopped typing.
    TypingChanged {
        /// The conversation's id.
        conversation_id: ConversationId,
        /// The kind of the conversation.
        kind: ConversationKind,
        /// The user's id.
        user_id: UserId,
        /// Whether the user is typing.
        is_typing: bool,
    },
    /// A user came online, or chose another status.
    UserOnline {
        /// The user.
        user: UserSummary,
        /// The new status.
        status: PresenceStatus,
        /// When it happened.
        at: Timestamp,
    },
    /// A user's last connection ended.
    UserOffline {
        /// The user's id.
        user_id: UserId,
        /// When the last connection ended.
        last_seen: Timestamp,
    },
    /// A user opened the window of a conversation.
    WindowOpened {
        /// The conversation's id.
        conversation_id: ConversationId,
        /// The kind of the conversation.
        kind: ConversationKind,
        /// The user's id.
        user_id: UserId,
        /// When it happened.
        at: Timestamp,
    },
    /// A user closed the window of a conversation.
    WindowClosed {
        /// The conversation's id.
        conversation_id: ConversationId,
        /// The kind of the conversation.
        kind: ConversationKind,
        /// The user's id.
        user_id: UserId,
        /// When it happened.
        at: Timestamp,
    },
    /// A user started a call.
    CallStarted(CallStarted),
}

/// The connections that receive an event. The audience of a conversation is the conversation, not a list of members:
/// each node knows its own connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// All participants, and for changes of membership also the users concerned.
    Conversation(ConversationId),
    /// Connections with an open window of this conversation.
    Window(ConversationId),
    /// The participants of any of these conversations, each connection once.
    Conversations(Vec<ConversationId>),
    /// Every connection of this user.
    User(UserId),
    /// Every connection.
    Everyone,
}

/// An event with its audience, as the bus carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The audience.
    pub audience: Audience,
    /// A user whose connections do not receive the event: the typist, or the user who opened the window.
    pub except: Option<UserId>,
    /// The event.
    pub event: Event,
}

impl Envelope {
    /// Creates the envelope of a durable change, for all participants.
    pub fn change(change: Change) -> Self {
        Self { audience: Audience::Conversation(change.conversation_id), except: None, event: Event::Change(change) }
    }
}

/// Carries events to the connections of this node first, then to the other nodes. Best effort: nodes that miss a
/// durable change read it from the [`ChangeLog`](crate::changes::ChangeLog). No call waits or fails.
pub trait EventBus: Send + Sync {
    /// Publishes one event.
    fn publish(&self, envelope: Envelope);

    /// Publishes the durable changes of one commit, in its order, each to the participants of its conversation. They
    /// travel together as far as they can. This node's threads that receive them are woken when the returned value is
    /// dropped.
    fn publish_changes(&self, changes: Vec<Change>) -> Wakeup;

    /// Announces that a change of this conversation is being stored, and will be published while the returned value
    /// exists, unless storing fails. A hint: code that delivers to many connections may wait briefly, and deliver
    /// several changes at once. A bus may ignore it.
    fn expect(&self, _conversation: ConversationId) -> Expected {
        Expected::default()
    }
}

/// A change that is expected while this value exists; see [`EventBus::expect`].
#[must_use]
#[derive(Default)]
pub struct Expected(Option<Box<dyn Send + Sync>>);

impl Expected {
    /// Dropping `guard` tells its creator that the change is no longer expected.
    pub fn until_dropped(guard: impl Send + Sync + 'static) -> Self {
        Self(Some(Box::new(guard)))
    }
}

impl std::fmt::Debug for Expected {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Expected").field(&self.0.is_some()).finish()
    }
}
