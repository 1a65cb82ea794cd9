use super::GroupMembers;
use crate::body::check;
use crate::{Body, InvalidBody, Optional, Required, valid, valid_or_absent};
use chat_domain::UserId;
use chat_domain::conversations::{ConversationChanges, ConversationDescription, ConversationName};
use chat_domain::users::AvatarUrl;
use garde::Validate;
use serde::Deserialize;

/// The body of `POST /chat/group`: a new group.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct CreateGroupBody {
    #[garde(custom(valid))]
    group_name: Required<ConversationName>,
    #[garde(custom(valid))]
    #[serde(default)]
    group_description: Optional<ConversationDescription>,
    #[garde(custom(valid))]
    #[serde(default)]
    group_avatar: Optional<AvatarUrl>,
    /// The other members. The caller is always a member.
    #[garde(custom(valid))]
    #[serde(default)]
    members: Optional<GroupMembers>,
}

impl Body for CreateGroupBody {
    /// The creator is the user of the token.
    const IGNORED: &'static [&'static str] = &["createdBy"];
}

/// A group to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDraft {
    /// The name of the group.
    pub name: ConversationName,
    /// The description, if any.
    pub description: Option<ConversationDescription>,
    /// The URL of the avatar, if any.
    pub avatar: Option<AvatarUrl>,
    /// The members; may be empty, repeat ids, or contain the creator.
    pub member_ids: Vec<UserId>,
}

impl CreateGroupBody {
    /// Parses the group.
    pub fn parse(self) -> Result<GroupDraft, InvalidBody> {
        check(&self, &())?;
        Ok(GroupDraft {
            name: self.group_name.take("groupName")?,
            description: self.group_description.take(),
            avatar: self.group_avatar.take(),
            member_ids: self.members.take().unwrap_or_default().0,
        })
    }
}

/// The body of `PUT /chat/group/{groupId}`: omitted fields keep their value, `null` clears description and avatar.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
// Faults contain field names, so these are the names of the JSON.
#[allow(clippy::struct_field_names)]
pub struct UpdateGroupBody {
    #[garde(custom(valid_or_absent))]
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::field::not_null::<ConversationName>"))]
    group_name: Optional<ConversationName>,
    #[garde(custom(valid))]
    #[serde(default)]
    group_description: Optional<ConversationDescription>,
    #[garde(custom(valid))]
    #[serde(default)]
    group_avatar: Optional<AvatarUrl>,
}

impl Body for UpdateGroupBody {}

impl UpdateGroupBody {
    /// Parses the changes, which may be none.
    pub fn parse(self) -> Result<ConversationChanges, InvalidBody> {
        check(&self, &())?;
        Ok(ConversationChanges {
            name: self.group_name.take_change(),
            description: self.group_description.take_change(),
            avatar: self.group_avatar.take_change(),
            metadata: None,
        })
    }
}

/// The body of `POST /chat/group/{groupId}/member`: the user to add.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct AddMemberBody {
    #[garde(custom(valid))]
    user_id: Required<UserId>,
}

impl Body for AddMemberBody {}

impl AddMemberBody {
    /// Returns the user to add.
    pub fn parse(self) -> Result<UserId, InvalidBody> {
        check(&self, &())?;
        self.user_id.take("userId")
    }
}
