//! A store in memory that returns committed changes as a database would, and that tests can delay or let fail.

use crate::house::user;
use async_trait::async_trait;
use chat_domain::changes::{ChangeRecord, ChangeTag, Effect};
use chat_domain::conversations::{
    Conversation, ConversationDetails, ConversationKind, Joined, Membership, Participation, Removal, Role,
};
use chat_domain::messages::{Message, MessageBody, MessagePlace, Reactions};
use chat_domain::presence::{Contact, ContactsWanted};
use chat_domain::receipts::{Positions, PositionsMoved};
use chat_domain::users::UserSummary;
use chat_domain::{
    Change, ChangeKind, ChangeLog, ChangeRange, ClientMessageId, CommitCursor, Committed, ConversationId, MessageId,
    Pos, RealtimeStore, Seq, StoreError, Timestamp, UserId,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use tokio::task::yield_now;
use uuid::Uuid;

fn summary(id: UserId) -> UserSummary {
    UserSummary { id, username: None, name: "someone".into(), avatar: None }
}

pub(crate) fn details(id: ConversationId) -> Box<ConversationDetails> {
    let conversation = Conversation {
        id,
        kind: ConversationKind::Group,
        name: None,
        description: None,
        avatar: None,
        is_active: true,
        metadata: None,
        invite_code: None,
        created_by: user(1),
        last_seq: Seq::ZERO,
        last_pos: Pos::ZERO,
        participant_count: 2,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    };
    Box::new(ConversationDetails { conversation, participants: Vec::new() })
}

/// A change of a conversation.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    Made(Vec<UserId>),
    Said(UserId, String),
    Added(UserId),
    Removed(UserId),
    /// A change of a kind that only a later release knows.
    Newer(Effect),
}

/// The committed changes, as a database would return them.
#[derive(Default)]
pub(crate) struct Store {
    logs: Mutex<BTreeMap<ConversationId, Vec<Change>>>,
    /// How often a reader yields before and after it takes its snapshot.
    pub(crate) delays: Mutex<(usize, usize)>,
    pub(crate) failures: Mutex<usize>,
    /// Changes with these `pos` are missing in the log, even if committed.
    pub(crate) lost_rows: Mutex<BTreeSet<u64>>,
    /// The positions of each user in every conversation: joined, delivered, read.
    pub(crate) positions: Mutex<Vec<(UserId, u64, u64, u64)>>,
    /// The contacts of every user.
    pub(crate) contacts: Mutex<Vec<Contact>>,
    pub(crate) reads: Mutex<usize>,
}

impl Store {
    pub(crate) fn commit(&self, id: ConversationId, happening: Happening) -> Change {
        let mut logs = self.logs.lock().expect("a lock");
        let log = logs.entry(id).or_default();
        let pos = Pos::new(log.len() as u64 + 1);
        let kind = match happening {
            Happening::Made(member_ids) => ChangeKind::Created { details: details(id), member_ids },
            Happening::Said(sender, text) => ChangeKind::MessageSent(Box::new(Message {
                id: MessageId::new(Uuid::from_u128(u128::from(pos.get()))),
                conversation_id: id,
                kind: ConversationKind::Group,
                seq: Seq::new(pos.get()),
                pos,
                changed: None,
                sender: summary(sender),
                body: MessageBody::parse(&text).expect("a body"),
                attachment: None,
                reply_to: None,
                quoted: None,
                metadata: None,
                forwarded_from: None,
                reactions: Reactions::default(),
                pinned_at: None,
                client_message_id: ClientMessageId::parse("key").ok(),
                created_at: Timestamp::default(),
                updated_at: Timestamp::default(),
                edited_at: None,
                deleted_at: None,
                deleted_by: None,
            })),
            Happening::Added(id_of_user) => {
                ChangeKind::ParticipantAdded { user: summary(id_of_user), role: Role::Member, details: details(id) }
            }
            Happening::Removed(user_id) => ChangeKind::ParticipantRemoved { user_id },
            Happening::Newer(effect) => {
                let at = Timestamp::default();
                let tag = ChangeTag::from_stored("of_a_later_release");
                ChangeKind::Unknown(Box::new(ChangeRecord { effect, ..ChangeRecord::new(id, pos, at, tag) }))
            }
        };
        let change = Change { conversation_id: id, pos, at: Timestamp::default(), kind };
        log.push(change.clone());
        change
    }

    pub(crate) fn log(&self, id: ConversationId) -> Vec<Change> {
        self.logs.lock().expect("a lock").get(&id).cloned().unwrap_or_default()
    }

    pub(crate) fn last(&self, id: ConversationId) -> u64 {
        self.log(id).len() as u64
    }

    async fn wait(&self, after: bool) -> Result<(), StoreError> {
        *self.reads.lock().expect("a lock") += usize::from(!after);
        let delays = *self.delays.lock().expect("a lock");
        for _ in 0..if after { delays.1 } else { delays.0 } {
            yield_now().await;
        }
        let mut failures = self.failures.lock().expect("a lock");
        if *failures > 0 && !after {
            *failures -= 1;
            return Err(StoreError::Overloaded);
        }
        Ok(())
    }
}

pub(crate) fn is_member(log: &[Change], user: UserId) -> bool {
    log.iter().fold(false, |member, change| after(member, change, user))
}

pub(crate) fn after(member: bool, change: &Change, user: UserId) -> bool {
    match change.kind.effect() {
        Effect::Joins(users) if users.contains(&user) => true,
        Effect::Leaves(users) if users.contains(&user) => false,
        _ => member,
    }
}

#[async_trait]
impl ChangeLog for Store {
    async fn list_changes(&self, ranges: &[ChangeRange], limit: u32) -> Result<Vec<Change>, StoreError> {
        self.wait(false).await?;
        let lost = self.lost_rows.lock().expect("a lock").clone();
        let changes = ranges
            .iter()
            .flat_map(|range| {
                let (after, up_to) = (range.after, range.up_to);
                self.log(range.conversation_id)
                    .into_iter()
                    .filter(move |change| after < change.pos && change.pos <= up_to)
            })
            .filter(|change| !lost.contains(&change.pos.get()))
            .take(limit as usize)
            .collect();
        self.wait(true).await?;
        Ok(changes)
    }
}

#[async_trait]
impl RealtimeStore for Store {
    async fn list_memberships(&self, user: UserId, _: u32) -> Result<Vec<Membership>, StoreError> {
        self.wait(false).await?;
        let memberships = {
            let logs = self.logs.lock().expect("a lock");
            let of_user = logs.iter().filter(|(_, log)| is_member(log, user));
            of_user
                .map(|(id, log)| Membership {
                    conversation_id: *id,
                    role: Role::Member,
                    last_pos: Pos::new(log.len() as u64),
                    positions: Positions::joining_at(Seq::new(3)),
                    participant_count: 2,
                })
                .collect()
        };
        self.wait(true).await?;
        Ok(memberships)
    }

    async fn list_participations(
        &self,
        user: UserId,
        ids: &[ConversationId],
    ) -> Result<Vec<Participation>, StoreError> {
        self.wait(false).await?;
        let participations = ids.iter().filter_map(|id| {
            let log = self.log(*id);
            if is_member(&log, user) {
                return Some(Participation::Present(*id));
            }
            let removal = log.iter().rfind(|change| change.kind.effect().leavers().contains(&user))?;
            Some(Participation::Past(Removal { conversation_id: *id, pos: removal.pos, at: removal.at }))
        });
        Ok(participations.collect())
    }

    async fn list_newest_contacts(&self, _: ContactsWanted) -> Result<Vec<Contact>, StoreError> {
        Ok(self.contacts.lock().expect("a lock").clone())
    }

    async fn list_positions(&self, ids: &[ConversationId]) -> Result<Vec<PositionsMoved>, StoreError> {
        let positions = self.positions.lock().expect("a lock");
        let of = |id: &ConversationId| {
            let id = *id;
            positions.iter().map(move |(user_id, joined, delivered, read)| PositionsMoved {
                conversation_id: id,
                kind: ConversationKind::Group,
                user_id: *user_id,
                positions: Positions {
                    joined: Seq::new(*joined),
                    delivered: Seq::new(*delivered),
                    read: Seq::new(*read),
                },
                covers: None,
            })
        };
        Ok(ids.iter().flat_map(of).collect())
    }

    async fn list_last_pos(&self, ids: &[ConversationId]) -> Result<Vec<(ConversationId, Pos)>, StoreError> {
        self.wait(false).await?;
        Ok(ids.iter().map(|id| (*id, Pos::new(self.last(*id)))).filter(|(_, pos)| *pos > Pos::ZERO).collect())
    }

    async fn list_joined(&self, _: Option<&CommitCursor>, _: u32) -> Result<Committed<Joined>, StoreError> {
        let logs = self.logs.lock().expect("a lock");
        let mut all = Vec::new();
        for (id, log) in logs.iter() {
            for number in 1..=9 {
                let coming = log.iter().rfind(|change| after(false, change, user(number)));
                if let Some(change) = coming.filter(|_| is_member(log, user(number))) {
                    all.push(Joined { conversation_id: *id, user_id: user(number), pos: change.pos });
                }
            }
        }
        Ok(Committed { items: all, cursor: CommitCursor::new("") })
    }

    async fn list_at(&self, places: &[(ConversationId, Seq)]) -> Result<Vec<MessagePlace>, StoreError> {
        let at = |(id, seq): &(ConversationId, Seq)| {
            self.log(*id).into_iter().find_map(|change| match change.kind {
                ChangeKind::MessageSent(message) if message.seq == *seq => {
                    Some(MessagePlace { id: message.id, conversation_id: *id, seq: *seq, sender_id: message.sender.id })
                }
                _ => None,
            })
        };
        Ok(places.iter().filter_map(at).collect())
    }
}
