use super::{cluster, turn};
use chat_blackbox::Person;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Returns how many of the requests succeeded. Every other one must get 429.
async fn taken(requests: JoinSet<u16>) -> usize {
    let statuses = requests.join_all().await;
    assert!(statuses.iter().all(|status| [201, 429].contains(status)), "{statuses:?}");
    statuses.into_iter().filter(|status| *status == 201).count()
}

/// Starts `each` sends per person, all at once.
fn send(people: &[&Person], place: &str, each: usize) -> JoinSet<u16> {
    let mut requests = JoinSet::new();
    for _ in 0..each {
        for person in people {
            let (person, place) = ((*person).clone(), place.to_owned());
            requests.spawn(async move { person.send(&place, &json!({"content": "hello"})).await.status });
        }
    }
    requests
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_one_over_all_nodes_and_of_each_where_redis_is_away() {
    let _turn = turn().await;
    // A long timeout, since a busy machine can make Redis look slow: a limit waits for a fifth of it.
    let settings = [("RATE_LIMIT", "on"), ("RATE_LIMIT_SENDS", "10/h"), ("REDIS_TIMEOUT", "10s")];
    let cluster = cluster(2, &settings).await;
    let here = cluster.node(0).register("ann").await;
    let ben = cluster.node(0).register("ben").await;
    let there = here.at(&cluster.node(1).rest());
    let place = here.direct_with(&ben).await;
    assert_eq!(taken(send(&[&here, &there], &place, 10)).await, 10);

    // Without Redis each node counts anew, and no request waits for Redis.
    cluster.redis.kill9();
    let began = Instant::now();
    assert_eq!(taken(send(&[&here], &place, 15)).await, 10);
    assert_eq!(taken(send(&[&there], &place, 15)).await, 10);
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
    cluster.assert_untroubled();
}
