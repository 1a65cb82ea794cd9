//! Conversations and their participants.

mod body;
mod cursor;
mod view;

pub use body::{AddParticipantBody, ChangeRoleBody, CreateConversationBody, UpdateConversationBody};
pub use cursor::{ListCursorText, ParticipantCursorText};
pub(crate) use view::MAX_LISTED_CHARS;
pub use view::{ConversationOverviewView, ConversationView, LastMessageView, ParticipantView, RoleView};
