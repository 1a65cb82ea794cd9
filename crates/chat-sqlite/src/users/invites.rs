//! Invitations to register.

use crate::fault::Stored;
use crate::id::{Id, micros};
use crate::schema::registration_invites;
use chat_domain::auth::{RegistrationCodeHash, RegistrationInvite};
use chat_domain::{Timestamp, UserId};
use diesel::prelude::*;

pub(super) fn add(connection: &mut SqliteConnection, invites: &[RegistrationInvite]) -> Stored<()> {
    for invite in invites {
        let ended = registration_invites::expires_at.le(micros(invite.created_at));
        diesel::delete(registration_invites::table.filter(ended)).execute(connection)?;
        diesel::insert_into(registration_invites::table)
            .values((
                registration_invites::code_hash.eq(invite.code.as_bytes().as_slice()),
                registration_invites::created_at.eq(micros(invite.created_at)),
                registration_invites::expires_at.eq(micros(invite.expires_at)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

pub(super) fn has(connection: &mut SqliteConnection, code: &RegistrationCodeHash, now: Timestamp) -> Stored<bool> {
    let good = registration_invites::table
        .find(code.as_bytes().as_slice())
        .filter(registration_invites::used_at.is_null())
        .filter(registration_invites::expires_at.gt(micros(now)));
    Ok(diesel::select(diesel::dsl::exists(good)).get_result(connection)?)
}

/// Uses up an invitation. Returns whether it was valid.
pub(super) fn spend(
    connection: &mut SqliteConnection,
    code: &RegistrationCodeHash,
    user: UserId,
    at: Timestamp,
) -> Stored<bool> {
    let good = registration_invites::table
        .find(code.as_bytes().as_slice())
        .filter(registration_invites::used_at.is_null())
        .filter(registration_invites::expires_at.gt(micros(at)));
    let spent = diesel::update(good)
        .set((registration_invites::used_at.eq(micros(at)), registration_invites::used_by.eq(Id::from(user))))
        .execute(connection)?;
    Ok(spent > 0)
}
