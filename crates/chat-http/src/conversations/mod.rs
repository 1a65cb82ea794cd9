//! Conversations and their participants.

use crate::answer::{Answer, Created, ListedPart, Part};
use crate::extract::{Bearer, ConversationPath, ConversationsQuery, JsonBody, MemberPath, ParticipantsQuery};
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, delete, get, patch, post, resource};
use chat_app::CreateConversation;
use chat_domain::ErrorCode;
use chat_domain::conversations::ConversationFilter;
use chat_protocol::Pagination;
use chat_protocol::conversations::{
    AddParticipantBody, ChangeRoleBody, ConversationOverviewView, ConversationView, CreateConversationBody,
    ParticipantView, UpdateConversationBody,
};

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/conversations").route(get().to(list_conversations)).route(post().to(create_conversation)))
        .service(
            resource("/conversations/{id}").route(get().to(find_conversation)).route(patch().to(update_conversation)),
        )
        .service(
            resource("/conversations/{id}/participants")
                .route(get().to(list_participants))
                .route(post().to(add_participant)),
        )
        .service(
            resource("/conversations/{id}/participants/{userId}")
                .route(patch().to(change_role))
                .route(delete().to(remove_participant)),
        );
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{
        AlreadyAParticipant, ConversationFull, ConversationNotFound, DirectConversation, GroupInactive, LastAdmin,
        NotAParticipant, NotAnAdmin, ParticipantNotFound, RemovedByAdmin, TooManyConversations, UpgradePending,
        UserNotFound,
    };
    &[
        Operation::new("listConversations", RequestKind::Other, &[]),
        Operation::new("createConversation", RequestKind::Other, &[UserNotFound, TooManyConversations]),
        Operation::new("findConversation", RequestKind::Other, &[ConversationNotFound, NotAParticipant]),
        Operation::new(
            "updateConversation",
            RequestKind::Other,
            &[ConversationNotFound, NotAParticipant, NotAnAdmin, DirectConversation, GroupInactive, UpgradePending],
        ),
        Operation::new("listParticipants", RequestKind::Other, &[ConversationNotFound, NotAParticipant]),
        Operation::new(
            "addParticipant",
            RequestKind::Other,
            &[
                ConversationNotFound,
                UserNotFound,
                NotAParticipant,
                DirectConversation,
                GroupInactive,
                RemovedByAdmin,
                AlreadyAParticipant,
                ConversationFull,
            ],
        ),
        Operation::new(
            "changeRole",
            RequestKind::Other,
            &[
                ConversationNotFound,
                ParticipantNotFound,
                NotAParticipant,
                NotAnAdmin,
                DirectConversation,
                GroupInactive,
                LastAdmin,
                UpgradePending,
            ],
        ),
        Operation::new(
            "removeParticipant",
            RequestKind::Other,
            &[
                ConversationNotFound,
                ParticipantNotFound,
                NotAParticipant,
                NotAnAdmin,
                DirectConversation,
                GroupInactive,
            ],
        ),
    ]
};

#[api_operation(
    operation_id = "listConversations",
    tag = "Conversations",
    summary = "List the caller's conversations",
    description = "Most recent activity first, by page number or by `cursor`. A walk by cursor neither skips nor \
        repeats a conversation while others move up. Conversations that moved up since the walk began are at the \
        start of the list."
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
    summary = "Create a conversation",
    description = "With exactly one other participant and no name, this creates the direct conversation of the two \
        users, or returns it if it exists. Everything else creates a group, with the caller as its first admin."
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
    summary = "Get a conversation",
    description = "The caller must be a participant."
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
    summary = "Update a group's name, description, avatar or metadata, or the metadata of a direct conversation",
    description = "Admins of a group, and both users of a direct conversation. Omitted fields keep their value; `null` \
        clears a field."
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
    operation_id = "listParticipants",
    tag = "Conversations",
    summary = "List the participants of a conversation",
    description = "The caller must be a participant. In the order in which they joined, also in groups of any size. A \
        participant who rejoins moves to the end."
)]
async fn list_participants(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationPath,
    query: ParticipantsQuery,
) -> Result<Part<ParticipantView>, ApiError> {
    let conversations = state.app.conversations.clone();
    let listing = async move { conversations.list_participants(actor.0, path.0, query.0, query.1).await };
    let page = state.run(listing).await??;
    let pagination = Pagination::of_participants(&page);
    Ok(Part::paged(page.items.into_iter().map(ParticipantView::from).collect(), pagination))
}

#[api_operation(
    operation_id = "addParticipant",
    tag = "Conversations",
    summary = "Add a participant to a group",
    description = "Every participant can add users. Only an admin can add a user whom an admin removed. A returning \
        participant sees the whole history again."
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
    operation_id = "changeRole",
    tag = "Conversations",
    summary = "Make a participant an admin or a member",
    description = "Admins only. The last admin stays one. Changes nothing if the participant has the role already."
)]
async fn change_role(
    state: Data<HttpState>,
    actor: Bearer,
    path: MemberPath,
    body: JsonBody<ChangeRoleBody>,
) -> Result<Answer<ParticipantView>, ApiError> {
    let role = body.parse(ChangeRoleBody::parse)?;
    let conversations = state.app.conversations.clone();
    let changed = state.run(async move { conversations.change_role(actor.0, path.0, path.1, role).await }).await??;
    Ok(Answer::ok(changed.into()))
}

#[api_operation(
    operation_id = "removeParticipant",
    tag = "Conversations",
    summary = "Leave a group or remove a participant",
    description = "Participants can remove themselves; admins can remove anyone. If the last admin leaves, the \
        longest-standing participant becomes admin."
)]
async fn remove_participant(state: Data<HttpState>, actor: Bearer, path: MemberPath) -> Result<Answer<()>, ApiError> {
    let conversations = state.app.conversations.clone();
    state.run(async move { conversations.remove_participant(actor.0, path.0, path.1).await }).await??;
    Ok(Answer::ok(()))
}
