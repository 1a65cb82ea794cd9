use super::details::{find_conversation, participations, with_participants};
use crate::fault::Stored;
use crate::messages::last_messages;
use crate::schema::conversations;
use chat_domain::conversations::{Conversation, ConversationDetails, ConversationOverview, DirectKey};
use chat_domain::{ConversationId, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub(super) async fn overview(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    viewer: UserId,
) -> Stored<Option<ConversationOverview>> {
    let Some(conversation) = find_conversation(connection, id).await? else { return Ok(None) };
    Ok(overviews(connection, vec![conversation], viewer).await?.pop())
}

/// These conversations as the viewer sees them, by three queries, whatever their number.
pub(super) async fn overviews(
    connection: &mut AsyncPgConnection,
    conversations: Vec<Conversation>,
    viewer: UserId,
) -> Stored<Vec<ConversationOverview>> {
    let ids: Vec<_> = conversations.iter().map(|conversation| conversation.id).collect();
    let mut viewers = participations(connection, viewer, &ids).await?;
    let mut last_messages = last_messages(connection, &ids).await?;
    let mut overview = |details: ConversationDetails| ConversationOverview {
        viewer: viewers.remove(&details.conversation.id),
        last_message: last_messages.remove(&details.conversation.id),
        details,
    };
    with_participants(connection, conversations).await?.into_iter().map(|details| Ok(overview(details?))).collect()
}

/// The direct conversation of this pair.
pub(super) async fn direct(connection: &mut AsyncPgConnection, pair: DirectKey) -> Stored<Option<ConversationId>> {
    let id: Option<Uuid> = conversations::table
        .filter(conversations::direct_key.eq(pair.as_text()))
        .select(conversations::id)
        .get_result(connection)
        .await
        .optional()?;
    Ok(id.map(ConversationId::new))
}
