use super::FanOut;
use super::recent::Passed;
use chat_domain::{Audience, ConversationId, Pos};
use chat_protocol::node::Head;

impl FanOut {
    /// Whether anybody here needs the event under this head. How far a conversation is that nobody here takes part in
    /// is remembered on the way, for whoever attaches next.
    pub fn needs(&self, head: &Head) -> bool {
        let is_needed = match &head.audience {
            Audience::Conversation(id) | Audience::Window(id) => {
                self.has_lane(*id) || head.joining.iter().any(|user| self.users.is_here(*user))
            }
            Audience::Conversations(ids) => ids.iter().any(|id| self.has_lane(*id)),
            Audience::User(user) => self.users.is_here(*user),
            Audience::Everyone => self.connection_count() > 0,
        };
        match head.change {
            Some((id, pos)) if !is_needed => self.pass_by(id, pos),
            _ => is_needed,
        }
    }

    pub(super) fn has_lane(&self, id: ConversationId) -> bool {
        self.shard(id).lanes.contains_key(&id)
    }

    /// Notes a change that nobody here needs; `true` where somebody has come to need it meanwhile.
    fn pass_by(&self, id: ConversationId, pos: Pos) -> bool {
        let mut shard = self.shard(id);
        let is_needed = shard.lanes.contains_key(&id);
        if !is_needed {
            shard.recent.note(id, Passed { delivered: Pos::ZERO, known: pos });
        }
        is_needed
    }
}
