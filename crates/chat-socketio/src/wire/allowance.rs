use super::Breach;
use std::cell::Cell;

/// The longest message or payload, in bytes, that a client may send before it has authenticated.
pub const STRANGER_BYTES: usize = 128 * 1024;

/// How many clients of one worker thread may send more than [`STRANGER_BYTES`] at once before they have authenticated.
/// Together they use at most 16 MB of its memory.
pub const LARGE_STRANGERS: usize = 16;

thread_local! {
    static LARGE: Cell<usize> = const { Cell::new(0) };
}

/// How much one client may send before it has authenticated (a *stranger*). A client with ten thousand conversations
/// sends its positions in the same message as its token, so a stranger may send as much as any client, but only a few
/// of them at once. All gateways and transports of a thread share one count.
#[derive(Debug, Default)]
pub struct Allowance {
    has_place: bool,
}

impl Allowance {
    /// An allowance without a place.
    pub const fn new() -> Self {
        Self { has_place: false }
    }

    /// The longest length that the client's message may have: `announced` bytes are announced for it, and no client may
    /// send more than `most`.
    ///
    /// # Errors
    /// [`Breach::TooBig`] beyond `most`; [`Breach::NoRoom`] if too many other strangers are sending a large message.
    pub fn most_bytes(&mut self, announced: u64, most: usize) -> Result<usize, Breach> {
        if announced <= STRANGER_BYTES as u64 {
            return Ok(STRANGER_BYTES.min(most));
        }
        if announced > most as u64 {
            return Err(Breach::TooBig);
        }
        if !self.has_place {
            let taken = LARGE.get();
            if taken >= LARGE_STRANGERS {
                return Err(Breach::NoRoom);
            }
            LARGE.set(taken + 1);
            self.has_place = true;
        }
        Ok(most)
    }

    /// Releases the place: the client has authenticated, or its message has arrived.
    pub fn give_back(&mut self) {
        if std::mem::take(&mut self.has_place) {
            LARGE.set(LARGE.get().saturating_sub(1));
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

    const LARGE_MESSAGE: u64 = STRANGER_BYTES as u64 + 1;
    const MOST: usize = 1_000_000;

    #[test]
    fn small_messages_are_free_and_large_ones_are_few_at_a_time() {
        let mut strangers: Vec<_> = (0..LARGE_STRANGERS).map(|_| Allowance::new()).collect();
        for stranger in &mut strangers {
            assert_eq!(stranger.most_bytes(LARGE_MESSAGE, MOST), Ok(MOST));
            assert_eq!(stranger.most_bytes(LARGE_MESSAGE, MOST), Ok(MOST), "one place each");
        }
        let mut late = Allowance::new();
        assert_eq!(late.most_bytes(LARGE_MESSAGE - 1, MOST), Ok(STRANGER_BYTES));
        assert_eq!(late.most_bytes(LARGE_MESSAGE, MOST), Err(Breach::NoRoom));
        assert_eq!(late.most_bytes(MOST as u64 + 1, MOST), Err(Breach::TooBig));
        strangers[0].give_back();
        assert_eq!(late.most_bytes(LARGE_MESSAGE, MOST), Ok(MOST));
        drop((strangers, late));
        assert_eq!(LARGE.get(), 0);
    }
}
