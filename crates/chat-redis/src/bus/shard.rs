use chat_domain::{Audience, Envelope, Event};
use uuid::Uuid;

/// The number of channels over which events are spread. Every node subscribes to all of them, always, so joining a
/// conversation needs no subscription and cannot race with one.
pub(super) const SHARDS: u8 = 64;

/// The channel of an envelope. All events of a conversation use the same channel, in the order in which a node
/// publishes them.
pub(super) fn shard_of(envelope: &Envelope) -> u8 {
    let id = match &envelope.audience {
        Audience::Conversation(id) | Audience::Window(id) => id.as_uuid(),
        // For several conversations, or all: the head names them, and any channel will do.
        Audience::Conversations(ids) => ids.first().map_or(Uuid::nil(), |id| id.as_uuid()),
        Audience::User(id) => id.as_uuid(),
        Audience::Everyone => match &envelope.event {
            Event::UserOnline { user, .. } => user.id.as_uuid(),
            Event::UserOffline { user_id, .. } => user_id.as_uuid(),
            _ => Uuid::nil(),
        },
    };
    shard_of_id(id)
}

/// A hash that is the same on every node and in every build, unlike the standard library's: the two halves of the id
/// combined, and mixed by the finalizer of `MurmurHash3`.
pub(super) fn shard_of_id(id: Uuid) -> u8 {
    let (high, low) = id.as_u64_pair();
    let mut hash = high.rotate_left(32) ^ low;
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(factor);
    }
    u8::try_from((hash ^ (hash >> 33)) % u64::from(SHARDS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_spread_over_all_channels() {
        let mut counts = [0_u32; SHARDS as usize];
        for _ in 0..6_400 {
            counts[usize::from(shard_of_id(Uuid::now_v7()))] += 1;
        }
        assert!(counts.iter().all(|count| (40..200).contains(count)), "{counts:?}");
    }

    #[test]
    fn the_channel_of_an_id_is_part_of_the_protocol_and_never_changes() {
        let channels: Vec<_> = (0..6_u128).map(|number| shard_of_id(Uuid::from_u128(number))).collect();
        assert_eq!(channels, CHANNELS);
    }

    const CHANNELS: [u8; 6] = [0, 44, 39, 14, 53, 53];
}
