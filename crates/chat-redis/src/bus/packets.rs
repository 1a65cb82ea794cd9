//! The packets of a commit: as few as its channels and the form that every node reads allow.

use super::shard::shard_of_id;
use chat_domain::{Change, Envelope, NodeId};
use chat_protocol::node::{Form, PacketError, write_changes, write_packet};
use std::collections::BTreeMap;

/// Returns the packets of these changes, each with its channel. The changes of a conversation stay in their order. In
/// the form `changes`, the changes of one channel share packets; in the form `events`, each has its own.
pub(super) fn packets_of(node: NodeId, changes: &[Change], form: Form) -> Vec<(u8, Result<Vec<u8>, PacketError>)> {
    if form < Form::Records {
        let packet = |change: &Change| {
            (shard_of_id(change.conversation_id.as_uuid()), write_packet(node, &Envelope::change(change.clone()), form))
        };
        return changes.iter().map(packet).collect();
    }
    let mut channels: BTreeMap<u8, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        channels.entry(shard_of_id(change.conversation_id.as_uuid())).or_default().push(change);
    }
    let packets = channels
        .into_iter()
        .flat_map(|(channel, changes)| write_changes(node, &changes).into_iter().map(move |packet| (channel, packet)));
    packets.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_domain::{ChangeKind, ConversationId, Pos, Timestamp, UserId};
    use chat_protocol::node::Packet;
    use uuid::Uuid;

    fn change(conversation: u128, pos: u64) -> Change {
        Change {
            conversation_id: ConversationId::new(Uuid::from_u128(conversation)),
            pos: Pos::new(pos),
            at: Timestamp::default(),
            kind: ChangeKind::ParticipantRemoved { user_id: UserId::new(Uuid::from_u128(7)) },
        }
    }

    fn read(packets: Vec<(u8, Result<Vec<u8>, PacketError>)>) -> Vec<(u8, Vec<(u128, u64)>)> {
        let place = |envelope: Envelope| match envelope.event {
            chat_domain::Event::Change(change) => (change.conversation_id.as_uuid().as_u128(), change.pos.get()),
            other => panic!("no change: {other:?}"),
        };
        let changes = |packet: Vec<u8>| Packet::read(&packet).expect("a packet").into_envelopes().expect("a body");
        packets
            .into_iter()
            .map(|(channel, packet)| (channel, changes(packet.expect("written")).into_iter().map(place).collect()))
            .collect()
    }

    #[test]
    fn a_commit_is_one_packet_per_channel_once_every_node_reads_it() {
        let node = NodeId::new(Uuid::from_u128(1));
        // 4 and 5 have the same channel.
        let changes = [change(4, 1), change(1, 8), change(5, 3), change(4, 2)];
        let together = read(packets_of(node, &changes, Form::Records));
        assert_eq!(together, [(44, vec![(1, 8)]), (53, vec![(4, 1), (5, 3), (4, 2)])]);
        let apart = read(packets_of(node, &changes, Form::Events));
        assert_eq!(apart, [(53, vec![(4, 1)]), (44, vec![(1, 8)]), (53, vec![(5, 3)]), (53, vec![(4, 2)])]);
    }
}
