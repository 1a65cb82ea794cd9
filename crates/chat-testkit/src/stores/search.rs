//! Search for people.

use super::scene::page;
use super::{Scene, Stores};
use chat_domain::users::{DisplayName, MAX_SEARCH_MATCHES, NewUser, ProfileChanges, SearchTerm};
use tokio::task::JoinSet;

async fn found(scene: &Scene, term: &str) -> Vec<String> {
    let term = SearchTerm::parse(term).expect("a term");
    let page = scene.users.search(&term, page(1, 100)).await.expect("a page");
    assert_eq!(page.total, page.items.len() as u64);
    page.items.iter().map(|user| user.username.as_str().to_owned()).collect()
}

async fn person(scene: &Scene, username: &str, name: &str) {
    let name = Some(DisplayName::parse(name).expect("a name"));
    scene.users.create(NewUser { name, ..scene.new_user(username) }).await.expect("a user");
}

pub async fn search_finds_prefixes_of_usernames_and_names_in_any_case(stores: Stores) {
    let scene = Scene::new(stores);
    person(&scene, "Zoe", "Anna").await;
    person(&scene, "anton", "Antonia").await;
    person(&scene, "bea", "Joanna").await;
    assert_eq!(found(&scene, "AN").await, ["anton", "Zoe"], "in order of username; a match of both counts once");
    assert_eq!(found(&scene, "zOE").await, ["Zoe"]);
    assert_eq!(found(&scene, "nna").await, [""; 0], "a prefix only");
}

pub async fn search_takes_wildcards_for_ordinary_characters(stores: Stores) {
    let scene = Scene::new(stores);
    person(&scene, "a_b", "100% sure").await;
    person(&scene, "axb", "100 percent").await;
    person(&scene, "star", "*bold* [x] \\ ?").await;
    assert_eq!(found(&scene, "a_").await, ["a_b"]);
    assert_eq!(found(&scene, "100%").await, ["a_b"]);
    assert_eq!(found(&scene, "*bold* [x] \\ ?").await, ["star"]);
    for nothing in ["%", "_", "*", "?", "[a", "\\"] {
        assert_eq!(found(&scene, nothing).await, if nothing == "*" { vec!["star"] } else { vec![] }, "{nothing}");
    }
}

pub async fn search_knows_letters_beyond_ascii(stores: Stores) {
    let scene = Scene::new(stores);
    person(&scene, "one", "Ünal").await;
    person(&scene, "two", "日本太郎").await;
    person(&scene, "three", "😀 smile").await;
    person(&scene, "four", "Ξένια").await;
    assert_eq!(found(&scene, "ün").await, ["one"]);
    assert_eq!(found(&scene, "日本").await, ["two"]);
    assert_eq!(found(&scene, "😀").await, ["three"]);
    assert_eq!(found(&scene, "ξΈ").await, ["four"]);
}

pub async fn search_compares_names_without_case_composition_and_invisible_characters(stores: Stores) {
    let scene = Scene::new(stores);
    person(&scene, "one", "ΣΑΣΑ").await;
    person(&scene, "two", "Jo\u{308}rg").await;
    person(&scene, "three", "Stra\u{200b}ße  Nord").await;
    person(&scene, "four", "Ｗide").await;
    for (terms, username) in [
        (vec!["ΣΑΣ", "σας", "σασ"], "one"),
        (vec!["jörg", "JO\u{308}RG", "Jör"], "two"),
        (vec!["STRASSE", "straße n", "strasse nord"], "three"),
        (vec!["wide", "\u{ff37}ID"], "four"),
    ] {
        for term in terms {
            assert_eq!(found(&scene, term).await, [username], "{}", term.escape_unicode());
        }
    }
}

pub async fn search_never_looks_at_emails(stores: Stores) {
    let scene = Scene::new(stores);
    let email = chat_domain::users::EmailAddress::parse("secret@example.com").expect("an email");
    scene.users.create(NewUser { email, ..scene.new_user("ann") }).await.expect("a user");
    assert_eq!(found(&scene, "secret").await, [""; 0]);
}

pub async fn search_finds_a_user_under_the_new_name_alone(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let changes = ProfileChanges {
        name: Some(DisplayName::parse("Berta").expect("a name")),
        username: Some(chat_domain::users::Username::parse("berta").expect("a username")),
        ..ProfileChanges::default()
    };
    scene.users.update_profile(ann, changes, scene.now()).await.expect("renamed");
    assert_eq!(found(&scene, "ber").await, ["berta"]);
    assert_eq!(found(&scene, "ann").await, [""; 0]);
}

pub async fn search_is_paged_in_order_of_username(stores: Stores) {
    let scene = Scene::new(stores);
    for number in (0..25).rev() {
        person(&scene, &format!("user{number:02}"), if number % 2 == 0 { "user even" } else { "odd" }).await;
    }
    let term = SearchTerm::parse("USER").expect("a term");
    let mut seen = Vec::new();
    for number in 1..=4 {
        let found = scene.users.search(&term, page(number, 10)).await.expect("a page");
        assert_eq!((found.total, found.has_more()), (25, number < 3));
        seen.extend(found.items.iter().map(|user| user.username.as_str().to_owned()));
    }
    assert_eq!(seen, (0..25).map(|number| format!("user{number:02}")).collect::<Vec<_>>());
}

pub async fn search_costs_no_more_for_being_vague(stores: Stores) {
    let scene = Scene::new(stores);
    let most = u64::from(MAX_SEARCH_MATCHES);
    let people = (0..=most).map(|number| scene.new_user(&format!("user{number:04}")));
    let mut creating: JoinSet<_> = people
        .map(|new| {
            let users = scene.users.clone();
            async move { users.create(new).await.map(drop) }
        })
        .collect();
    while let Some(created) = creating.join_next().await {
        created.expect("no panic").expect("a user");
    }
    let vague = SearchTerm::parse("us").expect("a term");
    let last = scene.users.search(&vague, page(most / 100, 100)).await.expect("a page");
    assert_eq!((last.items.len(), last.total, last.has_more()), (100, most, false));
    assert_eq!(last.items.last().map(|user| user.username.as_str()), Some("user0999"));
    assert_eq!(found(&scene, "user1000").await, ["user1000"], "a longer term finds the others");
}
