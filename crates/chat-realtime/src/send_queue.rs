use crate::frames;
use bytes::{Buf, Bytes};
use std::collections::VecDeque;
use std::io::IoSlice;

/// The capacity in pieces that an empty queue keeps. It frees the rest, so that an idle connection needs little memory.
const KEPT_CAPACITY: usize = 4;

/// The frames that wait for one connection, in order, one or several per piece. Pieces are shared: a thousand queues
/// hold one copy.
#[derive(Debug, Default)]
pub struct SendQueue {
    pieces: VecDeque<Bytes>,
    /// The number of waiting bytes.
    bytes: usize,
    /// How many bytes of the first piece have been sent.
    sent: usize,
}

impl SendQueue {
    /// Appends a frame, or several as one piece. The connection bounds the queue, see [`crate::Connection::push`].
    pub fn push(&mut self, piece: Bytes) {
        self.bytes += piece.len();
        self.pieces.push_back(piece);
    }

    /// The number of waiting bytes.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the queue is empty.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The unsent rest of the only waiting piece; `None` if there are more or none. Most writes are of a single piece.
    pub fn only(&self) -> Option<&[u8]> {
        if self.pieces.len() == 1 { self.pieces.front().map(|piece| &piece[self.sent..]) } else { None }
    }

    /// Fills `slices` from the front, one piece each, and returns how many it filled.
    pub fn fill<'queue>(&'queue self, slices: &mut [IoSlice<'queue>]) -> usize {
        let mut sent = self.sent;
        let rests = self.pieces.iter().map(|piece| &piece[std::mem::take(&mut sent)..]);
        slices.iter_mut().zip(rests).map(|(slice, rest)| *slice = IoSlice::new(rest)).count()
    }

    /// Takes the unsent rest of the first piece, for connections that pull their bytes.
    pub fn pop(&mut self) -> Option<Bytes> {
        let mut piece = self.pieces.pop_front()?;
        piece.advance(std::mem::take(&mut self.sent));
        self.bytes -= piece.len();
        self.give_back();
        Some(piece)
    }

    /// Removes `written` bytes at the front.
    pub fn advance(&mut self, written: usize) {
        let written = written.min(self.bytes);
        self.bytes -= written;
        self.sent += written;
        while let Some(front) = self.pieces.front().filter(|front| front.len() <= self.sent) {
            self.sent -= front.len();
            self.pieces.pop_front();
        }
        self.give_back();
    }

    /// Drops everything except the rest of a frame that is partly sent: the next bytes must begin at a frame's start.
    pub fn drop_unsent(&mut self) {
        self.pieces.truncate(usize::from(self.sent > 0));
        if let Some(begun) = self.pieces.front_mut() {
            begun.truncate(frames::first_end_after(begun, self.sent));
        }
        self.bytes = self.pieces.iter().map(Bytes::len).sum::<usize>() - self.sent;
        self.give_back();
    }

    fn give_back(&mut self) {
        if self.pieces.is_empty() && self.pieces.capacity() > KEPT_CAPACITY {
            self.pieces.shrink_to(KEPT_CAPACITY);
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

    /// Creates pieces of several frames each.
    fn pieces(lengths: &[Vec<usize>]) -> Vec<Bytes> {
        let piece = |lengths: &Vec<usize>| {
            lengths.iter().map(|length| frames::text(&"x".repeat(*length))).collect::<Vec<_>>().concat().into()
        };
        lengths.iter().map(piece).collect()
    }

    fn lengths() -> impl Strategy<Value = Vec<Vec<usize>>> {
        let frame = prop_oneof![3 => 0_usize..20, 1 => 120_usize..140];
        proptest::collection::vec(proptest::collection::vec(frame, 1..4), 1..8)
    }

    proptest! {
        #[test]
        fn whatever_the_socket_takes_at_a_time_the_bytes_come_out_in_order(lengths in lengths(), step in 1_usize..40) {
            let pieces = pieces(&lengths);
            let mut queue = SendQueue::default();
            for piece in &pieces { queue.push(piece.clone()); }
            prop_assert_eq!(queue.bytes(), pieces.iter().map(Bytes::len).sum::<usize>());
            prop_assert_eq!(drain(&mut queue, step), pieces.concat());
            prop_assert_eq!((queue.bytes(), queue.sent), (0, 0));
            prop_assert!(queue.pieces.capacity() <= KEPT_CAPACITY * 2);
        }

        #[test]
        fn dropping_what_is_unsent_leaves_the_rest_of_one_frame_at_most(lengths in lengths(), sent in 0_usize..600) {
            let pieces = pieces(&lengths);
            let mut queue = SendQueue::default();
            for piece in &pieces { queue.push(piece.clone()); }
            let sent = sent.min(queue.bytes());
            queue.advance(sent);
            let is_within_a_piece = queue.sent > 0;
            queue.drop_unsent();
            prop_assert_eq!(queue.only().map_or(0, <[u8]>::len), queue.bytes());
            let rest = drain(&mut queue, 7).len();
            let ends: Vec<usize> = lengths.concat().iter().scan(0, |end, length| {
                *end += frames::text(&"x".repeat(*length)).len();
                Some(*end)
            }).collect();
            // Within a piece, the queue assumes that it is within a frame: then the rest must be sent.
            let expected =
                if is_within_a_piece { ends.iter().find(|end| **end > sent).map(|end| end - sent) } else { Some(0) };
            prop_assert_eq!(Some(rest), expected);
        }
    }

    #[test]
    fn what_is_no_frame_is_finished_as_a_whole() {
        let mut queue = SendQueue::default();
        queue.push(Bytes::from_static(b"HTTP/1.1 101 Switching Protocols"));
        queue.push(frames::text("hello"));
        queue.advance(5);
        queue.drop_unsent();
        assert_eq!(queue.pop().as_deref(), Some(&b"1.1 101 Switching Protocols"[..]));
        assert!(queue.is_empty());
    }

    #[test]
    fn a_lone_frame_is_found_and_pulled() {
        let mut queue = SendQueue::default();
        assert!(queue.only().is_none());
        queue.push(Bytes::from_static(b"one"));
        assert_eq!(queue.only().map(<[u8]>::len), Some(3));
        queue.push(Bytes::from_static(b"two"));
        assert!(queue.only().is_none());
        assert_eq!(queue.pop().as_deref(), Some(&b"one"[..]));
        assert_eq!((queue.bytes(), queue.pop().as_deref(), queue.pop()), (3, Some(&b"two"[..]), None));
    }
}
