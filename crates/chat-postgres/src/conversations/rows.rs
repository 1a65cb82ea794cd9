use crate::fault::{Fault, Stored};
use crate::schema::{conversations, participants};
use crate::time::timestamp;
use crate::users::SummaryRow;
use chat_domain::columns::parsed_option;
use chat_domain::conversations::{
    Conversation, ConversationDescription, ConversationKind, ConversationName, InviteCode, Membership, Participant,
    Role,
};
use chat_domain::receipts::Positions;
use chat_domain::users::AvatarUrl;
use chat_domain::{ConversationId, Metadata, Pos, Seq, Timestamp, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Uuid as SqlUuid};
use uuid::Uuid;

/// The columns that tell the kind of a conversation, as [`KindRow`] reads them.
pub(crate) type KindColumns = (Nullable<Text>, Nullable<SqlUuid>);

#[derive(Queryable, Selectable)]
#[diesel(table_name = conversations, check_for_backend(Pg))]
pub(crate) struct KindRow {
    direct_key: Option<String>,
    parent_id: Option<Uuid>,
}

impl KindRow {
    pub(crate) fn read(&self) -> Stored<ConversationKind> {
        let parent = self.parent_id.map(ConversationId::new);
        Ok(ConversationKind::from_stored(self.direct_key.as_deref(), parent)?)
    }
}

/// A conversation's columns. The activity of a thread is that of its parent, which is not read here.
#[derive(Queryable, Selectable)]
#[diesel(table_name = conversations, check_for_backend(Pg))]
pub(crate) struct ConversationRow {
    id: Uuid,
    #[diesel(embed)]
    kind: KindRow,
    name: Option<String>,
    description: Option<String>,
    avatar: Option<String>,
    is_active: bool,
    invite_code: Option<String>,
    created_by: Uuid,
    last_seq: i64,
    last_pos: i64,
    participant_count: i32,
    created_at: i64,
    updated_at: i64,
    changed_at: Option<i64>,
    metadata: Option<String>,
}

impl TryFrom<ConversationRow> for Conversation {
    type Error = Fault;

    fn try_from(row: ConversationRow) -> Stored<Self> {
        let description = row.description.as_deref();
        Ok(Self {
            id: ConversationId::new(row.id),
            kind: row.kind.read()?,
            name: parsed_option("name", row.name.as_deref(), ConversationName::from_stored)?,
            description: parsed_option("description", description, ConversationDescription::from_stored)?,
            avatar: parsed_option("avatar", row.avatar.as_deref(), AvatarUrl::from_stored)?,
            metadata: parsed_option("metadata", row.metadata.as_deref(), Metadata::from_stored)?,
            is_active: row.is_active,
            invite_code: parsed_option("invite_code", row.invite_code.as_deref(), InviteCode::parse)?,
            created_by: UserId::new(row.created_by),
            last_seq: Seq::from_i64(row.last_seq),
            last_pos: Pos::from_i64(row.last_pos),
            participant_count: u32::try_from(row.participant_count).unwrap_or(0),
            created_at: timestamp(row.created_at),
            updated_at: last_change(row.updated_at, row.changed_at),
        })
    }
}

/// The time of a conversation's last change of any kind, from the columns `updated_at`, which orders lists, and
/// `changed_at`.
fn last_change(updated_at: i64, changed_at: Option<i64>) -> Timestamp {
    timestamp(changed_at.map_or(updated_at, |at| at.max(updated_at)))
}

/// A participant's columns, as [`ParticipantRow`] reads them.
pub(super) type ParticipantColumns = (SqlUuid, Text, BigInt, BigInt, BigInt, BigInt);

#[derive(Queryable, Selectable)]
#[diesel(table_name = participants, check_for_backend(Pg))]
pub(crate) struct ParticipantRow {
    conversation_id: Uuid,
    role: String,
    joined_at: i64,
    joined_seq: i64,
    delivered_seq: i64,
    read_seq: i64,
}

impl ParticipantRow {
    pub(crate) fn positions(&self) -> Positions {
        Positions {
            joined: Seq::from_i64(self.joined_seq),
            delivered: Seq::from_i64(self.delivered_seq),
            read: Seq::from_i64(self.read_seq),
        }
    }

    pub(super) fn conversation_id(&self) -> ConversationId {
        ConversationId::new(self.conversation_id)
    }

    pub(super) fn role(&self) -> Role {
        Role::from_stored(&self.role)
    }

    pub(super) fn membership(&self, last_pos: Pos, participant_count: u32) -> Membership {
        Membership {
            conversation_id: self.conversation_id(),
            role: self.role(),
            last_pos,
            positions: self.positions(),
            participant_count,
        }
    }

    pub(super) fn with_user(&self, user: SummaryRow) -> Stored<Participant> {
        Ok(Participant {
            user: user.try_into()?,
            role: self.role(),
            joined_at: timestamp(self.joined_at),
            positions: self.positions(),
        })
    }
}
