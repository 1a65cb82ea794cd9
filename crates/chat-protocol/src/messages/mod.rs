//! Messages: bodies and views.

mod body;
mod view;

pub use body::SendMessageBody;
pub use view::{MessageStatusView, MessageView};
