//! Nodes of two releases side by side: a whole node, and a cut node that does not know some kinds of change, like a
//! node of the previous release. The switch is in `chat-server/src/config/cut.rs`, and only debug builds have it.

use super::{cluster, turn};
use chat_blackbox::cluster::Cluster;
use chat_blackbox::{Person, Reply, Server, Socket, polled};
use serde_json::{Value, json};

/// Kinds that every release so far knows. The cut node does not know them.
const MEMBERSHIP: &str = "updated,participant_added,participant_removed";

/// A node reads three times per lease which kinds the others know.
pub(super) const SHORT_LEASE: (&str, &str) = ("PRESENCE_LEASE", "1s");

/// Starts a node that does not know these kinds, in a cluster of whole nodes.
async fn cut_node(cluster: &Cluster, kinds: &str) -> Server {
    cluster.setup().set("CHAT_TEST_UNKNOWN_KINDS", kinds).start().await
}

/// Receives every change of this conversation up to the `pos` in `last`, and returns each `pos` with the name of its
/// event, in order.
async fn changes(socket: &mut Socket, conversation: &str, last: u64) -> Vec<(u64, String)> {
    let mut changes = Vec::new();
    while changes.last().is_none_or(|(pos, _)| *pos < last) {
        let frame = socket.next().await;
        let (data, event) = (&frame["data"], frame["event"].as_str().unwrap_or_default());
        let place = if event == "conversation:created" { &data["conversation"]["id"] } else { &data["conversationId"] };
        if let (true, Some(pos)) = (place == conversation, data["pos"].as_u64()) {
            changes.push((pos, event.to_owned()));
        }
    }
    changes
}

fn expected(changes: &[(u64, &str)]) -> Vec<(u64, String)> {
    changes.iter().map(|(pos, event)| (*pos, (*event).to_owned())).collect()
}

async fn rename(person: &Person, group: &str, name: &str) -> Reply {
    person.rest.patch(&format!("/conversations/{group}"), &json!({"name": name})).await
}

async fn add(person: &Person, group: &str, other: &Person) -> Reply {
    person.rest.post(&format!("/conversations/{group}/participants"), &json!({"userId": other.id})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_does_not_know_a_kind_skips_its_changes_and_obeys_them() {
    let _turn = turn().await;
    let whole = cluster(1, &[SHORT_LEASE]).await;
    let cut = cut_node(&whole, MEMBERSHIP).await;
    let (ann, ben) = (whole.node(0).register("ann").await, whole.node(0).register("ben").await);
    let cat = whole.node(0).register("cat").await;
    let mut at_ann = whole.node(0).connect(&ann).await;
    let (mut at_ben, mut at_cat) = (cut.connect(&ben).await, cut.connect(&cat).await);
    let mut camel = cut.connect_camel(&ben).await;

    let group = ann.group_with("Hikers", &[&ben]).await;
    add(&ann, &group, &cat).await.data(201);
    ann.say(&group, "welcome").await;
    rename(&ann, &group, "Climbers").await.data(200);
    ann.rest.delete(&format!("/conversations/{group}/participants/{}", cat.id)).await.data(200);
    ann.say(&group, "without cat").await;

    let known = [
        (1, "conversation:created"),
        (2, "participant:added"),
        (3, "message:received"),
        (4, "conversation:updated"),
        (5, "participant:removed"),
        (6, "message:received"),
    ];
    assert_eq!(changes(&mut at_ann, &group, 6).await, expected(&known));
    let skipped =
        known.map(|(pos, event)| if matches!(pos, 2 | 4 | 5) { (pos, "change:skipped") } else { (pos, event) });
    assert_eq!(changes(&mut at_ben, &group, 6).await, expected(&skipped), "every number comes, in order");
    let camel_has = camel.event_where("change:skipped", |skipped| skipped["pos"] == 5).await;
    assert_eq!(camel_has, json!({"conversationId": group, "pos": 5}));
    assert_eq!(changes(&mut at_cat, &group, 5).await, expected(&skipped[1..5]), "from joining to leaving");
    // A later message through the same node: events of the group would have arrived before it.
    let other = ann.direct_with(&cat).await;
    ann.say(&other, "only for cat").await;
    at_cat.event_where("message:received", |message| message["content"] == "only for cat").await;
    assert!(at_cat.seen("message:received").await.is_empty());

    let again = Socket::try_resume(&cut.socket_url(), &ben.access_token, &json!({group.as_str(): 1})).await;
    let mut again = again.expect("an upgrade");
    assert_eq!(changes(&mut again, &group, 6).await, expected(&skipped[1..]));
    let resumed = again.event("resumed").await;
    assert_eq!((&resumed["limited"], &resumed["positions"][&group]), (&json!([group]), &json!(6)));
    let away = Socket::try_resume(&cut.socket_url(), &cat.access_token, &json!({group.as_str(): 3})).await;
    let resumed = away.expect("an upgrade").event("resumed").await;
    assert!(resumed["positions"].get(&group).is_none(), "cat is no longer a participant: {resumed}");

    // Ben's first skipped change is 2, so his resume position stayed at 1.
    let later = Socket::try_resume(&whole.node(0).socket_url(), &ben.access_token, &json!({group.as_str(): 1})).await;
    let mut later = later.expect("an upgrade");
    // Cat's joining is left out: the removal is the last that happened to their membership.
    assert_eq!(changes(&mut later, &group, 6).await, expected(&known[2..]), "a whole node sends what was skipped");
    let resumed = later.event("resumed").await;
    assert_eq!((&resumed["limited"], &resumed["positions"][&group]), (&json!([]), &json!(6)));
    cut.assert_untroubled();
    whole.assert_untroubled();
}

/// Repeats the request until the response has this status.
pub(super) async fn until(status: u16, ask: impl AsyncFn() -> Reply) -> Reply {
    let answered = polled(async || {
        let reply = ask().await;
        assert!(matches!(reply.status, 200 | 201 | 503), "{reply:?}");
        (reply.status == status).then_some(reply)
    });
    answered.await.expect("in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_kind_is_written_once_every_live_node_knows_it() {
    let _turn = turn().await;
    let new = "created,updated";
    let whole = cluster(2, &[SHORT_LEASE, ("CHAT_TEST_NEW_KINDS", "created,updated")]).await;
    let (ann, ben) = (whole.node(0).register("ann").await, whole.node(1).register("ben").await);
    let cat = whole.node(0).register("cat").await;
    let ask = async || {
        let reply = ann.rest.post("/conversations", &json!({"participantIds": [ben.id], "name": "Hikers"})).await;
        if reply.status != 201 {
            reply.assert_failure(503, "UPGRADE_PENDING");
        }
        reply
    };
    // Both nodes know all kinds, but each must first read that from the other's lease.
    let group = until(201, ask).await.data(201)["id"].as_str().expect("an id").to_owned();

    let mut cut = cut_node(&whole, new).await;
    let refused = until(503, async || rename(&ann, &group, "Climbers").await).await;
    refused.assert_failure(503, "UPGRADE_PENDING");
    assert_eq!(refused.header("retry-after"), "10", "an upgrade takes longer than a restart");
    let name = ann.rest.get(&format!("/conversations/{group}")).await.data(200)["name"].clone();
    let mut at_ann = whole.node(0).connect(&ann).await;
    let first = json!({"messageData": {"receiver": cat.id, "message": "hello"}});
    let refused = at_ann.try_ask("sendMessage", first.clone()).await.expect_err("a refusal");
    assert_eq!((&refused["code"], &refused["retryAfterMs"]), (&json!("UPGRADE_PENDING"), &json!(10_000)));
    add(&ann, &group, &cat).await.data(201);
    let said = ann.say(&group, "kinds that every release knows go on").await;
    assert_eq!(said["seq"], 1);
    let unchanged = ann.rest.get(&format!("/conversations/{group}")).await.data(200)["name"].clone();
    assert_eq!(unchanged, name, "a refused request changes nothing");

    cut.terminate();
    assert!(cut.ended().await.success());
    until(200, async || rename(&ann, &group, "Climbers").await).await.data(200);
    let sent: Value = at_ann.ask("sendMessage", first).await;
    assert!(sent.is_object(), "{sent}");
    cut.assert_untroubled();
    whole.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_a_node_goes_by_what_every_node_knew_before() {
    let _turn = turn().await;
    let whole = cluster(1, &[SHORT_LEASE, ("CHAT_TEST_NEW_KINDS", "updated")]).await;
    let ann = whole.node(0).register("ann").await;
    let ben = whole.node(0).register("ben").await;
    let group = ann.group_with("Hikers", &[&ben]).await;
    until(200, async || rename(&ann, &group, "Climbers").await).await.data(200);
    tokio::task::block_in_place(|| whole.redis.kill9());
    rename(&ann, &group, "Hikers again").await.data(200);
    // A new node has not read yet which kinds the others know.
    let late = whole.setup().start().await;
    let at_late = ann.at(&late.rest());
    rename(&at_late, &group, "Walkers").await.assert_failure(503, "UPGRADE_PENDING");
    at_late.say(&group, "kinds that every release knows go on").await;
    tokio::task::block_in_place(|| whole.redis.resume());
    until(200, async || rename(&at_late, &group, "Walkers").await).await.data(200);
}
