use crate::fault::Stored;
use crate::id::Id;
use crate::schema::messages;
use chat_domain::messages::MessagePlace;
use chat_domain::{ConversationId, MessageId, Seq};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

/// The places are one bound value, so that a list of any length needs only one statement. `CROSS JOIN` makes `SQLite`
/// look each place up in turn.
const AT: &str = "SELECT m.id, m.conversation_id, m.seq, m.sender_id
     FROM json_each(?) AS asked
     CROSS JOIN messages AS m
       ON m.conversation_id = unhex(asked.value ->> 0) AND m.seq = asked.value ->> 1";

#[derive(Queryable, QueryableByName)]
struct PlaceRow {
    #[diesel(sql_type = Binary)]
    id: Id,
    #[diesel(sql_type = Binary)]
    conversation_id: Id,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Binary)]
    sender_id: Id,
}

impl From<PlaceRow> for MessagePlace {
    fn from(row: PlaceRow) -> Self {
        Self {
            id: row.id.into(),
            conversation_id: row.conversation_id.into(),
            seq: Seq::from_i64(row.seq),
            sender_id: row.sender_id.into(),
        }
    }
}

pub(super) fn find(connection: &mut SqliteConnection, id: MessageId) -> Stored<Option<MessagePlace>> {
    let row: Option<PlaceRow> = messages::table
        .filter(messages::id.eq(Id::from(id)))
        .select((messages::id, messages::conversation_id, messages::seq, messages::sender_id))
        .get_result(connection)
        .optional()?;
    Ok(row.map(MessagePlace::from))
}

pub(crate) fn list(connection: &mut SqliteConnection, places: &[(ConversationId, Seq)]) -> Stored<Vec<MessagePlace>> {
    let pair = |(id, seq): &(ConversationId, Seq)| format!("[\"{}\",{}]", id.as_uuid().as_simple(), seq.to_i64());
    let asked = format!("[{}]", places.iter().map(pair).collect::<Vec<_>>().join(","));
    let rows: Vec<PlaceRow> = diesel::sql_query(AT).bind::<Text, _>(asked).load(connection)?;
    Ok(rows.into_iter().map(MessagePlace::from).collect())
}
