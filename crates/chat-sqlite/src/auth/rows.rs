use crate::id::{Id, timestamp};
use crate::schema::sessions;
use chat_domain::auth::{ClientInfo, EndReason, EndedSession, Session};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Sqlite))]
pub(super) struct SessionRow {
    id: Id,
    user_id: Id,
    user_agent: Option<String>,
    ip: Option<String>,
    created_at: i64,
    last_used_at: i64,
    expires_at: i64,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            client: ClientInfo { user_agent: row.user_agent, ip: row.ip },
            created_at: timestamp(row.created_at),
            last_used_at: timestamp(row.last_used_at),
            expires_at: timestamp(row.expires_at),
        }
    }
}

/// The hashes that tell which of a session's tokens a client sent.
#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Sqlite))]
pub(super) struct FamilyRow {
    pub(super) token_hash: Vec<u8>,
    pub(super) previous_hash: Option<Vec<u8>>,
    pub(super) rotated_at: Option<i64>,
}

pub(super) fn ended_session((id, user_id, ended_at): (Id, Id, Option<i64>)) -> Option<EndedSession> {
    Some(EndedSession { id: id.into(), user_id: user_id.into(), ended_at: timestamp(ended_at?) })
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
