use async_trait::async_trait;
use chat_domain::messages::{
    AppendError, Appended, Draft, HistoryError, HistoryPage, HistoryRequest, MessagePlace, MessageStore,
};
use chat_domain::{ConversationId, MessageId, Seq, StoreError, UserId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What became of sends, over all gateways. Relaxed: numbers for a graph.
#[derive(Debug, Default)]
pub(crate) struct SendStats {
    stored: AtomicU64,
    replayed: AtomicU64,
    refused: AtomicU64,
    unavailable: AtomicU64,
    failed: AtomicU64,
}

impl SendStats {
    /// By outcome.
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

    fn count(&self, outcome: &Result<Appended, AppendError>) {
        let counter = match outcome {
            Ok(Appended::New(_) | Appended::First(_)) => &self.stored,
            Ok(Appended::Replayed(_)) => &self.replayed,
            Err(AppendError::Store(StoreError::Unavailable(_) | StoreError::Overloaded)) => &self.unavailable,
            Err(AppendError::Store(StoreError::Failed(_))) => &self.failed,
            Err(_) => &self.refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A store of messages that counts what became of sends.
pub(crate) struct CountedMessages {
    inner: Arc<dyn MessageStore>,
    stats: Arc<SendStats>,
}

impl CountedMessages {
    /// Around this store; counted in what is returned beside.
    pub(crate) fn around(inner: Arc<dyn MessageStore>) -> (Arc<Self>, Arc<SendStats>) {
        let stats = Arc::new(SendStats::default());
        (Arc::new(Self { inner, stats: stats.clone() }), stats)
    }
}

#[async_trait]
impl MessageStore for CountedMessages {
    async fn append(&self, draft: Draft) -> Result<Appended, AppendError> {
        let outcome = self.inner.append(draft).await;
        self.stats.count(&outcome);
        outcome
    }

    async fn history(
        &self,
        conversation: ConversationId,
        reader: UserId,
        request: HistoryRequest,
    ) -> Result<HistoryPage, HistoryError> {
        self.inner.history(conversation, reader, request).await
    }

    async fn find_place(&self, id: MessageId) -> Result<Option<MessagePlace>, StoreError> {
        self.inner.find_place(id).await
    }

    async fn list_at(&self, places: &[(ConversationId, Seq)]) -> Result<Vec<MessagePlace>, StoreError> {
        self.inner.list_at(places).await
    }
}
