//! Conversations and who takes part in them.

use crate::answer::{Answer, Created, ListedPart};
use crate::extract::{Bearer, ConversationPath, ConversationsQuery, JsonBody, MemberPath};
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, delete, get, patch, post, resource};
use chat_app::CreateConversation;
use chat_domain::conversations::ConversationFilter;
use chat_protocol::conversations::{
    AddParticipantBody, ConversationOverviewView, ConversationView, CreateConversationBody, UpdateConversationBody,
};

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/conversations").route(get().to(list_conversations)).route(post().to(create_conversation)))
        .service(
            resource("/conversations/{id}").route(get().to(find_conversation)).route(patch().to(update_conversation)),
        )
        .service(resource("/conversations/{id}/participants").route(post().to(add_participant)))
        .service(resource("/conversations/{id}/participants/{userId}").route(delete().to(remove_participant)));
}

#[api_operation(
    operation_id = "listConversations",
    tag = "Conversations",
    summary = "One's own conversations",
    description = "Newest activity first. By page number, or by `cursor`, which neither skips nor repeats a conversation when others move up meanwhile. What moved up since the walk began is at the beginning of the list."
)]
async fn list_conversations(
    state: Data<HttpState>,
    actor: Bearer,
    query: ConversationsQuery,
) -> Result<ListedPart<ConversationOverviewView>, ApiError> {
    let conversations = state.app.conversations.clone();
    let listing = async move { conversations.list(actor.0, ConversationFilter::All, query.0).await };
    Ok(ListedPart::part(state.run(listing).await??, ConversationOverviewView::from))
}

#[api_operation(
    operation_id = "createConversation",
    tag = "Conversations",
    summary = "Start a conversation",
    description = "Exactly one other and no name is the direct conversation of that pair: asking again gives the same one. Anything else is a new group, and one is its first admin."
)]
async fn create_conversation(
    state: Data<HttpState>,
    actor: Bearer,
    body: JsonBody<CreateConversationBody>,
) -> Result<Created<ConversationOverviewView>, ApiError> {
    let (participant_ids, name) = body.parse(CreateConversationBody::parse)?;
    let conversations = state.app.conversations.clone();
    let command = CreateConversation { participant_ids, name };
    let made = state.run(async move { conversations.create(actor.0, command).await }).await??;
    Ok(Created::created(made.into()))
}

#[api_operation(
    operation_id = "findConversation",
    tag = "Conversations",
    summary = "A conversation that one takes part in"
)]
async fn find_conversation(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationPath,
) -> Result<Answer<ConversationOverviewView>, ApiError> {
    let conversations = state.app.conversations.clone();
    Ok(Answer::ok(state.run(async move { conversations.find(actor.0, path.0).await }).await??.into()))
}

#[api_operation(
    operation_id = "updateConversation",
    tag = "Conversations",
    summary = "Change what a group is called and looks like",
    description = "Admins only. What is left out stays, `null` clears."
)]
async fn update_conversation(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationPath,
    body: JsonBody<UpdateConversationBody>,
) -> Result<Answer<ConversationView>, ApiError> {
    let changes = body.parse(UpdateConversationBody::parse)?;
    let conversations = state.app.conversations.clone();
    Ok(Answer::ok(state.run(async move { conversations.update(actor.0, path.0, changes).await }).await??.into()))
}

#[api_operation(
    operation_id = "addParticipant",
    tag = "Conversations",
    summary = "Add somebody to a group",
    description = "Any participant may; a user whom an admin removed is added by admins only. A user who was a participant before sees the whole history again."
)]
async fn add_participant(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationPath,
    body: JsonBody<AddParticipantBody>,
) -> Result<Created<ConversationView>, ApiError> {
    let user = body.parse(AddParticipantBody::parse)?;
    let conversations = state.app.conversations.clone();
    let after = state.run(async move { conversations.add_participant(actor.0, path.0, user).await }).await??;
    Ok(Created::created(after.into()))
}

#[api_operation(
    operation_id = "removeParticipant",
    tag = "Conversations",
    summary = "Leave a group, or remove somebody from it",
    description = "Oneself leaves; others are removed by admins. The last admin's role goes to whoever joined first."
)]
async fn remove_participant(state: Data<HttpState>, actor: Bearer, path: MemberPath) -> Result<Answer<()>, ApiError> {
    let conversations = state.app.conversations.clone();
    state.run(async move { conversations.remove_participant(actor.0, path.0, path.1).await }).await??;
    Ok(Answer::ok(()))
}
