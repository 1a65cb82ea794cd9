use chat_protocol::realtime::CloseCode;
use std::cell::Cell;

/// The longest message, in bytes, whether in one frame or in many (contract §1).
pub(crate) const MAX_MESSAGE_BYTES: usize = 1_000_000;

/// The longest message that every client may send before it has signed in: a token, and what it has of some conversations.
pub(crate) const MAX_GREETING_BYTES: usize = 128 * 1024;

/// So many strangers of one worker thread may be in the middle of a message over [`MAX_GREETING_BYTES`]: together they make it hold 16 MB at most.
const MAX_LARGE_GREETINGS: usize = 16;

thread_local! {
    static LARGE_GREETINGS: Cell<usize> = const { Cell::new(0) };
}

/// How much a client may say before it has said who it is. A token is small; what a client has of ten thousand conversations is not, and
/// comes in the same frame. So a stranger may say as much as anyone, but only a few of them at a time.
#[derive(Debug)]
pub(super) struct Allowance {
    has_place: bool,
}

impl Allowance {
    pub(super) const fn new() -> Self {
        Self { has_place: false }
    }

    /// The longest message, for one of which this much is announced; an error where too many others are at it.
    pub(super) fn most_bytes(&mut self, announced: u64) -> Result<usize, CloseCode> {
        if announced <= MAX_GREETING_BYTES as u64 {
            return Ok(MAX_GREETING_BYTES);
        }
        if announced > MAX_MESSAGE_BYTES as u64 {
            return Err(CloseCode::TooBig);
        }
        if !self.has_place {
            let taken = LARGE_GREETINGS.get();
            if taken >= MAX_LARGE_GREETINGS {
                return Err(CloseCode::RateLimited);
            }
            LARGE_GREETINGS.set(taken + 1);
            self.has_place = true;
        }
        Ok(MAX_MESSAGE_BYTES)
    }

    /// It is no stranger any more, or gone.
    pub(super) fn give_back(&mut self) {
        if std::mem::take(&mut self.has_place) {
            LARGE_GREETINGS.set(LARGE_GREETINGS.get().saturating_sub(1));
        }
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: u64 = MAX_GREETING_BYTES as u64 + 1;

    #[test]
    fn small_greetings_are_free_and_large_ones_are_few_at_a_time() {
        let mut strangers: Vec<_> = (0..MAX_LARGE_GREETINGS).map(|_| Allowance::new()).collect();
        for stranger in &mut strangers {
            assert_eq!(stranger.most_bytes(LARGE), Ok(MAX_MESSAGE_BYTES));
            assert_eq!(stranger.most_bytes(LARGE), Ok(MAX_MESSAGE_BYTES), "one place each");
        }
        let mut late = Allowance::new();
        assert_eq!(late.most_bytes(LARGE - 1), Ok(MAX_GREETING_BYTES));
        assert_eq!(late.most_bytes(LARGE), Err(CloseCode::RateLimited));
        assert_eq!(late.most_bytes(MAX_MESSAGE_BYTES as u64 + 1), Err(CloseCode::TooBig));
        strangers[0].give_back();
        assert_eq!(late.most_bytes(LARGE), Ok(MAX_MESSAGE_BYTES));
        drop((strangers, late));
        assert_eq!(LARGE_GREETINGS.get(), 0);
    }
}
