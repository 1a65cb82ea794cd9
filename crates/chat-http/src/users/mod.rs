//! The caller's account, other users, and online users.

use crate::answer::{Answer, Listed};
use crate::extract::{Bearer, Client, JsonBody, PageQuery, SearchQuery, UserPath};
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, delete, get, patch, post, resource};
use chat_app::UserProfile;
use chat_domain::ErrorCode;
use chat_protocol::users::{ChangePasswordBody, MeView, OnlineUserView, UpdateMeBody, UserView};

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/users/online").route(get().to(list_online)))
        .service(resource("/users/search").route(get().to(search)))
        .service(
            resource("/users/me").route(get().to(find_me)).route(patch().to(update_me)).route(delete().to(delete_me)),
        )
        .service(resource("/users/me/password").route(post().to(change_password)))
        .service(resource("/users/{id}").route(get().to(find_user)));
}

fn view(profile: UserProfile) -> UserView {
    UserView::new(profile.user, profile.status)
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{UpgradePending, UserNotFound, UsernameTaken, WrongPassword};
    &[
        Operation::new("listOnlineUsers", RequestKind::Other, &[]),
        Operation::new("searchUsers", RequestKind::Other, &[]),
        Operation::new("findMe", RequestKind::Other, &[]),
        Operation::new("updateMe", RequestKind::Other, &[UsernameTaken, UpgradePending]),
        Operation::new("deleteMe", RequestKind::Other, &[]),
        Operation::new("changePassword", RequestKind::Other, &[WrongPassword]),
        Operation::new("findUser", RequestKind::Other, &[UserNotFound]),
    ]
};

#[api_operation(
    operation_id = "listOnlineUsers",
    tag = "Users",
    summary = "List online users",
    description = "Users whose presence the caller is allowed to see, without the caller."
)]
async fn list_online(
    state: Data<HttpState>,
    actor: Bearer,
    page: PageQuery,
) -> Result<Listed<OnlineUserView>, ApiError> {
    let users = state.app.users.clone();
    let found = state.run(async move { users.online(actor.0, page.0).await }).await??;
    Ok(Listed::page(found, |(user, status)| OnlineUserView::new(user, status)))
}

#[api_operation(
    operation_id = "searchUsers",
    tag = "Users",
    summary = "Search users by username or name",
    description = "Matches the beginning of usernames and names, never email addresses. Considers at most 1,000 \
        matches by username and 1,000 by name: use a longer search text to find the others."
)]
async fn search(state: Data<HttpState>, actor: Bearer, query: SearchQuery) -> Result<Listed<UserView>, ApiError> {
    let users = state.app.users.clone();
    let found = state.run(async move { users.search(actor.0, query.0, query.1).await }).await??;
    Ok(Listed::page(found, view))
}

#[api_operation(
    operation_id = "findMe",
    tag = "Users",
    summary = "Get the caller's account",
    description = "The profile with its private fields, such as the email address."
)]
async fn find_me(state: Data<HttpState>, actor: Bearer) -> Result<Answer<MeView>, ApiError> {
    let users = state.app.users.clone();
    Ok(Answer::ok(state.run(async move { users.me(actor.0).await }).await??.into()))
}

#[api_operation(
    operation_id = "updateMe",
    tag = "Users",
    summary = "Update the caller's profile",
    description = "Omitted fields keep their value. `null` clears first name, last name, avatar and \
        metadata."
)]
async fn update_me(
    state: Data<HttpState>,
    actor: Bearer,
    body: JsonBody<UpdateMeBody>,
) -> Result<Answer<MeView>, ApiError> {
    let changes = body.parse(UpdateMeBody::parse)?;
    let users = state.app.users.clone();
    Ok(Answer::ok(state.run(async move { users.update_me(actor.0, changes).await }).await??.into()))
}

#[api_operation(
    operation_id = "deleteMe",
    tag = "Users",
    summary = "Delete the caller's account",
    description = "Frees email address and username, leaves all groups, and ends all sessions. Sent messages stay, \
        with the sender name \"deleted user\"."
)]
async fn delete_me(state: Data<HttpState>, actor: Bearer) -> Result<Answer<()>, ApiError> {
    let users = state.app.users.clone();
    state.run(async move { users.delete_me(actor.0).await }).await??;
    Ok(Answer::ok(()))
}

#[api_operation(
    operation_id = "changePassword",
    tag = "Users",
    summary = "Change the caller's password",
    description = "Ends all other sessions. Wrong current passwords count towards the limit of failed sign-ins."
)]
async fn change_password(
    state: Data<HttpState>,
    actor: Bearer,
    client: Client,
    body: JsonBody<ChangePasswordBody>,
) -> Result<Answer<()>, ApiError> {
    let policy = state.app.auth.password_policy();
    let (current, new) = body.parse(|body| body.parse(policy))?;
    let users = state.app.users.clone();
    state.run(async move { users.change_password(actor.0, current, new, client.0).await }).await??;
    Ok(Answer::ok(()))
}

#[api_operation(
    operation_id = "findUser",
    tag = "Users",
    summary = "Get a user's public profile",
    description = "`status` and `lastSeen` are `null` if the caller is not allowed to see the user's presence."
)]
async fn find_user(state: Data<HttpState>, actor: Bearer, path: UserPath) -> Result<Answer<UserView>, ApiError> {
    let users = state.app.users.clone();
    Ok(Answer::ok(view(state.run(async move { users.find(actor.0, path.0).await }).await??)))
}
