//! React to messages, and list who did.

use crate::answer::{Answer, Part};
use crate::extract::{Bearer, ConversationMessagePath, ReactQuery, ReactionPath, ReactorsQuery};
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, delete, get, put, resource};
use chat_domain::ErrorCode;
use chat_domain::auth::Actor;
use chat_domain::messages::{React, Reacting};
use chat_domain::receipts::DeliveryStatus;
use chat_protocol::Pagination;
use chat_protocol::messages::MessageView;
use chat_protocol::users::UserSummaryView;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/conversations/{id}/messages/{messageId}/reactions").route(get().to(list_reactors)))
        .service(
            resource("/conversations/{id}/messages/{messageId}/reactions/{emoji}")
                .route(put().to(add_reaction))
                .route(delete().to(remove_reaction)),
        );
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{
        ConversationNotFound, GroupInactive, MessageDeleted, MessageNotFound, NotAParticipant, TooManyReactions,
        UpgradePending,
    };
    &[
        Operation::new("listReactors", RequestKind::Other, &[ConversationNotFound, MessageNotFound, NotAParticipant]),
        Operation::new(
            "addReaction",
            RequestKind::Send,
            &[
                ConversationNotFound,
                MessageNotFound,
                NotAParticipant,
                GroupInactive,
                MessageDeleted,
                TooManyReactions,
                UpgradePending,
            ],
        ),
        Operation::new(
            "removeReaction",
            RequestKind::Send,
            &[ConversationNotFound, MessageNotFound, NotAParticipant, GroupInactive, MessageDeleted, UpgradePending],
        ),
    ]
};

#[api_operation(
    operation_id = "addReaction",
    tag = "Messages",
    summary = "React to a message",
    description = "With one emoji, or with a short name for a picture that the product has. Variants of an emoji that \
        differ only in variation selectors are one reaction. A message has at most 20 kinds. Reacting so again changes \
        nothing. `status` is always `SENT`."
)]
async fn add_reaction(
    state: Data<HttpState>,
    actor: Bearer,
    path: ReactionPath,
    query: ReactQuery,
) -> Result<Answer<MessageView>, ApiError> {
    react(&state, actor.0, path, query.0).await
}

#[api_operation(
    operation_id = "removeReaction",
    tag = "Messages",
    summary = "Take a reaction back",
    description = "Changes nothing if the caller has not reacted so. `status` is always `SENT`."
)]
async fn remove_reaction(
    state: Data<HttpState>,
    actor: Bearer,
    path: ReactionPath,
) -> Result<Answer<MessageView>, ApiError> {
    react(&state, actor.0, path, Reacting::Remove).await
}

async fn react(
    state: &HttpState,
    actor: Actor,
    path: ReactionPath,
    action: Reacting,
) -> Result<Answer<MessageView>, ApiError> {
    let ReactionPath(place, emoji) = path;
    let react = React { conversation_id: place.0, message_id: place.1, emoji, action };
    let messages = state.app.messages.clone();
    let message = state.run(async move { messages.react(actor, react).await }).await??;
    let is_own = message.sender.id == actor.user_id;
    Ok(Answer::ok(MessageView::new(message, DeliveryStatus::Sent, is_own)))
}

#[api_operation(
    operation_id = "listReactors",
    tag = "Messages",
    summary = "List the users who reacted to a message in one way, oldest first",
    description = "The caller must be a participant. A message names only the first 20 users of each kind."
)]
async fn list_reactors(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationMessagePath,
    query: ReactorsQuery,
) -> Result<Part<UserSummaryView>, ApiError> {
    let messages = state.app.messages.clone();
    let page = async move { messages.list_reactors(actor.0, path.0, path.1, query.0).await };
    let page = state.run(page).await??;
    let pagination = Pagination::of_reactors(&page);
    Ok(Part::paged(page.items.into_iter().map(UserSummaryView::from).collect(), pagination))
}
