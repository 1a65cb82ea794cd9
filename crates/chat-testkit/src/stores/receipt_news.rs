//! Moves of positions, each reported once.

use super::races::{RACERS, race};
use super::{Scene, Stores};
use chat_domain::conversations::{AddParticipant, ConversationKind, MAX_PUSHED_PARTICIPANTS};
use chat_domain::receipts::DeliveryStatus::{Delivered, Read, Sent};
use chat_domain::receipts::{AdvancePositions, Advanced, MessageStatus, Positions, ReceiptTarget};
use chat_domain::{ChangeKind, ConversationId, Seq, UserId};

async fn delivered_up_to(scene: &Scene, id: ConversationId, user: UserId, seq: u64) -> Advanced {
    let target = ReceiptTarget::Seq(Seq::new(seq));
    scene.receipts.advance(id, user, AdvancePositions::Delivered(target)).await.expect("advanced")
}

pub async fn a_move_tells_how_far_the_newest_message_it_covers_has_got(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, dora] = scene.users_named(["ann", "bob", "cid", "dora"]).await;
    let group = scene.group(ann, &[bob, cid]).await;
    let said = scene.say_many(group, ann, 4).await;
    scene.add(group, ann, dora).await;
    let covers = |advanced: Advanced| {
        assert_eq!((advanced.kind, advanced.participant_count), (ConversationKind::Group, 4));
        let MessageStatus { message_id, status, mut read_by } = advanced.covers.expect("a move");
        read_by.sort_unstable();
        let seq = said.iter().find(|message| message.id == message_id).expect("one of these").seq.get();
        (seq, status, read_by)
    };
    let both = || {
        let mut both = vec![bob, cid];
        both.sort_unstable();
        both
    };
    assert_eq!(covers(delivered_up_to(&scene, group, bob, 3).await), (3, Sent, vec![]), "cid has not received it");
    assert_eq!(covers(delivered_up_to(&scene, group, cid, 2).await), (2, Delivered, vec![]), "dora came later");
    assert_eq!(covers(scene.read_up_to(group, bob, 2).await), (2, Delivered, vec![bob]));
    assert_eq!(covers(scene.read_up_to(group, cid, 4).await), (4, Sent, vec![cid]), "bob has not received it");
    assert_eq!(covers(scene.read_up_to(group, bob, 4).await), (4, Read, both()));
    let nothing = scene.read_up_to(group, bob, 3).await;
    assert_eq!((nothing.moved(), nothing.covers, nothing.before), (false, None, nothing.positions));
    let reply = scene.say(group, bob, "a reply").await;
    scene.remove(group, ann, cid).await;
    let advanced = scene.read_up_to(group, ann, 5).await;
    let expected = MessageStatus { message_id: reply.id, status: Sent, read_by: vec![ann] };
    assert_eq!(advanced.covers, Some(expected), "dora had joined before this one, cid has left");
}

pub async fn a_move_among_very_many_tells_of_no_message(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let mut others = vec![bob];
    for number in 2..=MAX_PUSHED_PARTICIPANTS {
        others.push(scene.user(&format!("user{number}")).await);
    }
    let group = scene.group(ann, &others).await;
    scene.say(group, ann, "hello").await;
    let advanced = scene.read_up_to(group, bob, 1).await;
    assert_eq!((advanced.moved(), advanced.covers, advanced.participant_count), (true, None, 101));
    scene.remove(group, ann, others[1]).await;
    let advanced = scene.read_up_to(group, others[2], 1).await;
    assert!(advanced.covers.is_some(), "{advanced:?}");
}

pub async fn racing_moves_of_one_participant_count_each_message_once(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    scene.say_many(direct, ann, 40).await;
    let moves = race(|number| {
        let scene = scene.clone();
        async move { scene.read_up_to(direct, bob, (number % 41) as u64).await }
    })
    .await;
    let steps: u64 = moves.iter().map(|one| one.positions.read.since(one.before.read)).sum();
    assert_eq!(steps, 40, "each step is moved by one call");
    let last = moves.iter().filter(|one| one.positions.read == Seq::new(40) && one.moved());
    assert_eq!(last.count(), 1);
    assert!(moves.iter().all(|one| one.moved() == one.covers.is_some()));
    assert_eq!(scene.overview(direct, bob).await.unread_count(), 0);
}

pub async fn of_racing_readers_the_last_learns_that_all_have_read(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let mut readers = Vec::new();
    for number in 0..20 {
        readers.push(scene.user(&format!("user{number}")).await);
    }
    let group = scene.group(ann, &readers).await;
    for seq in 1..=(RACERS / readers.len()) as u64 {
        scene.say(group, ann, "hello").await;
        let moves = readers.iter().map(|reader| {
            let (scene, reader) = (scene.clone(), *reader);
            tokio::spawn(async move { scene.read_up_to(group, reader, seq).await })
        });
        let mut told = Vec::new();
        for one in moves.collect::<Vec<_>>() {
            told.push(one.await.expect("an answer").covers.expect("a move"));
        }
        let all = told.iter().filter(|covers| covers.status == Read && covers.read_by.len() == readers.len());
        assert!(all.count() >= 1, "one call saw the result of all: {told:?}");
    }
}

/// What a client knows from its own actions: how far it must have read.
struct Client {
    scene: Scene,
    group: ConversationId,
    admin: UserId,
    user: UserId,
    read: u64,
    known: u64,
    random: u64,
}

impl Client {
    /// The next number of a fixed pseudo-random sequence (xorshift), below `end`.
    fn next(&mut self, end: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % end
    }

    async fn step(&mut self) {
        match self.next(10) {
            0..=3 => {
                let sent = self.scene.say(self.group, self.user, "hello").await.seq.get();
                (self.read, self.known) = (sent, sent);
            }
            4..=6 => {
                let seq = self.next(self.known + 1);
                let advanced = self.scene.read_up_to(self.group, self.user, seq).await;
                self.read = self.read.max(seq);
                assert_eq!(advanced.positions.read.get(), self.read);
                self.known = advanced.last_seq.get();
            }
            7 | 8 => {
                let advanced = delivered_up_to(&self.scene, self.group, self.user, u64::MAX).await;
                self.known = advanced.last_seq.get();
                assert_eq!(advanced.positions.read.get(), self.read, "the read position is unchanged");
            }
            // The admin stays.
            _ if self.user == self.admin => {}
            _ => {
                self.scene.remove(self.group, self.user, self.user).await;
                let at = self.scene.now();
                let add = AddParticipant { conversation_id: self.group, actor: self.admin, user: self.user, at };
                let (details, _) = self.scene.conversations.add_participant(add).await.expect("added");
                self.known = details.conversation.last_seq.get();
                self.read = self.known;
            }
        }
    }
}

pub async fn unread_counts_equal_a_recount_after_many_clients_did_anything(stores: Stores) {
    const STEPS: usize = 200;
    const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
    let scene = Scene::new(stores);
    let people = scene.users_named(["ann", "bob", "cid", "dora", "eve"]).await;
    let group = scene.group(people[0], &people[1..]).await;
    let clients = (1..).zip(people).map(|(number, user)| {
        let scene = scene.clone();
        let mut client =
            Client { scene, group, admin: people[0], user, read: 0, known: 0, random: SEED.wrapping_mul(number) };
        tokio::spawn(async move {
            for _ in 0..STEPS {
                client.step().await;
            }
            client
        })
    });
    let mut done = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        done.push(client.await.expect("the client ends"));
    }
    let said: Vec<u64> = scene
        .all_changes(group)
        .await
        .iter()
        .filter_map(|change| match &change.kind {
            ChangeKind::MessageSent(message) => Some(message.seq.get()),
            _ => None,
        })
        .collect();
    assert!(said.len() > STEPS, "many messages");
    for client in done {
        let recount = said.iter().filter(|seq| **seq > client.read).count() as u64;
        let overview = scene.overview(group, client.user).await;
        assert_eq!(overview.unread_count(), recount);
        let Positions { joined, delivered, read } = overview.viewer.expect("takes part").positions;
        assert!(joined <= read && read <= delivered && delivered <= overview.details.conversation.last_seq);
    }
    scene.assert_numbered_without_gaps(group, people[0]).await;
}
