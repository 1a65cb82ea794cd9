//! Conversations and their participants.

mod body;
mod cursor;
mod view;

pub use body::{AddParticipantBody, CreateConversationBody, UpdateConversationBody};
pub use cursor::ListCursorText;
pub use view::{ConversationOverviewView, ConversationView, LastMessageView, ParticipantView, RoleView};
