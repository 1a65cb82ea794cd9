use crate::world::{World, message, page};
use chat_app::App;
use chat_domain::auth::Actor;
use chat_domain::conversations::ConversationFilter;
use chat_domain::receipts::{AdvancePositions, ReceiptTarget};
use chat_domain::{ConversationId, Seq};
use std::collections::HashMap;

const DEVICES: usize = 2;
const STEPS: usize = 100;

/// A device of one user, which does a fixed pseudo-random sequence of actions. Returns the newest message that its user
/// has read by them.
async fn live(app: App, actor: Actor, chat: ConversationId, mut seed: u64) -> Seq {
    let (mut read, mut newest_seen) = (Seq::ZERO, Seq::ZERO);
    for step in 0..STEPS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let choice = seed >> 33;
        let somewhere = Seq::new((choice / 4) % (newest_seen.get() + 1));
        match choice % 4 {
            0 => {
                let sent = app.messages.send(actor, message(chat, &format!("step {step}"), None)).await.expect("sent");
                read = read.max(sent.message().seq);
                newest_seen = newest_seen.max(sent.message().seq);
            }
            1 => {
                let delivered = AdvancePositions::Delivered(ReceiptTarget::Latest);
                let advanced = app.receipts.advance(actor, chat, delivered).await.expect("moved");
                newest_seen = newest_seen.max(advanced.last_seq);
            }
            _ => {
                let marked = AdvancePositions::Read(ReceiptTarget::Seq(somewhere));
                app.receipts.advance(actor, chat, marked).await.expect("moved");
                read = read.max(somewhere);
            }
        }
    }
    read
}

#[tokio::test]
async fn after_a_thousand_steps_of_many_devices_what_is_unread_is_what_a_recount_says() {
    let world = World::new();
    let users = world.users(["ann", "bob", "cid", "dan", "eve"]).await;
    let chat = world.make_group(users[0], "Project", &users[1..]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for (number, actor) in users.into_iter().cycle().take(users.len() * DEVICES).enumerate() {
        let device = live(world.app.clone(), actor, chat, number as u64 * 7_919 + 1);
        tasks.spawn(async move { (actor.user_id, device.await) });
    }
    let mut read: HashMap<_, Seq> = HashMap::new();
    for (user, up_to) in tasks.join_all().await {
        let known = read.entry(user).or_default();
        *known = up_to.max(*known);
    }
    for actor in users {
        let groups =
            world.app.conversations.list(actor, ConversationFilter::Groups, page(1, 10)).await.expect("a page");
        let overview = &groups.items[0];
        let last = overview.details.conversation.last_seq;
        assert!(last > Seq::new(100), "too few messages: {last}");
        let recount = (1..=last.get()).filter(|seq| Seq::new(*seq) > read[&actor.user_id]).count() as u64;
        assert_eq!(overview.unread_count(), recount);
    }
}
