use crate::hub::Hub;
use chat_domain::conversations::{MAX_PUSHED_PARTICIPANTS, Membership};
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
        let named = || memberships.iter().filter(|membership| resume.pos(membership.conversation_id).is_some());
        let mut moved: Vec<_> = named()
            .map(|membership| PositionsMoved {
                conversation_id: membership.conversation_id,
                user_id: user,
                positions: membership.positions,
            })
            .take(MAX_POSITIONS)
            .collect();
        let mut room = MAX_POSITIONS - moved.len();
        let mut ids = Vec::new();
        for membership in named().filter(|membership| membership.participant_count <= MAX_PUSHED_PARTICIPANTS) {
            let Some(left) = room.checked_sub(membership.participant_count as usize) else { break };
            room = left;
            ids.push(membership.conversation_id);
        }
        if !ids.is_empty() {
            let others = self.fan_out().conversations().list_positions(&ids).await?;
            moved.extend(others.into_iter().filter(|other| other.user_id != user));
        }
        Ok(moved)
    }
}
