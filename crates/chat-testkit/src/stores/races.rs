//! The guarantees under concurrent calls.

use super::scene::limit;
use super::{Scene, Stores};
use chat_domain::conversations::AddParticipant;
use chat_domain::messages::{Appended, HistoryRequest};
use chat_domain::users::{EmailAddress, NewUser, ProfileChanges, Username, WantedUsername};
use chat_domain::{ActionError, ChangeKind, Refusal, UserId};
use std::collections::HashSet;

pub(super) const RACERS: usize = 200;

pub(super) async fn race<T: Send + 'static, F>(racer: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
{
    let racers: Vec<_> = (0..RACERS).map(|number| tokio::spawn(racer(number))).collect();
    let mut outcomes = Vec::with_capacity(RACERS);
    for racer in racers {
        outcomes.push(racer.await.expect("the call ends"));
    }
    outcomes
}

pub async fn racing_to_open_a_direct_conversation_makes_one(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let made =
        race(|number| {
            let scene = scene.clone();
            let (one, other) = if number % 2 == 0 { (ann, bob) } else { (bob, ann) };
            async move {
                scene.conversations.create(scene.new_conversation(one, &[other], None)).await.expect("made or found")
            }
        })
        .await;
    let ids: HashSet<_> = made.iter().map(|one| one.overview.details.conversation.id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(made.iter().filter(|one| one.change.is_some()).count(), 1, "exactly one call created it");
    assert_eq!(scene.realtime.list_memberships(ann, 100).await.expect("memberships").len(), 1);
}

pub async fn racing_to_send_under_one_key_makes_one_message(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let sent = race(|_| {
        let scene = scene.clone();
        async move { scene.messages.append(scene.keyed_draft(direct, ann, "once", "k")).await.expect("a message") }
    })
    .await;
    let new = sent.iter().filter(|one| matches!(one, Appended::First(_))).count();
    let ids: HashSet<_> = sent.iter().map(|one| one.message().id).collect();
    assert_eq!((new, ids.len()), (1, 1));
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Latest(limit(100))).await, [1]);
    assert_eq!(scene.say(direct, ann, "next").await.seq.get(), 2, "no number is skipped");
}

pub async fn racing_senders_are_numbered_without_gaps(stores: Stores) {
    let scene = Scene::new(stores);
    let people = scene.users_named(["ann", "bob", "cid", "dora"]).await;
    let group = scene.group(people[0], &people[1..]).await;
    let sent = race(|number| {
        let scene = scene.clone();
        let sender = people[number % people.len()];
        async move { scene.say(group, sender, &format!("message {number}")).await }
    })
    .await;
    let seqs: HashSet<_> = sent.iter().map(|message| message.seq.get()).collect();
    assert_eq!(seqs, (1..=RACERS as u64).collect());
    scene.assert_numbered_without_gaps(group, people[0]).await;
    let newest = scene.overview(group, people[0]).await.last_message.expect("a message");
    assert_eq!(newest.seq.get(), RACERS as u64);
}

pub async fn racing_messages_and_members_share_one_numbering(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(ann, &[bob, cid]).await;
    race(|number| {
        let scene = scene.clone();
        async move {
            match number % 4 {
                // A user who has left, or has already joined, is rejected; this is part of the race.
                0 => drop(scene.conversations.remove_participant(scene.removal(group, ann, cid)).await),
                1 => {
                    let add = AddParticipant { conversation_id: group, actor: ann, user: cid, at: scene.now() };
                    drop(scene.conversations.add_participant(add).await);
                }
                _ => drop(scene.say(group, if number % 4 == 2 { ann } else { bob }, "hello").await),
            }
        }
    })
    .await;
    scene.assert_numbered_without_gaps(group, ann).await;
    let mut here = true;
    for change in scene.all_changes(group).await {
        match change.kind {
            ChangeKind::ParticipantAdded { .. } => {
                assert!(!std::mem::replace(&mut here, true), "already a participant");
            }
            ChangeKind::ParticipantRemoved { .. } => assert!(std::mem::replace(&mut here, false), "not a participant"),
            _ => {}
        }
    }
}

pub async fn racing_to_be_the_last_admin_to_leave_leaves_an_admin(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let mut people: Vec<UserId> = vec![ann];
    for number in 1..RACERS {
        people.push(scene.user(&format!("user{number}")).await);
    }
    let group = scene.group(ann, &people[1..]).await;
    let stays = people[RACERS - 1];
    race(|number| {
        let (scene, person) = (scene.clone(), people[number]);
        async move {
            if person != stays {
                scene.remove(group, person, person).await;
            }
        }
    })
    .await;
    let overview = scene.overview(group, stays).await;
    assert_eq!(overview.details.conversation.participant_count, 1);
    let viewer = overview.viewer.expect("takes part");
    assert_eq!(viewer.role, chat_domain::conversations::Role::Admin);
    scene.assert_numbered_without_gaps(group, stays).await;
}

pub async fn racing_to_register_gives_a_name_once(stores: Stores) {
    let scene = Scene::new(stores);
    let made = race(|number| {
        let scene = scene.clone();
        async move {
            let name = Username::parse("joe").expect("a username");
            let username = if number % 2 == 0 { WantedUsername::Like(name) } else { WantedUsername::Exactly(name) };
            // Each email is tried four times.
            let email = EmailAddress::parse(&format!("mail{}@example.com", number / 4)).expect("an email");
            scene.users.create(NewUser { username, email, ..scene.new_user("joe") }).await
        }
    })
    .await;
    let users: Vec<_> = made.iter().filter_map(|one| one.as_ref().ok()).collect();
    assert_eq!(users.iter().map(|user| user.username.key()).collect::<HashSet<_>>().len(), users.len());
    assert_eq!(users.iter().map(|user| user.email.key()).collect::<HashSet<_>>().len(), users.len());
    assert_eq!(users.len(), RACERS / 4, "each email once");
    let refusals = made.iter().filter_map(|one| one.as_ref().err());
    assert!(
        refusals
            .into_iter()
            .all(|fault| matches!(fault, ActionError::Refused(Refusal::EmailTaken | Refusal::UsernameTaken)))
    );
}

/// The two calls lock the same rows, and their users' rows, in opposite order.
pub async fn racing_deletions_of_creators_and_departures_of_members_all_succeed(stores: Stores) {
    let scene = Scene::new(stores);
    let mut pairs = Vec::with_capacity(RACERS / 2);
    for number in 0..RACERS / 2 {
        let creator = scene.user(&format!("creator{number}")).await;
        let member = scene.user(&format!("member{number}")).await;
        let groups = [scene.group(creator, &[member]).await, scene.group(creator, &[member]).await];
        pairs.push((creator, member, groups));
    }
    let outcomes = race(|number| {
        let (scene, (creator, member, groups)) = (scene.clone(), pairs[number / 2]);
        async move {
            if number % 2 == 0 {
                scene.users.delete(creator, scene.now()).await.map(drop).map_err(|error| error.to_string())
            } else {
                for group in groups {
                    let removal = scene.removal(group, member, member);
                    scene.conversations.remove_participant(removal).await.map_err(|error| error.to_string())?;
                }
                Ok(())
            }
        }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    for (_, member, groups) in &pairs {
        assert_eq!(scene.realtime.list_memberships(*member, 100).await.expect("memberships"), []);
        for group in groups {
            let left = scene.all_changes(*group).await;
            let departures = left.iter().filter(|one| matches!(one.kind, ChangeKind::ParticipantRemoved { .. }));
            assert_eq!(departures.count(), 2, "{left:?}");
        }
    }
}

pub async fn racing_deletions_and_sign_ins_all_succeed(stores: Stores) {
    let scene = Scene::new(stores);
    let mut people = Vec::with_capacity(RACERS / 4);
    for number in 0..RACERS / 4 {
        let user = scene.user(&format!("user{number}")).await;
        scene.session(user).await;
        people.push(user);
    }
    let outcomes = race(|number| {
        let (scene, user) = (scene.clone(), people[number / 4]);
        async move {
            match number % 4 {
                0 => scene.users.delete(user, scene.now()).await.map(drop),
                1 => {
                    let reason = chat_domain::auth::EndReason::SignedOut;
                    scene.sessions.end_all(user, reason, scene.now()).await.map(drop)
                }
                _ => scene.sessions.create(scene.new_session(user)).await.map(drop),
            }
        }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    for user in people {
        assert_eq!(scene.sessions.list(user, scene.now()).await.expect("sessions"), [], "deleted users have none");
    }
}

/// Each call waits for the name that the other user has: with row locks, a cycle.
pub async fn racing_to_exchange_usernames_is_refused_for_taken_names_alone(stores: Stores) {
    const PAIRS: usize = 10;
    let scene = Scene::new(stores);
    let mut pairs = Vec::with_capacity(PAIRS);
    for number in 0..PAIRS {
        let names = [format!("left{number}"), format!("right{number}")];
        pairs.push(([scene.user(&names[0]).await, scene.user(&names[1]).await], names));
    }
    let outcomes = race(|number| {
        let (scene, (users, names)) = (scene.clone(), pairs[number % PAIRS].clone());
        let side = (number / PAIRS) % 2;
        async move {
            let wanted = Username::parse(&names[1 - side]).expect("a username");
            let changes = ProfileChanges { username: Some(wanted), ..ProfileChanges::default() };
            scene.users.update_profile(users[side], changes, scene.now()).await
        }
    })
    .await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Ok(Some(_)) | Err(ActionError::Refused(Refusal::UsernameTaken)))),
        "{outcomes:?}"
    );
}
