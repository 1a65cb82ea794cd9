use super::FanOut;
use crate::worker::Post;
use crate::{QueueStats, admission::Counted};
use chat_domain::auth::LiveConnections;
use chat_domain::{SessionId, UserId};
use std::sync::atomic::Ordering;
use std::time::Duration;

impl FanOut {
    /// Returns the sizes of all send queues. Each worker reports its own when it gets to it, within `patience`; nothing
    /// is counted while events are delivered.
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

    /// Reserves a place for one more socket; `None` if there is none, or if the node is draining.
    pub fn admit(&self) -> Option<Counted> {
        // Counted before the check, so that a drain that begins in between sees it.
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

    /// The number of sockets.
    pub fn connection_count(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }

    /// Whether this user has a connection on this node.
    pub fn has_user(&self, user: UserId) -> bool {
        self.users.is_here(user)
    }

    /// Whether new sockets are refused.
    pub fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }

    /// Refuses new sockets, asks every connection to reconnect to another node (close code 4012, with a jittered
    /// `retryAfterMs`) when none of its commands is running, and waits until all are gone. The caller limits the time.
    pub async fn drain(&self) {
        self.is_draining.store(true, Ordering::Release);
        self.post_to_all(&Post::Leave);
        self.all_left().await;
    }

    /// Waits until there is no socket.
    pub async fn all_left(&self) {
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
