use crate::field::Problem;
use crate::whole::whole_number;
use chat_domain::{ConversationId, Epoch, Pos};
use serde_json::Value;
use std::collections::HashMap;

const FORM: &str = "must be an object of conversation ids and numbers";

/// A client's resume positions: one for each conversation that it knows (contract §4, guarantee 3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resume {
    positions: HashMap<ConversationId, Pos>,
    epoch: Option<ClientEpoch>,
}

/// The epoch of a client's positions, as the client names it. Any text is accepted: a text that is not the database's
/// epoch is another epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientEpoch(Box<str>);

impl ClientEpoch {
    /// Maximum length, in bytes.
    pub const MAX_LEN: usize = 100;

    /// Parses a string. The fault is the end of a sentence.
    pub fn from_json(value: Value) -> Result<Self, Problem> {
        match value {
            Value::String(text) if text.len() <= Self::MAX_LEN => Ok(Self(text.into())),
            _ => Err(format!("must be a string of at most {} bytes", Self::MAX_LEN).into()),
        }
    }
}

impl Resume {
    /// Maximum number of conversations that a client may name.
    pub const MAX_CONVERSATIONS: usize = 10_000;

    /// Parses `{conversationId: pos, ...}`. The fault is the end of a sentence.
    pub fn from_json(value: Value) -> Result<Self, Problem> {
        let Value::Object(entries) = value else { return Err(FORM.into()) };
        if entries.len() > Self::MAX_CONVERSATIONS {
            return Err(format!("must not name more than {} conversations", Self::MAX_CONVERSATIONS).into());
        }
        let positions = entries
            .into_iter()
            .map(|(id, pos)| Ok((id.parse().map_err(|_| Problem::from(FORM))?, Pos::new(whole_number(&pos, FORM)?))))
            .collect::<Result<HashMap<_, _>, Problem>>();
        positions.map(|positions| Self { positions, epoch: None })
    }

    /// Creates it from positions.
    pub fn new(positions: impl IntoIterator<Item = (ConversationId, Pos)>) -> Self {
        Self { positions: positions.into_iter().collect(), epoch: None }
    }

    /// Sets the epoch of the positions, if the client names it.
    #[must_use]
    pub fn of_epoch(self, epoch: Option<ClientEpoch>) -> Self {
        Self { epoch, ..self }
    }

    /// Whether the positions may be of this epoch: the client names it, or none.
    pub fn may_be_of(&self, epoch: Epoch) -> bool {
        self.epoch.as_ref().is_none_or(|named| *named.0 == *epoch.to_string())
    }

    /// Returns the client's position in this conversation; `None` if the client does not name it.
    pub fn pos(&self, conversation: ConversationId) -> Option<Pos> {
        self.positions.get(&conversation).copied()
    }

    /// Returns the named conversations, in any order.
    pub fn conversations(&self) -> impl Iterator<Item = ConversationId> + '_ {
        self.positions.keys().copied()
    }
}
