use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// A session's name and credential: its home worker, and 128 random bits. Whoever knows it can poll in the client's
/// name, so it is told to its client alone and never logged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid {
    worker: u16,
    random: [u8; 16],
}

impl Sid {
    /// A new one, at home on this worker.
    pub(crate) fn new(worker: u16) -> Self {
        Self { worker, random: rand::random() }
    }

    /// Which worker thread the session lives on.
    pub(crate) const fn worker(self) -> u16 {
        self.worker
    }

    /// Reads what a client gives as its session.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 18];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (worker, random) = bytes.get(..length)?.split_first_chunk()?;
        Some(Self { worker: u16::from_be_bytes(*worker), random: random.try_into().ok()? })
    }

    /// As clients see it.
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
