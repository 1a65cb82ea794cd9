//! The guarantees of a cluster while databases, Redis and nodes fail.

use super::run::{Progress, Run, messages};
use super::{cluster, turn};
use chat_blackbox::cluster::Acked;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Runs a blocking call, such as starting the database or Redis, outside the async threads.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

/// Waits until `acked` sends are acked. Fails if the senders end before.
async fn reach(progress: &Progress, acked: usize, sending: &mut JoinHandle<Vec<Acked>>) {
    tokio::select! {
        biased;
        () = progress.reaches(acked) => {}
        ended = sending => panic!("the senders ended before {acked} acks: {:?}", ended.map(|acked| acked.len())),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_repeated_while_a_node_redis_and_postgres_are_killed() {
    let _turn = turn().await;
    let mut cluster = cluster(3, &[("TAIL_CHECK_INTERVAL", "2s")]).await;
    let run = Arc::new(Run::begin(&cluster).await);
    let (progress, count) = (Arc::new(Progress::default()), messages());
    let mut sending = tokio::spawn({
        let (run, progress) = (run.clone(), progress.clone());
        async move { run.send(count, &progress).await }
    });

    reach(&progress, count / 8, &mut sending).await;
    cluster.kill(1).await;
    reach(&progress, count / 4, &mut sending).await;
    blocking(|| cluster.redis.kill9());
    reach(&progress, count * 3 / 8, &mut sending).await;
    blocking(|| cluster.redis.resume());
    reach(&progress, count / 2, &mut sending).await;
    blocking(|| cluster.postgres.restart());
    reach(&progress, count * 5 / 8, &mut sending).await;
    cluster.start_again(1).await;
    run.nodes.set(&cluster.nodes());
    blocking(|| {
        cluster.postgres.kill9();
        cluster.postgres.resume();
    });
    reach(&progress, count * 3 / 4, &mut sending).await;
    cluster.kill(0).await;
    run.nodes.set(&cluster.nodes());

    let acked = sending.await.expect("the senders end");
    let run = Arc::into_inner(run).expect("the senders have ended");
    run.judge(&acked).await;
}
