use bytes::{Buf, Bytes};
use std::collections::VecDeque;
use std::io::IoSlice;

/// An empty queue keeps room for this many frames and gives the rest back: an idle connection costs next to nothing.
const KEPT_CAPACITY: usize = 4;

/// Frames that wait for one connection, in order. Frames are shared: a thousand queues hold one copy.
#[derive(Debug, Default)]
pub struct SendQueue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    head_is_partial: bool,
}

impl SendQueue {
    /// Appends a frame. What may wait is bounded by the connection, see [`crate::Connection::push`].
    pub fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// What waits, in bytes.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The one frame that waits, where it is alone: most writes are this.
    pub fn only(&self) -> Option<&Bytes> {
        if self.frames.len() == 1 { self.frames.front() } else { None }
    }

    /// Fills `slices` from the front and returns how many it filled.
    pub fn fill<'queue>(&'queue self, slices: &mut [IoSlice<'queue>]) -> usize {
        slices.iter_mut().zip(&self.frames).map(|(slice, frame)| *slice = IoSlice::new(frame)).count()
    }

    /// Takes the first frame, where the connection's bytes are pulled instead of written.
    pub fn pop(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        self.head_is_partial = false;
        self.give_back();
        Some(frame)
    }

    /// Forgets `written` bytes at the front.
    pub fn advance(&mut self, written: usize) {
        let mut left = written.min(self.bytes);
        self.bytes -= left;
        while let Some(front) = self.frames.front_mut() {
            if left < front.len() {
                front.advance(left);
                self.head_is_partial |= left > 0;
                break;
            }
            left -= front.len();
            self.frames.pop_front();
            self.head_is_partial = false;
        }
        self.give_back();
    }

    /// Drops everything but the rest of a frame whose beginning is on its way already: what follows must begin at a frame's start.
    pub fn drop_unsent(&mut self) {
        self.frames.truncate(usize::from(self.head_is_partial));
        self.bytes = self.frames.iter().map(Bytes::len).sum();
        self.give_back();
    }

    fn give_back(&mut self) {
        if self.frames.is_empty() && self.frames.capacity() > KEPT_CAPACITY {
            self.frames.shrink_to(KEPT_CAPACITY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drain(queue: &mut SendQueue, step: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while !queue.is_empty() {
            let mut slices = [IoSlice::new(&[]); 3];
            let count = queue.fill(&mut slices);
            let available: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.to_vec()).collect();
            let written = step.min(available.len());
            out.extend_from_slice(&available[..written]);
            queue.advance(written);
        }
        out
    }

    proptest! {
        #[test]
        fn whatever_the_socket_takes_at_a_time_the_bytes_come_out_in_order(
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..20), 0..20), step in 1_usize..40
        ) {
            let mut queue = SendQueue::default();
            for frame in &frames { queue.push(Bytes::from(frame.clone())); }
            prop_assert_eq!(queue.bytes(), frames.iter().map(Vec::len).sum::<usize>());
            prop_assert_eq!(drain(&mut queue, step), frames.concat());
            prop_assert_eq!(queue.bytes(), 0);
            prop_assert!(queue.frames.capacity() <= KEPT_CAPACITY * 2);
        }

        #[test]
        fn dropping_what_is_unsent_ends_at_a_frame_boundary(
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..20), 1..20), sent in 0_usize..200
        ) {
            let mut queue = SendQueue::default();
            for frame in &frames { queue.push(Bytes::from(frame.clone())); }
            let sent = sent.min(queue.bytes());
            queue.advance(sent);
            queue.drop_unsent();
            let rest = drain(&mut queue, 7).len();
            let boundaries: Vec<usize> = frames.iter().scan(0, |end, frame| { *end += frame.len(); Some(*end) }).collect();
            prop_assert!(sent + rest == 0 || boundaries.contains(&(sent + rest)));
        }
    }

    #[test]
    fn a_lone_frame_is_found_and_pulled() {
        let mut queue = SendQueue::default();
        assert!(queue.only().is_none());
        queue.push(Bytes::from_static(b"one"));
        assert_eq!(queue.only().map(Bytes::len), Some(3));
        queue.push(Bytes::from_static(b"two"));
        assert!(queue.only().is_none());
        assert_eq!(queue.pop().as_deref(), Some(&b"one"[..]));
        assert_eq!((queue.bytes(), queue.pop().as_deref(), queue.pop()), (3, Some(&b"two"[..]), None));
    }
}
