use super::stats::{Counters, count};
use crate::Redis;
use crate::link::{Link, LinkRole};
use crate::throttle::Throttle;
use chat_domain::NodeId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;

/// The most packets that one round trip sends.
const BATCH: usize = 256;

/// Publishes packets in order, from a task of its own. Callers never wait.
pub(super) struct Publisher {
    queue: UnboundedSender<Outbound>,
    /// One permit per byte of the queue: its limit.
    room: Arc<Semaphore>,
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Outbound {
    channel: Arc<str>,
    packet: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

struct Shared {
    link: Link,
    counters: Arc<Counters>,
    complaints: Throttle,
    /// Whether a packet was dropped and the other nodes have not been told.
    owes_notice: AtomicBool,
    notice_channel: String,
    node: NodeId,
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Publisher {
    pub(super) fn spawn(redis: &Redis, node: NodeId, notice_channel: String, counters: Arc<Counters>) -> Self {
        let (queue, waiting) = unbounded_channel();
        let room =
            Arc::new(Semaphore::new(usize::try_from(redis.settings().publish_queue_bytes).unwrap_or(usize::MAX)));
        let shared = Arc::new(Shared {
            link: redis.spawn_link(LinkRole::commands("publish")),
            counters,
            complaints: Throttle::once_a_second(),
            owes_notice: AtomicBool::new(false),
            notice_channel,
            node,
        });
        let task = tokio::spawn(Arc::clone(&shared).run(waiting)).abort_handle();
        Self { queue, room, shared, task }
    }

    pub(super) fn link(&self) -> &Link {
        &self.shared.link
    }

    /// Queues the packet, or drops it if the queue is full or Redis unreachable. Returns at once.
    pub(super) fn push(&self, channel: &Arc<str>, packet: Vec<u8>) {
        let length = u32::try_from(packet.len()).unwrap_or(u32::MAX);
        let room = if self.shared.link.is_up() { self.room.clone().try_acquire_many_owned(length).ok() } else { None };
        let queued = room.is_some_and(|room| {
            self.queue.send(Outbound { channel: Arc::clone(channel), packet, _room: room }).is_ok()
        });
        if !queued {
            self.shared.dropped(1);
        }
    }
}

impl Shared {
    fn dropped(&self, packets: u64) {
        count(&self.counters.dropped, packets);
        self.owes_notice.store(true, Ordering::Release);
        if let Some(packets) = self.complaints.admit(packets) {
            tracing::warn!(packets, is_connected = self.link.is_up(), "events were not sent to the other nodes");
        }
    }

    async fn run(self: Arc<Self>, mut waiting: UnboundedReceiver<Outbound>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut generation = self.link.generation();
        loop {
            tokio::select! {
                taken = waiting.recv_many(&mut batch, BATCH) => {
                    if taken == 0 {
                        return;
                    }
                    self.publish(&mut batch).await;
                }
                // Drops while Redis was unreachable are reported when it is back, not with the next event.
                () = self.link.up_after(generation) => {
                    generation = self.link.generation();
                    self.publish(&mut batch).await;
                }
            }
        }
    }

    async fn publish(&self, batch: &mut Vec<Outbound>) {
        let packets = batch.len() as u64;
        let owed = self.owes_notice.swap(false, Ordering::AcqRel);
        let mut pipeline = redis::pipe();
        for outbound in batch.iter() {
            pipeline.cmd("PUBLISH").arg(&*outbound.channel).arg(&outbound.packet).ignore();
        }
        if owed {
            pipeline.cmd("PUBLISH").arg(&self.notice_channel).arg(self.node.as_uuid().as_bytes()).ignore();
        }
        if packets == 0 && !owed {
            return;
        }
        let sent = self.link.run(async |mut connection| pipeline.exec_async(&mut connection).await).await;
        batch.clear();
        match sent {
            Ok(()) => count(&self.counters.published, packets),
            Err(fault) => {
                self.dropped(packets);
                tracing::debug!(error = &fault as &dyn std::error::Error, packets, "publishing failed");
            }
        }
    }
}
