//! Conversations and who takes part in them.

mod body;
mod view;

pub use body::{AddParticipantBody, CreateConversationBody, UpdateConversationBody};
pub use view::{ConversationOverviewView, ConversationView, LastMessageView, ParticipantView, RoleView};
