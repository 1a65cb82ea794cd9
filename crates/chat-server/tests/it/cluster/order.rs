//! Every member sees one history, on every node.

use super::run::{Progress, Run, messages};
use super::{cluster, turn};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn every_member_on_three_nodes_is_shown_the_whole_history_once_and_in_order() {
    let _turn = turn().await;
    let cluster = cluster(3, &[]).await;
    let run = Run::begin(&cluster).await;
    let acked = run.send(messages(), &Arc::new(Progress::default())).await;
    run.judge(&acked).await;
    cluster.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_sends_of_one_connection_arrive_in_order_at_another_node() {
    let _turn = turn().await;
    let cluster = cluster(2, &[]).await;
    crate::pipelined::everything_arrives_in_order(cluster.node(0), cluster.node(1)).await;
}
