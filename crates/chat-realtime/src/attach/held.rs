use crate::outgoing::{Format, Outgoing, joiners, leaver};
use chat_domain::{ChangeKind, ConversationId, Pos, UserId};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// What has to be kept for a connection while it is attaching, and only then.
#[derive(Debug)]
pub(crate) struct Attaching {
    user: UserId,
    notes: Option<VecDeque<(ConversationId, Pos)>>,
    events: VecDeque<Arc<Outgoing>>,
    bytes: usize,
    overflowed: HashMap<ConversationId, Pos>,
}

impl Attaching {
    pub(crate) fn new(user: UserId) -> Self {
        Self { user, notes: Some(VecDeque::new()), events: VecDeque::new(), bytes: 0, overflowed: HashMap::new() }
    }

    /// Whether the memberships have not been read yet, so that new ones are noted instead of entered.
    pub(crate) const fn is_noting(&self) -> bool {
        self.notes.is_some()
    }

    /// The user was added to this conversation by this change.
    pub(crate) fn note(&mut self, id: ConversationId, pos: Pos) {
        if let Some(notes) = &mut self.notes {
            notes.push_back((id, pos));
        }
    }

    pub(crate) fn next_note(&mut self) -> Option<(ConversationId, Pos)> {
        self.notes.as_mut()?.pop_front()
    }

    pub(crate) fn stop_noting(&mut self) {
        self.notes = None;
    }

    /// Keeps an event for later. What is too much is dropped: the client pages through that conversation itself. A change of
    /// the user's own membership is never dropped.
    pub(crate) fn hold(&mut self, event: &Arc<Outgoing>, format: Format, most: usize) {
        let size = event.frame(format, Some(self.user)).len();
        match event.place() {
            Some((id, pos)) if !self.is_about_membership(event) => {
                if self.bytes + size > most && !self.overflowed.contains_key(&id) {
                    self.drop_all_of(id, format);
                }
                if let Some(highest) = self.overflowed.get_mut(&id) {
                    *highest = pos.max(*highest);
                    return;
                }
            }
            None if self.bytes + size > most => return,
            _ => {}
        }
        self.bytes += size;
        self.events.push_back(Arc::clone(event));
    }

    fn drop_all_of(&mut self, id: ConversationId, format: Format) {
        let user = self.user;
        let mut dropped = 0;
        let mut highest = Pos::ZERO;
        self.events.retain(|event| {
            let keep = event.place().is_none_or(|(place, _)| place != id) || concerns(event, user);
            if !keep {
                dropped += event.frame(format, Some(user)).len();
                highest = event.place().map_or(highest, |(_, pos)| pos.max(highest));
            }
            keep
        });
        self.bytes -= dropped;
        self.overflowed.insert(id, highest);
    }

    fn is_about_membership(&self, event: &Outgoing) -> bool {
        concerns(event, self.user)
    }

    pub(crate) fn next_event(&mut self, format: Format) -> Option<Arc<Outgoing>> {
        let event = self.events.pop_front()?;
        self.bytes = self.bytes.saturating_sub(event.frame(format, Some(self.user)).len());
        Some(event)
    }

    /// The conversations of which something was dropped, with the newest of it; those that were dropped again later come again.
    pub(crate) fn take_overflowed(&mut self) -> HashMap<ConversationId, Pos> {
        std::mem::take(&mut self.overflowed)
    }

    pub(crate) fn has_overflowed(&self) -> bool {
        !self.overflowed.is_empty()
    }
}

fn concerns(event: &Outgoing, user: UserId) -> bool {
    event.change().is_some_and(|change| membership_of(&change.kind, user).is_some())
}

/// Whether a change makes this user a member (`true`) or ends that (`false`); `None` for any other change.
pub(crate) fn membership_of(kind: &ChangeKind, user: UserId) -> Option<bool> {
    if leaver(kind) == Some(user) { Some(false) } else { joiners(kind).any(|joiner| joiner == user).then_some(true) }
}
