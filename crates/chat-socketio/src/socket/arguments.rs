use super::packet::InvalidSocketPacket;
use crate::settings::ARGUMENTS_PER_PACKET;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Event names that clients' own libraries reserve.
const RESERVED: &[&str] = &["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// The data of an event: its name and its arguments.
struct Named(String, Vec<Box<RawValue>>);

/// The data of an acknowledgement.
struct Arguments(Vec<Box<RawValue>>);

fn rest<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Vec<Box<RawValue>>, A::Error> {
    let mut arguments = Vec::new();
    while let Some(argument) = items.next_element()? {
        if arguments.len() == ARGUMENTS_PER_PACKET {
            return Err(A::Error::custom("too many arguments"));
        }
        arguments.push(argument);
    }
    Ok(arguments)
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items;
        impl<'de> Visitor<'de> for Items {
            type Value = Named;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an event's name and its arguments")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Named, A::Error> {
                let name = items.next_element()?.ok_or_else(|| A::Error::custom("no name"))?;
                Ok(Named(name, rest(items)?))
            }
        }
        deserializer.deserialize_seq(Items)
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items;
        impl<'de> Visitor<'de> for Items {
            type Value = Arguments;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("arguments")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Arguments, A::Error> {
                rest(items).map(Arguments)
            }
        }
        deserializer.deserialize_seq(Items)
    }
}

pub(super) fn of_event(json: &str) -> Result<(String, Vec<Box<RawValue>>), InvalidSocketPacket> {
    let Named(name, arguments) = serde_json::from_str(json).map_err(|_| InvalidSocketPacket)?;
    if RESERVED.contains(&name.as_str()) { Err(InvalidSocketPacket) } else { Ok((name, arguments)) }
}

pub(super) fn of_ack(json: &str) -> Result<Vec<Box<RawValue>>, InvalidSocketPacket> {
    serde_json::from_str(json).map(|Arguments(arguments)| arguments).map_err(|_| InvalidSocketPacket)
}

/// The index of the attachment that an argument stands for; `None` if it is an ordinary value. The caller checks that
/// the attachment exists.
pub fn placeholder(argument: &RawValue) -> Option<usize> {
    #[derive(Deserialize)]
    struct Placeholder {
        #[serde(rename = "_placeholder")]
        is_placeholder: bool,
        num: usize,
    }
    let json = argument.get();
    if !json.starts_with('{') {
        return None;
    }
    serde_json::from_str(json)
        .ok()
        .filter(|placeholder: &Placeholder| placeholder.is_placeholder)
        .map(|placeholder| placeholder.num)
}
