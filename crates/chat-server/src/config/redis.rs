//! The settings that join nodes into a cluster.

use super::reader::Reader;
use chat_redis::{RedisSettings, RedisUrl};
use std::ops::RangeInclusive;
use std::time::Duration;

const COMMAND_TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(10);
/// The users of a dead node must be offline within 60 s (contract §4); the other nodes need part of that time to
/// notice.
const LEASES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(45);
const MAX_PREFIX_CHARACTERS: usize = 64;

/// Reads the settings of Redis and checks them even if it is not used. `Some(None)`: Redis is not used.
#[allow(clippy::option_option)] // Redis is optional.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Option<RedisSettings>> {
    let expected = "1 to 64 letters, digits, '-', '_' and '.'";
    let prefix = reader.parsed("REDIS_PREFIX", expected, parse_prefix);
    let command_timeout = reader.duration("REDIS_TIMEOUT", COMMAND_TIMEOUTS);
    let presence_lease = reader.duration("PRESENCE_LEASE", LEASES);
    let Some(url) = reader.given("REDIS_URL") else { return Some(None) };
    match RedisUrl::parse(url) {
        Ok(url) => Some(Some(RedisSettings {
            key_prefix: prefix?,
            command_timeout: command_timeout?,
            presence_lease: presence_lease?,
            ..RedisSettings::new(url)
        })),
        Err(fault) => {
            reader.fault("REDIS_URL", fault.to_string(), "write it like redis://:password@redis.example.com:6379");
            None
        }
    }
}

fn parse_prefix(text: &str) -> Option<String> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    ((1..=MAX_PREFIX_CHARACTERS).contains(&text.len()) && text.chars().all(is_plain)).then(|| text.to_owned())
}
