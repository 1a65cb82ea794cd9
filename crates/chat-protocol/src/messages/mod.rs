//! Messages: bodies and views.

mod body;
mod view;

pub use body::{EditMessageBody, MessageIdsBody, SendMessageBody};
pub use view::{MessageStatusView, MessageVersionView, MessageView, QuotedMessageView};
