use super::BusHooks;
use super::stats::{Counters, count};
use crate::throttle::Throttle;
use chat_domain::{Envelope, Event, EventBus, NodeId};
use chat_protocol::node::{MAX_PACKET_BYTES, Packet, PacketError};
use redis::{PushInfo, PushKind, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;

/// Receives packets from Redis on the connection's own task, and passes them to a task that delivers them: the
/// connection never waits for a delivery.
pub(super) struct Receiver {
    node: NodeId,
    notice_channel: Vec<u8>,
    queue: UnboundedSender<Inbound>,
    /// One permit per byte of the queue: its limit.
    room: Arc<Semaphore>,
    deliverer: Arc<Deliverer>,
    task: AbortHandle,
}

struct Inbound {
    packet: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

struct Deliverer {
    local: Arc<dyn EventBus>,
    hooks: BusHooks,
    counters: Arc<Counters>,
    complaints: Throttle,
    /// Whether packets were dropped because they had waited too long.
    has_overflowed: AtomicBool,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub(super) fn spawn(
        node: NodeId,
        notice_channel: String,
        queue_bytes: u32,
        local: Arc<dyn EventBus>,
        hooks: BusHooks,
        counters: Arc<Counters>,
    ) -> Self {
        let (queue, waiting) = unbounded_channel();
        let complaints = Throttle::once_a_second();
        let deliverer =
            Arc::new(Deliverer { local, hooks, counters, complaints, has_overflowed: AtomicBool::default() });
        let task = tokio::spawn(Arc::clone(&deliverer).run(waiting)).abort_handle();
        let room = Arc::new(Semaphore::new(usize::try_from(queue_bytes).unwrap_or(usize::MAX)));
        Self { node, notice_channel: notice_channel.into_bytes(), queue, room, deliverer, task }
    }

    /// Reports that packets may have been lost.
    pub(super) fn gap(&self) {
        self.deliverer.gap();
    }

    /// Takes one message. Returns at once.
    pub(super) fn take(&self, push: PushInfo) {
        if push.kind != PushKind::Message {
            return;
        }
        let Ok([Value::BulkString(channel), Value::BulkString(packet)]) = <[Value; 2]>::try_from(push.data) else {
            return;
        };
        if channel == self.notice_channel {
            if packet != self.node.as_uuid().as_bytes() {
                self.gap();
            }
            return;
        }
        if Packet::sender(&packet) == Some(self.node) {
            return;
        }
        count(&self.deliverer.counters.received, 1);
        let length = u32::try_from(packet.len().min(MAX_PACKET_BYTES)).unwrap_or(u32::MAX);
        if let Ok(room) = self.room.clone().try_acquire_many_owned(length) {
            // Fails when the delivering task has ended, that is, with this node.
            let _ = self.queue.send(Inbound { packet, _room: room });
        } else {
            count(&self.deliverer.counters.refused, 1);
            // Reported at once, since the dropped event is already in the store, and again when the queue is empty.
            if !self.deliverer.has_overflowed.swap(true, Ordering::AcqRel) {
                self.gap();
            }
        }
    }
}

impl Deliverer {
    fn gap(&self) {
        count(&self.counters.gaps, 1);
        (self.hooks.on_gap)();
    }

    async fn run(self: Arc<Self>, mut waiting: UnboundedReceiver<Inbound>) {
        while let Some(inbound) = waiting.recv().await {
            if let Err(fault) = self.deliver(&inbound.packet) {
                self.refuse(&fault);
            }
            if waiting.is_empty() && self.has_overflowed.swap(false, Ordering::AcqRel) {
                self.gap();
            }
        }
    }

    fn deliver(&self, packet: &[u8]) -> Result<(), PacketError> {
        let packet = Packet::read(packet)?;
        if (self.hooks.is_needed)(&packet.head) {
            let envelopes = packet.into_envelopes()?;
            count(&self.counters.delivered, 1);
            let mut changes = Vec::new();
            for envelope in envelopes {
                match envelope.event {
                    Event::Change(change) => changes.push(change),
                    event => self.local.publish(Envelope { event, ..envelope }),
                }
            }
            drop(self.local.publish_changes(changes));
        }
        Ok(())
    }

    fn refuse(&self, fault: &PacketError) {
        count(&self.counters.refused, 1);
        if let Some(packets) = self.complaints.admit(1) {
            let (error, is_of_another_version) = (fault as &dyn std::error::Error, fault.is_of_another_version());
            tracing::warn!(error, is_of_another_version, packets, "skipped packets of other nodes");
        }
    }
}
