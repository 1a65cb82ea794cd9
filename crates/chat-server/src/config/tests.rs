use super::settings::SETTINGS;
use super::*;
use chat_domain::rate_limits::Quota;
use chat_http::Quotas;

const STRONG: &str = "k3Jv9QxT2mZp7LsW4nRb8YcF6hDg1AeU";
const STRONG_TOO: &str = "Zr5Xw8Nq1Kd4Vt7Gb0Hm3Pj6Lc9Sf2Ay";

fn faults(values: impl Into<Source>) -> Vec<String> {
    match Config::read(&values.into()) {
        Ok(_) => Vec::new(),
        Err(InvalidConfig(faults)) => {
            faults.into_iter().map(|fault| format!("{} {}", fault.setting, fault.problem)).collect()
        }
    }
}

#[test]
fn everything_has_a_default_that_works_in_development() {
    let config = Config::read(&Source::default()).expect("a configuration");
    assert_eq!((config.host, config.port), (IpAddr::from([127, 0, 0, 1]), 3000));
    assert_eq!(config.environment, Environment::Development);
    assert_eq!((config.access_lifetime, config.refresh_lifetime), (Duration::from_mins(15), Duration::from_hours(168)));
    assert!(config.access_keys.is_none() && config.refresh_keys.is_none() && config.allowed_origins.is_none());
}

#[test]
fn every_fault_is_named_at_once_with_how_to_mend_it() {
    let source = Source::from([
        ("HOST", "nowhere at all"),
        ("PORT", "70000"),
        ("DATABASE_URL", "mysql://chat@db/chat"),
        ("DATABASE_POOL_SIZE", "none"),
        ("JWT_SECRET", "a:x,a:y"),
        ("JWT_EXPIRATION", "soon"),
        ("BCRYPT_COST", "3"),
        ("ALLOWED_ORIGINS", "https://a.example, *"),
        ("PRESENCE_AUDIENCE", "friends"),
        ("LOG_FORMAT", "xml"),
        ("RUST_LOG", "chat=loud"),
        ("REDIS_URL", "localhost:6379"),
        ("HEARTBEAT_INTERVAL", "0"),
        ("RATE_LIMIT", "perhaps"),
        ("RATE_LIMIT_SENDS", "many"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy.example.com"),
    ]);
    let message = Config::read(&source).expect_err("faults").to_string();
    assert!(message.starts_with("the configuration has 17 faults:"), "{message}");
    for setting in [
        "HOST",
        "PORT",
        "DATABASE_URL",
        "DATABASE_POOL_SIZE",
        "JWT_SECRET",
        "JWT_REFRESH_SECRET",
        "JWT_EXPIRATION",
        "BCRYPT_COST",
        "ALLOWED_ORIGINS",
        "PRESENCE_AUDIENCE",
        "LOG_FORMAT",
        "RUST_LOG",
        "REDIS_URL",
        "HEARTBEAT_INTERVAL",
        "RATE_LIMIT",
        "RATE_LIMIT_SENDS",
        "TRUSTED_PROXIES",
    ] {
        let line = message.lines().find(|line| line.trim_start().starts_with(&format!("{setting} ")));
        assert!(line.is_some_and(|line| line.contains(": ")), "{setting} is missing in {message}");
    }
}

#[test]
fn production_refuses_missing_short_and_example_secrets_and_cheap_hashes() {
    let production = ("APP_ENV", "production");
    assert_eq!(faults([production]), ["JWT_SECRET is missing", "JWT_REFRESH_SECRET is missing"]);
    assert_eq!(
        faults([
            production,
            ("JWT_SECRET", "short"),
            ("JWT_REFRESH_SECRET", "your_refresh_secret_key_here_minimum_32_characters")
        ]),
        [
            "JWT_SECRET contains a secret shorter than 32 bytes",
            "JWT_REFRESH_SECRET contains a secret copied from an example"
        ]
    );
    assert_eq!(
        faults([production, ("JWT_SECRET", STRONG), ("JWT_REFRESH_SECRET", STRONG)]),
        ["JWT_REFRESH_SECRET contains a secret that JWT_SECRET contains too"]
    );
    let strong = [production, ("JWT_SECRET", STRONG), ("JWT_REFRESH_SECRET", STRONG_TOO), ("BCRYPT_COST", "9")];
    assert_eq!(faults(strong), ["BCRYPT_COST is too low for production"]);
    let [a, b, c, _] = strong;
    assert_eq!(faults([a, b, c]), [""; 0]);
    assert_eq!(faults([a, b, c, ("RATE_LIMIT", "off")]), ["RATE_LIMIT is off"]);
}

#[test]
fn common_passwords_are_refused_in_production_unless_told_otherwise() {
    let refuses = |source| Config::read(&source).expect("a configuration").password_policy().refuses_common;
    let strong = [("APP_ENV", "production"), ("JWT_SECRET", STRONG), ("JWT_REFRESH_SECRET", STRONG_TOO)];
    let [a, b, c] = strong;
    assert!(!refuses(Source::default()) && refuses(Source::from(strong)));
    assert!(refuses(Source::from([("PASSWORD_BLOCKLIST", "on")])));
    assert!(!refuses(Source::from([a, b, c, ("PASSWORD_BLOCKLIST", "off")])));
    assert_eq!(faults([("PASSWORD_BLOCKLIST", "perhaps")]), ["PASSWORD_BLOCKLIST is \"perhaps\""]);
}

#[test]
fn the_limits_are_those_of_the_contract_unless_told_otherwise_and_can_be_turned_off() {
    let limits = |source| Config::read(&source).expect("a configuration").rate_limits;
    let contract = limits(Source::default()).expect("limits");
    assert_eq!(contract.quotas, Quotas::default());
    let quarter = Duration::from_mins(15);
    assert_eq!((contract.logins, contract.logins_per_address), (Quota::new(10, quarter), Quota::new(100, quarter)));
    let raised = limits(Source::from([("RATE_LIMIT_SENDS", "5/s")])).expect("limits");
    assert_eq!(raised.quotas, Quotas { sends: Quota::new(5, Duration::from_secs(1)), ..Quotas::default() });
    assert_eq!(limits(Source::from([("RATE_LIMIT", "OFF")])), None);
    assert_eq!(faults([("RATE_LIMIT", "off"), ("RATE_LIMIT_CONNECTS", "no")]), ["RATE_LIMIT_CONNECTS is \"no\""]);
}

#[test]
fn proxies_are_trusted_by_name_alone_and_everybody_is_worth_a_warning() {
    let config = |proxies| Config::read(&Source::from([("TRUSTED_PROXIES", proxies)])).expect("a configuration");
    assert_eq!(Config::read(&Source::default()).expect("a configuration").trusted_proxies, TrustedProxies::default());
    let both = config("192.0.2.10, fd00::/8,");
    assert_ne!(both.trusted_proxies, TrustedProxies::default());
    assert_eq!(both.warnings(), [""; 0]);
    assert!(config("::/0").warnings()[0].starts_with("TRUSTED_PROXIES covers most IP addresses"));
}

#[test]
fn a_fault_in_a_secret_does_not_tell_the_secret() {
    for secret in ["hushhush", "hushhush,x", "id:hushhush,id:other"] {
        let message = Config::read(&Source::from([("APP_ENV", "production"), ("JWT_SECRET", secret)]));
        assert!(!message.expect_err("faults").to_string().contains("hush"), "{secret}");
    }
    let config = Config::read(&Source::from([("JWT_SECRET", STRONG)])).expect("a configuration");
    assert!(!format!("{config:?}").contains(STRONG));
}

#[test]
fn development_takes_a_weak_secret_with_a_warning() {
    let config = Config::read(&Source::from([("JWT_SECRET", "your_jwt_secret_key")])).expect("a configuration");
    assert_eq!(config.warnings(), ["JWT_SECRET contains a secret copied from an example: production mode rejects it"]);
}

#[test]
fn a_development_server_that_other_machines_reach_warns() {
    fn warnings<const N: usize>(values: [(&str, &str); N]) -> Vec<String> {
        Config::read(&Source::from(values)).expect("a configuration").warnings()
    }
    assert_eq!(warnings([("HOST", "127.0.0.1")]), [""; 0]);
    assert!(warnings([("HOST", "0.0.0.0")])[0].contains("NOT IN PRODUCTION MODE"));
    assert!(warnings([("HOST", "192.0.2.7"), ("APP_ENV", "test")])[0].contains("192.0.2.7"));
    let production =
        [("APP_ENV", "production"), ("JWT_SECRET", STRONG), ("JWT_REFRESH_SECRET", STRONG_TOO), ("HOST", "0.0.0.0")];
    assert_eq!(warnings(production), [""; 0]);
}

#[test]
fn node_env_counts_where_app_env_is_not_set() {
    let environment = |source| Config::read(&source).map(|config| config.environment);
    assert!(environment(Source::from([("NODE_ENV", "production")])).is_err());
    assert_eq!(environment(Source::from([("NODE_ENV", "production"), ("APP_ENV", "test")])), Ok(Environment::Test));
    assert_eq!(faults([("NODE_ENV", "staging")]), ["NODE_ENV is \"staging\""]);
}

#[test]
fn the_second_port_is_3002_unless_it_is_another_or_turned_off() {
    let port = |values: Source| Config::read(&values).map(|config| config.realtime_port).map_err(|_| ());
    assert_eq!(port(Source::default()), Ok(Some(3002)));
    assert_eq!(port(Source::from([("REALTIME_PORT", "4002")])), Ok(Some(4002)));
    for off in ["0", "", " "] {
        assert_eq!(port(Source::from([("REALTIME_PORT", off)])), Ok(None), "{off:?}");
    }
    assert_eq!(port(Source::from([("PORT", "0"), ("REALTIME_PORT", "0")])), Ok(None));
    assert_eq!(faults([("PORT", "3002")]), ["REALTIME_PORT is the same as PORT"]);
    assert_eq!(faults([("REALTIME_PORT", "many")]), ["REALTIME_PORT is \"many\""]);
}

const POSTGRES: (&str, &str) = ("DATABASE_URL", "postgres://ann:hushhush@db.example.com/chat");
const REDIS: (&str, &str) = ("REDIS_URL", "redis://:hushhush@redis.example.com:6379");

#[test]
fn nodes_of_a_cluster_must_be_given_the_secrets_that_they_share() {
    let missing = "is missing: all nodes of a cluster (REDIS_URL) must use the same one";
    let expected = [format!("JWT_SECRET {missing}"), format!("JWT_REFRESH_SECRET {missing}")];
    assert_eq!(faults([POSTGRES, REDIS]), expected);
    let keys = [("JWT_SECRET", STRONG), ("JWT_REFRESH_SECRET", STRONG_TOO)];
    let config = Config::read(&Source::from([POSTGRES, REDIS, keys[0], keys[1]])).expect("a configuration");
    assert!(config.redis.is_some() && matches!(config.database, Database::Server(_)) && config.warnings().is_empty());
    assert!(!format!("{config:?}").contains("hushhush"), "{config:?}");
    let config = Config::read(&Source::from([REDIS, keys[0], keys[1]])).expect("a configuration");
    assert!(config.warnings()[0].contains("only one node"), "{:?}", config.warnings());
}

#[test]
fn addresses_are_checked_without_being_repeated() {
    for (name, value) in [
        ("DATABASE_URL", "postgres://ann:hushhush@db:port/chat"),
        ("DATABASE_URL", "postgres://ann:hushhush@db/chat?sslmode=perhaps"),
        ("REDIS_URL", "redis://:hushhush@host:port"),
    ] {
        let message = Config::read(&Source::from([(name, value)])).expect_err("faults").to_string();
        assert!(message.contains(name) && !message.contains("hushhush"), "{message}");
    }
}

#[test]
fn metrics_are_for_this_machine_unless_told_otherwise_and_can_be_turned_off() {
    let admin = |source| Config::read(&source).expect("a configuration").admin;
    assert_eq!(admin(Source::default()), "127.0.0.1:9090".parse().ok());
    assert_eq!(admin(Source::from([("ADMIN_HOST", "0.0.0.0"), ("ADMIN_PORT", "9100")])), "0.0.0.0:9100".parse().ok());
    assert_eq!(admin(Source::from([("ADMIN_PORT", "0")])), None);
}

#[test]
fn production_refuses_proxies_that_are_most_of_the_internet_however_they_are_written() {
    let strong = [("APP_ENV", "production"), ("JWT_SECRET", STRONG), ("JWT_REFRESH_SECRET", STRONG_TOO)];
    let [a, b, c] = strong;
    let said = |proxies| faults([a, b, c, ("TRUSTED_PROXIES", proxies)]);
    for all in [
        "0.0.0.0/0",
        "::/0",
        "0.0.0.0/1,128.0.0.0/1",
        "0.0.0.0/2, 64.0.0.0/2, 128.0.0.0/2, 192.0.0.0/2",
        "0.0.0.0/1",
        "10.0.0.0/8,::/1,8000::/1",
        "2000::/3",
        "2000::/4,3000::/4",
        "16.0.0.0/5,24.0.0.0/5",
        "::ffff:0:0/96",
        "::ffff:0.0.0.0/97, ::ffff:128.0.0.0/97",
        "::ffff:0:0/95",
        "::/64",
    ] {
        assert_eq!(said(all), ["TRUSTED_PROXIES covers most IP addresses"], "{all}");
    }
    let private =
        "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,fc00::/7,fe80::/10,::1";
    for some in [
        private,
        "::ffff:10.0.0.5",
        "::ffff:10.0.0.0/104",
        "192.0.2.10",
        "2001:db8::/32",
        "173.245.48.0/20,104.16.0.0/13,2400:cb00::/32,2a06:98c0::/29",
    ] {
        assert_eq!(said(some), [""; 0], "{some}");
    }
}

/// Returns the `NAME=value` lines of the example, the commented ones included, each name with its `# `.
fn example_lines(example: &str) -> impl Iterator<Item = (&str, &str)> {
    example
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| name.trim_start_matches("# ").chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

#[test]
fn the_example_file_names_every_setting_with_its_default_and_nothing_else() {
    let example = include_str!("../../../../.env.example");
    let set: Vec<_> = example_lines(example).filter(|(name, _)| !name.starts_with('#')).collect();
    let table: Vec<_> = SETTINGS.iter().map(|setting| (setting.name, setting.default)).collect();
    assert_eq!(set, table);
}

#[test]
fn production_takes_none_of_the_secrets_in_the_example_file() {
    let example = include_str!("../../../../.env.example");
    let secrets: Vec<_> =
        example_lines(example).filter(|(name, value)| name.contains("SECRET") && !value.is_empty()).collect();
    assert!(!secrets.is_empty(), "the example shows how a secret is written");
    for (name, value) in secrets {
        let weakness = Keys::parse(value).expect("keys in the documented form").weakness();
        assert!(weakness.is_some(), "{name}={value}");
    }
}

#[test]
fn the_table_of_the_readme_is_the_table_of_the_code() {
    let readme = include_str!("../../../../README.md");
    let section = readme.split("\n## ").find(|section| section.starts_with("Configuration\n")).expect("a section");
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let table: Vec<_> = SETTINGS
        .iter()
        .map(|setting| {
            let default = if setting.default.is_empty() { "–".to_owned() } else { format!("`{}`", setting.default) };
            format!("| `{}` | {default} | {} |", setting.name, setting.meaning)
        })
        .collect();
    assert_eq!(rows, table);
}

#[test]
fn help_names_every_setting() {
    let help = help();
    assert!(SETTINGS.iter().all(|setting| help.contains(&format!("\n  {}\n", setting.name))));
}

#[test]
fn the_cluster_of_the_compose_file_is_made_of_settings_that_exist() {
    let compose = include_str!("../../../../compose.yaml");
    let block = compose.split("environment: &environment\n").nth(1).expect("the nodes' settings");
    let names: Vec<_> = block
        .lines()
        .take_while(|line| line.starts_with("    "))
        .filter_map(|line| line.trim_start().split_once(": "))
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with('#'))
        .collect();
    assert!(names.len() > 8, "{names:?}");
    for name in names {
        assert!(SETTINGS.iter().any(|setting| setting.name == name), "compose.yaml sets {name}");
    }
}

#[test]
fn settings_that_the_compose_file_passes_on_keep_the_defaults_of_production() {
    let compose = include_str!("../../../../compose.yaml");
    let passed: Vec<_> = compose
        .lines()
        .filter_map(|line| line.trim().strip_suffix('}')?.split_once(": ${"))
        .filter_map(|(name, rest)| Some((name, rest.strip_prefix(name)?.strip_prefix(":-")?)))
        // These depend on the address of the proxy.
        .filter(|(name, _)| !["ALLOWED_ORIGINS", "CHAT_SITE"].contains(name))
        .collect();
    for name in ["REGISTRATION", "PASSWORD_BLOCKLIST", "PRESENCE_AUDIENCE", "RATE_LIMIT_SENDS"] {
        assert!(passed.iter().any(|(passed, _)| *passed == name), "compose.yaml does not pass {name}");
    }
    for (name, default) in passed {
        let setting = SETTINGS.iter().find(|setting| setting.name == name).expect(name);
        // Where the table has no default, production turns the setting on.
        let expected = if setting.default.is_empty() { "on" } else { setting.default };
        assert_eq!(default, expected, "{name} in compose.yaml");
    }
}
