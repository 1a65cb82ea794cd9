//! People: oneself, others, and who is online.

mod body;
mod view;

pub use body::{ChangePasswordBody, UpdateMeBody};
pub use view::{MeView, OnlineUserView, PresenceView, UserSummaryView, UserView};
