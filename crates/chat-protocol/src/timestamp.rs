use chat_domain::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// An instant as the API writes it: RFC 3339, UTC, with milliseconds (contract §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimestampView(Timestamp);

impl From<Timestamp> for TimestampView {
    /// Drops the part below a millisecond, so that a view reads back as it was written.
    fn from(at: Timestamp) -> Self {
        Self(Timestamp::from_unix_micros(at.as_unix_micros().div_euclid(1_000) * 1_000))
    }
}

impl From<TimestampView> for Timestamp {
    fn from(view: TimestampView) -> Self {
        view.0
    }
}

impl std::fmt::Display for TimestampView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nanos = i128::from(self.0.as_unix_micros()) * 1_000;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        write!(
            formatter,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        )
    }
}

impl Serialize for TimestampView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimestampView {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at = OffsetDateTime::parse(&text, &Rfc3339).map_err(D::Error::custom)?.to_offset(UtcOffset::UTC);
        let micros = i64::try_from(at.unix_timestamp_nanos() / 1_000).map_err(D::Error::custom)?;
        Ok(Timestamp::from_unix_micros(micros).into())
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for TimestampView {
    fn is_referenceable() -> bool {
        false
    }

    fn schema_name() -> String {
        "Timestamp".to_owned()
    }

    fn json_schema(_: &mut schemars::r#gen::SchemaGenerator) -> schemars::schema::Schema {
        let mut schema = schemars::schema::SchemaObject {
            instance_type: Some(schemars::schema::InstanceType::String.into()),
            format: Some("date-time".to_owned()),
            ..Default::default()
        };
        schema.extensions.insert("example".to_owned(), "2026-01-05T09:30:00.000Z".into());
        schema.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn instants_are_written_in_utc_with_milliseconds() {
        let view = TimestampView::from(Timestamp::from_unix_micros(1_767_605_400_123_999));
        assert_eq!(view.to_string(), "2026-01-05T09:30:00.123Z");
        assert_eq!(TimestampView::from(Timestamp::default()).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(TimestampView::from(Timestamp::from_unix_micros(i64::MAX)).to_string(), "1970-01-01T00:00:00.000Z");
    }

    proptest! {
        #[test]
        fn whatever_is_written_reads_back(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let view = TimestampView::from(Timestamp::from_unix_micros(micros));
            let json = serde_json::to_string(&view).expect("JSON");
            prop_assert_eq!(json.len(), 26);
            prop_assert_eq!(serde_json::from_str::<TimestampView>(&json).ok(), Some(view));
        }
    }
}
