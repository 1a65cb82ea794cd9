//! What follows a commit: the publication of its changes, and the end of the notices of those who were typing.

use crate::core::Core;
use chat_domain::conversations::ConversationKind;
use chat_domain::{Change, ChangeKind, CommittedSink, ConversationId, UserId, Wakeup};

/// A user whose typing a change ends, and where.
type Typist = (ConversationId, ConversationKind, UserId);

impl CommittedSink for Core {
    fn committed(&self, changes: Vec<Change>) -> Wakeup {
        let mut typists: Vec<Typist> = changes.iter().filter_map(whose_typing_ends).collect();
        typists.retain(|(conversation, _, user)| self.typing.may_be_typing(*conversation, *user));
        let wakeup = self.bus.publish_changes(changes);
        if !typists.is_empty()
            && let Some(core) = self.this.upgrade()
        {
            // Best effort: a notice that is not ended here expires.
            self.runtime.spawn(async move {
                for (conversation, kind, user) in typists {
                    core.end_typing(conversation, kind, user).await;
                }
            });
        }
        wakeup
    }
}

fn whose_typing_ends(change: &Change) -> Option<Typist> {
    match &change.kind {
        ChangeKind::MessageSent(message) => Some((change.conversation_id, message.kind, message.sender.id)),
        // Only groups are left.
        ChangeKind::ParticipantRemoved { user_id } => Some((change.conversation_id, ConversationKind::Group, *user_id)),
        _ => None,
    }
}
