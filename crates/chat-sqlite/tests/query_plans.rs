//! No statement scans a whole table, and a page of a list costs the same number of statements at any length.

use chat_domain::PageRequest;
use chat_domain::conversations::{ConversationFilter, ListCursor};
use chat_domain::users::SearchTerm;
use chat_domain::{PageLimit, PageNumber};
use chat_sqlite::{SqliteConfig, SqliteStore};
use chat_testkit::stores::{self, Scene, Stores};
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

/// Every statement that any connection of this process ran.
static STATEMENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The tests of this file share the recorded statements, so they run one at a time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[expect(clippy::unnecessary_wraps, reason = "diesel's signature")]
fn record() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let sql = text.split(" -- binds").next().unwrap_or_default().to_owned();
            STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner).push(sql);
        }
    }))
}

fn recorded() -> Vec<String> {
    std::mem::take(&mut *STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner))
}

fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&SqliteConfig::at(folder.path().join("chat.db"))).expect("a store")
}

fn stores() -> Stores {
    let folder = tempfile::tempdir().expect("a folder");
    Stores::of(Arc::new(open(&folder)), folder)
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Whether a step reads more than it returns: anything but a list of ids that the caller gave, or the result of a
/// range.
fn is_full_scan(step: &str) -> bool {
    let harmless = ["VIRTUAL TABLE", "CONSTANT ROW", "VALUES CLAUSE", "SCAN (subquery", "SCAN kinds", "SCAN newest"];
    step.contains("SCAN") && !harmless.iter().any(|part| step.contains(part))
}

#[tokio::test]
async fn no_statement_scans_a_table() {
    let _alone = ALONE.lock().await;
    set_default_instrumentation(record).expect("recording");
    recorded();
    stores::accounts::a_profile_changes_only_where_the_changes_say_so(stores()).await;
    stores::accounts::a_new_password_ends_every_other_session(stores()).await;
    stores::accounts::an_unknown_user_is_none_and_no_error(stores()).await;
    stores::accounts::a_made_username_is_numbered_from_two_until_it_is_free(stores()).await;
    stores::change_log::every_kind_of_change_reads_back_in_its_place(stores()).await;
    stores::missed::what_was_missed_comes_in_the_order_of_the_ranges(stores()).await;
    stores::missed::the_places_of_what_was_missed_end_where_the_range_ends(stores()).await;
    stores::contacts::contacts_are_told_from_strangers_among_those_asked_about(stores()).await;
    stores::contacts::contacts_talk_to_each_other_or_share_a_group_and_are_each_named_once(stores()).await;
    stores::contacts::presence_is_told_in_the_newest_conversations_that_are_small_enough(stores()).await;
    stores::contacts::the_newest_contacts_are_those_of_the_newest_conversations(stores()).await;
    stores::conversations::an_update_changes_what_it_names_and_takes_the_next_pos(stores()).await;
    stores::conversations::one_other_and_no_name_is_the_direct_conversation_of_the_pair(stores()).await;
    stores::deletion::a_deleted_user_leaves_every_group_and_hands_over(stores()).await;
    stores::group_search::strangers_find_reserved_names_and_members_their_own_too(stores()).await;
    stores::groups::a_deactivated_group_frees_its_name_and_is_read_by_its_members_alone(stores()).await;
    stores::groups::a_group_that_everyone_has_left_is_inactive_and_its_name_free(stores()).await;
    stores::groups::a_renamed_group_gives_its_old_name_back(stores()).await;
    stores::history::a_message_serves_as_an_anchor_like_its_number(stores()).await;
    stores::invites::a_replaced_code_is_of_no_more_use(stores()).await;
    stores::memberships::positions_are_listed_for_those_who_take_part_now(stores()).await;
    stores::memberships::participations_tell_where_a_user_takes_or_took_part(stores()).await;
    stores::memberships::the_newest_pos_is_listed_for_those_that_exist(stores()).await;
    stores::memberships::memberships_are_listed_by_newest_activity_up_to_a_limit(stores()).await;
    stores::messages::a_message_reads_back_as_it_was_stored(stores()).await;
    stores::overviews::a_list_is_paged_with_its_total(stores()).await;
    stores::overviews::a_list_by_cursor_shows_the_same_downwards_and_upwards(stores()).await;
    stores::own_conversations::a_user_makes_and_joins_as_many_conversations_as_the_limit_says(stores()).await;
    stores::pairs::a_list_holds_the_kinds_that_are_asked_for(stores()).await;
    stores::pairs::a_message_is_found_by_its_id_and_by_its_number(stores()).await;
    stores::pairs::the_conversation_of_a_pair_is_found_from_either_side(stores()).await;
    stores::participants::an_admin_makes_others_admins_and_members_and_the_last_one_stays(stores()).await;
    stores::participants::participants_are_listed_in_parts_in_order_of_joining(stores()).await;
    stores::participants::whoever_comes_back_begins_anew_as_a_member(stores()).await;
    stores::receipt_news::a_move_tells_how_far_the_newest_message_it_covers_has_got(stores()).await;
    stores::receipts::positions_only_move_forward_and_never_past_the_newest(stores()).await;
    stores::receipts::unread_messages_are_counted_in_active_conversations_up_to_a_limit(stores()).await;
    stores::rotation::a_spent_token_that_comes_back_late_ends_the_family(stores()).await;
    stores::search::search_is_paged_in_order_of_username(stores()).await;
    stores::sessions::ended_sessions_are_followed_in_the_order_of_commits_whatever_the_clocks_say(stores()).await;
    stores::sessions::pruning_forgets_what_ended_or_expired_before(stores()).await;
    let mut statements = recorded();
    statements.sort_unstable();
    statements.dedup();

    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&folder);
    let mut connection =
        SqliteConnection::establish(&folder.path().join("chat.db").display().to_string()).expect("a connection");
    let (mut explained, mut steps, mut of_changes) = (0, Vec::new(), Vec::new());
    for statement in &statements {
        let concerns_us = ["__diesel", "CREATE ", "PRAGMA", "pragma"].iter().all(|part| !statement.contains(part));
        let reads =
            ["SELECT", "WITH", "UPDATE", "DELETE", "INSERT", "REPLACE"].iter().any(|verb| statement.starts_with(verb));
        if !(concerns_us && reads) {
            continue;
        }
        let plan: Vec<Step> =
            diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(&mut connection).expect("a plan");
        let scans: Vec<_> = plan.iter().map(|step| &step.detail).filter(|step| is_full_scan(step)).collect();
        // This index contains only rows with old keys: it is empty except at the first start after an upgrade.
        let scans: Vec<_> = scans.into_iter().filter(|step| !step.ends_with("_with_old_keys")).collect();
        assert!(scans.is_empty(), "{scans:?} in {statement}");
        if statement.contains("(messages.conversation_id, messages.seq) IN") {
            of_changes.extend(plan.iter().map(|step| step.detail.clone()));
        }
        steps.extend(plan.into_iter().map(|step| step.detail));
        explained += 1;
    }
    assert!(explained > 50, "only {explained} statements of {}", statements.len());
    let one_message = "SEARCH messages USING PRIMARY KEY (conversation_id=? AND seq=?)";
    assert!(of_changes.iter().any(|step| step == one_message), "a change is looked up, however many: {of_changes:?}");
    let newest_record = "SEARCH conversation_changes USING PRIMARY KEY (conversation_id=? AND pos<?)";
    assert!(steps.iter().any(|step| step == newest_record), "one record leads to a message: {steps:?}");
    for step in [
        "SEARCH changed USING PRIMARY KEY (conversation_id=? AND changed_pos>? AND changed_pos<?)",
        "SEARCH other USING COVERING INDEX changes_by_kind (conversation_id=? AND kind=? AND pos>? AND pos<?)",
        "SEARCH later USING COVERING INDEX changes_by_kind (conversation_id=? AND kind>?)",
    ] {
        assert!(steps.iter().any(|one| one == step), "what was missed is found by indexes: {step} in {steps:?}");
    }
    let one_range = "SEARCH messages USING PRIMARY KEY (conversation_id=? AND seq>? AND seq<?)";
    assert!(steps.iter().any(|step| step == one_range), "a page of history reads a range, at any depth");
    let one_part =
        "SEARCH participants USING INDEX participants_by_age (conversation_id=? AND (joined_at,user_id)>(?,?))";
    assert!(steps.iter().any(|step| step == one_part), "a page of participants reads a range: {steps:?}");
    let one_beginning = "SEARCH group_name_suffixes USING PRIMARY KEY (suffix>? AND suffix<?)";
    assert!(
        steps.iter().any(|step| step == one_beginning),
        "a search reads a range, whatever the number of groups: {steps:?}"
    );
    store.close();
}

#[tokio::test]
async fn a_page_of_conversations_takes_a_constant_number_of_statements() {
    let _alone = ALONE.lock().await;
    set_default_instrumentation(record).expect("recording");
    let scene = Scene::new(stores());
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    for _ in 0..30 {
        let group = scene.group(ann, &[bob, cid]).await;
        scene.say_many(group, bob, 2).await;
    }
    let mut counts = Vec::new();
    for limit in [1, 5, 30] {
        recorded();
        let request = PageRequest { number: PageNumber::FIRST, limit: PageLimit::parse(limit).expect("a limit") };
        let page = scene.conversations.list(ann, ConversationFilter::All, request).await.expect("a page");
        assert_eq!(page.items.len() as u64, limit);
        counts.push(recorded().iter().filter(|statement| statement.starts_with("SELECT")).count());
    }
    // The total and the order, and for the conversations on the page: rows, participants, the viewer's participations
    // and last messages.
    assert_eq!(counts, [6, 6, 6]);
    recorded();
    let limit = PageLimit::parse(30).expect("a limit");
    let first = scene.conversations.list_from(ann, ConversationFilter::All, ListCursor::Newest, limit).await;
    assert_eq!(first.expect("a page").items.len(), 30);
    let statements = recorded();
    assert_eq!(statements.iter().filter(|statement| statement.starts_with("SELECT")).count(), 5, "no total");
    let order = statements.iter().find(|statement| statement.contains("ORDER BY")).expect("a statement that sorts");
    assert!(!order.contains("name"), "the sorted rows are narrow: {order}");
}

#[tokio::test]
async fn a_page_of_found_groups_takes_a_constant_number_of_statements() {
    let _alone = ALONE.lock().await;
    set_default_instrumentation(record).expect("recording");
    let scene = Scene::new(stores());
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    for number in 0..30 {
        scene.named_group(if number % 2 == 0 { ann } else { bob }, &[], &format!("club {number}")).await;
    }
    let term = SearchTerm::parse("club").expect("a term");
    let mut counts = Vec::new();
    for limit in [1, 5, 30] {
        recorded();
        let request = PageRequest { number: PageNumber::FIRST, limit: PageLimit::parse(limit).expect("a limit") };
        let page = scene.groups.search_groups(ann, &term, request).await.expect("a page");
        assert_eq!((page.items.len() as u64, page.total), (limit, 30));
        counts.push(recorded().iter().filter(|statement| statement.starts_with("SELECT")).count());
    }
    assert_eq!(counts, [7, 7, 7]);
}

#[tokio::test]
async fn what_a_send_runs_stays_prepared() {
    let _alone = ALONE.lock().await;
    set_default_instrumentation(record).expect("recording");
    let scene = Scene::new(stores());
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    recorded();
    scene.messages.append(scene.keyed_draft(direct, ann, "hello", "k")).await.expect("a message");
    let statements = recorded();
    assert_eq!(statements.iter().filter(|statement| statement.contains("messages")).count(), 2, "{statements:?}");
    // A bound LIMIT makes SQLite plan the statement again each time.
    assert!(!statements.iter().any(|statement| statement.contains("LIMIT")), "{statements:?}");
}
