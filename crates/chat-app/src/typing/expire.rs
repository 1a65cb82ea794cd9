use super::Typing;

impl Typing {
    /// Ends the typing of those who have not said for a while that they are still at it. Called a few times a second.
    pub async fn expire(&self) {
        match self.0.typing.take_expired(self.0.now()).await {
            Ok(expired) => {
                for (conversation, user) in expired {
                    self.0.publish_typing(conversation, user, false).await;
                }
            }
            Err(fault) => tracing::warn!(error = &fault as &dyn std::error::Error, "typing did not expire"),
        }
    }
}
