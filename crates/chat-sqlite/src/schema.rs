// What `diesel print-schema` makes of migrations/sqlite; see diesel.toml.

diesel::table! {
    users (id) {
        id -> Binary,
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
        user_id -> Binary,
        password_hash -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        user_id -> Binary,
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
        ended_no -> Nullable<BigInt>,
    }
}

diesel::table! {
    commit_counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    conversations (id) {
        id -> Binary,
        is_group -> Bool,
        name -> Nullable<Text>,
        description -> Nullable<Text>,
        avatar -> Nullable<Text>,
        is_active -> Bool,
        created_by -> Binary,
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
    participants (conversation_id, user_id) {
        conversation_id -> Binary,
        user_id -> Binary,
        role -> Text,
        joined_at -> BigInt,
        left_at -> Nullable<BigInt>,
        left_pos -> Nullable<BigInt>,
        joined_seq -> BigInt,
        delivered_seq -> BigInt,
        read_seq -> BigInt,
        has_written -> Bool,
        removed_by_admin -> Bool,
        joined_by_code -> Bool,
    }
}

diesel::table! {
    messages (conversation_id, seq) {
        conversation_id -> Binary,
        seq -> BigInt,
        id -> Binary,
        pos -> BigInt,
        sender_id -> Binary,
        body -> Text,
        attachment -> Nullable<Text>,
        reply_to -> Nullable<Binary>,
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
        conversation_id -> Binary,
        pos -> BigInt,
        kind -> Text,
        at -> BigInt,
        user_id -> Nullable<Binary>,
        role -> Nullable<Text>,
        member_ids -> Nullable<Binary>,
        effect -> Nullable<Text>,
        actor_id -> Nullable<Binary>,
        message_id -> Nullable<Binary>,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    group_name_suffixes (suffix, conversation_id) {
        suffix -> Text,
        conversation_id -> Binary,
    }
}

diesel::table! {
    registration_invites (code_hash) {
        code_hash -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        used_by -> Nullable<Binary>,
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
    commit_counters,
);
