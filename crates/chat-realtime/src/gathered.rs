use chat_domain::receipts::{MessageStatus, Positions, PositionsMoved};
use chat_domain::{Audience, ConversationId, Envelope, Event, MessageId, Seq, UserId};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Positions that moved recently: the latest of each participant, with the newest messages that they cover. The owner
/// decides when to publish them.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    moves: HashMap<(ConversationId, UserId), Moves>,
}

/// The combined moves of one participant.
#[derive(Debug)]
struct Moves {
    audience: Audience,
    except: Option<UserId>,
    moved: PositionsMoved,
    /// The newest message that was read, and its place.
    read: Option<(Seq, MessageStatus)>,
    /// The newest message that was delivered, and its place.
    delivered: Option<(Seq, MessageStatus)>,
}

impl Moves {
    fn new(mut moved: PositionsMoved, audience: Audience, except: Option<UserId>) -> Self {
        let covers = moved.covers.take();
        let positions = moved.positions;
        let mut made = Self { audience, except, moved, read: None, delivered: None };
        if let Some(covers) = covers {
            made.cover(positions, covers);
        }
        made
    }

    /// Notes the message that a move covers. It counts as read if the participant is among its readers, else as
    /// delivered.
    fn cover(&mut self, positions: Positions, covers: MessageStatus) {
        let is_read = covers.read_by.contains(&self.moved.user_id);
        let (known, at) =
            if is_read { (&mut self.read, positions.read) } else { (&mut self.delivered, positions.delivered) };
        if known.as_ref().is_none_or(|(before, _)| *before <= at) {
            *known = Some((at, covers));
        }
    }

    /// Adds another report. Reports may arrive out of order. A participant who rejoined starts from the new report.
    fn add(&mut self, mut news: PositionsMoved, audience: Audience, except: Option<UserId>) {
        let (before, after) = (self.moved.positions, news.positions);
        match before.joined.cmp(&after.joined) {
            Ordering::Less => *self = Self::new(news, audience, except),
            Ordering::Greater => {}
            Ordering::Equal => {
                self.moved.positions = Positions {
                    joined: before.joined,
                    delivered: before.delivered.max(after.delivered),
                    read: before.read.max(after.read),
                };
                if let Some(covers) = news.covers.take() {
                    self.cover(after, covers);
                }
                (self.audience, self.except) = (audience, except);
            }
        }
    }

    /// The messages to publish: the newest delivered one after the read position, and the newest read one.
    fn covers(&mut self) -> impl Iterator<Item = MessageStatus> {
        let read = self.moved.positions.read;
        let delivered = self.delivered.take().filter(|(at, _)| *at > read);
        delivered.into_iter().chain(self.read.take()).map(|(_, status)| status)
    }
}

impl Gathered {
    pub(crate) fn len(&self) -> usize {
        self.moves.len()
    }

    pub(crate) fn add(&mut self, moved: PositionsMoved, audience: Audience, except: Option<UserId>) {
        match self.moves.entry((moved.conversation_id, moved.user_id)) {
            Entry::Occupied(mut known) => known.get_mut().add(moved, audience, except),
            Entry::Vacant(free) => {
                free.insert(Moves::new(moved, audience, except));
            }
        }
    }

    /// Returns all moves as events. If several participants have reached one message, it is published once, with the
    /// highest status of all reports: each report was true when it was made, and their order is unknown.
    pub(crate) fn into_envelopes(self) -> Vec<Envelope> {
        let mut moves: Vec<(Moves, Vec<MessageId>)> = Vec::with_capacity(self.moves.len());
        let mut statuses: HashMap<MessageId, MessageStatus> = HashMap::new();
        for mut moved in self.moves.into_values() {
            let covers: Vec<_> = moved.covers().collect();
            moves.push((moved, covers.iter().map(|status| status.message_id).collect()));
            for status in covers {
                match statuses.entry(status.message_id) {
                    Entry::Occupied(mut known) => merge(known.get_mut(), status),
                    Entry::Vacant(free) => {
                        free.insert(status);
                    }
                }
            }
        }
        let mut envelopes = Vec::with_capacity(moves.len());
        for (moves, covers) in moves {
            let mut told: Vec<_> = covers.iter().filter_map(|id| statuses.remove(id)).map(Some).collect();
            if told.is_empty() {
                told.push(None);
            }
            envelopes.extend(told.into_iter().map(|covers| Envelope {
                audience: moves.audience.clone(),
                except: moves.except,
                event: Event::PositionsMoved(PositionsMoved { covers, ..moves.moved.clone() }),
            }));
        }
        envelopes
    }
}

fn merge(known: &mut MessageStatus, other: MessageStatus) {
    known.status = known.status.max(other.status);
    for reader in other.read_by {
        if !known.read_by.contains(&reader) {
            known.read_by.push(reader);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_domain::conversations::ConversationKind;
    use chat_domain::receipts::DeliveryStatus;
    use uuid::Uuid;

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    fn message(number: u128) -> MessageId {
        MessageId::new(Uuid::from_u128(number))
    }

    fn moved(
        who: u128,
        joined: u64,
        delivered: u64,
        read: u64,
        covers: impl Into<Option<MessageStatus>>,
    ) -> PositionsMoved {
        PositionsMoved {
            conversation_id: ConversationId::new(Uuid::nil()),
            kind: ConversationKind::Group,
            user_id: user(who),
            positions: Positions { joined: Seq::new(joined), delivered: Seq::new(delivered), read: Seq::new(read) },
            covers: covers.into(),
        }
    }

    fn status(number: u128, status: DeliveryStatus, readers: &[u128]) -> MessageStatus {
        let read_by = readers.iter().copied().map(user).collect();
        MessageStatus { message_id: message(number), status, read_by }
    }

    fn gathered(reports: Vec<PositionsMoved>) -> Vec<PositionsMoved> {
        let mut gathered = Gathered::default();
        for report in reports {
            gathered.add(report, Audience::Everyone, None);
        }
        let events = gathered.into_envelopes().into_iter().map(|envelope| match envelope.event {
            Event::PositionsMoved(moved) => moved,
            other => panic!("{other:?}"),
        });
        events.collect()
    }

    #[test]
    fn of_one_participant_the_newest_message_counts_however_reports_overtake_each_other() {
        let read = |seq: u64| moved(1, 0, seq, seq, status(u128::from(seq), DeliveryStatus::Read, &[1]));
        for order in [[3, 5, 4], [5, 4, 3], [4, 3, 5]] {
            let events = gathered(order.map(read).to_vec());
            assert_eq!(events, [moved(1, 0, 5, 5, status(5, DeliveryStatus::Read, &[1]))]);
        }
    }

    #[test]
    fn what_was_delivered_is_told_of_beside_what_was_read_only_where_it_is_further() {
        let delivered = moved(1, 0, 9, 0, status(9, DeliveryStatus::Delivered, &[]));
        let read = moved(1, 0, 9, 4, status(4, DeliveryStatus::Read, &[1]));
        let events = gathered(vec![delivered.clone(), read]);
        let covers: Vec<_> = events.iter().filter_map(|event| event.covers.clone()).collect();
        assert_eq!(covers, [status(9, DeliveryStatus::Delivered, &[]), status(4, DeliveryStatus::Read, &[1])]);
        let all = moved(1, 0, 9, 9, status(9, DeliveryStatus::Read, &[1]));
        assert_eq!(gathered(vec![delivered, all.clone()]), [all]);
    }

    #[test]
    fn a_message_that_several_have_read_is_told_of_once_as_far_as_it_got_by_all_of_them() {
        let reports = vec![
            moved(1, 0, 5, 5, status(5, DeliveryStatus::Delivered, &[1])),
            moved(2, 0, 5, 5, status(5, DeliveryStatus::Read, &[1, 2])),
        ];
        let events = gathered(reports);
        assert_eq!(events.len(), 2, "the positions of each participant are published");
        let covers: Vec<_> = events.into_iter().filter_map(|event| event.covers).collect();
        assert_eq!(covers.len(), 1);
        let mut readers = covers[0].read_by.clone();
        readers.sort_unstable();
        assert_eq!((covers[0].status, readers), (DeliveryStatus::Read, vec![user(1), user(2)]));
    }

    #[test]
    fn who_joined_again_starts_anew() {
        let before = moved(1, 0, 9, 9, status(9, DeliveryStatus::Read, &[1]));
        let after = moved(1, 12, 12, 12, None);
        assert_eq!(gathered(vec![before.clone(), after.clone()]), std::slice::from_ref(&after));
        assert_eq!(gathered(vec![after.clone(), before]), [after]);
    }
}
