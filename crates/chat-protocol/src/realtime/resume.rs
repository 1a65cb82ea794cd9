use chat_domain::{ConversationId, Pos};
use serde_json::Value;
use std::collections::HashMap;

/// What a client has already: the highest `pos` of each conversation that it knows (contract §4, guarantee 3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resume(HashMap<ConversationId, Pos>);

impl Resume {
    /// A client may name this many conversations.
    pub const MAX_CONVERSATIONS: usize = 10_000;

    /// From `{conversationId: pos, ...}`; the fault is the end of a sentence.
    pub fn from_json(value: Value) -> Result<Self, &'static str> {
        const FORM: &str = "must be an object of conversation ids and numbers";
        let Value::Object(entries) = value else { return Err(FORM) };
        if entries.len() > Self::MAX_CONVERSATIONS {
            return Err("must not name more than 10000 conversations");
        }
        let positions = entries
            .into_iter()
            .map(|(id, pos)| Some((id.parse().ok()?, Pos::new(pos.as_u64()?))))
            .collect::<Option<HashMap<_, _>>>();
        positions.map(Self).ok_or(FORM)
    }

    /// From these positions.
    pub fn new(positions: impl IntoIterator<Item = (ConversationId, Pos)>) -> Self {
        Self(positions.into_iter().collect())
    }

    /// What it has of this conversation; `None` where it does not name it.
    pub fn pos(&self, conversation: ConversationId) -> Option<Pos> {
        self.0.get(&conversation).copied()
    }

    /// The conversations that it names, in any order.
    pub fn conversations(&self) -> impl Iterator<Item = ConversationId> + '_ {
        self.0.keys().copied()
    }
}
