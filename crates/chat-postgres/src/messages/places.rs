use crate::fault::Stored;
use crate::schema::messages;
use crate::statement::cached_statement;
use chat_domain::messages::MessagePlace;
use chat_domain::{ConversationId, MessageId, Seq, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

cached_statement!(
    /// The messages at these places.
    ListAt { conversation_ids: Vec<Uuid>, seqs: Vec<i64> } -> (SqlUuid, SqlUuid, BigInt, SqlUuid),
    "SELECT m.id, m.conversation_id, m.seq, m.sender_id
     FROM unnest(",
    conversation_ids as Array<SqlUuid>,
    ", ",
    seqs as Array<BigInt>,
    ") AS asked (conversation_id, seq)
     JOIN messages AS m ON m.conversation_id = asked.conversation_id AND m.seq = asked.seq",
);

/// The place of a message.
pub(crate) type Place = (ConversationId, Seq);

type PlaceRow = (Uuid, Uuid, i64, Uuid);

fn place((id, conversation, seq, sender): PlaceRow) -> MessagePlace {
    MessagePlace {
        id: MessageId::new(id),
        conversation_id: ConversationId::new(conversation),
        seq: Seq::from_i64(seq),
        sender_id: UserId::new(sender),
    }
}

pub(super) async fn find(connection: &mut AsyncPgConnection, id: MessageId) -> Stored<Option<MessagePlace>> {
    let row: Option<PlaceRow> = messages::table
        .filter(messages::id.eq(id.as_uuid()))
        .select((messages::id, messages::conversation_id, messages::seq, messages::sender_id))
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(place))
}

pub(crate) async fn list_at(
    connection: &mut AsyncPgConnection,
    places: Vec<Place>,
) -> Stored<HashMap<Place, MessagePlace>> {
    let asked = ListAt {
        conversation_ids: places.iter().map(|(id, _)| id.as_uuid()).collect(),
        seqs: places.iter().map(|(_, seq)| seq.to_i64()).collect(),
    };
    let rows: Vec<PlaceRow> = asked.load(connection).await?;
    Ok(rows.into_iter().map(place).map(|place| ((place.conversation_id, place.seq), place)).collect())
}
