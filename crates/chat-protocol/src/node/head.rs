use chat_domain::changes::Effect;
use chat_domain::{Audience, ConversationId, NodeId, Pos, UserId};

/// The head of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The sending node.
    pub sender: NodeId,
    /// What the packet carries.
    pub about: About,
}

/// What a packet carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// An event that is not durable.
    Event {
        /// Its audience.
        audience: Audience,
        /// The connections of this user do not receive the event.
        except: Option<UserId>,
    },
    /// Durable changes. A node keeps their numbers even if none of its connections needs the changes.
    Changes(Vec<ChangeHead>),
}

/// The conversation, number and effect of a durable change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeHead {
    /// The conversation that changed.
    pub conversation_id: ConversationId,
    /// The number of the change.
    pub pos: Pos,
    /// The users who join or leave by it. A node with a connection of a joining user needs the change, even if it did
    /// not know the conversation before.
    pub effect: Effect,
}
