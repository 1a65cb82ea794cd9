//! What the use cases do, against the embedded store on a file of its own and fakes of everything else.

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
