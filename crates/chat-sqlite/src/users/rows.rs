use crate::fault::{Fault, Stored};
use crate::id::{Id, timestamp};
use crate::schema::users;
use chat_domain::columns::{parsed, parsed_option};
use chat_domain::users::{AvatarUrl, DELETED_USER_NAME, DisplayName, EmailAddress, User, UserSummary, Username};
use chat_domain::{Metadata, UserId};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

/// An account that is not deleted: columns that may be null in the table are not null here.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Sqlite))]
pub(crate) struct UserRow {
    id: Id,
    email: Option<String>,
    username: Option<String>,
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    avatar: Option<String>,
    metadata: Option<String>,
    last_seen: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<UserRow> for User {
    type Error = Fault;

    fn try_from(row: UserRow) -> Stored<Self> {
        Ok(Self {
            id: row.id.into(),
            email: parsed("email", row.email.as_deref().unwrap_or_default(), EmailAddress::from_stored)?,
            username: parsed("username", row.username.as_deref().unwrap_or_default(), Username::from_stored)?,
            name: parsed("name", row.name.as_deref().unwrap_or_default(), DisplayName::from_stored)?,
            first_name: parsed_option("first_name", row.first_name.as_deref(), DisplayName::from_stored)?,
            last_name: parsed_option("last_name", row.last_name.as_deref(), DisplayName::from_stored)?,
            avatar: parsed_option("avatar", row.avatar.as_deref(), AvatarUrl::from_stored)?,
            metadata: parsed_option("metadata", row.metadata.as_deref(), Metadata::from_stored)?,
            last_seen: row.last_seen.map(timestamp),
            created_at: timestamp(row.created_at),
            updated_at: timestamp(row.updated_at),
        })
    }
}

/// The public data of an account in messages and participants, also of a deleted one.
#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = users, check_for_backend(Sqlite))]
pub(crate) struct SummaryRow {
    id: Id,
    username: Option<String>,
    name: Option<String>,
    avatar: Option<String>,
}

impl SummaryRow {
    pub(crate) fn id(&self) -> UserId {
        self.id.into()
    }
}

impl TryFrom<SummaryRow> for UserSummary {
    type Error = Fault;

    fn try_from(row: SummaryRow) -> Stored<Self> {
        Ok(Self {
            id: row.id.into(),
            username: parsed_option("username", row.username.as_deref(), Username::from_stored)?,
            name: row.name.unwrap_or_else(|| DELETED_USER_NAME.to_owned()),
            avatar: parsed_option("avatar", row.avatar.as_deref(), AvatarUrl::from_stored)?,
        })
    }
}
