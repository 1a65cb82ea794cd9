use crate::field::{IS_REQUIRED, Problem};
use crate::{Fault, InvalidBody};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// A required object within a body. Its faults are reported under the name of this field: `messageData.content`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nested<B>(Result<B, Problem>);

impl<B> Nested<B> {
    /// Parses the object, or returns the faults for a body that has this field as `name`.
    pub(crate) fn parse<T>(
        self,
        name: &str,
        parse: impl FnOnce(B) -> Result<T, InvalidBody>,
    ) -> Result<T, InvalidBody> {
        let body = self.0.map_err(|problem| InvalidBody::of(name, problem))?;
        parse(body).map_err(|invalid| InvalidBody {
            faults: invalid.faults.into_iter().map(|fault: Fault| fault.within(name)).collect(),
        })
    }
}

impl<'de, B: Deserialize<'de>> Deserialize<'de> for Nested<B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // For an absent field, serde calls this with a deserializer that returns `None`.
        deserializer.deserialize_option(AnObject(PhantomData)).map(Self)
    }
}

struct AnObject<B>(PhantomData<B>);

impl<B> AnObject<B> {
    fn other() -> Result<B, Problem> {
        Err("must be a JSON object".into())
    }
}

impl<'de, B: Deserialize<'de>> Visitor<'de> for AnObject<B> {
    type Value = Result<B, Problem>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Err(IS_REQUIRED.into()))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        B::deserialize(MapAccessDeserializer::new(map)).map(Ok)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::other())
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        self.visit_none()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Self::other())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Self::other())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Self::other())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Self::other())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Self::other())
    }
}

#[cfg(feature = "openapi")]
impl<B: schemars::JsonSchema> schemars::JsonSchema for Nested<B> {
    fn is_referenceable() -> bool {
        B::is_referenceable()
    }

    fn schema_name() -> String {
        B::schema_name()
    }

    fn json_schema(generator: &mut schemars::r#gen::SchemaGenerator) -> schemars::schema::Schema {
        B::json_schema(generator)
    }
}
