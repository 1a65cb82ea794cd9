//! Invitations to register.

use crate::fault::Stored;
use crate::schema::registration_invites;
use crate::time::micros;
use chat_domain::auth::{RegistrationCodeHash, RegistrationInvite};
use chat_domain::{Timestamp, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

pub(super) async fn add(connection: &mut AsyncPgConnection, invites: &[RegistrationInvite]) -> Stored<()> {
    for invite in invites {
        let ended = registration_invites::expires_at.le(micros(invite.created_at));
        diesel::delete(registration_invites::table.filter(ended)).execute(connection).await?;
        diesel::insert_into(registration_invites::table)
            .values((
                registration_invites::code_hash.eq(invite.code.as_bytes().as_slice()),
                registration_invites::created_at.eq(micros(invite.created_at)),
                registration_invites::expires_at.eq(micros(invite.expires_at)),
            ))
            .execute(connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn has(
    connection: &mut AsyncPgConnection,
    code: &RegistrationCodeHash,
    now: Timestamp,
) -> Stored<bool> {
    let good = registration_invites::table
        .find(code.as_bytes().as_slice())
        .filter(registration_invites::used_at.is_null())
        .filter(registration_invites::expires_at.gt(micros(now)));
    Ok(diesel::select(diesel::dsl::exists(good)).get_result(connection).await?)
}

/// Uses up an invitation. Returns whether it was valid. Another registration with the same code waits here until this
/// one is committed.
pub(super) async fn spend(
    connection: &mut AsyncPgConnection,
    code: &RegistrationCodeHash,
    user: UserId,
    at: Timestamp,
) -> Stored<bool> {
    let good = registration_invites::table
        .find(code.as_bytes().as_slice())
        .filter(registration_invites::used_at.is_null())
        .filter(registration_invites::expires_at.gt(micros(at)));
    let spent = diesel::update(good)
        .set((registration_invites::used_at.eq(micros(at)), registration_invites::used_by.eq(user.as_uuid())))
        .execute(connection)
        .await?;
    Ok(spent > 0)
}
