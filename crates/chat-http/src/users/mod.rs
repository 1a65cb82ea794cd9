//! Oneself, others, and who is online.

use crate::answer::{Answer, Listed};
use crate::extract::{Bearer, Client, JsonBody, PageQuery, SearchQuery, UserPath};
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, delete, get, patch, post, resource};
use chat_app::UserProfile;
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

#[api_operation(
    operation_id = "listOnlineUsers",
    tag = "Users",
    summary = "Who is online",
    description = "Those whose presence one may know, oneself left out."
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
    summary = "Find users by the beginning of their username or name",
    description = "Never by email. Of many, the first 1,000 by username and as many by name: type on to find the others."
)]
async fn search(state: Data<HttpState>, actor: Bearer, query: SearchQuery) -> Result<Listed<UserView>, ApiError> {
    let users = state.app.users.clone();
    let found = state.run(async move { users.search(actor.0, query.0, query.1).await }).await??;
    Ok(Listed::page(found, view))
}

#[api_operation(operation_id = "findMe", tag = "Users", summary = "One's own account")]
async fn find_me(state: Data<HttpState>, actor: Bearer) -> Result<Answer<MeView>, ApiError> {
    let users = state.app.users.clone();
    Ok(Answer::ok(state.run(async move { users.me(actor.0).await }).await??.into()))
}

#[api_operation(
    operation_id = "updateMe",
    tag = "Users",
    summary = "Change one's own profile",
    description = "What is left out stays. `null` clears first name, last name and avatar."
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
    summary = "Delete one's own account",
    description = "Frees email and username, leaves every group, ends every session. One's messages stay, under \"deleted user\"."
)]
async fn delete_me(state: Data<HttpState>, actor: Bearer) -> Result<Answer<()>, ApiError> {
    let users = state.app.users.clone();
    state.run(async move { users.delete_me(actor.0).await }).await??;
    Ok(Answer::ok(()))
}

#[api_operation(
    operation_id = "changePassword",
    tag = "Users",
    summary = "Change one's own password",
    description = "Ends every other session. Wrong current passwords are limited as failed sign-ins are."
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

#[api_operation(operation_id = "findUser", tag = "Users", summary = "Somebody, as one may see them")]
async fn find_user(state: Data<HttpState>, actor: Bearer, path: UserPath) -> Result<Answer<UserView>, ApiError> {
    let users = state.app.users.clone();
    Ok(Answer::ok(view(state.run(async move { users.find(actor.0, path.0).await }).await??)))
}
