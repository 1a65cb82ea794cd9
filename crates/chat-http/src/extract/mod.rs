//! The inputs of handlers. Each extractor fails with an [`crate::ApiError`], and documents itself.

mod bearer;
mod body;
mod client;
mod parameters;
mod path;
mod query;

pub(crate) use bearer::{Bearer, OptionalToken};
pub(crate) use body::{JsonBody, OptionalJsonBody};
pub(crate) use client::{Client, IdempotencyKey};
pub(crate) use path::{
    ChatUserPath, ConversationMessagePath, ConversationPath, GroupMemberPath, GroupPath, InvitePath, MemberPath,
    MessagePath, PartnerPath, ReactionPath, SessionPath, ThreadPath, UserPath,
};
pub(crate) use query::{
    ConversationsQuery, FollowedQuery, GroupSearchQuery, HistoryQuery, MissedQuery, PageQuery, ParticipantsQuery,
    ReactQuery, ReactorsQuery, RoomsQuery, SearchQuery, ThreadsQuery, UndeliveredQuery,
};

use crate::{ApiError, HttpState};
use actix_web::{HttpRequest, web::Data};

/// Implements the documentation traits for extractors that document nothing.
macro_rules! undocumented {
    () => {
        fn child_schemas() -> Vec<(String, apistos::reference_or::ReferenceOr<apistos::Schema>)> {
            Vec::new()
        }

        fn schema() -> Option<(String, apistos::reference_or::ReferenceOr<apistos::Schema>)> {
            None
        }
    };
}
pub(crate) use undocumented;

/// Returns the state that [`crate::configure`] was given.
pub(crate) fn state(request: &HttpRequest) -> Result<&HttpState, ApiError> {
    let state = request.app_data::<Data<HttpState>>().map(Data::get_ref);
    state.ok_or_else(|| ApiError::internal("no state was configured"))
}
