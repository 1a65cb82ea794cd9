//! Rows of the first release, with one value of each kind that is no longer accepted as input. A store reads them all,
//! and recomputes their keys.

use super::{Scene, Stores};
use chat_domain::conversations::{ConversationName, NameRule};
use chat_domain::messages::{Appended, HistoryRequest};
use chat_domain::users::{EmailAddress, NewUser, SearchTerm};
use chat_domain::{ActionError, ConversationId, PageLimit, Refusal, UserId};
use uuid::Uuid;

const ANN: u128 = 0x11;
const BEN: u128 = 0x12;
const CID: u128 = 0x13;
const TEAM: u128 = 0x21;
const YOUNGER_TEAM: u128 = 0x22;
const NAMELESS: u128 = 0x23;
const DIRECT: u128 = 0x24;

/// SHA-256 of `cafe` with U+0301, as the first release computed fingerprints.
const FINGERPRINT: &str = "eafef1c516ae7bd4d250f6b9393abc9a1cf1bf30f104e8f40be13ed270e30b26";

/// Returns statements that insert the rows into a database of the present schema, as a node of the first release would:
/// without the columns that it does not know. `bytes` writes a literal of the bytes with these hexadecimal digits, `id`
/// a literal of an id.
pub fn statements(id: impl Fn(Uuid) -> String, bytes: impl Fn(&str) -> String) -> Vec<String> {
    let id = |number: u128| id(Uuid::from_u128(number));
    let user = |number, email: &str, username: &str, (name, name_key): (&str, &str), first: &str, avatar: &str| {
        let email_key = email.to_lowercase();
        let id = id(number);
        [
            format!(
                "INSERT INTO users (id, email, email_key, username, username_key, name, name_key, first_name, avatar,
                                    created_at, updated_at)
                 VALUES ({id}, '{email}', '{email_key}', '{username}', '{username}', '{name}', '{name_key}', '{first}',
                         '{avatar}', {number}, {number})"
            ),
            format!("INSERT INTO credentials (user_id, password_hash, updated_at) VALUES ({id}, 'of {username}', 1)"),
        ]
    };
    let group = |number, name: &str, description: &str, avatar: &str| {
        let (group, creator, key) = (id(number), id(ANN), name.to_lowercase());
        [
            format!(
                "INSERT INTO conversations (id, is_group, name, description, avatar, created_by, group_name_key,
                                            invite_code, last_pos, participant_count, created_at, updated_at)
                 VALUES ({group}, TRUE, '{name}', '{description}', '{avatar}', {creator}, '{key}', '{number:032x}', 1, \
                 1,
                         {number}, {number})"
            ),
            format!("INSERT INTO group_name_suffixes (suffix, conversation_id) VALUES ('{key}', {group})"),
            participant(&group, &creator, "admin"),
        ]
    };
    let (direct, ann, ben) = (id(DIRECT), id(ANN), id(BEN));
    let pair = format!("{}_{}", Uuid::from_u128(ANN), Uuid::from_u128(BEN));
    let mut statements = Vec::new();
    // The younger of the two accounts with one mailbox has the lower-cased form, which is the key now.
    statements.extend(user(ANN, "jo\u{308}rg@example.com", "ann", ("\u{200b}", "\u{200b}"), "\u{3164}", "https:///x"));
    statements.extend(user(
        BEN,
        "jörg@example.com",
        "ben",
        ("ΣΑΣΑ", "σασα"),
        "Ben\u{202e}",
        "https://a:b@example.com/",
    ));
    statements.extend(user(CID, "c\u{200b}id@example.com", "cid", ("e\u{301}", "e\u{301}"), "C", "https://"));
    statements.extend(group(TEAM, "Team", "\u{2800}", "https:///x"));
    statements.extend(group(YOUNGER_TEAM, "Te\u{200b}am", "x", "/a"));
    statements.extend(group(NAMELESS, "\u{3164}", "\u{feff}", "https://\u{202e}/"));
    statements.push(format!(
        "INSERT INTO conversations (id, is_group, created_by, direct_key, last_seq, last_pos, participant_count,
                                    created_at, updated_at)
         VALUES ({direct}, FALSE, {ann}, '{pair}', 2, 3, 2, 1, 1)"
    ));
    statements.extend([participant(&direct, &ann, "member"), participant(&direct, &ben, "member")]);
    for (seq, body, attachment, key, fingerprint) in [
        (1, "\u{200b}", "'https:///x'", "NULL".to_owned(), "NULL".to_owned()),
        (2, "cafe\u{301}", "NULL", "'k'".to_owned(), bytes(FINGERPRINT)),
    ] {
        statements.push(format!(
            "INSERT INTO messages (conversation_id, seq, id, pos, sender_id, body, attachment, client_message_id,
                                   fingerprint, created_at, updated_at)
             VALUES ({direct}, {seq}, {}, {seq} + 1, {ann}, '{body}', {attachment}, {key}, {fingerprint}, 1, 1)",
            id(0x30 + seq)
        ));
    }
    statements
}

fn participant(conversation: &str, user: &str, role: &str) -> String {
    format!(
        "INSERT INTO participants (conversation_id, user_id, role, joined_at, joined_seq, delivered_seq, read_seq)
         VALUES ({conversation}, {user}, '{role}', 1, 0, 0, 0)"
    )
}

fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

fn conversation(number: u128) -> ConversationId {
    ConversationId::new(Uuid::from_u128(number))
}

/// Checks a store that was opened on a database with these rows.
pub async fn assert_read_and_renewed(stores: Stores) {
    let scene = Scene::new(stores);
    everything_is_read_as_it_was_stored(&scene).await;
    accounts_are_found_by_every_spelling_of_before(&scene).await;
    names_that_look_alike_are_kept_and_taken(&scene).await;
    a_replay_is_known_by_the_fingerprint_of_before(&scene).await;
    an_email_stays_taken(&scene).await;
}

async fn everything_is_read_as_it_was_stored(scene: &Scene) {
    let found = scene.users.find(user(ANN)).await.expect("an answer").expect("a user");
    let avatar = found.avatar.as_ref().map(chat_domain::users::AvatarUrl::as_str);
    assert_eq!(
        (found.email.as_str(), found.name.as_str(), avatar),
        ("jo\u{308}rg@example.com", "\u{200b}", Some("https:///x"))
    );
    assert_eq!(scene.users.list_by_ids(&[user(ANN), user(BEN), user(CID)]).await.expect("users").len(), 3);
    for (number, name) in [(TEAM, "Team"), (YOUNGER_TEAM, "Te\u{200b}am"), (NAMELESS, "\u{3164}")] {
        let overview = scene.overview(conversation(number), user(ANN)).await;
        assert_eq!(overview.details.conversation.name.map(ConversationName::into_string), Some(name.to_owned()));
    }
    let request = HistoryRequest::Latest(PageLimit::parse(10).expect("a limit"));
    let page = scene.messages.history(conversation(DIRECT), user(BEN), request).await.expect("a history");
    let bodies: Vec<_> = page.messages.iter().map(|message| message.body.as_str()).collect();
    assert_eq!((bodies.len(), bodies.contains(&"\u{200b}"), bodies.contains(&"cafe\u{301}")), (2, true, true));
}

async fn accounts_are_found_by_every_spelling_of_before(scene: &Scene) {
    for (spelling, owner) in [
        ("jo\u{308}rg@example.com", ANN),
        ("JO\u{308}RG@example.com", ANN),
        ("jörg@example.com", BEN),
        ("JÖRG@example.com", BEN),
        // No account was registered with this spelling: the older account has the key.
        ("ｊörg@example.com", ANN),
        ("c\u{200b}id@example.com", CID),
        ("cid@example.com", CID),
    ] {
        let email = EmailAddress::from_stored(spelling).expect("an email");
        let found = scene.users.find_credentials_by_email(&email).await.expect("an answer").expect("a user");
        assert_eq!(found.0.id, user(owner), "{}", spelling.escape_unicode());
    }
    let term = SearchTerm::parse("ΣΑΣ").expect("a term");
    let found = scene.users.search(&term, super::scene::page(1, 10)).await.expect("a page");
    assert_eq!(found.items.iter().map(|user| user.id).collect::<Vec<_>>(), [user(BEN)]);
    let term = SearchTerm::parse("\u{e9}").expect("a term");
    let found = scene.users.search(&term, super::scene::page(1, 10)).await.expect("a page");
    assert_eq!(found.items.iter().map(|user| user.id).collect::<Vec<_>>(), [user(CID)]);
}

async fn an_email_stays_taken(scene: &Scene) {
    let collisions = scene.users.list_email_collisions(10).await.expect("collisions");
    let pairs: Vec<_> = collisions.iter().map(|one| (one.holder.as_ref().map(|user| user.id), one.other.id)).collect();
    assert_eq!(pairs, [(Some(user(ANN)), user(BEN))]);
    let again = async |username: &str| {
        let email = EmailAddress::parse("JÖRG@example.com").expect("an email");
        scene.users.create(NewUser { email, ..scene.new_user(username) }).await
    };
    assert!(matches!(again("dan").await, Err(ActionError::Refused(Refusal::EmailTaken))));
    scene.users.delete(user(ANN), scene.now()).await.expect("an answer").expect("deleted");
    assert!(
        matches!(again("dan").await, Err(ActionError::Refused(Refusal::EmailTaken))),
        "the younger account still has it"
    );
    let collisions = scene.users.list_email_collisions(10).await.expect("collisions");
    assert_eq!(
        collisions.iter().map(|one| (one.holder.is_some(), one.other.id)).collect::<Vec<_>>(),
        [(false, user(BEN))]
    );
    scene.users.delete(user(BEN), scene.now()).await.expect("an answer").expect("deleted");
    assert!(again("dan").await.is_ok(), "and then it is free");
}

async fn names_that_look_alike_are_kept_and_taken(scene: &Scene) {
    let collisions = scene.groups.list_name_collisions(10).await.expect("collisions");
    let pairs: Vec<_> =
        collisions.iter().map(|one| (one.holder.as_ref().map(|group| group.id), one.other.id)).collect();
    assert_eq!(pairs, [(Some(conversation(TEAM)), conversation(YOUNGER_TEAM))]);
    let term = SearchTerm::parse("TEAM").expect("a term");
    let found = scene.groups.search_groups(user(CID), &term, super::scene::page(1, 10)).await.expect("a page");
    assert_eq!(found.total, 2, "strangers find both");
    let again = async || scene.groups.create_group(scene.new_group(user(CID), &[], "t\u{435}am")).await;
    assert!(matches!(again().await, Err(ActionError::Refused(Refusal::GroupNameTaken))));
    scene.rename(conversation(YOUNGER_TEAM), user(ANN), "TEAM", NameRule::Reserved).await.expect("it is its own name");
    scene.deactivate(conversation(TEAM), user(ANN)).await;
    assert!(
        matches!(again().await, Err(ActionError::Refused(Refusal::GroupNameTaken))),
        "the younger group still has it"
    );
    scene.rename(conversation(YOUNGER_TEAM), user(ANN), "Crew", NameRule::Reserved).await.expect("renamed");
    assert!(again().await.is_ok(), "and then it is free");
    assert_eq!(scene.groups.list_name_collisions(10).await.expect("collisions"), []);
}

async fn a_replay_is_known_by_the_fingerprint_of_before(scene: &Scene) {
    let repeat =
        async |body: &str| scene.messages.append(scene.keyed_draft(conversation(DIRECT), user(ANN), body, "k")).await;
    let replayed = repeat("cafe\u{301}").await;
    assert!(matches!(replayed, Ok(Appended::Replayed(_))), "{replayed:?}");
    for other in ["caf\u{e9}", "coffee"] {
        let refused = repeat(other).await;
        assert!(matches!(refused, Err(ActionError::Refused(Refusal::KeyReused))), "{refused:?}");
    }
}
