//! Attaching and resuming while events continue.

use crate::house::{
    Client, Happening, House, Sinks, after, conversation, is_member, on_a_worker, run, session, settings, settle,
    until, user, visible,
};
use async_trait::async_trait;
use chat_domain::changes::MissedLimit;
use chat_domain::presence::{Contact, PresenceAudience, PresenceError, PresenceRegistry, PresenceStatus};
use chat_domain::users::UserSummary;
use chat_domain::{
    Audience, Change, ChangeKind, ConnectionId, ConversationId, Envelope, Event, Pos, Timestamp, UserId,
};
use chat_protocol::realtime::Resume;
use chat_realtime::{FanOut, Format, Sink, catch_up};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use tokio::task::{spawn_local, yield_now};

const WHO: u128 = 1;
const OTHER: u128 = 2;
const ROOMS: u128 = 3;

/// One step of a script.
#[derive(Debug, Clone)]
enum Step {
    Say(u128),
    /// Adds the user if they are not a member, else removes them.
    Turn(u128),
    /// Publishes one of the committed changes that have not been delivered yet.
    Publish(usize),
    /// Loses one of these changes.
    Lose(usize),
    Pause(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..ROOMS).prop_map(Step::Say),
        2 => (0..ROOMS).prop_map(Step::Turn),
        5 => any::<usize>().prop_map(Step::Publish),
        1 => any::<usize>().prop_map(Step::Lose),
        4 => (0_usize..6).prop_map(Step::Pause),
    ];
    proptest::collection::vec(step, 0..60)
}

struct Script {
    house: House,
    on_the_way: Vec<Change>,
}

impl Script {
    async fn run(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Say(room) => self.commit(conversation(*room), Happening::Said(user(OTHER), "hi".into())),
                Step::Turn(room) => {
                    let room = conversation(*room);
                    let happening = if is_member(&self.house.store.log(room), user(WHO)) {
                        Happening::Removed(user(WHO))
                    } else {
                        Happening::Added(user(WHO))
                    };
                    self.commit(room, happening);
                }
                Step::Publish(which) if !self.on_the_way.is_empty() => {
                    let change = self.on_the_way.remove(self.first_of_its_kind(which % self.on_the_way.len()));
                    self.house.publish(change);
                }
                Step::Lose(which) if !self.on_the_way.is_empty() => {
                    let which = which % self.on_the_way.len();
                    // A node cannot know of a conversation without any event of it: the addition must arrive at some
                    // time.
                    if !matches!(self.on_the_way[which].kind, ChangeKind::ParticipantAdded { .. }) {
                        self.on_the_way.remove(which);
                    }
                }
                Step::Publish(_) | Step::Lose(_) => {}
                Step::Pause(turns) => {
                    for _ in 0..*turns {
                        yield_now().await;
                    }
                }
            }
        }
    }

    /// Membership changes come more slowly than events overtake each other: the membership changes of one conversation
    /// arrive in order.
    fn first_of_its_kind(&self, which: usize) -> usize {
        let is_of_membership = |change: &Change| !matches!(change.kind, ChangeKind::MessageSent(_));
        let chosen = &self.on_the_way[which];
        if !is_of_membership(chosen) {
            return which;
        }
        let same = |change: &Change| change.conversation_id == chosen.conversation_id && is_of_membership(change);
        self.on_the_way.iter().position(same).unwrap_or(which)
    }

    fn commit(&mut self, room: ConversationId, happening: Happening) {
        let change = self.house.store.commit(room, happening);
        self.on_the_way.push(change);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_missed_and_nothing_comes_twice(
        before in steps(), during in steps(), later in steps(), delays in (0_usize..12, 0_usize..12),
        has in proptest::collection::vec(proptest::option::of(0_u64..12), 3), has_company: bool,
        sinks in prop_oneof![Just(Sinks::Pulled), Just(Sinks::Streams)]
    ) {
        on_a_worker(async {
            let mut script = Script { house: House::of(sinks, settings()), on_the_way: Vec::new() };
            for room in 0..ROOMS {
                let members = if room == 0 { vec![user(OTHER)] } else { vec![user(WHO), user(OTHER)] };
                script.house.happens(conversation(room), Happening::Made(members));
            }
            // Another user on the same thread may keep the conversations in use.
            let company = if has_company { Some(script.house.arrive(user(OTHER), None).await) } else { None };
            script.run(&before).await;

            let resume: Vec<_> = (0..ROOMS).zip(&has).filter_map(|(room, has)| {
                let id = conversation(room);
                has.map(|has| (id, Pos::new(has.min(script.house.store.last(id)))))
            }).collect();
            let resume = Resume::new(resume);
            let client = script.house.sign_in(user(WHO)).expect("room");
            *script.house.store.delays.lock().expect("a lock") = delays;
            let attaching = spawn_local({
                let (client, hub, resume) = (client.clone(), Rc::clone(&script.house.hub), resume.clone());
                async move { client.attach(&hub, Some(&resume)).await }
            });
            script.run(&during).await;
            attaching.await.expect("attached");
            *script.house.store.delays.lock().expect("a lock") = (0, 0);
            let attached_at: Vec<_> = (0..ROOMS).map(|room| script.house.store.log(conversation(room)).len()).collect();
            script.run(&later).await;
            for change in std::mem::take(&mut script.on_the_way) {
                script.house.publish(change);
            }
            script.house.fan_out.check_tails().await.expect("checked");

            let named = client.named("resumed");
            prop_assert_eq!(named.len(), 1);
            for (room, attached_at) in (0..ROOMS).zip(attached_at) {
                let id = conversation(room);
                let log = script.house.store.log(id);
                let from = named[0]["positions"][id.to_string()].as_u64();
                let expected: BTreeSet<u64> = match (resume.pos(id), from) {
                    // A member who resumes misses nothing of the whole log.
                    (Some(has), Some(from)) => expected_of_member(&log, has.get(), from),
                    // A new member receives the changes after the position in `resumed`. If the membership changed
                    // while attaching, its last change is the first that must come.
                    (None, Some(from)) => {
                        visible(&log, user(WHO), before_last_turn(&log[..attached_at], from).unwrap_or(from))
                    }
                    (_, None) => visible(&log, user(WHO), u64::MAX),
                };
                until(
                    || {
                        let (log, received) = (sketch(&log), client.positions(id));
                        format!("expected {expected:?} after {from:?} of {log}, received {received:?}")
                    },
                    || expected.is_subset(&client.positions(id).into_iter().collect()),
                ).await;
                settle().await;
                let came = client.positions(id);
                prop_assert!(came.windows(2).all(|pair| pair[0] < pair[1]), "out of order or repeated: {:?}", came);
                let allowed = visible(&log, user(WHO), 0);
                let member_history: BTreeSet<u64> = (1..=resume_end(&log, from)).collect();
                for pos in &came {
                    prop_assert!(allowed.contains(pos) || member_history.contains(pos), "the user received {pos}");
                }
            }
            drop(company);
            Ok(())
        })?;
    }
}

/// The log in letters: created (M), added (A), removed (R), or any other change.
fn sketch(log: &[Change]) -> String {
    let letter = |change: &Change| match change.kind {
        ChangeKind::Created { .. } => 'M',
        ChangeKind::ParticipantAdded { .. } => 'A',
        ChangeKind::ParticipantRemoved { .. } => 'R',
        _ => '.',
    };
    log.iter().map(letter).collect()
}

/// The position before the last change of the user's membership after `from`.
fn before_last_turn(log: &[Change], from: u64) -> Option<u64> {
    let mut later = log.iter().filter(|change| change.pos.get() > from);
    let last = later.rfind(|change| after(false, change, user(WHO)) || !after(true, change, user(WHO)))?;
    Some(last.pos.get() - 1)
}

/// The position up to which a member may see the whole history.
fn resume_end(log: &[Change], from: Option<u64>) -> u64 {
    let last_member = log.iter().enumerate().rfind(|(index, _)| is_member(&log[..=*index], user(WHO)));
    let last = last_member.map_or(0, |(index, _)| index as u64 + 1);
    from.unwrap_or(0).max(last)
}

/// The changes that a user who was a member on resuming must receive. Of the changes of their membership up to `from`,
/// where live events begin, only the last one.
fn expected_of_member(log: &[Change], has: u64, from: u64) -> BTreeSet<u64> {
    let is_of_membership = |change: &&Change| ["A", "R"].contains(&sketch(std::slice::from_ref(*change)).as_str());
    let mut of_membership: Vec<_> = log.iter().filter(is_of_membership).map(|change| change.pos.get()).collect();
    of_membership.retain(|pos| (has + 1..=from).contains(pos));
    of_membership.pop();
    visible(log, user(WHO), has).into_iter().filter(|pos| !of_membership.contains(pos)).collect()
}

#[test]
fn one_who_takes_part_in_ten_thousand_conversations_attaches_to_each_of_them() {
    const MANY: u128 = 10_000;
    on_a_worker(async {
        let house = House::with(settings());
        for number in 0..MANY {
            house.store.commit(conversation(number), Happening::Made(vec![user(WHO), user(OTHER)]));
        }
        let client = house.arrive(user(WHO), Some(Resume::default())).await;
        until("the client has resumed", || !client.named("resumed").is_empty()).await;
        let named = client.named("resumed")[0]["positions"].as_object().map(serde_json::Map::len);
        assert_eq!(named, Some(1_000), "the conversations with the newest activity");
        for number in [0, MANY / 2, MANY - 1] {
            house.happens(conversation(number), Happening::Said(user(OTHER), "hi".into()));
            until("the client receives the event of each conversation", || {
                client.positions(conversation(number)) == [2]
            })
            .await;
        }
        house.hub.disconnect(&client.connection);
        assert_eq!(house.hub.connection_count(), 0);
    });
}

#[test]
fn nothing_of_a_conversation_that_the_client_must_read_itself_comes_before_resumed() {
    const MISSED: u64 = 2_000;
    let room = conversation(0);
    for resume in [Resume::new([(room, Pos::new(5))]), Resume::default()] {
        on_a_worker(async {
            let house = House::with(settings());
            house.store.commit(room, Happening::Made(vec![user(WHO), user(OTHER)]));
            for _ in 1..MISSED {
                house.store.commit(room, Happening::Said(user(OTHER), "hi".into()));
            }
            let _company = house.arrive(user(OTHER), None).await;
            *house.store.delays.lock().expect("a lock") = (0, 50);
            let reads = *house.store.reads.lock().expect("a lock");
            let client = house.sign_in(user(WHO)).expect("room");
            let attaching = spawn_local({
                let (client, hub, resume) = (client.clone(), Rc::clone(&house.hub), resume.clone());
                async move { client.attach(&hub, Some(&resume)).await }
            });
            until("its memberships are read", || *house.store.reads.lock().expect("a lock") > reads).await;
            for _ in 0..3 {
                house.happens(room, Happening::Said(user(OTHER), "meanwhile".into()));
            }
            attaching.await.expect("attached");
            until("the rest has come", || client.positions(room).len() == 3).await;
            assert_eq!(client.positions(room), [MISSED + 1, MISSED + 2, MISSED + 3]);
            assert_eq!(client.events()[0]["event"], "resumed");
            let resumed = &client.named("resumed")[0];
            assert_eq!(resumed["positions"], json!({room.to_string(): MISSED}));
            let is_known = resume.pos(room).is_some();
            assert_eq!(resumed["limited"], if is_known { json!([room.to_string()]) } else { json!([]) });
        });
    }
}

#[test]
fn who_is_removed_during_a_slow_replay_is_shown_nothing_that_was_not_read_before() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(0);
        house.store.commit(room, Happening::Made(vec![user(WHO), user(OTHER)]));
        for _ in 0..500 {
            house.store.commit(room, Happening::Said(user(OTHER), "x".repeat(2_000)));
        }
        let slow = house.hub.connect(Sink::Pulled, Format::default());
        house.hub.sign_in(&slow, user(WHO), session(WHO)).expect("room");
        let resume = Resume::new([(room, Pos::new(1))]);
        let replay = house.hub.attach(&slow, Some(&resume)).await.expect("attached");
        slow.uncork(None);
        let running = spawn_local({
            let (hub, slow) = (Rc::clone(&house.hub), Rc::clone(&slow));
            async move { run(replay, &hub, &slow).await }
        });
        until("the first changes are queued", || slow.queued_bytes() > 0).await;
        settle().await;
        let removal = house.happens(room, Happening::Removed(user(WHO)));
        settle().await;
        let client = Client::listening(slow);
        running.await.expect("replayed");
        until("the removal comes", || client.positions(room).last() == Some(&removal)).await;
        let read_before: Vec<u64> = (2..=101).chain([removal]).collect();
        assert_eq!(client.positions(room), read_before);
        assert_eq!(client.named("resumed")[0]["positions"], json!({}));
    });
}

#[test]
fn a_position_that_the_log_cannot_explain_resets_its_conversation() {
    on_a_worker(async {
        let house = House::with(settings());
        for room in 0..ROOMS {
            house.happens(conversation(room), Happening::Made(vec![user(WHO), user(OTHER)]));
            house.happens(conversation(room), Happening::Removed(user(WHO)));
        }
        house.happens(conversation(ROOMS), Happening::Made(vec![user(OTHER)]));
        let (never_a_member, missing) = (conversation(ROOMS), conversation(ROOMS + 1));
        let has = [1, 2, 3].into_iter().zip(0..).map(|(pos, room)| (conversation(room), Pos::new(pos)));
        let resume = Resume::new(has.chain([(never_a_member, Pos::new(1)), (missing, Pos::new(1))]));
        let client = house.arrive(user(WHO), Some(resume.clone())).await;
        until("resumed", || !client.named("resumed").is_empty()).await;
        assert_eq!(client.positions(conversation(0)), [2], "a removal that the client does not know");
        assert_eq!(client.positions(conversation(1)), [0; 0], "a removal that it knows");
        let resumed = client.named("resumed").remove(0);
        let reset: BTreeSet<_> = resumed["reset"].as_array().expect("a list").iter().map(Value::to_string).collect();
        let lost = [conversation(2), never_a_member, missing];
        assert_eq!(reset, BTreeSet::from(lost.map(|id| json!(id.as_uuid()).to_string())));
        assert_eq!((&resumed["limited"], &resumed["positions"]), (&json!([]), &json!({})));
        let caught_up = catch_up(&house.fan_out, user(WHO), &resume, MissedLimit::GREATEST).await.expect("an answer");
        assert_eq!(caught_up.reset.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(lost));
    });
}

#[test]
fn who_returns_while_the_memberships_are_read_keeps_the_conversation() {
    on_a_worker(async {
        let house = House::with(settings());
        let room = conversation(0);
        house.happens(room, Happening::Made(vec![user(WHO), user(OTHER)]));
        let removal = house.happens(room, Happening::Removed(user(WHO)));
        *house.store.delays.lock().expect("a lock") = (0, 50);
        let reads = *house.store.reads.lock().expect("a lock");
        let client = house.sign_in(user(WHO)).expect("room");
        let attaching = spawn_local({
            let (client, hub) = (client.clone(), Rc::clone(&house.hub));
            async move { client.attach(&hub, Some(&Resume::new([(room, Pos::new(removal))]))).await }
        });
        until("its memberships are read", || *house.store.reads.lock().expect("a lock") > reads).await;
        let added_elsewhere = house.store.commit(room, Happening::Added(user(WHO)));
        attaching.await.expect("attached");
        house.publish(added_elsewhere);
        until("the user is added", || client.positions(room) == [removal + 1]).await;
        let resumed = client.named("resumed").remove(0);
        assert_eq!((&resumed["reset"], &resumed["limited"]), (&json!([]), &json!([])));
    });
}

/// A registry in which each user comes online just after their status was read.
struct Coming(Weak<FanOut>);

#[async_trait]
impl PresenceRegistry for Coming {
    async fn connect(&self, _: UserId, _: ConnectionId) -> Result<Option<PresenceStatus>, PresenceError> {
        Ok(None)
    }

    async fn disconnect(&self, _: UserId, _: ConnectionId) -> Result<bool, PresenceError> {
        Ok(false)
    }

    async fn choose(&self, _: UserId, _: PresenceStatus) -> Result<bool, PresenceError> {
        Ok(false)
    }

    async fn statuses(&self, users: &[UserId]) -> Result<Vec<PresenceStatus>, PresenceError> {
        for id in users {
            let user = UserSummary { id: *id, username: None, name: "someone".into(), avatar: None };
            let event = Event::UserOnline { user, status: PresenceStatus::Online, at: Timestamp::default() };
            let audience = Audience::Conversations(vec![conversation(0)]);
            self.0.upgrade().expect("a node").accept(Envelope { audience, except: None, event });
        }
        Ok(vec![PresenceStatus::Offline; users.len()])
    }

    async fn list_online(&self) -> Result<Vec<UserId>, PresenceError> {
        Ok(Vec::new())
    }
}

#[test]
fn the_presence_of_contacts_comes_before_every_later_change_of_it() {
    on_a_worker(async {
        let house = House::with(settings());
        house.fan_out.show_presence(Arc::new(Coming(Arc::downgrade(&house.fan_out))), PresenceAudience::Contacts);
        let seen = Timestamp::from_unix_micros(1_767_605_400_000_000);
        *house.store.contacts.lock().expect("a lock") = vec![Contact { user_id: user(OTHER), last_seen: Some(seen) }];
        house.happens(conversation(0), Happening::Made(vec![user(WHO), user(OTHER)]));
        for resume in [None, Some(Resume::default())] {
            let first = if resume.is_some() { vec!["resumed"] } else { Vec::new() };
            let client = house.arrive(user(WHO), resume).await;
            until("the event", || !client.named("user:online").is_empty()).await;
            let names: Vec<_> = client.events().iter().map(|event| event["event"].clone()).collect();
            assert_eq!(names, [first, vec!["presence:state", "user:online"]].concat());
            let state = json!({"users": [
                {"userId": user(OTHER).as_uuid(), "status": "offline", "lastSeen": "2026-01-05T09:30:00.000Z"}]});
            assert_eq!(client.named("presence:state"), [state]);
        }
    });
}
