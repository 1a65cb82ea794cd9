use super::details::{find_conversation, participations, with_participants};
use crate::fault::Stored;
use crate::id::Id;
use crate::messages::last_messages;
use crate::schema::conversations;
use chat_domain::conversations::{Conversation, ConversationDetails, ConversationOverview, DirectKey};
use chat_domain::{ConversationId, UserId};
use diesel::prelude::*;

pub(super) fn overview(
    connection: &mut SqliteConnection,
    id: ConversationId,
    viewer: UserId,
) -> Stored<Option<ConversationOverview>> {
    let Some(conversation) = find_conversation(connection, id)? else { return Ok(None) };
    Ok(overviews(connection, vec![conversation], viewer)?.pop())
}

/// These conversations as the viewer sees them, by three queries, whatever their number.
pub(super) fn overviews(
    connection: &mut SqliteConnection,
    conversations: Vec<Conversation>,
    viewer: UserId,
) -> Stored<Vec<ConversationOverview>> {
    let ids: Vec<_> = conversations.iter().map(|conversation| conversation.id).collect();
    let mut viewers = participations(connection, viewer, &ids)?;
    let mut last_messages = last_messages(connection, &ids)?;
    let mut overview = |details: ConversationDetails| ConversationOverview {
        viewer: viewers.remove(&details.conversation.id),
        last_message: last_messages.remove(&details.conversation.id),
        details,
    };
    with_participants(connection, conversations)?.into_iter().map(|details| Ok(overview(details?))).collect()
}

/// The direct conversation of this pair.
pub(super) fn direct(connection: &mut SqliteConnection, pair: DirectKey) -> Stored<Option<ConversationId>> {
    let id: Option<Id> = conversations::table
        .filter(conversations::direct_key.eq(pair.as_text()))
        .select(conversations::id)
        .get_result(connection)
        .optional()?;
    Ok(id.map(ConversationId::from))
}
