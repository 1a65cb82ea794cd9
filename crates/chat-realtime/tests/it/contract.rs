//! The contract suites of presence and typing, in process.

use chat_domain::presence::PresenceRegistry;
use chat_domain::typing::TypingRegistry;
use chat_realtime::{InProcessPresence, InProcessTyping};
use std::sync::Arc;

async fn presence() -> Arc<dyn PresenceRegistry> {
    Arc::new(InProcessPresence::new())
}

async fn typing() -> Arc<dyn TypingRegistry> {
    Arc::new(InProcessTyping::new())
}

chat_testkit::realtime_contract!(presence, typing);
