//! The presence of a user's contacts, which every new connection of the user receives.

use crate::connection::Connection;
use crate::hub::Hub;
use chat_domain::UserId;
use chat_domain::conversations::MAX_PUSHED_PARTICIPANTS;
use chat_domain::presence::{Contact, ContactsWanted};
use chat_protocol::realtime::{Both, ContactStateView, PresenceStateView};
use std::error::Error;

/// The maximum number of contacts whose presence a new connection receives, and the number of conversations in which
/// they are looked for: those with the newest activity. Most conversations have one contact.
const MAX_CONTACTS: u32 = 100;

/// The maximum number of conversations that are searched for contacts: those with the newest activity. In most of them
/// presence may be invisible, for example if many strangers have written to the user.
const MAX_LOOKED_AT: u32 = 256;

impl Hub {
    /// Returns the contacts of a connecting user; none if this node shows no presence or cannot read them.
    pub(super) async fn contacts(&self, user: UserId) -> Vec<Contact> {
        let Some((_, audience)) = self.fan_out().presence() else { return Vec::new() };
        let wanted = ContactsWanted {
            user,
            audience: *audience,
            most_participants: MAX_PUSHED_PARTICIPANTS,
            looked_at: MAX_LOOKED_AT,
            conversations: MAX_CONTACTS,
            limit: MAX_CONTACTS,
        };
        self.fan_out().store().list_newest_contacts(wanted).await.unwrap_or_else(|fault| {
            tracing::debug!(error = &fault as &dyn Error, "cannot read the contacts of a new connection");
            Vec::new()
        })
    }

    /// Returns the present statuses of these contacts. The connection must hold the events of their conversations: then
    /// each later change of a status is among these events. Presence is best effort: without it, there is no state.
    pub(super) async fn states(&self, contacts: Vec<Contact>) -> Option<PresenceStateView> {
        if contacts.is_empty() {
            return None;
        }
        let (registry, _) = self.fan_out().presence()?;
        let ids: Vec<_> = contacts.iter().map(|contact| contact.user_id).collect();
        match registry.known_statuses(&ids).await {
            Ok(statuses) => {
                let users = contacts.into_iter().zip(statuses);
                Some(PresenceStateView {
                    users: users.map(|(one, status)| ContactStateView::new(one, status)).collect(),
                })
            }
            Err(fault) => {
                tracing::debug!(error = &fault as &dyn Error, "cannot read the presence of contacts");
                None
            }
        }
    }
}

/// Sends the state, if there is one, before the events that the connection holds.
pub(super) fn send(connection: &Connection, state: Option<&PresenceStateView>) {
    if let Some(state) = state {
        connection.send_event(Both::PRESENCE_STATE, state);
    }
}
