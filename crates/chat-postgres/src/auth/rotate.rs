use super::end::mark_ended;
use super::rows::{FamilyRow, SessionRow};
use crate::fault::Stored;
use crate::schema::sessions;
use crate::time::{micros, timestamp};
use chat_domain::auth::{
    EndReason, EndedSession, RefreshTokenHash, RotateOutcome, RotateSession, Rotation, Session, rotation,
};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

pub(super) async fn rotate(connection: &mut AsyncPgConnection, rotate: &RotateSession) -> Stored<RotateOutcome> {
    let Some((session, family)) = hold_live(connection, rotate).await? else { return Ok(RotateOutcome::Unknown) };
    let current = RefreshTokenHash::from_stored(&family.token_hash)?;
    let previous = family.previous_hash.as_deref().map(RefreshTokenHash::from_stored).transpose()?;
    let previous = previous.as_ref().zip(family.rotated_at.map(timestamp));
    match rotation(&rotate.presented, &rotate.successor, &current, previous, rotate.at) {
        Rotation::Spend => Ok(RotateOutcome::Rotated(spend(connection, &session, rotate).await?)),
        Rotation::Repeat => Ok(RotateOutcome::Rotated(session)),
        Rotation::Revoke => {
            mark_ended(connection, vec![session.id], EndReason::TokenReused, rotate.at).await?;
            let ended = EndedSession { id: session.id, user_id: session.user_id, ended_at: rotate.at };
            Ok(RotateOutcome::Reused(ended))
        }
    }
}

async fn hold_live(connection: &mut AsyncPgConnection, rotate: &RotateSession) -> Stored<Option<(Session, FamilyRow)>> {
    let row: Option<(SessionRow, FamilyRow)> = sessions::table
        .filter(sessions::id.eq(rotate.session_id.as_uuid()))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(micros(rotate.at)))
        .select((SessionRow::as_select(), FamilyRow::as_select()))
        .for_update()
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(|(session, family)| (session.into(), family)))
}

async fn spend(connection: &mut AsyncPgConnection, session: &Session, rotate: &RotateSession) -> Stored<Session> {
    let session = Session {
        client: rotate.client.clone(),
        last_used_at: rotate.at.max(session.last_used_at),
        expires_at: rotate.expires_at,
        ..session.clone()
    };
    diesel::update(sessions::table.find(session.id.as_uuid()))
        .set((
            sessions::token_hash.eq(rotate.successor.as_bytes().as_slice()),
            sessions::previous_hash.eq(rotate.presented.as_bytes().as_slice()),
            sessions::rotated_at.eq(micros(rotate.at)),
            sessions::user_agent.eq(session.client.user_agent.as_deref()),
            sessions::ip.eq(session.client.ip.as_deref()),
            sessions::last_used_at.eq(micros(session.last_used_at)),
            sessions::expires_at.eq(micros(session.expires_at)),
        ))
        .execute(connection)
        .await?;
    Ok(session)
}
