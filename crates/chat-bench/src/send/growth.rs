//! How much the embedded database writes to its write-ahead log, read from the index that it keeps beside the log
//! (<https://sqlite.org/walformat.html#the_wal_index_file_format>) while it works.

use std::path::{Path, PathBuf};

/// The index begins with two copies of a header of this many bytes.
const HEADER: usize = 48;
/// Each page in the log has a header of this many bytes.
const FRAME_HEADER: u64 = 24;

/// Adds up the growth of the log between looks, without those between which the log was begun anew.
pub(super) struct Growth {
    index: PathBuf,
    last: Option<(State, u64)>,
    bytes: u64,
    messages: u64,
}

/// The log at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    /// Changes when the log is begun anew.
    salt: [u8; 8],
    pages: u32,
    page_bytes: u64,
}

impl Growth {
    /// Of the database in this file.
    pub(super) fn of(database: &Path) -> Self {
        let index = PathBuf::from(format!("{}-shm", database.display()));
        Self { index, last: None, bytes: 0, messages: 0 }
    }

    /// Looks at the log. `messages` is the number of messages so far.
    pub(super) fn look(&mut self, messages: u64) {
        let Some(now) = std::fs::read(&self.index).ok().and_then(|bytes| State::parse(&bytes)) else { return };
        self.add(now, messages);
    }

    fn add(&mut self, now: State, messages: u64) {
        if let Some((then, messages_then)) = self.last.replace((now, messages))
            && then.salt == now.salt
        {
            self.bytes += u64::from(now.pages.saturating_sub(then.pages)) * (now.page_bytes + FRAME_HEADER);
            self.messages += messages - messages_then;
        }
    }

    /// Bytes of log per message.
    pub(super) fn per_message(&self) -> Option<f64> {
        (self.messages > 0).then(|| self.bytes as f64 / self.messages as f64)
    }
}

impl State {
    /// `None` while the header is being written.
    fn parse(index: &[u8]) -> Option<Self> {
        let (header, copy) = (index.get(..HEADER)?, index.get(HEADER..2 * HEADER)?);
        if header != copy {
            return None;
        }
        let page = u16::from_ne_bytes(header[14..16].try_into().ok()?);
        Some(Self {
            salt: header[32..40].try_into().ok()?,
            pages: u32::from_ne_bytes(header[16..20].try_into().ok()?),
            // 1 stands for the one size that does not fit.
            page_bytes: if page == 1 { 65_536 } else { u64::from(page) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Growth, State};
    use std::path::Path;

    fn state(salt: u8, pages: u32) -> State {
        State { salt: [salt; 8], pages, page_bytes: 4_096 }
    }

    #[test]
    fn growth_across_a_new_beginning_does_not_count() {
        let mut growth = Growth::of(Path::new("x"));
        for (state, messages) in [(state(1, 10), 100), (state(1, 14), 102), (state(2, 3), 110), (state(2, 5), 111)] {
            growth.add(state, messages);
        }
        assert_eq!(growth.per_message(), Some(6.0 * 4_120.0 / 3.0));
    }

    #[test]
    fn the_header_is_read_when_its_copies_agree() {
        let mut header = [0; 48];
        header[14..16].copy_from_slice(&4_096_u16.to_ne_bytes());
        header[16..20].copy_from_slice(&7_u32.to_ne_bytes());
        header[32..40].fill(9);
        let mut index = [header, header].concat();
        assert_eq!(State::parse(&index), Some(state(9, 7)));
        index[50] = 1;
        assert_eq!(State::parse(&index), None);
        assert_eq!(State::parse(&[]), None);
    }
}
