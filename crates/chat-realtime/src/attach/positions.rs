use chat_domain::conversations::{ConversationKind, MAX_PUSHED_PARTICIPANTS, Membership};
use chat_domain::messages::MessagePlace;
use chat_domain::receipts::{MessageStatus, ParticipantPositions, PositionsMoved, delivery_status, read_by};
use chat_domain::{ConversationId, RealtimeStore, Seq, StoreError, UserId};
use chat_protocol::realtime::{Dialect, Resume};
use std::collections::HashMap;

/// The maximum number of participants, in all conversations together, whose positions are sent to a client that
/// resumes; conversations with the newest activity come first. The client fetches the others with their messages. The
/// user's own positions are always sent.
const MAX_POSITIONS: usize = 1_000;

/// The maximum number of places in one reading of messages.
const PLACES: usize = 1_000;

/// Returns the read positions of the conversations that a client names (contract §4, guarantee 3): the user's own,
/// and, where they are pushed, those of every member who has received anything. For a dialect with message statuses
/// instead of positions: the status of those messages.
pub(super) async fn positions(
    store: &dyn RealtimeStore,
    dialect: Dialect,
    user: UserId,
    memberships: &[Membership],
    resume: &Resume,
) -> Result<Vec<PositionsMoved>, StoreError> {
    let (mut moved, mut ids, mut room) = (Vec::new(), Vec::new(), MAX_POSITIONS);
    for membership in memberships.iter().filter(|membership| resume.pos(membership.conversation_id).is_some()) {
        let count = membership.participant_count as usize;
        if membership.participant_count <= MAX_PUSHED_PARTICIPANTS && count <= room {
            room -= count;
            ids.push(membership.conversation_id);
        } else {
            moved.push(PositionsMoved {
                conversation_id: membership.conversation_id,
                // Makes no difference to the user's own.
                kind: ConversationKind::Group,
                user_id: user,
                positions: membership.positions,
                covers: None,
            });
        }
    }
    let pushed = if ids.is_empty() { Vec::new() } else { store.list_positions(&ids).await? };
    match dialect {
        Dialect::Colon => {
            moved.extend(pushed);
            moved.retain(|moved| moved.user_id == user || moved.positions.have_moved());
            Ok(moved)
        }
        Dialect::Camel => covered(store, user, pushed).await,
    }
}

/// Returns the newest message that each of the others has received, and read, with its status: each message once.
async fn covered(
    store: &dyn RealtimeStore,
    user: UserId,
    positions: Vec<PositionsMoved>,
) -> Result<Vec<PositionsMoved>, StoreError> {
    let mut participants: HashMap<ConversationId, Vec<ParticipantPositions>> = HashMap::new();
    let mut reached: HashMap<(ConversationId, Seq), Vec<PositionsMoved>> = HashMap::new();
    for moved in positions {
        let (id, user_id, now) = (moved.conversation_id, moved.user_id, moved.positions);
        participants.entry(id).or_default().push(ParticipantPositions { user_id, positions: now });
        if user_id != user {
            for seq in [now.read, now.delivered].into_iter().filter(|seq| now.joined < *seq) {
                reached.entry((id, seq)).or_default().push(moved.clone());
            }
        }
    }
    let places: Vec<_> = reached.keys().copied().collect();
    let mut covered = Vec::with_capacity(places.len());
    for places in places.chunks(PLACES) {
        for place in store.list_at(places).await? {
            // A user whose position is their own message got there by sending it, which says nothing of other
            // messages.
            let by = reached.remove(&(place.conversation_id, place.seq)).unwrap_or_default();
            let Some(moved) = by.into_iter().find(|moved| moved.user_id != place.sender_id) else { continue };
            let others = participants.get(&place.conversation_id).map_or(&[][..], Vec::as_slice);
            covered.push((place.seq, PositionsMoved { covers: Some(status(place, others)), ..moved }));
        }
    }
    covered.sort_unstable_by_key(|(seq, moved)| (moved.conversation_id, *seq));
    Ok(covered.into_iter().map(|(_, moved)| moved).collect())
}

fn status(place: MessagePlace, participants: &[ParticipantPositions]) -> MessageStatus {
    MessageStatus {
        message_id: place.id,
        status: delivery_status(place.seq, place.sender_id, participants),
        read_by: read_by(place.seq, place.sender_id, participants),
    }
}
