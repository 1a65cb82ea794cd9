//! Messages: bodies and views.

mod body;
mod view;

pub use body::{EditMessageBody, MessageIdsBody, SendMessageBody};
pub(crate) use body::{not_beside, own_text};
pub use view::{
    ForwardedFromView, MessageStatusView, MessageVersionView, MessageView, QuotedMessageView, ReactionView,
};
