//! Groups themselves: making, finding, changing and ending them.

use crate::answer::{Answer, Created, Listed, ListedPart};
use crate::extract::{Bearer, ChatUserPath, GroupPath, GroupSearchQuery, JsonBody, RoomsQuery};
use crate::identity::must_be_oneself;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, delete, get, post, put, resource};
use chat_app::{CreateGroup, GroupProfile};
use chat_protocol::chat::{CreateGroupBody, GroupDraft, GroupView, UpdateGroupBody};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/chat/group").route(post().to(create_group)))
        .service(resource("/chat/groups/search").route(get().to(search_groups)))
        .service(resource("/chat/user/{userId}/groups").route(get().to(list_groups)))
        .service(
            resource("/chat/group/{groupId}")
                .route(get().to(find_group))
                .route(put().to(update_group))
                .route(delete().to(deactivate_group)),
        );
}

pub(super) fn view(profile: GroupProfile) -> GroupView {
    let GroupProfile { details, presence } = profile;
    GroupView::new(details, |user| {
        presence.get(&user).map_or_else(Default::default, |member| (member.status, member.last_seen))
    })
}

#[api_operation(
    operation_id = "createGroup",
    tag = "Chat",
    summary = "Make a group",
    description = "One is its first admin. Its name must not look like that of another active group whose name is \
                   reserved: those made or renamed here. Case, composition, invisible characters and look-alike \
                   letters do not tell names apart."
)]
async fn create_group(
    state: Data<HttpState>,
    actor: Bearer,
    body: JsonBody<CreateGroupBody>,
) -> Result<Created<GroupView>, ApiError> {
    let GroupDraft { name, description, avatar, member_ids } = body.parse(CreateGroupBody::parse)?;
    let groups = state.app.groups.clone();
    let command = CreateGroup { name, description, avatar, member_ids };
    Ok(Created::created(view(state.run(async move { groups.create(actor.0, command).await }).await??)))
}

#[api_operation(
    operation_id = "searchGroups",
    tag = "Chat",
    summary = "Find groups by a part of their name",
    description = "Active groups whose name is reserved, and one's own, in order of name. Every character stands for itself. Of a group that one is not in neither members nor the invite code are shown."
)]
async fn search_groups(
    state: Data<HttpState>,
    actor: Bearer,
    query: GroupSearchQuery,
) -> Result<Listed<GroupView>, ApiError> {
    let groups = state.app.groups.clone();
    let found = state.run(async move { groups.search(actor.0, query.0, query.1).await }).await??;
    Ok(Listed::page(found, view))
}

#[api_operation(
    operation_id = "listGroups",
    tag = "Chat",
    summary = "One's own groups",
    description = "Active ones, newest activity first. `userId` must be oneself."
)]
async fn list_groups(
    state: Data<HttpState>,
    actor: Bearer,
    path: ChatUserPath,
    query: RoomsQuery,
) -> Result<ListedPart<GroupView>, ApiError> {
    must_be_oneself(actor.0, path.0)?;
    let groups = state.app.groups.clone();
    let found = state.run(async move { groups.list(actor.0, query.0).await }).await??;
    Ok(ListedPart::part(found, view))
}

#[api_operation(
    operation_id = "findGroup",
    tag = "Chat",
    summary = "A group that one takes part in",
    description = "Also one that was deactivated."
)]
async fn find_group(state: Data<HttpState>, actor: Bearer, path: GroupPath) -> Result<Answer<GroupView>, ApiError> {
    let groups = state.app.groups.clone();
    Ok(Answer::ok(view(state.run(async move { groups.find(actor.0, path.0).await }).await??)))
}

#[api_operation(
    operation_id = "updateGroup",
    tag = "Chat",
    summary = "Change what a group is called and looks like",
    description = "Admins only. What is left out stays; `null` clears description and avatar. A name that is given is reserved."
)]
async fn update_group(
    state: Data<HttpState>,
    actor: Bearer,
    path: GroupPath,
    body: JsonBody<UpdateGroupBody>,
) -> Result<Answer<GroupView>, ApiError> {
    let changes = body.parse(UpdateGroupBody::parse)?;
    let groups = state.app.groups.clone();
    Ok(Answer::ok(view(state.run(async move { groups.update(actor.0, path.0, changes).await }).await??)))
}

#[api_operation(
    operation_id = "deactivateGroup",
    tag = "Chat",
    summary = "Deactivate a group",
    description = "Admins only. It leaves lists and search, its name is free again, and nobody writes in it any more; its members can still read it by its id."
)]
async fn deactivate_group(
    state: Data<HttpState>,
    actor: Bearer,
    path: GroupPath,
) -> Result<Answer<GroupView>, ApiError> {
    let groups = state.app.groups.clone();
    Ok(Answer::ok(view(state.run(async move { groups.deactivate(actor.0, path.0).await }).await??)))
}
