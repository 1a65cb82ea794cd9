use super::{Calls, CallsError};
use chat_domain::auth::Actor;
use chat_domain::calls::CallStarted;
use chat_domain::users::DisplayName;
use chat_domain::{Audience, ConversationId, Envelope, Event};

impl Calls {
    /// The actor calls everyone else who takes part in the conversation, by their own name or by what their client
    /// says.
    pub async fn start(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        caller_name: Option<DisplayName>,
    ) -> Result<(), CallsError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        if !conversation.is_active {
            return Err(CallsError::Inactive);
        }
        let caller = self.0.users.find(actor.user_id).await?.ok_or(CallsError::AccountGone)?.summary();
        let started = CallStarted { conversation_id, kind: conversation.kind, caller, caller_name, at: self.0.now() };
        self.0
            .bus
            .publish(Envelope {
                audience: Audience::Conversation(conversation_id),
                except: Some(actor.user_id),
                event: Event::CallStarted(started),
            })
            .await;
        Ok(())
    }
}
