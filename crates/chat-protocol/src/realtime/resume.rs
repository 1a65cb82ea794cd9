use crate::field::Problem;
use crate::whole::whole_number;
use chat_domain::{ConversationId, Pos};
use serde_json::Value;
use std::collections::HashMap;

const FORM: &str = "must be an object of conversation ids and numbers";

/// A client's resume positions: one for each conversation that it knows (contract §4, guarantee 3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resume(HashMap<ConversationId, Pos>);

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
        positions.map(Self)
    }

    /// Creates it from positions.
    pub fn new(positions: impl IntoIterator<Item = (ConversationId, Pos)>) -> Self {
        Self(positions.into_iter().collect())
    }

    /// Returns the client's position in this conversation; `None` if the client does not name it.
    pub fn pos(&self, conversation: ConversationId) -> Option<Pos> {
        self.0.get(&conversation).copied()
    }

    /// Returns the named conversations, in any order.
    pub fn conversations(&self) -> impl Iterator<Item = ConversationId> + '_ {
        self.0.keys().copied()
    }
}
