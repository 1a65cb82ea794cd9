use async_trait::async_trait;
use chat_domain::auth::SessionStore;
use chat_domain::conversations::{ConversationStore, GroupStore};
use chat_domain::messages::{
    Appended, By, ChangedMessage, Draft, EditHistory, EditMessage, Editor, FoundMessages, HistoryPage, HistoryRequest,
    MessagePlace, MessageStore, MessageVersion, PinMessage, React, ReactedMessage, ReactorPage, ReactorsWanted,
};
use chat_domain::receipts::ReceiptStore;
use chat_domain::threads::ThreadStore;
use chat_domain::users::UserStore;
use chat_domain::{ActionError, ChangeLog, CommittedSink, ConversationId, MessageId, Store, StoreError, UserId};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// Counts the outcomes of sends, over all gateways. The atomics are relaxed: the numbers are for graphs.
#[derive(Debug, Default)]
pub(crate) struct SendStats {
    stored: AtomicU64,
    replayed: AtomicU64,
    refused: AtomicU64,
    unavailable: AtomicU64,
    failed: AtomicU64,
}

impl SendStats {
    /// The counts, by outcome.
    pub(super) fn read(&self) -> [(&'static str, u64); 5] {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("stored", read(&self.stored)),
            ("replayed", read(&self.replayed)),
            ("refused", read(&self.refused)),
            ("unavailable", read(&self.unavailable)),
            ("failed", read(&self.failed)),
        ]
    }

    fn count(&self, outcome: &Result<Appended, ActionError>) {
        let counter = match outcome {
            Ok(Appended::New(_) | Appended::First(_)) => &self.stored,
            Ok(Appended::Replayed(_)) => &self.replayed,
            Err(ActionError::Store(StoreError::Unavailable(_) | StoreError::Overloaded)) => &self.unavailable,
            Err(ActionError::Store(StoreError::Failed(_))) => &self.failed,
            Err(_) => &self.refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A store that counts the outcomes of sends.
pub(crate) struct CountedStore {
    inner: Arc<dyn Store>,
    stats: Arc<SendStats>,
}

impl CountedStore {
    /// Wraps this store. The second value holds the counts.
    pub(crate) fn around(inner: Arc<dyn Store>) -> (Arc<Self>, Arc<SendStats>) {
        let stats = Arc::new(SendStats::default());
        (Arc::new(Self { inner, stats: stats.clone() }), stats)
    }
}

impl Store for CountedStore {
    fn users(&self) -> &dyn UserStore {
        self.inner.users()
    }

    fn sessions(&self) -> &dyn SessionStore {
        self.inner.sessions()
    }

    fn conversations(&self) -> &dyn ConversationStore {
        self.inner.conversations()
    }

    fn groups(&self) -> &dyn GroupStore {
        self.inner.groups()
    }

    fn messages(&self) -> &dyn MessageStore {
        self
    }

    fn threads(&self) -> &dyn ThreadStore {
        self.inner.threads()
    }

    fn receipts(&self) -> &dyn ReceiptStore {
        self.inner.receipts()
    }

    fn changes(&self) -> &dyn ChangeLog {
        self.inner.changes()
    }

    fn publish_to(&self, sink: Weak<dyn CommittedSink>) {
        self.inner.publish_to(sink);
    }
}

#[async_trait]
impl MessageStore for CountedStore {
    async fn append(&self, draft: Draft) -> Result<Appended, ActionError> {
        let outcome = self.inner.messages().append(draft).await;
        self.stats.count(&outcome);
        outcome
    }

    async fn history(
        &self,
        conversation: ConversationId,
        reader: UserId,
        request: HistoryRequest,
    ) -> Result<HistoryPage, ActionError> {
        self.inner.messages().history(conversation, reader, request).await
    }

    async fn edit(&self, edit: EditMessage, by: Editor) -> Result<ChangedMessage, ActionError> {
        self.inner.messages().edit(edit, by).await
    }

    async fn delete(
        &self,
        conversation: ConversationId,
        message: MessageId,
        by: Editor,
    ) -> Result<ChangedMessage, ActionError> {
        self.inner.messages().delete(conversation, message, by).await
    }

    async fn react(&self, react: React, by: By) -> Result<ReactedMessage, ActionError> {
        self.inner.messages().react(react, by).await
    }

    async fn pin(&self, pin: PinMessage, by: By) -> Result<ChangedMessage, ActionError> {
        self.inner.messages().pin(pin, by).await
    }

    async fn list_pinned(&self, conversation: ConversationId, reader: UserId) -> Result<FoundMessages, ActionError> {
        self.inner.messages().list_pinned(conversation, reader).await
    }

    async fn list_reactors(
        &self,
        conversation: ConversationId,
        message: MessageId,
        wanted: ReactorsWanted,
    ) -> Result<ReactorPage, ActionError> {
        self.inner.messages().list_reactors(conversation, message, wanted).await
    }

    async fn find_many(
        &self,
        conversation: ConversationId,
        reader: UserId,
        ids: &[MessageId],
    ) -> Result<FoundMessages, ActionError> {
        self.inner.messages().find_many(conversation, reader, ids).await
    }

    async fn list_versions(
        &self,
        conversation: ConversationId,
        reader: UserId,
        message: MessageId,
        history: EditHistory,
    ) -> Result<Vec<MessageVersion>, ActionError> {
        self.inner.messages().list_versions(conversation, reader, message, history).await
    }

    async fn find_place(&self, id: MessageId) -> Result<Option<MessagePlace>, StoreError> {
        self.inner.messages().find_place(id).await
    }
}
