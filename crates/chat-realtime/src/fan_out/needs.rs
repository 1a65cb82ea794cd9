use super::FanOut;
use super::recent::Passed;
use chat_domain::{Audience, ConversationId, Pos};
use chat_protocol::node::{About, ChangeHead, Head};

impl FanOut {
    /// Whether a connection on this node needs the changes that this head announces. The position of a conversation
    /// without members on this node is remembered for connections that attach later.
    pub fn needs(&self, head: &Head) -> bool {
        match &head.about {
            // Every change is checked, even after a needed one: the others are noted as passed.
            About::Changes(changes) => changes.iter().filter(|change| self.needs_change(change)).count() > 0,
            About::Event { audience, .. } => match audience {
                Audience::Conversation(id) | Audience::Window(id) => self.has_lane(*id),
                Audience::Conversations(ids) => ids.iter().any(|id| self.has_lane(*id)),
                Audience::User(user) => self.users.is_here(*user),
                Audience::Everyone => self.connection_count() > 0,
            },
        }
    }

    fn needs_change(&self, change: &ChangeHead) -> bool {
        let id = change.conversation_id;
        self.has_lane(id)
            || change.effect.joiners().iter().any(|user| self.users.is_here(*user))
            || self.pass_by(id, change.pos)
    }

    pub(super) fn has_lane(&self, id: ConversationId) -> bool {
        self.shard(id).lanes.contains_key(&id)
    }

    /// Notes a change that no connection here needs. Returns `true` if one needs it by now.
    fn pass_by(&self, id: ConversationId, pos: Pos) -> bool {
        let mut shard = self.shard(id);
        let is_needed = shard.lanes.contains_key(&id);
        if !is_needed {
            shard.recent.note(id, Passed { delivered: Pos::ZERO, known: pos });
        }
        is_needed
    }
}
