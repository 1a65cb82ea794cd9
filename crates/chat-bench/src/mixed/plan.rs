//! The users' actions and their frequencies, the same in every run.

/// One action of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// A message, over the socket
    Send,
    /// The user reads everything in a conversation
    Read,
    /// The user types
    Type,
    /// The user requests the newest page of a conversation over REST
    Look,
    /// The connection is lost; the device reconnects and resumes
    HangUp,
}

/// Shares in percent.
const SHARES: [(Action, u64); 5] =
    [(Action::Send, 60), (Action::Read, 20), (Action::Type, 10), (Action::Look, 8), (Action::HangUp, 2)];

/// Pseudo-random numbers, the same in every run (xorshift64, Marsaglia 2003).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("below a usize")
    }

    pub(super) fn action(&mut self) -> Action {
        let mut place = self.below(100) as u64;
        for (action, share) in SHARES {
            if place < share {
                return action;
            }
            place -= share;
        }
        Action::Send
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Chance, SHARES};

    #[test]
    fn actions_come_about_as_often_as_they_should() {
        assert_eq!(SHARES.iter().map(|(_, share)| share).sum::<u64>(), 100);
        let mut chance = Chance::new();
        let actions: Vec<_> = (0..10_000).map(|_| chance.action()).collect();
        for (action, share) in SHARES {
            let count = actions.iter().filter(|&&other| other == action).count();
            let expected = usize::try_from(share).unwrap_or_default() * 100;
            assert!(count.abs_diff(expected) < 300, "{action:?}: {count} instead of {expected}");
        }
        assert!(actions.contains(&Action::HangUp));
    }
}
