//! Rules between the fields of a body, which their types cannot express.

use serde_json::{Value, json};

/// A rule between fields. A field with the value `null` counts as not given.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// At least one of these must be given.
    AnyOf(&'static [&'static str]),
    /// At most one of these two may be given.
    NotBoth(&'static str, &'static str),
    /// If the first field has this value, the other field must not be given.
    Excludes(&'static str, &'static str, &'static str),
    /// If the first is given, the second must be given too.
    Needs(&'static str, &'static str),
}

use Rule::{AnyOf, Excludes, Needs, NotBoth};

/// The rules of each body that has any.
const RULES: &[(&str, &[Rule])] = &[
    ("RegisterBody", &[AnyOf(&["name", "username"])]),
    ("LoginBody", &[AnyOf(&["email", "username"]), NotBoth("email", "username")]),
    ("ReadBody", &[NotBoth("seq", "messageId")]),
    (
        "SendMessageBody",
        &[AnyOf(&["content", "forwardOf"]), NotBoth("content", "forwardOf"), NotBoth("attachment", "forwardOf")],
    ),
    (
        "ChatMessageBody",
        &[
            AnyOf(&["message", "forwardOf"]),
            NotBoth("message", "forwardOf"),
            NotBoth("attachment", "forwardOf"),
            AnyOf(&["receiver", "groupId"]),
            NotBoth("receiver", "groupId"),
            Excludes("chatType", "PRIVATE", "groupId"),
            Excludes("chatType", "GROUP", "receiver"),
        ],
    ),
    (
        "FetchChatBody",
        &[
            AnyOf(&["groupId", "senderId"]),
            AnyOf(&["groupId", "receiverId"]),
            NotBoth("groupId", "receiverId"),
            Needs("receiverId", "senderId"),
        ],
    ),
];

impl Rule {
    fn schema(self, properties: &Value) -> Value {
        match self {
            AnyOf(names) => {
                json!({"anyOf": names.iter().map(|name| given(&[name], properties)).collect::<Vec<_>>()})
            }
            NotBoth(one, other) => json!({"not": given(&[one, other], properties)}),
            Excludes(one, value, other) => {
                let mut both = given(&[one, other], properties);
                both["properties"][one]["enum"] = json!([value]);
                json!({"not": both})
            }
            Needs(one, other) => {
                json!({"anyOf": [{"not": given(&[one], properties)}, given(&[other], properties)]})
            }
        }
    }
}

/// The schema that requires all of these, not `null`.
fn given(names: &[&str], properties: &Value) -> Value {
    let properties: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), json!({"type": properties[*name]["type"]}))).collect();
    json!({"required": names, "properties": properties})
}

/// Adds its rules to the schema of a body.
pub(super) fn add(name: &str, schema: &mut Value) {
    if let Some((_, rules)) = RULES.iter().find(|(body, _)| *body == name) {
        let rules: Vec<_> = rules.iter().map(|rule| rule.schema(&schema["properties"])).collect();
        schema["allOf"] = rules.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_of_bodies_and_fields_that_exist() {
        let document: Value = serde_json::from_str(super::super::SNAPSHOT).expect("JSON");
        for (body, rules) in RULES {
            let properties = &document["components"]["schemas"][*body]["properties"];
            for rule in *rules {
                let names = match rule {
                    AnyOf(names) => names.to_vec(),
                    NotBoth(one, other) | Excludes(one, _, other) | Needs(one, other) => vec![*one, *other],
                };
                assert!(names.iter().all(|name| properties[*name].is_object()), "{body}: {rule:?}");
            }
        }
    }
}
