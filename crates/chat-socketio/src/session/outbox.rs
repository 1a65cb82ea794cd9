use bytes::{Buf as _, Bytes};
use std::collections::VecDeque;
use std::io::IoSlice;

/// What waits to be sent to one client, in order. The caller owns it. It consists of whole unmasked WebSocket frames,
/// each with one Engine.IO packet, as [`crate::packets`] makes them. The same bytes serve both transports and any
/// number of clients. For a session on a WebSocket ([`crate::Session::is_websocket`]), one piece may contain several
/// frames.
pub trait Outbox {
    /// Whether it is empty.
    fn is_empty(&self) -> bool;

    /// Fills `slices` from the front, with one frame (or the rest of the first) each, and returns how many it filled.
    fn fill<'outbox>(&'outbox self, slices: &mut [IoSlice<'outbox>]) -> usize;

    /// Removes `written` bytes from the front, which the WebSocket has accepted.
    fn advance(&mut self, written: usize);

    /// Removes and returns the first frame, for a poll.
    fn pop(&mut self) -> Option<Bytes>;
}

/// The simplest outbox: a queue of frames with a limit in bytes.
#[derive(Debug)]
pub struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    most: usize,
}

impl Queue {
    /// An empty queue for `most` bytes. A single frame may be larger.
    pub const fn new(most: usize) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, most }
    }

    /// Appends a frame; returns `false` and does nothing if the queue is full. Then the client is too slow, and its
    /// session should be closed.
    #[must_use]
    pub fn push(&mut self, frame: Bytes) -> bool {
        let fits = self.frames.is_empty() || self.bytes + frame.len() <= self.most;
        if fits {
            self.bytes += frame.len();
            self.frames.push_back(frame);
        }
        fits
    }

    /// The queued bytes.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Removes all queued frames.
    pub fn clear(&mut self) {
        self.frames = VecDeque::new();
        self.bytes = 0;
    }
}

impl Outbox for Queue {
    fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    fn fill<'outbox>(&'outbox self, slices: &mut [IoSlice<'outbox>]) -> usize {
        slices.iter_mut().zip(&self.frames).map(|(slice, frame)| *slice = IoSlice::new(frame)).count()
    }

    fn advance(&mut self, written: usize) {
        let mut left = written.min(self.bytes);
        self.bytes -= left;
        while let Some(front) = self.frames.front_mut() {
            if left < front.len() {
                front.advance(left);
                break;
            }
            left -= front.len();
            self.frames.pop_front();
        }
        if self.frames.is_empty() {
            self.frames = VecDeque::new();
        }
    }

    fn pop(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }
}

/// An outbox that is always empty.
#[derive(Debug)]
pub(super) struct Nothing;

impl Outbox for Nothing {
    fn is_empty(&self) -> bool {
        true
    }

    fn fill<'outbox>(&'outbox self, _: &mut [IoSlice<'outbox>]) -> usize {
        0
    }

    fn advance(&mut self, _: usize) {}

    fn pop(&mut self) -> Option<Bytes> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_a_socket_takes_at_a_time_the_bytes_come_out_in_order(
            frames in vec(vec(any::<u8>(), 1..20), 0..20), step in 1_usize..40
        ) {
            let mut queue = Queue::new(10_000);
            for frame in &frames { prop_assert!(queue.push(frame.clone().into())); }
            let mut out = Vec::new();
            while !queue.is_empty() {
                let mut slices = [IoSlice::new(&[]); 3];
                let count = queue.fill(&mut slices);
                let bytes: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.to_vec()).collect();
                let written = step.min(bytes.len());
                out.extend_from_slice(&bytes[..written]);
                queue.advance(written);
            }
            prop_assert_eq!((out, queue.bytes()), (frames.concat(), 0));
        }
    }

    #[test]
    fn a_full_queue_says_so_but_takes_one_large_frame_alone() {
        let mut queue = Queue::new(4);
        assert!(queue.push(Bytes::from_static(b"larger")));
        assert!(!queue.push(Bytes::from_static(b"x")));
        assert_eq!(queue.pop().as_deref(), Some(&b"larger"[..]));
        assert!(queue.push(Bytes::from_static(b"x")) && queue.push(Bytes::from_static(b"y")));
        queue.clear();
        assert!(queue.is_empty() && queue.pop().is_none());
    }
}
