use chat_domain::receipts::{DeliveryStatus, MessageStatus, Positions};
use chat_domain::{MessageId, Seq, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
pub(super) struct WirePositions {
    joined: u64,
    delivered: u64,
    read: u64,
}

impl From<Positions> for WirePositions {
    fn from(positions: Positions) -> Self {
        Self { joined: positions.joined.get(), delivered: positions.delivered.get(), read: positions.read.get() }
    }
}

impl From<WirePositions> for Positions {
    fn from(wire: WirePositions) -> Self {
        Self { joined: Seq::new(wire.joined), delivered: Seq::new(wire.delivered), read: Seq::new(wire.read) }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "DeliveryStatus", rename_all = "lowercase")]
enum WireDeliveryStatus {
    Sent,
    Delivered,
    Read,
}

/// How far one message has got.
#[derive(Serialize, Deserialize)]
pub(super) struct WireMessageStatus {
    message_id: Uuid,
    #[serde(with = "WireDeliveryStatus")]
    status: DeliveryStatus,
    read_by: Vec<Uuid>,
}

impl From<&MessageStatus> for WireMessageStatus {
    fn from(status: &MessageStatus) -> Self {
        Self {
            message_id: status.message_id.as_uuid(),
            status: status.status,
            read_by: status.read_by.iter().map(|user| user.as_uuid()).collect(),
        }
    }
}

impl From<WireMessageStatus> for MessageStatus {
    fn from(wire: WireMessageStatus) -> Self {
        Self {
            message_id: MessageId::new(wire.message_id),
            status: wire.status,
            read_by: wire.read_by.into_iter().map(UserId::new).collect(),
        }
    }
}
