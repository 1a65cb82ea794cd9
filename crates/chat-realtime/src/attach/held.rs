use crate::outgoing::{Format, Outgoing};
use chat_domain::{ChangeKind, ConversationId, Pos, UserId};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The maximum number of changes of a user's own memberships that are held while one of their connections attaches.
/// They cannot be dropped like messages, so beyond this the connection must start again.
const MAX_MEMBERSHIP_CHANGES: usize = 1_000;

/// The result of holding an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// The event is held, or need not be.
    Fits,
    /// There is no room for an event that must be held: the connection can no longer attach.
    TooMuch,
}

/// The events held for a connection while it attaches.
#[derive(Debug)]
pub(crate) struct Attaching {
    user: UserId,
    notes: Option<VecDeque<(ConversationId, Pos)>>,
    events: VecDeque<Arc<Outgoing>>,
    bytes: usize,
    membership_changes: usize,
    overflowed: HashMap<ConversationId, Pos>,
}

impl Attaching {
    pub(crate) fn new(user: UserId) -> Self {
        Self {
            user,
            notes: Some(VecDeque::new()),
            events: VecDeque::new(),
            bytes: 0,
            membership_changes: 0,
            overflowed: HashMap::new(),
        }
    }

    /// Whether the memberships have not been read yet, so that new ones are noted instead of joined.
    pub(crate) const fn is_noting(&self) -> bool {
        self.notes.is_some()
    }

    /// Notes that this change added the user to the conversation.
    pub(crate) fn note(&mut self, id: ConversationId, pos: Pos) -> Held {
        match &mut self.notes {
            Some(notes) if notes.len() >= MAX_MEMBERSHIP_CHANGES => return Held::TooMuch,
            Some(notes) => notes.push_back((id, pos)),
            None => {}
        }
        Held::Fits
    }

    pub(crate) fn next_note(&mut self) -> Option<(ConversationId, Pos)> {
        self.notes.as_mut()?.pop_front()
    }

    pub(crate) fn stop_noting(&mut self) {
        self.notes = None;
    }

    /// Holds an event for later. Events beyond the limit are dropped: the client pages through their conversation
    /// itself. A change of the user's own membership is never dropped, and may exceed the limit of these.
    pub(crate) fn hold(&mut self, event: &Arc<Outgoing>, format: Format, most: usize) -> Held {
        let size = self.size_of(event, format);
        if concerns(event, self.user) {
            if self.membership_changes >= MAX_MEMBERSHIP_CHANGES {
                return Held::TooMuch;
            }
            self.membership_changes += 1;
        } else {
            let Some(size) = size else { return Held::Fits };
            match event.place() {
                Some((id, pos)) => {
                    if self.bytes + size > most && !self.overflowed.contains_key(&id) {
                        self.drop_all_of(id, format);
                    }
                    if let Some(highest) = self.overflowed.get_mut(&id) {
                        *highest = pos.max(*highest);
                        return Held::Fits;
                    }
                }
                None if self.bytes + size > most => return Held::Fits,
                None => {}
            }
        }
        self.bytes += size.unwrap_or_default();
        self.events.push_back(Arc::clone(event));
        Held::Fits
    }

    /// The size of the event for this connection; `None` if its dialect does not have this event.
    fn size_of(&self, event: &Outgoing, format: Format) -> Option<usize> {
        event.frame(format, Some(self.user)).map(|frame| frame.len())
    }

    fn drop_all_of(&mut self, id: ConversationId, format: Format) {
        let user = self.user;
        let mut dropped = 0;
        let mut highest = Pos::ZERO;
        self.events.retain(|event| {
            let keep = event.place().is_none_or(|(place, _)| place != id) || concerns(event, user);
            if !keep {
                dropped += event.frame(format, Some(user)).map_or(0, |frame| frame.len());
                highest = event.place().map_or(highest, |(_, pos)| pos.max(highest));
            }
            keep
        });
        self.bytes -= dropped;
        self.overflowed.insert(id, highest);
    }

    pub(crate) fn next_event(&mut self, format: Format) -> Option<Arc<Outgoing>> {
        let event = self.events.pop_front()?;
        self.bytes = self.bytes.saturating_sub(self.size_of(&event, format).unwrap_or_default());
        self.membership_changes -= usize::from(concerns(&event, self.user));
        Some(event)
    }

    /// Takes the conversations of which events were dropped, with the newest dropped `pos`. Conversations of which
    /// events are dropped later are returned again.
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

/// Whether a change makes this user a member (`true`) or ends the membership (`false`); `None` for any other change.
pub(crate) fn membership_of(kind: &ChangeKind, user: UserId) -> Option<bool> {
    let effect = kind.effect();
    if effect.leavers().contains(&user) { Some(false) } else { effect.joiners().contains(&user).then_some(true) }
}
