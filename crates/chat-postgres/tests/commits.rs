//! How nodes read each other's commits if transactions end in another order than they began, and clocks are wrong.

use chat_domain::auth::{EndReason, SessionStore as _};
use chat_domain::{CommitCursor, RealtimeStore as _, SessionId, UserId};
use chat_postgres::{PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use chat_testkit::stores::{Scene, Stores};
use std::sync::Arc;

struct Site {
    store: Arc<PostgresStore>,
    scene: Scene,
    database: String,
}

impl Site {
    async fn new() -> Self {
        let url = Postgres::shared().create_database();
        let database = url.rsplit('/').next().expect("a name").to_owned();
        let store = Arc::new(PostgresStore::open(&PostgresConfig::at(url)).await.expect("a store"));
        Self { scene: Scene::new(Stores::of(store.clone(), ())), store, database }
    }

    async fn end(&self, user: UserId, session: SessionId) {
        assert!(self.store.end(user, session, EndReason::SignedOut, self.scene.now()).await.expect("ended"));
    }

    fn sql(&self, sql: &str) {
        Postgres::shared().psql(&self.database, sql);
    }
}

/// A reader that continues from its cursors, as a node does.
struct Reader<'a> {
    store: &'a PostgresStore,
    ended: CommitCursor,
    joined: CommitCursor,
}

impl<'a> Reader<'a> {
    async fn of(site: &'a Site) -> Self {
        Self {
            store: &site.store,
            ended: site.store.list_ended(None).await.expect("sessions").cursor,
            joined: site.store.list_joined(None, 10).await.expect("a list").cursor,
        }
    }

    async fn ended(&mut self) -> Vec<SessionId> {
        let read = self.store.list_ended(Some(&self.ended)).await.expect("sessions");
        self.ended = read.cursor;
        read.items.iter().map(|session| session.id).collect()
    }

    /// Reads the users who joined, with the `pos` of each change, page by page.
    async fn joined(&mut self, limit: u32) -> Vec<(UserId, u64)> {
        let mut all = Vec::new();
        loop {
            let page = self.store.list_joined(Some(&self.joined), limit).await.expect("a page");
            self.joined = page.cursor;
            all.extend(page.items.iter().map(|joined| (joined.user_id, joined.pos.get())));
            if page.items.len() < limit as usize {
                return all;
            }
        }
    }
}

fn end_by_sql(session: SessionId, at: i64) -> String {
    let id = session.as_uuid();
    format!("UPDATE sessions SET ended_at = {at}, end_reason = 'signed_out' WHERE id = '{id}'")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_commits_after_a_later_one_was_read_is_read_once_it_commits() {
    let site = Site::new().await;
    let ann = site.scene.user("ann").await;
    let (early, late) = (site.scene.session(ann).await, site.scene.session(ann).await);
    let mut reader = Reader::of(&site).await;
    // The writer is a node of the previous release, which does not know cursors, with a clock that is far behind.
    let open = Postgres::shared().begin(&site.database, &end_by_sql(early, 1));
    site.end(ann, late).await;
    assert_eq!(reader.ended().await, [late], "the open transaction delays no reader");
    assert_eq!(reader.ended().await, [], "nothing is repeated while it is open");
    open.commit();
    assert_eq!(reader.ended().await, [early]);
    assert_eq!(reader.ended().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_undone_is_never_read() {
    let site = Site::new().await;
    let ann = site.scene.user("ann").await;
    let session = site.scene.session(ann).await;
    let mut reader = Reader::of(&site).await;
    drop(Postgres::shared().begin(&site.database, &end_by_sql(session, 1)));
    assert_eq!(reader.ended().await, []);
    site.end(ann, session).await;
    assert_eq!(reader.ended().await, [session]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_is_read_when_it_is_committed_with_the_change_that_brought_them() {
    let site = Site::new().await;
    let scene = &site.scene;
    let [ann, bob, cat, dan] = scene.users_named(["ann", "bob", "cat", "dan"]).await;
    let mut reader = Reader::of(&site).await;
    let group = scene.group(ann, &[bob, dan]).await;
    let added = scene.add(group, ann, cat).await;
    scene.remove(group, ann, bob).await;
    scene.remove(group, ann, dan).await;
    let back = scene.add(group, ann, bob).await;
    let expected = [(ann, 1), (cat, added.pos.get()), (bob, back.pos.get())];
    assert_eq!(reader.joined(10).await, expected, "dan has left");
    assert_eq!(reader.joined(10).await, []);
    // A participant's messages and receipts are not joins.
    scene.say(group, cat, "hello").await;
    scene.read_up_to(group, bob, 1).await;
    assert_eq!(reader.joined(10).await, []);

    let elsewhere = scene.named_group(ann, &[], "group 1").await;
    assert_eq!(reader.joined(10).await, [(ann, 1)]);
    let (place, user) = (elsewhere.as_uuid(), dan.as_uuid());
    let joining = format!(
        "INSERT INTO participants (conversation_id, user_id, role, joined_at, joined_seq, delivered_seq, read_seq)
         VALUES ('{place}', '{user}', 'member', 1, 0, 0, 0)"
    );
    let open = Postgres::shared().begin(&site.database, &joining);
    let back = scene.add(group, ann, dan).await;
    assert_eq!(reader.joined(10).await, [(dan, back.pos.get())]);
    open.commit();
    assert_eq!(reader.joined(10).await, [(dan, 1)], "committed after a later one was read");
    assert_eq!(reader.joined(10).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_is_read_in_pages_and_nobody_is_left_out_between_them() {
    let site = Site::new().await;
    let scene = &site.scene;
    let ann = scene.user("ann").await;
    let mut others = Vec::new();
    for number in 0..7 {
        others.push(scene.user(&format!("user_{number}")).await);
    }
    let mut reader = Reader::of(&site).await;
    // Eight joins of one transaction, then two of another.
    scene.group(ann, &others).await;
    let first = site.store.list_joined(Some(&reader.joined), 3).await.expect("a page");
    scene.group(ann, &others[..1]).await;
    reader.joined = first.cursor;
    let rest = reader.joined(3).await;
    let mut all: Vec<_> = first.items.iter().map(|joined| joined.user_id).chain(rest.iter().map(|one| one.0)).collect();
    // A commit during paging may appear in this reading or in the next.
    all.extend(reader.joined(3).await.iter().map(|one| one.0));
    all.sort_unstable();
    all.dedup();
    let mut everybody = others.clone();
    everybody.push(ann);
    everybody.sort_unstable();
    assert_eq!(all, everybody);
    assert_eq!(reader.joined(3).await, []);
}

/// A dump contains transaction ids of another server, which may be far ahead of this server's own.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_dump_of_another_server_are_not_read_again_and_again() {
    let site = Site::new().await;
    let scene = &site.scene;
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (old, new) = (scene.session(ann).await, scene.session(ann).await);
    scene.named_group(ann, &[], "group 2").await;
    site.end(ann, old).await;
    site.sql("UPDATE sessions SET ended_xid = '900000000000' WHERE ended_at IS NOT NULL");
    site.sql("UPDATE participants SET joined_xid = '900000000000'");
    let mut reader = Reader::of(&site).await;
    assert_eq!((reader.ended().await, reader.joined(10).await), (vec![], vec![]));
    site.end(ann, new).await;
    scene.named_group(bob, &[], "group 3").await;
    assert_eq!((reader.ended().await, reader.joined(10).await), (vec![new], vec![(bob, 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_begins_anew_where_the_server_counts_anew() {
    let site = Site::new().await;
    let scene = &site.scene;
    let ann = scene.user("ann").await;
    let (one, two) = (scene.session(ann).await, scene.session(ann).await);
    site.end(ann, one).await;
    let elsewhere = CommitCursor::new("900000000000:900000000005:900000000003");
    let mut reader = Reader { store: &site.store, ended: elsewhere.clone(), joined: elsewhere };
    assert_eq!((reader.ended().await, reader.joined(10).await), (vec![one], vec![]));
    site.end(ann, two).await;
    scene.named_group(ann, &[], "group 4").await;
    assert_eq!((reader.ended().await, reader.joined(10).await), (vec![two], vec![(ann, 1)]));
}
