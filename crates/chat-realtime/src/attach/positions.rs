use crate::hub::Hub;
use chat_domain::conversations::{ConversationKind, MAX_PUSHED_PARTICIPANTS, Membership};
use chat_domain::receipts::PositionsMoved;
use chat_domain::{StoreError, UserId};
use chat_protocol::realtime::Resume;

/// A client that comes back is sent at most this many positions; those of the conversations with the newest activity. The others it
/// fetches with their messages.
const MAX_POSITIONS: usize = 1_000;

impl Hub {
    /// The read positions of the conversations that a client names (contract §4, guarantee 3): the user's own, and everyone's where they would
    /// have been pushed, too.
    pub(super) async fn positions(
        &self,
        user: UserId,
        memberships: &[Membership],
        resume: Option<&Resume>,
    ) -> Result<Vec<PositionsMoved>, StoreError> {
        let Some(resume) = resume else { return Ok(Vec::new()) };
        let (mut moved, mut ids, mut room) = (Vec::new(), Vec::new(), MAX_POSITIONS);
        for membership in memberships.iter().filter(|membership| resume.pos(membership.conversation_id).is_some()) {
            let is_pushed = membership.participant_count <= MAX_PUSHED_PARTICIPANTS;
            let count = if is_pushed { membership.participant_count as usize } else { 1 };
            let Some(left) = room.checked_sub(count) else { break };
            room = left;
            if is_pushed {
                ids.push(membership.conversation_id);
            } else {
                moved.push(PositionsMoved {
                    conversation_id: membership.conversation_id,
                    // Pairs are pushed.
                    kind: ConversationKind::Group,
                    user_id: user,
                    positions: membership.positions,
                    covers: None,
                });
            }
        }
        if !ids.is_empty() {
            moved.extend(self.fan_out().conversations().list_positions(&ids).await?);
        }
        Ok(moved)
    }
}
