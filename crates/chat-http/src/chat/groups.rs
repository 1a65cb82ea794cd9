//! Groups: create, get, search, update and deactivate.

use crate::answer::{Answer, Created, Listed, ListedPart};
use crate::extract::{Bearer, ChatUserPath, GroupPath, GroupSearchQuery, JsonBody, RoomsQuery};
use crate::identity::must_be_oneself;
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, delete, get, post, put, resource};
use chat_app::{CreateGroup, GroupProfile};
use chat_domain::ErrorCode;
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

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{
        ConversationNotFound, Forbidden, GroupInactive, GroupNameTaken, NotAParticipant, NotAnAdmin,
        TooManyConversations, UserNotFound,
    };
    &[
        Operation::new("createGroup", RequestKind::Other, &[UserNotFound, GroupNameTaken, TooManyConversations]),
        Operation::new("searchGroups", RequestKind::Other, &[]),
        Operation::new("listGroups", RequestKind::Other, &[Forbidden]),
        Operation::new("findGroup", RequestKind::Other, &[ConversationNotFound, NotAParticipant]),
        Operation::new(
            "updateGroup",
            RequestKind::Other,
            &[ConversationNotFound, NotAParticipant, NotAnAdmin, GroupInactive, GroupNameTaken],
        ),
        Operation::new(
            "deactivateGroup",
            RequestKind::Other,
            &[ConversationNotFound, NotAParticipant, NotAnAdmin, GroupInactive],
        ),
    ]
};

#[api_operation(
    operation_id = "createGroup",
    tag = "Chat",
    summary = "Create a group",
    description = "The caller becomes the group's first admin. The name must differ from the names of all other \
        active groups that were created or renamed through this API. Names that differ only in case, Unicode \
        composition, invisible characters or look-alike letters count as equal."
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
    summary = "Search groups by name",
    description = "Finds active groups with a reserved name, and the caller's own groups, in order of name. The \
        search text is taken literally: there are no wildcards. Members and invite code are shown only for groups \
        that the caller belongs to."
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
    summary = "List the caller's groups",
    description = "Active groups, most recent activity first. `userId` must be the caller's id."
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
    summary = "Get a group",
    description = "The caller must be a member. Deactivated groups are found too."
)]
async fn find_group(state: Data<HttpState>, actor: Bearer, path: GroupPath) -> Result<Answer<GroupView>, ApiError> {
    let groups = state.app.groups.clone();
    Ok(Answer::ok(view(state.run(async move { groups.find(actor.0, path.0).await }).await??)))
}

#[api_operation(
    operation_id = "updateGroup",
    tag = "Chat",
    summary = "Update a group's name, description or avatar",
    description = "Admins only. Omitted fields keep their value; `null` clears description and avatar. A new name \
        is reserved for this group."
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
    description = "Admins only. A deactivated group disappears from lists and searches, its name becomes free, and \
        nobody can send messages in it. Members can still read it by its id."
)]
async fn deactivate_group(
    state: Data<HttpState>,
    actor: Bearer,
    path: GroupPath,
) -> Result<Answer<GroupView>, ApiError> {
    let groups = state.app.groups.clone();
    Ok(Answer::ok(view(state.run(async move { groups.deactivate(actor.0, path.0).await }).await??)))
}
