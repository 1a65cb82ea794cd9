//! `chat-server users collisions`: accounts and groups whose keys became equal when keys became case-folded and
//! normalised.

use crate::cli::print;
use crate::config::Config;
use crate::store::Store;
use chat_domain::conversations::{Conversation, NameCollision};
use chat_domain::users::{EmailCollision, User};
use std::fmt::Write as _;

/// How many of each kind are listed.
const MAX_SHOWN: u32 = 1_000;

/// Prints them. Works while a server is running.
pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    let store = Store::open_existing(&config.database).await?;
    let handle = store.handle();
    let emails = handle.users().list_email_collisions(MAX_SHOWN).await;
    let names = handle.groups().list_name_collisions(MAX_SHOWN).await;
    drop(handle);
    store.close().await?;
    print(&report(&emails?, &names?))
}

fn report(emails: &[EmailCollision], names: &[NameCollision]) -> String {
    if emails.is_empty() && names.is_empty() {
        return "No accounts share an email, and no active groups share a name.\n".to_owned();
    }
    let mut text = String::new();
    for EmailCollision { holder, other } in emails {
        let older = holder.as_ref().map_or_else(|| "a deleted account".to_owned(), account);
        let _ = writeln!(
            text,
            "{} has the same email as {older}: it can sign in only with this exact spelling.",
            account(other)
        );
    }
    for NameCollision { holder, other } in names {
        let older = holder.as_ref().map_or_else(|| "a group that no longer has this name".to_owned(), group);
        let _ = writeln!(
            text,
            "{} has a name that looks like the name of {older}: it keeps the name until it is renamed.",
            group(other)
        );
    }
    for (shown, what) in [(emails.len(), "accounts"), (names.len(), "groups")] {
        if shown == MAX_SHOWN as usize {
            let _ = writeln!(text, "Only the first {MAX_SHOWN} {what} are listed; there may be more.");
        }
    }
    text
}

/// The account with its email in Rust's escaped form, since the difference may be invisible.
fn account(user: &User) -> String {
    format!("Account {} ({}, {:?})", user.id, user.username.as_str(), user.email.as_str())
}

fn group(conversation: &Conversation) -> String {
    let name = conversation.name.as_ref().map_or("", |name| name.as_str());
    format!("Group {} ({name:?})", conversation.id)
}
