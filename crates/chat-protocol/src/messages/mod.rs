//! Messages: what is sent, and how it looks.

mod body;
mod view;

pub use body::SendMessageBody;
pub use view::{MessageStatusView, MessageView};
