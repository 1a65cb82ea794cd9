//! Every kind of change, at once on three nodes, while clients come and go.

use super::upgrades::{SHORT_LEASE, until};
use super::{cluster, turn};
use crate::catching_up::{Any, LiveDevice, act};
use chat_blackbox::{Person, Rest};
use futures_util::future::join_all;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many random actions are made on each node.
const ACTIONS: usize = 700;

/// Snapshot, live events, resumes and changes over REST together give what a fresh read shows.
#[tokio::test(flavor = "multi_thread")]
async fn clients_of_three_nodes_end_up_with_what_a_fresh_read_shows() {
    let _turn = turn().await;
    let cluster = cluster(3, &[SHORT_LEASE]).await;
    let nodes: Vec<String> = (0..3).map(|node| cluster.node(node).base().to_owned()).collect();
    let names = ["ann", "ben", "cid", "dan", "eve"];
    let people = join_all(names.map(|name| cluster.node(0).register(name))).await;
    let group = people[0].group_with("Everyone", &[&people[1], &people[2]]).await;
    wait_until_every_kind_is_written(&people[0], &group).await;

    let is_over = Arc::new(AtomicBool::new(false));
    let devices = (0..10_usize).map(|number| {
        let (nodes, is_over) = (nodes.clone(), Arc::clone(&is_over));
        let mut device = LiveDevice::new(&people[number % people.len()], &group);
        tokio::spawn(async move {
            let mut any = Any::new(number as u64);
            while !is_over.load(Ordering::Relaxed) {
                let enough = 1 + any.below(80);
                device.visit(&nodes[any.below(3)], enough).await;
            }
            device
        })
    });
    let devices: Vec<_> = devices.collect();

    let acting = nodes.iter().enumerate().map(|(number, node)| {
        let people: Vec<Person> = people.iter().map(|person| person.at(&Rest::new(node))).collect();
        let group = group.clone();
        tokio::spawn(async move {
            let mut any = Any::new(100 + number as u64);
            for _ in 0..ACTIONS {
                act(&people, &group, &mut any).await;
            }
        })
    });
    for acted in join_all(acting).await {
        acted.expect("no panic");
    }
    is_over.store(true, Ordering::Relaxed);

    let end = people[0].rest.get(&format!("/conversations/{group}")).await.data(200)["pos"].as_u64().expect("a pos");
    assert!(end > 500, "{end} changes");
    let mut differences = Vec::new();
    let mut applied = 0;
    for (number, device) in join_all(devices).await.into_iter().enumerate() {
        let mut device = device.expect("no panic");
        device.finish(&nodes[number % 3], end).await.expect("an open connection");
        differences.extend(device.compare().await);
        applied += device.applied;
    }
    assert!(applied > 1_000, "{applied} events came live");
    assert!(
        differences.is_empty(),
        "{} differences, the first of them: {:#?}",
        differences.len(),
        &differences[..differences.len().min(3)]
    );
    cluster.assert_untroubled();
}

/// Waits until each node has read in the leases of the others that they know what it is about to write.
async fn wait_until_every_kind_is_written(admin: &Person, group: &str) {
    let message = admin.say(group, "hello").await;
    let path = format!("/conversations/{group}/messages/{}", message["id"].as_str().expect("an id"));
    until(200, async || admin.rest.patch(&path, &json!({"content": "edited"})).await).await;
}
