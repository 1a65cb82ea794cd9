use chat_domain::presence::PresenceStatus::{Away, Busy, Offline, Online};
use chat_domain::presence::{PresenceRegistry, PresenceStatus};
use chat_domain::{ConnectionId, UserId};
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Number of connections that come and go concurrently.
const CROWD: u128 = 50;

type Presence = Arc<dyn PresenceRegistry>;

fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

fn connection(number: u128) -> ConnectionId {
    ConnectionId::new(Uuid::from_u128(number))
}

async fn connect(presence: &Presence, who: u128, which: u128) -> Option<PresenceStatus> {
    presence.connect(user(who), connection(which)).await.expect("noted")
}

async fn disconnect(presence: &Presence, who: u128, which: u128) -> bool {
    presence.disconnect(user(who), connection(which)).await.expect("forgotten")
}

async fn choose(presence: &Presence, who: u128, status: PresenceStatus) -> bool {
    presence.choose(user(who), status).await.expect("chosen")
}

async fn status(presence: &Presence, who: u128) -> PresenceStatus {
    presence.statuses(&[user(who)]).await.expect("statuses")[0]
}

pub async fn the_first_connection_brings_a_user_online_and_the_last_takes_them_offline(presence: Presence) {
    assert_eq!(status(&presence, 1).await, Offline);
    assert_eq!(connect(&presence, 1, 1).await, Some(Online));
    assert_eq!(connect(&presence, 1, 2).await, None, "online already");
    assert!(!disconnect(&presence, 1, 1).await);
    assert_eq!(status(&presence, 1).await, Online);
    assert!(disconnect(&presence, 1, 2).await);
    assert_eq!(status(&presence, 1).await, Offline);
    assert_eq!(connect(&presence, 1, 3).await, Some(Online), "online again");
}

pub async fn a_connection_counts_once_however_often_it_is_noted_or_forgotten(presence: Presence) {
    connect(&presence, 1, 1).await;
    assert_eq!(connect(&presence, 1, 1).await, None);
    assert!(disconnect(&presence, 1, 1).await);
    assert!(!disconnect(&presence, 1, 1).await, "forgotten already");
}

pub async fn forgetting_a_connection_that_was_never_noted_ends_nothing(presence: Presence) {
    assert!(!disconnect(&presence, 1, 9).await);
    connect(&presence, 1, 1).await;
    assert!(!disconnect(&presence, 1, 9).await);
    assert_eq!(status(&presence, 1).await, Online);
}

pub async fn the_latest_choice_wins_over_all_of_a_user_s_connections(presence: Presence) {
    connect(&presence, 1, 1).await;
    assert!(choose(&presence, 1, Busy).await);
    assert!(choose(&presence, 1, Away).await);
    assert_eq!(connect(&presence, 1, 2).await, None);
    assert_eq!(status(&presence, 1).await, Away, "another device does not change the chosen status");
    disconnect(&presence, 1, 1).await;
    assert_eq!(status(&presence, 1).await, Away, "nor does the end of the device that chose it");
}

pub async fn choosing_what_is_chosen_already_changes_nothing(presence: Presence) {
    connect(&presence, 1, 1).await;
    assert!(!choose(&presence, 1, Online).await, "the user is online already");
    assert!(choose(&presence, 1, Busy).await);
    assert!(!choose(&presence, 1, Busy).await);
}

pub async fn a_choice_is_forgotten_with_the_last_connection(presence: Presence) {
    connect(&presence, 1, 1).await;
    choose(&presence, 1, Busy).await;
    disconnect(&presence, 1, 1).await;
    assert_eq!(connect(&presence, 1, 2).await, Some(Online));
}

pub async fn who_is_offline_has_no_choice(presence: Presence) {
    assert!(!choose(&presence, 1, Busy).await);
    assert_eq!(status(&presence, 1).await, Offline);
    assert_eq!(connect(&presence, 1, 1).await, Some(Online), "no connection is left over");
}

pub async fn statuses_come_in_the_order_of_the_question(presence: Presence) {
    connect(&presence, 1, 1).await;
    connect(&presence, 2, 2).await;
    choose(&presence, 2, Busy).await;
    let asked = [user(2), user(3), user(1), user(2)];
    assert_eq!(presence.statuses(&asked).await.expect("statuses"), [Busy, Offline, Online, Busy]);
    assert_eq!(presence.statuses(&[]).await.expect("statuses"), []);
}

pub async fn everybody_who_is_online_is_listed_in_order(presence: Presence) {
    for who in [3, 1, 2] {
        connect(&presence, who, who).await;
    }
    disconnect(&presence, 2, 2).await;
    assert_eq!(presence.list_online().await.expect("a list"), [user(1), user(3)]);
}

pub async fn of_many_that_come_at_once_one_is_the_first_and_one_the_last(presence: Presence) {
    let mut coming = JoinSet::new();
    for which in 0..CROWD {
        let presence = Arc::clone(&presence);
        coming.spawn(async move { connect(&presence, 1, which).await.is_some() });
    }
    assert_eq!(coming.join_all().await.into_iter().filter(|first| *first).count(), 1);
    let mut going = JoinSet::new();
    for which in 0..CROWD {
        let presence = Arc::clone(&presence);
        going.spawn(async move { disconnect(&presence, 1, which).await });
    }
    assert_eq!(going.join_all().await.into_iter().filter(|last| *last).count(), 1);
}
