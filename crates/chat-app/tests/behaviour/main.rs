//! The behaviour of the use cases, over the embedded store with its own file and fakes of all other ports.

mod calls;
mod chats;
mod conversations;
mod faults;
mod groups;
mod invites;
mod limits;
mod login;
mod marks;
mod messages;
mod pairs;
mod passwords;
mod presence;
mod profiles;
mod receipts;
mod recount;
mod refresh;
mod registration;
mod sessions;
mod tampered;
mod turns;
mod typing;
mod upgrades;
mod users;
mod windows;
mod world;
