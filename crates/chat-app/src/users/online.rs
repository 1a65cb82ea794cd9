use super::Users;
use chat_domain::auth::Actor;
use chat_domain::presence::{PresenceAudience, PresenceStatus};
use chat_domain::users::User;
use chat_domain::{ActionError, Page, PageRequest, UserId};
use std::collections::HashMap;

/// The most contacts of a user that are checked.
const MAX_CONTACTS_LOOKED_AT: u32 = 10_000;

impl Users {
    /// The online users that the actor may see, in the order of their ids, without the actor.
    pub async fn online(&self, actor: Actor, page: PageRequest) -> Result<Page<(User, PresenceStatus)>, ActionError> {
        let online = self.visible_online(actor.user_id).await?;
        let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
        let here: Vec<_> = online.iter().copied().skip(offset).take(page.limit.get() as usize).collect();

        let statuses: HashMap<_, _> = here.iter().copied().zip(self.0.presence.statuses(&here).await?).collect();
        let mut users = self.0.reading_on(actor.user_id, self.0.store.users().list_by_ids(&here)).await?;
        users.sort_unstable_by_key(|user| user.id);
        let items = users
            .into_iter()
            // Users who went offline since the list was made are left out.
            .filter_map(|user| statuses.get(&user.id).filter(|status| status.is_online()).map(|status| (user, *status)))
            .collect();
        Ok(Page { items, total: online.len() as u64, request: page })
    }

    async fn visible_online(&self, viewer: UserId) -> Result<Vec<UserId>, ActionError> {
        let mut online = match self.0.settings.presence_audience {
            PresenceAudience::Everyone => self.0.presence.list_online().await?,
            PresenceAudience::Contacts => {
                let contacts = self.0.store.users().list_contact_ids(viewer, MAX_CONTACTS_LOOKED_AT);
                let contacts = self.0.reading(viewer, contacts).await?;
                let statuses = self.0.presence.statuses(&contacts).await?;
                contacts.into_iter().zip(statuses).filter(|(_, status)| status.is_online()).map(|(id, _)| id).collect()
            }
        };
        online.retain(|id| *id != viewer);
        online.sort_unstable();
        Ok(online)
    }
}
