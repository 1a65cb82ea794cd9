use super::invites;
use crate::fault::Stored;
use crate::schema::{credentials, users};
use crate::time::micros;
use chat_domain::columns::parsed;
use chat_domain::users::{
    AvatarUrl, DisplayName, EmailAddress, KEY_VERSION, NewUser, User, Username, WantedUsername, end_of_shared_key,
};
use chat_domain::{ActionError, Refusal};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// How often another node may take the username that was just found free. Each time another registration succeeds, so
/// this many at once all get through.
const MAX_ATTEMPTS: usize = 1_000;

pub(super) async fn create(connection: &mut AsyncPgConnection, new: &NewUser) -> Result<User, ActionError> {
    // Accounts that are identified by their exact spelling do not block an insert.
    if email_is_taken(connection, &new.email).await? {
        return Err(Refusal::EmailTaken.into());
    }
    for _ in 0..MAX_ATTEMPTS {
        let username = match &new.username {
            WantedUsername::Exactly(username) => username.clone(),
            WantedUsername::Like(username) => free_username(connection, username).await?,
        };
        let user = user(new, username)?;
        if insert(connection, &user).await? {
            insert_credentials(connection, new).await?;
            return match &new.invite {
                Some(code) if !invites::spend(connection, code, new.id, new.created_at).await? => {
                    Err(Refusal::InviteRequired.into())
                }
                _ => Ok(user),
            };
        }
        // The email or the username is taken, perhaps since a moment ago: the insert waited for that commit.
        if email_is_taken(connection, &new.email).await? {
            return Err(Refusal::EmailTaken.into());
        }
        if matches!(new.username, WantedUsername::Exactly(_)) {
            return Err(Refusal::UsernameTaken.into());
        }
    }
    Err(Refusal::UsernameTaken.into())
}

fn user(new: &NewUser, username: Username) -> Stored<User> {
    let name = match &new.name {
        Some(name) => name.clone(),
        None => parsed("username", username.as_str(), DisplayName::parse)?,
    };
    Ok(User {
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
    })
}

async fn username_is_taken(connection: &mut AsyncPgConnection, username: &Username) -> Stored<bool> {
    let taken = users::table.filter(users::username_key.eq(username.key()));
    Ok(diesel::select(diesel::dsl::exists(taken)).get_result(connection).await?)
}

async fn email_is_taken(connection: &mut AsyncPgConnection, email: &EmailAddress) -> Stored<bool> {
    let key = email.key();
    let taken = users::table.filter(users::email_key.ge(&key)).filter(users::email_key.lt(end_of_shared_key(&key)));
    Ok(diesel::select(diesel::dsl::exists(taken)).get_result(connection).await?)
}

/// The username itself, or with a number. If 2, 3, ... are taken, as for common local parts, the search doubles its
/// steps: the thousandth name costs twenty look-ups instead of a thousand.
async fn free_username(connection: &mut AsyncPgConnection, wanted: &Username) -> Stored<Username> {
    if !username_is_taken(connection, wanted).await? {
        return Ok(wanted.clone());
    }
    let (mut taken, mut free) = (1, 2);
    while username_is_taken(connection, &wanted.numbered(free)).await? {
        (taken, free) = (free, free * 2);
    }
    while free - taken > 1 {
        let middle = taken.midpoint(free);
        if username_is_taken(connection, &wanted.numbered(middle)).await? { taken = middle } else { free = middle }
    }
    Ok(wanted.numbered(free))
}

/// Whether the row was inserted; it is not if the id, the email or the username is taken.
async fn insert(connection: &mut AsyncPgConnection, user: &User) -> Stored<bool> {
    let inserted = diesel::insert_into(users::table)
        .values((
            users::id.eq(user.id.as_uuid()),
            users::email.eq(user.email.as_str()),
            users::email_key.eq(user.email.key()),
            users::username.eq(user.username.as_str()),
            users::username_key.eq(user.username.key()),
            users::name.eq(user.name.as_str()),
            users::name_key.eq(user.name.key()),
            users::first_name.eq(user.first_name.as_ref().map(DisplayName::as_str)),
            users::last_name.eq(user.last_name.as_ref().map(DisplayName::as_str)),
            users::avatar.eq(user.avatar.as_ref().map(AvatarUrl::as_str)),
            users::created_at.eq(micros(user.created_at)),
            users::updated_at.eq(micros(user.updated_at)),
            users::key_version.eq(KEY_VERSION),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(inserted > 0)
}

async fn insert_credentials(connection: &mut AsyncPgConnection, new: &NewUser) -> Stored<()> {
    diesel::insert_into(credentials::table)
        .values((
            credentials::user_id.eq(new.id.as_uuid()),
            credentials::password_hash.eq(new.password_hash.reveal()),
            credentials::updated_at.eq(micros(new.created_at)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}
