use super::invites;
use crate::fault::Stored;
use crate::id::{Id, micros};
use crate::schema::{credentials, users};
use chat_domain::columns::parsed;
use chat_domain::users::{
    DisplayName, EmailAddress, KEY_VERSION, NewUser, User, Username, WantedUsername, end_of_shared_key,
};
use chat_domain::{ActionError, Refusal};
use diesel::prelude::*;

pub(super) fn create(connection: &mut SqliteConnection, new: &NewUser) -> Result<User, ActionError> {
    if email_is_taken(connection, &new.email)? {
        return Err(Refusal::EmailTaken.into());
    }
    let username = match &new.username {
        WantedUsername::Exactly(username) if username_is_taken(connection, username)? => {
            return Err(Refusal::UsernameTaken.into());
        }
        WantedUsername::Exactly(username) => username.clone(),
        WantedUsername::Like(username) => free_username(connection, username)?,
    };
    let name = match &new.name {
        Some(name) => name.clone(),
        None => name_from(&username)?,
    };
    let user = User {
        id: new.id,
        email: new.email.clone(),
        username,
        name,
        first_name: new.first_name.clone(),
        last_name: new.last_name.clone(),
        avatar: new.avatar.clone(),
        metadata: None,
        last_seen: None,
        created_at: new.created_at,
        updated_at: new.created_at,
    };
    insert(connection, &user, new.password_hash.reveal())?;
    match &new.invite {
        Some(code) if !invites::spend(connection, code, new.id, new.created_at)? => Err(Refusal::InviteRequired.into()),
        _ => Ok(user),
    }
}

pub(super) fn username_is_taken(connection: &mut SqliteConnection, username: &Username) -> Stored<bool> {
    let taken = users::table.filter(users::username_key.eq(username.key()));
    Ok(diesel::select(diesel::dsl::exists(taken)).get_result(connection)?)
}

/// Also finds accounts that share the key and are identified by their exact spelling.
fn email_is_taken(connection: &mut SqliteConnection, email: &EmailAddress) -> Stored<bool> {
    let key = email.key();
    let taken = users::table.filter(users::email_key.ge(&key)).filter(users::email_key.lt(end_of_shared_key(&key)));
    Ok(diesel::select(diesel::dsl::exists(taken)).get_result(connection)?)
}

/// The username itself, or with a number. If 2, 3, ... are taken, as for common local parts, the search doubles its
/// steps: the thousandth name costs twenty look-ups instead of a thousand.
fn free_username(connection: &mut SqliteConnection, wanted: &Username) -> Stored<Username> {
    if !username_is_taken(connection, wanted)? {
        return Ok(wanted.clone());
    }
    let (mut taken, mut free) = (1, 2);
    while username_is_taken(connection, &wanted.numbered(free))? {
        (taken, free) = (free, free * 2);
    }
    while free - taken > 1 {
        let middle = taken.midpoint(free);
        if username_is_taken(connection, &wanted.numbered(middle))? { taken = middle } else { free = middle }
    }
    Ok(wanted.numbered(free))
}

fn name_from(username: &Username) -> Stored<DisplayName> {
    Ok(parsed("username", username.as_str(), DisplayName::parse)?)
}

fn insert(connection: &mut SqliteConnection, user: &User, password_hash: &str) -> Stored<()> {
    diesel::insert_into(users::table)
        .values((
            users::id.eq(Id::from(user.id)),
            users::email.eq(user.email.as_str()),
            users::email_key.eq(user.email.key()),
            users::username.eq(user.username.as_str()),
            users::username_key.eq(user.username.key()),
            users::name.eq(user.name.as_str()),
            users::name_key.eq(user.name.key()),
            users::first_name.eq(user.first_name.as_ref().map(DisplayName::as_str)),
            users::last_name.eq(user.last_name.as_ref().map(DisplayName::as_str)),
            users::avatar.eq(user.avatar.as_ref().map(chat_domain::users::AvatarUrl::as_str)),
            users::created_at.eq(micros(user.created_at)),
            users::updated_at.eq(micros(user.updated_at)),
            users::key_version.eq(KEY_VERSION),
        ))
        .execute(connection)?;
    diesel::insert_into(credentials::table)
        .values((
            credentials::user_id.eq(Id::from(user.id)),
            credentials::password_hash.eq(password_hash),
            credentials::updated_at.eq(micros(user.created_at)),
        ))
        .execute(connection)?;
    Ok(())
}
