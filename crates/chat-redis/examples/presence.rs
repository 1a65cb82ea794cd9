//! Shows who is online over several processes: each process that runs this example is a node with one user.
//!
//! `redis-server --port 6400`, then in several terminals:
//! `cargo run -p chat-redis --example presence -- redis://127.0.0.1:6400`. Stop one with Ctrl-C, or kill it: the others
//! see its user go offline, at once or when its lease ends.
#![allow(clippy::print_stdout, reason = "the output is the purpose")]

use chat_domain::presence::{PresenceRegistry, PresenceUpkeep};
use chat_domain::{ConnectionId, NodeId, UserId};
use chat_redis::{Redis, RedisPresence, RedisSettings, RedisUrl};
use std::error::Error;
use std::time::Duration;
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "redis://127.0.0.1:6379".to_owned());
    let settings = RedisSettings {
        key_prefix: "presence-example".to_owned(),
        presence_lease: Duration::from_secs(5),
        ..RedisSettings::new(RedisUrl::parse(&url)?)
    };
    let redis = Redis::open(settings)?;
    redis.connected().await;
    let presence = RedisPresence::new(&redis, NodeId::new(Uuid::now_v7()));
    let user = UserId::new(Uuid::now_v7());
    presence.connect(user, ConnectionId::new(Uuid::now_v7())).await?;
    println!("user {user} is online");
    let mut online = Vec::new();
    loop {
        let tick = tokio::time::sleep(Duration::from_millis(500));
        tokio::select! {
            // Renews this node's lease, and takes over the users of dead nodes.
            () = presence.due() => drop(presence.keep_up().await),
            () = tick => {
                let now = presence.list_online().await?;
                if now != online {
                    println!("{} online: {now:?}", now.len());
                    online = now;
                }
            }
            done = tokio::signal::ctrl_c() => {
                done?;
                // So that the other nodes need not wait for the lease to end.
                presence.retire().await;
                return Ok(());
            }
        }
    }
}
