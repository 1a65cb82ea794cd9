use super::plan::{Entry, Plan, void};
use super::positions::positions;
use super::{Elsewhere, MAX_CONVERSATIONS, elsewhere};
use crate::fan_out::FanOut;
use chat_domain::changes::MissedLimit;
use chat_domain::messages::MAX_PAGE_BYTES;
use chat_domain::receipts::PositionsMoved;
use chat_domain::{Change, ConversationId, Epoch, Pos, StoreError, UserId};
use chat_protocol::realtime::{Dialect, Resume};

/// What a client missed, for a client without a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaughtUp {
    /// The epoch of the positions.
    pub epoch: Epoch,
    /// The missed changes, by `pos` within each conversation.
    pub changes: Vec<Change>,
    /// The position of each conversation after these changes: those with the newest activity.
    pub positions: Vec<(ConversationId, Pos)>,
    /// The conversations of which too much was missed, and those in which a missed change was unknown.
    pub limited: Vec<ConversationId>,
    /// The conversations in which the client's position is void.
    pub reset: Vec<ConversationId>,
    /// The read positions in the named conversations.
    pub moved: Vec<PositionsMoved>,
}

/// Returns what a connection that resumes from these positions would be sent before its live events, with at most
/// `most` missed changes in all, which are at most [`MAX_PAGE_BYTES`] together. Fails with
/// [`StoreError::TooManyCalls`] while too many calls of the user wait.
pub async fn catch_up(
    fan_out: &FanOut,
    user: UserId,
    resume: &Resume,
    most: MissedLimit,
) -> Result<CaughtUp, StoreError> {
    let _turn = fan_out.turn_to_catch_up(user).await?;
    let store = fan_out.store();
    let memberships = store.list_memberships(user, MAX_CONVERSATIONS).await?;
    let known = memberships.iter().map(|membership| membership.conversation_id).collect();
    let epoch = fan_out.settings().epoch;
    // Positions of another epoch say nothing about this database.
    let valid = Some(resume).filter(|resume| resume.may_be_of(epoch));
    let Elsewhere { removals, lost } = elsewhere(store, user, &known, valid).await?;
    let moved = positions(store, Dialect::Colon, user, &memberships, resume).await?;
    let entry =
        |(id, last_pos)| Entry { id, has: valid.and_then(|resume| resume.pos(id)), seen: last_pos, target: last_pos };
    let entries: Vec<_> =
        memberships.iter().map(|membership| entry((membership.conversation_id, membership.last_pos))).collect();
    let mut reset = void(resume, epoch, &entries);
    reset.extend(lost);
    let mut plan = Plan::new(user, &entries, removals, moved, reset, most);
    let (mut changes, mut bytes) = (Vec::new(), 0);
    while let Some(more) = plan.next(store, fan_out.settings().missed_at_once).await? {
        for change in more {
            bytes += change.json_bytes();
            if bytes <= MAX_PAGE_BYTES {
                changes.push(change);
            } else {
                plan.limit(change.conversation_id);
            }
        }
        if bytes > MAX_PAGE_BYTES {
            plan.limit_rest();
        }
    }
    changes.extend(plan.take_removals());
    let positions = plan.take_positions();
    let Plan { limited, reset, moved, .. } = plan;
    Ok(CaughtUp { epoch, changes, positions, limited, reset, moved })
}
