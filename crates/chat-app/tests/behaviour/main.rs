//! What the use cases do, against the embedded store on a file of its own and fakes of everything else.

mod calls;
mod conversations;
mod faults;
mod login;
mod messages;
mod presence;
mod profiles;
mod receipts;
mod refresh;
mod sessions;
mod tampered;
mod typing;
mod users;
mod windows;
mod world;
