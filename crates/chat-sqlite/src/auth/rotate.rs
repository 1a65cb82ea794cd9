use super::end::mark_ended;
use super::rows::{FamilyRow, SessionRow};
use crate::fault::Stored;
use crate::id::{Id, micros, timestamp};
use crate::schema::sessions;
use chat_domain::auth::{
    EndReason, EndedSession, RefreshTokenHash, RotateOutcome, RotateSession, Rotation, Session, rotation,
};
use diesel::prelude::*;

pub(super) fn rotate(connection: &mut SqliteConnection, rotate: &RotateSession) -> Stored<RotateOutcome> {
    let Some((session, family)) = find_live(connection, rotate)? else { return Ok(RotateOutcome::Unknown) };
    let current = RefreshTokenHash::from_stored(&family.token_hash)?;
    let previous = family.previous_hash.as_deref().map(RefreshTokenHash::from_stored).transpose()?;
    let previous = previous.as_ref().zip(family.rotated_at.map(timestamp));
    match rotation(&rotate.presented, &rotate.successor, &current, previous, rotate.at) {
        Rotation::Spend => Ok(RotateOutcome::Rotated(spend(connection, &session, rotate)?)),
        Rotation::Repeat => Ok(RotateOutcome::Rotated(session)),
        Rotation::Revoke => {
            mark_ended(connection, vec![session.id], EndReason::TokenReused, rotate.at)?;
            let ended = EndedSession { id: session.id, user_id: session.user_id, ended_at: rotate.at };
            Ok(RotateOutcome::Reused(ended))
        }
    }
}

fn find_live(connection: &mut SqliteConnection, rotate: &RotateSession) -> Stored<Option<(Session, FamilyRow)>> {
    let row: Option<(SessionRow, FamilyRow)> = sessions::table
        .find(Id::from(rotate.session_id))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(micros(rotate.at)))
        .select((SessionRow::as_select(), FamilyRow::as_select()))
        .get_result(connection)
        .optional()?;
    Ok(row.map(|(session, family)| (session.into(), family)))
}

fn spend(connection: &mut SqliteConnection, session: &Session, rotate: &RotateSession) -> Stored<Session> {
    let session = Session {
        client: rotate.client.clone(),
        last_used_at: rotate.at.max(session.last_used_at),
        expires_at: rotate.expires_at,
        ..session.clone()
    };
    diesel::update(sessions::table.find(Id::from(session.id)))
        .set((
            sessions::token_hash.eq(rotate.successor.as_bytes().as_slice()),
            sessions::previous_hash.eq(rotate.presented.as_bytes().as_slice()),
            sessions::rotated_at.eq(micros(rotate.at)),
            sessions::user_agent.eq(session.client.user_agent.as_deref()),
            sessions::ip.eq(session.client.ip.as_deref()),
            sessions::last_used_at.eq(micros(session.last_used_at)),
            sessions::expires_at.eq(micros(session.expires_at)),
        ))
        .execute(connection)?;
    Ok(session)
}
