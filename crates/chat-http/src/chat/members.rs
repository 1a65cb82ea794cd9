//! The members of a group, and its invite code.

use super::groups::view;
use crate::answer::{Answer, Created};
use crate::extract::{Bearer, GroupMemberPath, GroupPath, InvitePath, JsonBody};
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, delete, post, put, resource};
use chat_domain::ErrorCode;
use chat_protocol::chat::{AddMemberBody, GroupView};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/chat/group/join/{inviteCode}").route(post().to(join_group)))
        .service(resource("/chat/group/{groupId}/invite-code/revoke").route(put().to(revoke_invite_code)))
        .service(resource("/chat/group/{groupId}/member").route(post().to(add_group_member)))
        .service(resource("/chat/group/{groupId}/member/{userId}").route(delete().to(remove_group_member)));
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{
        AlreadyAParticipant, ConversationFull, ConversationNotFound, GroupInactive, InviteNotFound, NotAParticipant,
        NotAnAdmin, ParticipantNotFound, RemovedByAdmin, TooManyConversations, UserNotFound,
    };
    &[
        Operation::new(
            "joinGroup",
            RequestKind::Other,
            &[
                InviteNotFound,
                GroupInactive,
                RemovedByAdmin,
                AlreadyAParticipant,
                ConversationFull,
                TooManyConversations,
            ],
        ),
        Operation::new(
            "revokeInviteCode",
            RequestKind::Other,
            &[ConversationNotFound, NotAParticipant, NotAnAdmin, GroupInactive],
        ),
        Operation::new(
            "addGroupMember",
            RequestKind::Other,
            &[
                ConversationNotFound,
                UserNotFound,
                NotAParticipant,
                GroupInactive,
                RemovedByAdmin,
                AlreadyAParticipant,
                ConversationFull,
            ],
        ),
        Operation::new(
            "removeGroupMember",
            RequestKind::Other,
            &[ConversationNotFound, ParticipantNotFound, NotAParticipant, NotAnAdmin, GroupInactive],
        ),
    ]
};

#[api_operation(
    operation_id = "joinGroup",
    tag = "Chat",
    summary = "Join a group by invite code",
    description = "The caller becomes a member and sees the whole history. A user whom an admin removed cannot join \
        by invite code."
)]
async fn join_group(state: Data<HttpState>, actor: Bearer, path: InvitePath) -> Result<Created<GroupView>, ApiError> {
    let groups = state.app.groups.clone();
    Ok(Created::created(view(state.run(async move { groups.join(actor.0, path.0).await }).await??)))
}

#[api_operation(
    operation_id = "revokeInviteCode",
    tag = "Chat",
    summary = "Replace a group's invite code",
    description = "Admins only. The old code stops working; the answer has the new one."
)]
async fn revoke_invite_code(
    state: Data<HttpState>,
    actor: Bearer,
    path: GroupPath,
) -> Result<Answer<GroupView>, ApiError> {
    let groups = state.app.groups.clone();
    Ok(Answer::ok(view(state.run(async move { groups.revoke_invite_code(actor.0, path.0).await }).await??)))
}

#[api_operation(
    operation_id = "addGroupMember",
    tag = "Chat",
    summary = "Add a member to a group",
    description = "Every member can add users. Only an admin can add a user whom an admin removed. A returning \
        member sees the whole history again."
)]
async fn add_group_member(
    state: Data<HttpState>,
    actor: Bearer,
    path: GroupPath,
    body: JsonBody<AddMemberBody>,
) -> Result<Created<GroupView>, ApiError> {
    let user = body.parse(AddMemberBody::parse)?;
    let groups = state.app.groups.clone();
    Ok(Created::created(view(state.run(async move { groups.add_member(actor.0, path.0, user).await }).await??)))
}

#[api_operation(
    operation_id = "removeGroupMember",
    tag = "Chat",
    summary = "Leave a group or remove a member",
    description = "Members can remove themselves; admins can remove anyone. If the last admin leaves, the \
        longest-standing member becomes admin. A user whom an admin removed cannot rejoin by invite code until an \
        admin adds them again. `data` is `null` if the caller left, because the caller can no longer see the group."
)]
async fn remove_group_member(
    state: Data<HttpState>,
    actor: Bearer,
    path: GroupMemberPath,
) -> Result<Answer<Option<GroupView>>, ApiError> {
    let GroupMemberPath(group, user) = path;
    let groups = state.app.groups.clone();
    let left = state.run(async move { groups.remove_member(actor.0, group, user).await }).await??;
    Ok(Answer::ok(left.map(view)))
}
