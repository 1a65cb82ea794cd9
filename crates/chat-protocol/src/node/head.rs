use chat_domain::changes::Effect;
use chat_domain::{Audience, ConversationId, NodeId, Pos, UserId};

/// What a packet is about, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The sending node.
    pub sender: NodeId,
    /// What it sends.
    pub about: About,
}

/// What a packet carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// An event that is not durable.
    Event {
        /// Its audience.
        audience: Audience,
        /// Connections of this user are left out.
        except: Option<UserId>,
    },
    /// Durable changes. Their numbers are worth remembering even if no connection here needs the changes.
    Changes(Vec<ChangeHead>),
}

/// The place of a durable change, and its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeHead {
    /// The conversation that changed.
    pub conversation_id: ConversationId,
    /// The number of the change.
    pub pos: Pos,
    /// The users who join or leave by it. A node that a joining user is connected to needs the change, even if it did
    /// not know the conversation before.
    pub effect: Effect,
}
