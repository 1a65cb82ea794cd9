use super::PacketError;
use super::receipts::WirePositions;
use super::user::{WireUser, parsed};
use chat_domain::conversations::{
    Conversation, ConversationDescription, ConversationDetails, ConversationKind, ConversationName, DirectKey,
    InviteCode, Participant, Role,
};
use chat_domain::users::AvatarUrl;
use chat_domain::{ConversationId, Pos, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
#[serde(remote = "Role", rename_all = "lowercase")]
pub(super) enum WireRole {
    Admin,
    Member,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum WireKind {
    Direct(Uuid, Uuid),
    Group,
}

impl From<ConversationKind> for WireKind {
    fn from(kind: ConversationKind) -> Self {
        match kind {
            ConversationKind::Direct(pair) => {
                let (low, high) = pair.users();
                Self::Direct(low.as_uuid(), high.as_uuid())
            }
            ConversationKind::Group => Self::Group,
        }
    }
}

impl From<WireKind> for ConversationKind {
    fn from(wire: WireKind) -> Self {
        match wire {
            WireKind::Direct(one, other) => Self::Direct(DirectKey::new(UserId::new(one), UserId::new(other))),
            WireKind::Group => Self::Group,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct WireParticipant<'a> {
    user: WireUser<'a>,
    #[serde(with = "WireRole")]
    role: Role,
    joined_at: i64,
    positions: WirePositions,
}

/// A conversation with those who take part.
#[derive(Serialize, Deserialize)]
pub(super) struct WireDetails<'a> {
    id: Uuid,
    kind: WireKind,
    name: Option<Cow<'a, str>>,
    description: Option<Cow<'a, str>>,
    avatar: Option<Cow<'a, str>>,
    is_active: bool,
    invite_code: Option<Cow<'a, str>>,
    created_by: Uuid,
    last_seq: u64,
    last_pos: u64,
    participant_count: u32,
    created_at: i64,
    updated_at: i64,
    participants: Vec<WireParticipant<'a>>,
}

impl<'a> From<&'a ConversationDetails> for WireDetails<'a> {
    fn from(details: &'a ConversationDetails) -> Self {
        let conversation = &details.conversation;
        Self {
            id: conversation.id.as_uuid(),
            kind: conversation.kind.into(),
            name: conversation.name.as_ref().map(|name| name.as_str().into()),
            description: conversation.description.as_ref().map(|text| text.as_str().into()),
            avatar: conversation.avatar.as_ref().map(|avatar| avatar.as_str().into()),
            is_active: conversation.is_active,
            invite_code: conversation.invite_code.map(|code| code.as_text().into()),
            created_by: conversation.created_by.as_uuid(),
            last_seq: conversation.last_seq.get(),
            last_pos: conversation.last_pos.get(),
            participant_count: conversation.participant_count,
            created_at: conversation.created_at.as_unix_micros(),
            updated_at: conversation.updated_at.as_unix_micros(),
            participants: details.participants.iter().map(WireParticipant::from).collect(),
        }
    }
}

impl TryFrom<WireDetails<'_>> for ConversationDetails {
    type Error = PacketError;

    fn try_from(wire: WireDetails<'_>) -> Result<Self, PacketError> {
        let conversation = Conversation {
            id: ConversationId::new(wire.id),
            kind: wire.kind.into(),
            name: parsed(wire.name, ConversationName::from_stored)?,
            description: parsed(wire.description, ConversationDescription::from_stored)?,
            avatar: parsed(wire.avatar, AvatarUrl::from_stored)?,
            is_active: wire.is_active,
            invite_code: parsed(wire.invite_code, InviteCode::parse)?,
            created_by: UserId::new(wire.created_by),
            last_seq: Seq::new(wire.last_seq),
            last_pos: Pos::new(wire.last_pos),
            participant_count: wire.participant_count,
            created_at: Timestamp::from_unix_micros(wire.created_at),
            updated_at: Timestamp::from_unix_micros(wire.updated_at),
        };
        let participants = wire.participants.into_iter().map(Participant::try_from).collect::<Result<_, _>>()?;
        Ok(Self { conversation, participants })
    }
}

impl<'a> From<&'a Participant> for WireParticipant<'a> {
    fn from(participant: &'a Participant) -> Self {
        Self {
            user: (&participant.user).into(),
            role: participant.role,
            joined_at: participant.joined_at.as_unix_micros(),
            positions: participant.positions.into(),
        }
    }
}

impl TryFrom<WireParticipant<'_>> for Participant {
    type Error = PacketError;

    fn try_from(wire: WireParticipant<'_>) -> Result<Self, PacketError> {
        Ok(Self {
            user: wire.user.try_into()?,
            role: wire.role,
            joined_at: Timestamp::from_unix_micros(wire.joined_at),
            positions: wire.positions.into(),
        })
    }
}
