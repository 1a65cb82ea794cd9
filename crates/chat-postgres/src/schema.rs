// What `diesel print-schema` makes of migrations/postgres (the types' module restricted to the crate); see diesel.toml.

pub(crate) mod sql_types {
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "xid8", schema = "pg_catalog"))]
    pub struct Xid8;
}

diesel::table! {
    users (id) {
        id -> Uuid,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        username -> Nullable<Text>,
        username_key -> Nullable<Text>,
        name -> Nullable<Text>,
        name_key -> Nullable<Text>,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        avatar -> Nullable<Text>,
        last_seen -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        key_version -> SmallInt,
    }
}

diesel::table! {
    credentials (user_id) {
        user_id -> Uuid,
        password_hash -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{Uuid, Binary, Nullable, BigInt, Text};
    use super::sql_types::Xid8;

    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        token_hash -> Binary,
        previous_hash -> Nullable<Binary>,
        rotated_at -> Nullable<BigInt>,
        user_agent -> Nullable<Text>,
        ip -> Nullable<Text>,
        created_at -> BigInt,
        last_used_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        end_reason -> Nullable<Text>,
        ended_xid -> Nullable<Xid8>,
    }
}

diesel::table! {
    conversations (id) {
        id -> Uuid,
        is_group -> Bool,
        name -> Nullable<Text>,
        description -> Nullable<Text>,
        avatar -> Nullable<Text>,
        is_active -> Bool,
        created_by -> Uuid,
        direct_key -> Nullable<Text>,
        group_name_key -> Nullable<Text>,
        invite_code -> Nullable<Text>,
        last_seq -> BigInt,
        last_pos -> BigInt,
        participant_count -> Integer,
        created_at -> BigInt,
        updated_at -> BigInt,
        key_version -> SmallInt,
    }
}

diesel::table! {
    use diesel::sql_types::{Uuid, Text, BigInt, Nullable, Bool};
    use super::sql_types::Xid8;

    participants (conversation_id, user_id) {
        conversation_id -> Uuid,
        user_id -> Uuid,
        role -> Text,
        joined_at -> BigInt,
        left_at -> Nullable<BigInt>,
        left_pos -> Nullable<BigInt>,
        joined_seq -> BigInt,
        delivered_seq -> BigInt,
        read_seq -> BigInt,
        joined_xid -> Nullable<Xid8>,
        has_written -> Bool,
        removed_by_admin -> Bool,
        joined_by_code -> Bool,
    }
}

diesel::table! {
    messages (conversation_id, seq) {
        conversation_id -> Uuid,
        seq -> BigInt,
        id -> Uuid,
        pos -> BigInt,
        sender_id -> Uuid,
        body -> Text,
        attachment -> Nullable<Text>,
        reply_to -> Nullable<Uuid>,
        client_message_id -> Nullable<Text>,
        fingerprint -> Nullable<Binary>,
        created_at -> BigInt,
        updated_at -> BigInt,
        edited_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
        fingerprint_version -> SmallInt,
    }
}

diesel::table! {
    conversation_changes (conversation_id, pos) {
        conversation_id -> Uuid,
        pos -> BigInt,
        kind -> Text,
        at -> BigInt,
        user_id -> Nullable<Uuid>,
        role -> Nullable<Text>,
        member_ids -> Nullable<Array<Uuid>>,
        effect -> Nullable<Text>,
        actor_id -> Nullable<Uuid>,
        message_id -> Nullable<Uuid>,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    group_name_suffixes (suffix, conversation_id) {
        suffix -> Text,
        conversation_id -> Uuid,
    }
}

diesel::table! {
    registration_invites (code_hash) {
        code_hash -> Bytea,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        used_by -> Nullable<Uuid>,
    }
}

diesel::joinable!(credentials -> users (user_id));
diesel::joinable!(participants -> conversations (conversation_id));
diesel::joinable!(participants -> users (user_id));
diesel::joinable!(messages -> conversations (conversation_id));
diesel::joinable!(messages -> users (sender_id));

diesel::allow_tables_to_appear_in_same_query!(
    users,
    credentials,
    sessions,
    conversations,
    participants,
    messages,
    conversation_changes,
    group_name_suffixes,
);
