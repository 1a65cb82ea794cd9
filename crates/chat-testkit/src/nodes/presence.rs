use super::Pair;
use chat_domain::presence::PresenceStatus::{Away, Busy, Offline, Online};
use chat_domain::presence::{PresenceRegistry, PresenceStatus};
use chat_domain::{ConnectionId, UserId};
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Number of connections that come and go concurrently on each node.
const CROWD: u128 = 25;

type Presence = Arc<dyn PresenceRegistry>;
type Nodes = Pair<Presence>;

fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

async fn connect(presence: &Presence, who: u128, which: u128) -> Option<PresenceStatus> {
    presence.connect(user(who), ConnectionId::new(Uuid::from_u128(which))).await.expect("noted")
}

async fn disconnect(presence: &Presence, who: u128, which: u128) -> bool {
    presence.disconnect(user(who), ConnectionId::new(Uuid::from_u128(which))).await.expect("forgotten")
}

async fn choose(presence: &Presence, who: u128, status: PresenceStatus) -> bool {
    presence.choose(user(who), status).await.expect("chosen")
}

async fn status(presence: &Presence, who: u128) -> PresenceStatus {
    presence.statuses(&[user(who)]).await.expect("statuses")[0]
}

pub async fn whoever_is_online_on_one_node_is_online_on_the_other(nodes: Nodes) {
    assert_eq!(connect(&nodes.one, 1, 1).await, Some(Online));
    assert_eq!(status(&nodes.other, 1).await, Online);
    assert_eq!(connect(&nodes.other, 1, 2).await, None, "online already");
}

pub async fn the_last_connection_of_all_nodes_takes_a_user_offline(nodes: Nodes) {
    connect(&nodes.one, 1, 1).await;
    connect(&nodes.other, 1, 2).await;
    assert!(!disconnect(&nodes.one, 1, 1).await);
    assert_eq!((status(&nodes.one, 1).await, status(&nodes.other, 1).await), (Online, Online));
    assert!(disconnect(&nodes.other, 1, 2).await);
    assert_eq!((status(&nodes.one, 1).await, status(&nodes.other, 1).await), (Offline, Offline));
}

pub async fn the_latest_choice_wins_over_all_nodes(nodes: Nodes) {
    connect(&nodes.one, 1, 1).await;
    connect(&nodes.other, 1, 2).await;
    assert!(choose(&nodes.one, 1, Busy).await);
    assert_eq!(status(&nodes.other, 1).await, Busy);
    assert!(!choose(&nodes.other, 1, Busy).await, "chosen already");
    assert!(choose(&nodes.other, 1, Away).await);
    assert_eq!(status(&nodes.one, 1).await, Away);
    disconnect(&nodes.other, 1, 2).await;
    assert_eq!(status(&nodes.one, 1).await, Away, "the choice does not end with the connection that made it");
    disconnect(&nodes.one, 1, 1).await;
    assert_eq!(connect(&nodes.other, 1, 3).await, Some(Online), "the choice ends with the last connection");
}

pub async fn who_is_online_is_listed_over_all_nodes(nodes: Nodes) {
    connect(&nodes.one, 3, 3).await;
    connect(&nodes.other, 1, 1).await;
    connect(&nodes.one, 2, 2).await;
    connect(&nodes.other, 2, 4).await;
    disconnect(&nodes.one, 3, 3).await;
    for presence in [&nodes.one, &nodes.other] {
        assert_eq!(presence.list_online().await.expect("a list"), [user(1), user(2)]);
    }
}

pub async fn of_many_that_come_on_both_nodes_one_is_the_first_and_one_the_last(nodes: Nodes) {
    let mut coming = JoinSet::new();
    for which in 0..CROWD {
        for (presence, which) in [(&nodes.one, which), (&nodes.other, CROWD + which)] {
            let presence = Arc::clone(presence);
            coming.spawn(async move { connect(&presence, 1, which).await.is_some() });
        }
    }
    assert_eq!(coming.join_all().await.into_iter().filter(|first| *first).count(), 1);
    let mut going = JoinSet::new();
    for which in 0..CROWD {
        for (presence, which) in [(&nodes.one, which), (&nodes.other, CROWD + which)] {
            let presence = Arc::clone(presence);
            going.spawn(async move { disconnect(&presence, 1, which).await });
        }
    }
    assert_eq!(going.join_all().await.into_iter().filter(|last| *last).count(), 1);
    assert_eq!(status(&nodes.one, 1).await, Offline);
}
