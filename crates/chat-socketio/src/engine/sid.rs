use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// A session id, which is also a credential: its home worker and 128 random bits. A client that knows it can poll as
/// the session's client, so only that client gets it, and it is never logged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid {
    worker: u16,
    random: [u8; 16],
}

impl Sid {
    /// Makes a session id for this worker.
    pub(crate) fn new(worker: u16) -> Self {
        Self { worker, random: rand::random() }
    }

    /// The worker thread of the session.
    pub(crate) const fn worker(self) -> u16 {
        self.worker
    }

    /// Parses a client's `sid`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 18];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (worker, random) = bytes.get(..length)?.split_first_chunk()?;
        Some(Self { worker: u16::from_be_bytes(*worker), random: random.try_into().ok()? })
    }

    /// The text form that clients see.
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode([&self.worker.to_be_bytes()[..], &self.random].concat())
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sid({}:…)", self.worker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sid_names_its_home_and_is_read_back() {
        let sid = Sid::new(513);
        assert_eq!(Sid::parse(&sid.to_text()), Some(sid));
        assert_eq!(sid.worker(), 513);
        assert_ne!(Sid::new(513), sid);
    }

    #[test]
    fn what_is_no_sid_is_nobodys_and_a_log_does_not_tell_it() {
        let text = Sid::new(1).to_text();
        for other in ["", "abc", &text[1..], &format!("{text}A"), "!!!!!!!!!!!!!!!!!!!!!!!!"] {
            assert_eq!(Sid::parse(other), None, "{other}");
        }
        assert_eq!(format!("{:?}", Sid::new(1)), "Sid(1:…)");
    }
}
