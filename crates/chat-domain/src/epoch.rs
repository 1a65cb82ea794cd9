//! The epoch of a database, and how a restored database is noticed.

use crate::{Change, ChangeLog, ChangeRange, ConversationId, Epoch, Pos, StoreError, Timestamp};
use async_trait::async_trait;

/// The epoch of a database. A database restored from a backup has lost changes, and gives their numbers (`seq`, `pos`)
/// to other changes. A client's positions mean something only within the epoch in which it got them.
#[async_trait]
pub trait EpochStore: Send + Sync {
    /// Returns the present epoch. A new database has one.
    async fn epoch(&self) -> Result<Epoch, StoreError>;

    /// Begins a new epoch, and returns it. No other server may be running on this database: servers read the epoch when
    /// they start.
    async fn begin_epoch(&self) -> Result<Epoch, StoreError>;
}

/// A committed change that a server remembers outside its database. A database of the same epoch that does not contain
/// it has lost changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Landmark {
    conversation_id: ConversationId,
    pos: Pos,
    at: Timestamp,
}

impl Landmark {
    /// Remembers this change.
    pub const fn of(change: &Change) -> Self {
        Self { conversation_id: change.conversation_id, pos: change.pos, at: change.at }
    }

    /// The time of the change.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether the log contains this change. Another change with the same number has another time.
    pub async fn is_in(&self, log: &(impl ChangeLog + ?Sized)) -> Result<bool, StoreError> {
        let after = Pos::new(self.pos.get().saturating_sub(1));
        let range = ChangeRange { conversation_id: self.conversation_id, after, up_to: self.pos };
        let found = log.list_changes(&[range], 1).await?;
        Ok(found.first().is_some_and(|change| Self::of(change) == *self))
    }

    /// Returns its text form.
    pub fn to_text(&self) -> String {
        format!("{} {} {}", self.conversation_id, self.pos.get(), self.at.as_unix_micros())
    }

    /// Reads the text form; `None` if it is not one.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let conversation_id = words.next()?.parse().ok()?;
        let (pos, at) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let landmark = Self { conversation_id, pos: Pos::new(pos), at: Timestamp::from_unix_micros(at) };
        words.next().is_none().then_some(landmark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_text_form_reads_back_and_other_texts_do_not() {
        let conversation_id = ConversationId::new(Uuid::from_u128(7));
        let landmark = Landmark { conversation_id, pos: Pos::new(41), at: Timestamp::from_unix_micros(-5) };
        let text = landmark.to_text();
        assert_eq!(Landmark::from_text(&format!("{text}\n")), Some(landmark));
        for other in ["", "x", &text[..text.len() - 3], &format!("{text} 1"), &text.replace("41", "-1")] {
            assert_eq!(Landmark::from_text(other), None, "{other:?}");
        }
    }
}
