//! Call signalling. It carries no media and stores nothing.

use crate::core::Core;
use chat_domain::auth::Actor;
use chat_domain::calls::CallStarted;
use chat_domain::users::DisplayName;
use chat_domain::{ActionError, Audience, ConversationId, Envelope, Event, Refusal};
use std::sync::Arc;

/// Call signalling. Cheap to clone.
#[derive(Clone)]
pub struct Calls(pub(crate) Arc<Core>);

impl Calls {
    /// Signals a call to all other participants of the conversation, with the actor's name or the name that the client
    /// gives.
    pub async fn start(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        caller_name: Option<DisplayName>,
    ) -> Result<(), ActionError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        if conversation.kind.parent().is_some() {
            // There are no calls in threads.
            return Err(Refusal::UnknownConversation.into());
        }
        if !conversation.is_active {
            return Err(Refusal::Inactive.into());
        }
        let caller = self.0.store.users().find(actor.user_id).await?.ok_or(Refusal::AccountGone)?.summary();
        let started = CallStarted { conversation_id, kind: conversation.kind, caller, caller_name, at: self.0.now() };
        self.0.bus.publish(Envelope {
            audience: Audience::Conversation(conversation_id),
            except: Some(actor.user_id),
            event: Event::CallStarted(started),
        });
        Ok(())
    }
}
