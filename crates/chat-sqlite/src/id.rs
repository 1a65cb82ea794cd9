use chat_domain::{ConversationId, Epoch, MessageId, SessionId, Timestamp, UserId};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;
use diesel::sqlite::{Sqlite, SqliteValue};
use uuid::Uuid;

/// Any domain id, as a column of 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub(crate) struct Id(Uuid);

impl ToSql<Binary, Sqlite> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        <[u8] as ToSql<Binary, Sqlite>>::to_sql(self.0.as_bytes().as_slice(), out)
    }
}

impl FromSql<Binary, Sqlite> for Id {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
        Ok(Self(Uuid::from_slice(&bytes)?))
    }
}

macro_rules! domain_ids {
    ($($name:ident)*) => {$(
        impl From<$name> for Id {
            fn from(id: $name) -> Self {
                Self(id.as_uuid())
            }
        }

        impl From<Id> for $name {
            fn from(id: Id) -> Self {
                Self::new(id.0)
            }
        }
    )*};
}

domain_ids! { ConversationId Epoch MessageId SessionId UserId }

/// Many ids as one bound value, so that a list of any length needs only one statement: a JSON array of hexadecimal
/// text, which [`IN_LIST`] reads.
pub(crate) fn id_list<T: Copy + Into<Id>>(ids: &[T]) -> String {
    let quoted = |id: &T| format!("\"{}\"", (*id).into().0.as_simple());
    format!("[{}]", ids.iter().map(quoted).collect::<Vec<_>>().join(","))
}

/// The rows of an [`id_list`], written after a column and before the bound list and `))`.
pub(crate) const IN_LIST: &str = " IN (SELECT unhex(value) FROM json_each(";

/// The value of a column: microseconds since the Unix epoch.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_unix_micros()
}

/// Reads the value of a column.
pub(crate) fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(micros)
}
