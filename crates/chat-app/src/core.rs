//! What the subjects share: the ports, the settings, and the steps that several of them take.

use crate::auth::EndedSessions;
use crate::{CallStatus, Ports, Settings};
use chat_domain::auth::EndReason;
use chat_domain::changes::Feature;
use chat_domain::conversations::{Conversation, ConversationKind, Membership};
use chat_domain::messages::MessageBody;
use chat_domain::{
    ActionError, Audience, ConversationId, Envelope, Event, Refusal, SessionId, StoreError, Timestamp, TurnLimits,
    Turns, UserId,
};
use std::future::Future;
use std::ops::Deref;
use std::sync::{Arc, Weak};
use std::time::Instant;
use tokio::sync::{Semaphore, SemaphorePermit};

pub(crate) struct Core {
    pub(crate) this: Weak<Self>,
    ports: Ports,
    pub(crate) settings: Settings,
    pub(crate) ended: EndedSessions,
    announcing: Semaphore,
    reads: Turns,
    writes: Turns,
}

/// How many users' connects and disconnects are announced at once: if thousands happen in the same moment, clients'
/// requests must not wait behind all of them.
const ANNOUNCED_AT_ONCE: u32 = 64;

impl Deref for Core {
    type Target = Ports;

    fn deref(&self) -> &Ports {
        &self.ports
    }
}

impl Core {
    /// Makes the use cases' common part, and publishes from now on what the store commits.
    pub(crate) fn new(ports: Ports, settings: Settings) -> Arc<Self> {
        let calls = settings.calls;
        let limits = |at_once, per_user| TurnLimits { at_once, per_user, waiting_per_user: calls.waiting_per_user };
        // One read is always left for other users.
        let reads_per_user = calls.per_user.min(calls.reads_at_once.saturating_sub(1)).max(1);
        let core = Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            ports,
            settings,
            ended: EndedSessions::default(),
            announcing: Semaphore::new(ANNOUNCED_AT_ONCE as usize),
            reads: Turns::new(limits(calls.reads_at_once, reads_per_user)),
            // Writes of many users share a commit, so only those of one user are limited.
            writes: Turns::new(limits(usize::MAX, calls.per_user)),
        });
        let sink: Weak<Self> = Arc::downgrade(&core);
        core.store.publish_to(sink);
        core
    }

    /// Runs a read of the store in this user's turn: see [`crate::CallLimits`]. Never nested: calls that wait for each
    /// other's turns would wait for ever.
    pub(crate) async fn reading<T, E: From<StoreError>>(
        &self,
        user: UserId,
        read: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let _turn = self.reads.take(user).await?;
        read.await
    }

    /// Like [`Self::reading`], for a use case that has already read something and needs more for its result: it is
    /// never refused.
    pub(crate) async fn reading_on<T, E>(
        &self,
        user: UserId,
        read: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let _turn = self.reads.take_another(user).await;
        read.await
    }

    /// Runs a write of the store in this user's turn. Sends have a queue of their own.
    pub(crate) async fn writing<T, E: From<StoreError>>(
        &self,
        user: UserId,
        write: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let _turn = self.writes.take(user).await?;
        write.await
    }

    /// Runs a write of these features, such as kinds of change, when it is this user's turn. Refuses it with
    /// [`StoreError::UpgradePending`] while some live node does not know one of them.
    pub(crate) async fn changing<T, E: From<StoreError>>(
        &self,
        user: UserId,
        features: impl IntoIterator<Item = impl Into<Feature>>,
        write: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        if !features.into_iter().all(|feature| self.features.may_write(&feature.into())) {
            return Err(StoreError::UpgradePending.into());
        }
        self.writing(user, write).await
    }

    pub(crate) fn call_status(&self) -> CallStatus {
        CallStatus { reads: self.reads.status(), writes: self.writes.status() }
    }

    /// Waits for a turn to announce a connect or disconnect; first come, first served.
    pub(crate) async fn turn_to_announce(&self) -> Option<SemaphorePermit<'_>> {
        self.announcing.acquire().await.ok()
    }

    /// Waits until all calls that wait for a turn now have had it.
    pub(crate) async fn turns_taken(&self) {
        // The semaphore is never closed.
        let _ = self.announcing.acquire_many(ANNOUNCED_AT_ONCE).await;
    }

    /// Refuses a text of a message that is longer than the setting allows.
    pub(crate) fn check_length(&self, body: &MessageBody) -> Result<(), Refusal> {
        let limit = self.settings.message_limit;
        if limit.admits(body) { Ok(()) } else { Err(Refusal::MessageTooLong { most: limit.get() }) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The user's membership in the conversation, or why the user may not act there.
    pub(crate) async fn membership(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<(Conversation, Membership), ActionError> {
        match self.store.conversations().find_membership(conversation, user).await {
            Ok(Some((conversation, Some(membership)))) => Ok((conversation, membership)),
            Ok(Some((_, None))) => Err(Refusal::NotAParticipant.into()),
            Ok(None) => Err(Refusal::UnknownConversation.into()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Records sessions that the store has just ended, then closes their sockets.
    pub(crate) fn sessions_ended(&self, sessions: impl IntoIterator<Item = SessionId>, reason: EndReason) {
        for session in sessions {
            tracing::info!(%session, ?reason, "session ended");
            self.ended.note(session, Instant::now());
            self.live_connections.close_session(session);
        }
    }

    /// Ends the user's typing notice in this conversation, if there is one, and announces it. Best effort.
    pub(crate) async fn end_typing(&self, conversation: ConversationId, kind: ConversationKind, user: UserId) {
        match self.typing.stop(conversation, user).await {
            Ok(true) => self.publish_typing(conversation, kind, user, false).await,
            Ok(false) => {}
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, %conversation, "cannot end a typing notice");
            }
        }
    }

    /// Tells open windows that a user started or stopped typing, if they may know. Best effort.
    pub(crate) async fn publish_typing(
        &self,
        conversation_id: ConversationId,
        kind: ConversationKind,
        user_id: UserId,
        is_typing: bool,
    ) {
        match self.shows_activity(kind, user_id).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, %conversation_id, "cannot announce typing");
                return;
            }
        }
        self.bus.publish(Envelope {
            audience: Audience::Window(conversation_id),
            except: Some(user_id),
            event: Event::TypingChanged { conversation_id, kind, user_id, is_typing },
        });
    }
}
