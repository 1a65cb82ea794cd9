//! Conversations and who takes part in them.

mod body;
mod cursor;
mod view;

pub use body::{AddParticipantBody, CreateConversationBody, UpdateConversationBody};
pub use cursor::ListCursorText;
pub use view::{ConversationOverviewView, ConversationView, LastMessageView, ParticipantView, RoleView};
