use super::outbox::Outbox;
use crate::engine::{Fault, SEPARATOR, push_base64};
use crate::wire::frames::{self, Carried};
use bytes::Bytes;
use tokio::sync::oneshot;

/// Where a request waits for its response. An abandoned request receives none.
pub(crate) type Reply = oneshot::Sender<Result<Bytes, Fault>>;

/// The number of one of the session's polls, to tell later which poll was abandoned.
pub(crate) type PollId = u64;

/// The number of one of the session's POSTs.
pub(crate) type PostId = u64;

/// Where a POST waits for permission to read its payload. The value says whether its client is still not connected to a
/// namespace.
pub(crate) type Leave = oneshot::Sender<Result<bool, Fault>>;

/// A session whose client is polling.
#[derive(Debug, Default)]
pub(super) struct Polling {
    poll: Option<Reply>,
    /// The newest poll, answered or not.
    last: Option<PollId>,
    post: Option<Reply>,
    /// The POST whose payload is still arriving.
    coming: Option<PostId>,
    /// Whether a WebSocket is about to take over the session.
    pub(super) has_candidate: bool,
}

impl Polling {
    /// Whether a poll waits. It may be an abandoned one that is not known as such yet, and then nothing may be lost
    /// with it.
    pub(super) fn has_poll(&self) -> bool {
        self.poll.as_ref().is_some_and(|reply| !reply.is_closed())
    }

    pub(super) const fn has_post(&self) -> bool {
        self.post.is_some()
    }

    /// Whether no newer poll has arrived. If this one is abandoned, a response already on its way to it is lost.
    pub(super) fn is_last_poll(&self, id: PollId) -> bool {
        self.last == Some(id)
    }

    /// Returns the request if another one waits already.
    pub(super) fn set_poll(&mut self, id: PollId, reply: Reply) -> Result<(), Reply> {
        if self.has_poll() {
            return Err(reply);
        }
        self.poll = Some(reply);
        self.last = Some(id);
        Ok(())
    }

    /// Expects the payload of this POST; `false` if another one is on its way.
    pub(super) const fn expect_post(&mut self, id: PostId) -> bool {
        let is_first = self.coming.is_none() && self.post.is_none();
        if is_first {
            self.coming = Some(id);
        }
        is_first
    }

    /// Ends the expectation: the payload has arrived, or will not; `false` if it was not expected.
    pub(super) fn forget_post(&mut self, id: PostId) -> bool {
        self.coming.take_if(|known| *known == id).is_some()
    }

    pub(super) fn set_post(&mut self, reply: Reply) {
        self.post = Some(reply);
    }

    /// Answers the waiting POST.
    pub(super) fn release_post(&mut self) {
        if let Some(reply) = self.post.take() {
            accept_post(reply);
        }
    }

    /// Answers the waiting poll with one packet.
    pub(super) fn release_poll(&mut self, packet: &'static str) {
        if let Some(reply) = self.poll.take() {
            // If its client abandoned it, that is handled elsewhere.
            let _ = reply.send(Ok(Bytes::from_static(packet.as_bytes())));
        }
    }

    /// Answers the waiting poll with the queued packets, control packets first; leaves it waiting if there are none.
    /// Stops at `most` packets, and at a payload of `bytes`. Returns whether it took anything.
    pub(super) fn answer(
        &mut self,
        control: &mut impl Outbox,
        outbox: &mut (impl Outbox + ?Sized),
        most: usize,
        bytes: usize,
    ) -> bool {
        if !self.has_poll() {
            return false;
        }
        let mut payload = String::new();
        let mut count = 0;
        while count < most && payload.len() < bytes {
            let Some(frame) = control.pop().or_else(|| outbox.pop()) else { break };
            count += usize::from(push(&mut payload, &frame));
        }
        if count > 0
            && let Some(reply) = self.poll.take()
        {
            // An abandoned request needs no response.
            let _ = reply.send(Ok(payload.into()));
        }
        count > 0
    }
}

pub(super) fn accept_post(reply: Reply) {
    // An abandoned request needs no response.
    let _ = reply.send(Ok(Bytes::from_static(b"ok")));
}

/// Appends the content of a frame; `false` if a polling client needs nothing of it.
fn push(payload: &mut String, frame: &Bytes) -> bool {
    let start = payload.len();
    if start > 0 {
        payload.push(SEPARATOR);
    }
    match frames::open(frame) {
        Some(Carried::Text(text)) => {
            if let Ok(text) = str::from_utf8(&text) {
                payload.push_str(text);
                return true;
            }
        }
        Some(Carried::Binary(bytes)) => {
            push_base64(payload, &bytes);
            return true;
        }
        Some(Carried::Control) | None => {}
    }
    payload.truncate(start);
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Queue;

    fn queue(frames: impl IntoIterator<Item = Bytes>) -> Queue {
        let mut queue = Queue::new(usize::MAX);
        for frame in frames {
            assert!(queue.push(frame));
        }
        queue
    }

    fn answer(control: &mut Queue, outbox: &mut Queue, most: usize) -> Option<String> {
        let (reply, mut answer) = oneshot::channel();
        let mut polling = Polling::default();
        polling.set_poll(1, reply).expect("none waits");
        polling.answer(control, outbox, most, 1_000);
        let payload = answer.try_recv().ok()?.expect("a payload");
        Some(String::from_utf8(payload.to_vec()).expect("text"))
    }

    #[test]
    fn a_poll_takes_control_packets_first_and_no_more_than_it_may() {
        let mut control = queue([frames::text("2")]);
        let mut outbox = queue((0..4).map(|n| frames::text(&format!("4{n}"))));
        assert_eq!(answer(&mut control, &mut outbox, 3).as_deref(), Some("2\u{1e}40\u{1e}41"));
        assert_eq!(answer(&mut control, &mut outbox, 3).as_deref(), Some("42\u{1e}43"));
        assert_eq!(answer(&mut control, &mut outbox, 3), None);
    }

    #[test]
    fn binary_goes_as_base64_and_frames_of_a_websocket_only_do_not_go_at_all() {
        let mut outbox = queue([frames::close(Some(1000)), frames::binary(&[1, 2, 3, 4]), frames::text("4hello")]);
        assert_eq!(answer(&mut queue([]), &mut outbox, 16).as_deref(), Some("bAQIDBA==\u{1e}4hello"));
    }

    #[test]
    fn a_poll_that_was_given_up_takes_nothing_with_it() {
        let mut outbox = queue([frames::text("4hello")]);
        let mut polling = Polling::default();
        let (given_up, _) = oneshot::channel();
        polling.set_poll(1, given_up).expect("none waits");
        assert!(!polling.answer(&mut queue([]), &mut outbox, 16, 1_000));
        assert!(!polling.has_poll() && !outbox.is_empty());
        let (reply, _kept) = oneshot::channel();
        assert!(polling.set_poll(2, reply).is_ok());
        assert!(polling.answer(&mut queue([]), &mut outbox, 16, 1_000));
        assert!(polling.is_last_poll(2), "its response is lost if the client abandons it now");
    }

    #[test]
    fn only_one_poll_waits_at_a_time() {
        let mut polling = Polling::default();
        let (first, _kept) = oneshot::channel();
        let (second, _kept_too) = oneshot::channel();
        polling.set_poll(1, first).expect("none waits");
        assert!(polling.set_poll(2, second).is_err());
        assert!(polling.is_last_poll(1) && !polling.is_last_poll(2));
    }
}
