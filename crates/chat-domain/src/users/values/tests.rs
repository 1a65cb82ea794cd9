use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_accepted_is_read_back(text in "\\PC{1,8}@[a-zäéß日.]{1,8}\\.[a-z]{2,3}") {
        if let Ok(email) = EmailAddress::parse(&text) {
            prop_assert_eq!(EmailAddress::parse(email.as_str()), Ok(email.clone()));
            prop_assert_eq!(EmailAddress::from_stored(email.as_str()), Ok(email.clone()));
            prop_assert!(!email.key().contains(char::is_control));
            prop_assert!(email.exact_key() > email.key() && email.exact_key() < end_of_shared_key(&email.key()));
        }
    }

    #[test]
    fn any_email_makes_a_valid_username(local in "[^@\\s<>(),;:\\\\\"\\[\\]\\p{C}]{1,16}") {
        let email = EmailAddress::parse(&format!("{local}@example.com"));
        if let Ok(email) = email {
            let made = Username::from_email(&email);
            prop_assert_eq!(Username::parse(made.as_str()), Ok(made.clone()));
            for number in [2, 99, u64::MAX] {
                let numbered = made.numbered(number);
                prop_assert_eq!(Username::parse(numbered.as_str()), Ok(numbered.clone()));
                prop_assert!(numbered.as_str().ends_with(&number.to_string()));
            }
        }
    }

    #[test]
    fn parsers_take_any_text_without_a_panic(text in ".{0,80}") {
        let _ = (EmailAddress::parse(&text), AvatarUrl::parse(&text), SearchTerm::parse(&text));
        let _ = (EmailAddress::from_stored(&text), AvatarUrl::from_stored(&text));
        if let Ok(username) = Username::parse(&text) {
            prop_assert!(username.key().bytes().all(|b| is_username_byte(b) && !b.is_ascii_uppercase()));
        }
    }
}

#[test]
fn usernames_have_a_length_and_an_alphabet() {
    assert_eq!(Username::parse(" Ann_Lee-1. ").map(|name| name.key()), Ok("ann_lee-1.".into()));
    assert_eq!(Username::parse("ab"), Err(InvalidValue::TooShort { least: 3 }));
    assert_eq!(Username::parse(&"a".repeat(33)), Err(InvalidValue::TooLong { most: 32 }));
    assert_eq!(Username::parse("Ａｎｎ＿１").map(|name| name.0), Ok("Ann_1".into()), "fullwidth");
    assert!(Username::parse("änn").is_err());
    assert!(Username::parse("an\u{200b}n").is_err());
    assert!(Username::parse("\u{430}nn").is_err(), "a Cyrillic letter");
    assert!(Username::parse("a b c").is_err());
}

#[test]
fn emails_are_recognised_by_their_form() {
    for good in ["a@b.co", "John.Doe+tag@Example.COM", "jörg@müller.de", "o'hara@x-y.org", "राम@हिन्दी.भारत"]
    {
        assert!(EmailAddress::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "a",
        "a@b",
        "@b.co",
        "a@@b.co",
        "a b@c.de",
        "a@b..co",
        "a@-b.co",
        "a@b-.co",
        "a@b.co\0",
        "<a>@b.co",
        "a\u{200b}nn@b.co",
        "\u{3164}@b.co",
        "\u{2800}@b.co",
        "\u{fffc}@b.co",
        "\u{301}@b.co",
        "\u{1d159}@b.co",
        "\u{13441}@b.co",
        "\u{ffff}@b.co",
        "ann\u{fffc}@b.co",
        "a@b\u{ad}.co",
        "a\u{202e}b@c.de",
        "a@b\u{200f}.co",
        "a@xn--.co",
        "a..b@c.de",
        ".a@c.de",
        "a.@c.de",
        "\"a b\"@c.de",
        "a@b_c.de",
        "a@[192.0.2.1]",
        "Ann <a@b.co>",
    ] {
        assert!(EmailAddress::parse(bad).is_err(), "{bad}");
    }
    assert!(EmailAddress::parse(&format!("{}@b.co", "a".repeat(65))).is_err());
    assert!(EmailAddress::parse(&format!("a@{}.co", "b".repeat(260))).is_err());
    let email = EmailAddress::parse("Ann@Example.com").expect("an email");
    assert_eq!((email.key().as_str(), email.as_str()), ("ann@example.com", "Ann@Example.com"));
    assert_eq!(format!("{email:?}"), "EmailAddress(..)");
}

#[test]
fn one_mailbox_has_one_key() {
    let key = |text: &str| EmailAddress::parse(text).map(|email| email.key());
    for (one, other) in [
        ("jörg@example.com", "jo\u{308}rg@example.com"),
        ("jörg@example.com", "JÖRG@Example.COM"),
        ("ΣΑΣ@example.com", "σας@example.com"),
        ("ａｎｎ@example.com", "ann@example.com"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@BU\u{308}CHER.example", "ann@bücher.example"),
        ("ann@example\u{3002}com", "ann@example.com"),
    ] {
        assert_eq!(key(one), key(other), "{one} {other}");
        assert!(key(one).is_ok(), "{one}");
    }
    assert_ne!(key("ann@faß.de"), key("ann@fass.de"), "two domains");
    assert_eq!(EmailAddress::parse("jo\u{308}rg@example.com").map(|email| email.0), Ok("jörg@example.com".into()));
}

#[test]
fn addresses_that_were_valid_once_are_read_as_they_are() {
    for old in
        ["a\u{200b}nn@b.co", "jo\u{308}rg@example.com", "\u{3164}@b.co", "a\u{202e}b@c.de", "a@xn--.co", "a..b@c.de"]
    {
        let email = EmailAddress::from_stored(old).expect("an address");
        assert_eq!(email.as_str(), old);
    }
    for never in ["", "a", "@b.co", "a@", "a b@c.de", "a@b.co\0", "<a>@b.co", "a@b..co"] {
        assert!(EmailAddress::from_stored(never).is_err(), "{never}");
    }
    let (one, other) = ("jörg@example.com", "jo\u{308}rg@example.com");
    let [one, other] = [one, other].map(|text| EmailAddress::from_stored(text).expect("an address"));
    assert_eq!(one.key(), other.key());
    assert_ne!(one.exact_key(), other.exact_key());
}

#[test]
fn names_have_a_visible_character_and_one_direction() {
    assert_eq!(DisplayName::parse("\u{200b}"), Err(InvalidValue::Invisible));
    assert_eq!(DisplayName::parse("Ann\u{202e}"), Err(InvalidValue::BidiControl));
    assert_eq!(DisplayName::parse("Jo\u{308}rg").map(|name| name.0), Ok("Jörg".into()));
    assert_eq!(DisplayName::from_stored("\u{200b}").map(|name| name.0), Ok("\u{200b}".into()));
    assert_eq!(SearchTerm::parse("\u{200b}"), Err(InvalidValue::Invisible), "it would find everybody");
    assert_eq!(SearchTerm::parse("ΣΑΣ\u{200f}").map(|term| term.key()), Ok("σασ".into()));
}

#[test]
fn avatars_are_web_addresses() {
    assert!(AvatarUrl::parse("https://example.com/a.png").is_ok());
    assert!(AvatarUrl::parse("HTTP://example.com/a.png").is_ok());
    assert!(AvatarUrl::parse("/files/a.png").is_ok());
    for bad in ["javascript:alert(1)", "//evil.example", "data:image/png,x", "https://a b", "file:///etc/passwd"] {
        assert!(AvatarUrl::parse(bad).is_err(), "{bad}");
    }
}
