use crate::schema::sessions;
use crate::time::timestamp;
use chat_domain::auth::{ClientInfo, EndReason, Session};
use chat_domain::{SessionId, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Pg))]
pub(super) struct SessionRow {
    id: Uuid,
    user_id: Uuid,
    user_agent: Option<String>,
    ip: Option<String>,
    created_at: i64,
    last_used_at: i64,
    expires_at: i64,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: SessionId::new(row.id),
            user_id: UserId::new(row.user_id),
            client: ClientInfo { user_agent: row.user_agent, ip: row.ip },
            created_at: timestamp(row.created_at),
            last_used_at: timestamp(row.last_used_at),
            expires_at: timestamp(row.expires_at),
        }
    }
}

/// The hashes that tell which of a session's tokens a client sent.
#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Pg))]
pub(super) struct FamilyRow {
    pub(super) token_hash: Vec<u8>,
    pub(super) previous_hash: Option<Vec<u8>>,
    pub(super) rotated_at: Option<i64>,
}

pub(super) const fn reason_name(reason: EndReason) -> &'static str {
    match reason {
        EndReason::SignedOut => "signed_out",
        EndReason::TokenReused => "token_reused",
        EndReason::PasswordChanged => "password_changed",
        EndReason::AccountDeleted => "account_deleted",
        EndReason::Displaced => "displaced",
    }
}
