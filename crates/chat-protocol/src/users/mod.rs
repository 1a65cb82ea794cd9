//! Users: the caller, others, and presence.

mod body;
mod view;

pub use body::{ChangePasswordBody, UpdateMeBody};
pub use view::{MeView, OnlineUserView, PresenceView, UserSummaryView, UserView};
