use super::FanOut;
use crate::worker::Post;
use crate::{QueueStats, admission::Counted};
use chat_domain::auth::LiveConnections;
use chat_domain::{SessionId, UserId};
use std::sync::atomic::Ordering;
use std::time::Duration;

impl FanOut {
    /// What waits in the send queues now. Each worker looks through its own when it gets to it, at most for `patience`;
    /// nothing is counted while events flow.
    pub async fn queue_stats(&self, patience: Duration) -> QueueStats {
        let (answer, mut answers) = tokio::sync::mpsc::unbounded_channel();
        self.post_to_all(&Post::Measure(answer));
        let mut sum = QueueStats::default();
        let gather = async {
            while let Some(stats) = answers.recv().await {
                sum = sum.and(stats);
            }
        };
        // A worker that is too busy to answer is left out.
        let _ = tokio::time::timeout(patience, gather).await;
        sum
    }

    /// Counts one more socket; `None` where there is no room, or the node is draining.
    pub fn admit(&self) -> Option<Counted> {
        // Counted first and asked after: a drain that begins in between sees it.
        self.connections.fetch_add(1, Ordering::AcqRel);
        let counted = Counted::new(self.this.clone());
        let has_room = self.connection_count() <= self.settings.max_connections;
        (has_room && !self.is_draining()).then_some(counted)
    }

    pub(crate) fn let_go(&self) {
        if self.connections.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.left.notify_waiters();
        }
    }

    /// How many sockets there are.
    pub fn connection_count(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }

    /// Whether this user has a connection here.
    pub fn has_user(&self, user: UserId) -> bool {
        self.users.is_here(user)
    }

    /// Whether new sockets are refused.
    pub fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }

    /// Refuses new sockets, asks every connection to come back elsewhere (close code 4012, with a jittered
    /// `retryAfterMs`) as soon as no command of its is under way, and waits until they are gone. Bounded by the caller.
    pub async fn drain(&self) {
        self.is_draining.store(true, Ordering::Release);
        self.post_to_all(&Post::Leave);
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            if self.connection_count() == 0 {
                return;
            }
            left.await;
        }
    }
}

impl LiveConnections for FanOut {
    fn close_session(&self, session: SessionId) {
        self.post_to_all(&Post::CloseSession(session));
    }
}
