/// Emits one test per clause of the stores' contract. `factory` is the path of an `async fn() -> Stores` that makes an
/// empty database.
#[macro_export]
macro_rules! store_contract {
    ($factory:path) => {
        $crate::store_clauses! {
            $factory;
            accounts {
                a_new_account_reads_back_as_it_was_stored
                credentials_are_found_by_email_and_username_in_any_case
                an_unknown_user_is_none_and_no_error
                users_are_listed_by_their_ids
                an_email_is_taken_in_any_case
                an_email_is_taken_in_any_composition_and_spelling_of_its_domain
                a_chosen_username_is_taken_in_any_case
                a_made_username_is_numbered_from_two_until_it_is_free
                a_profile_changes_only_where_the_changes_say_so
                a_username_changes_unless_another_has_it
                a_new_password_ends_every_other_session
                of_many_who_replace_one_hash_at_once_one_does
                another_hash_of_the_same_password_ends_no_session
                last_seen_only_moves_forward
            }
            search {
                search_finds_prefixes_of_usernames_and_names_in_any_case
                search_takes_wildcards_for_ordinary_characters
                search_knows_letters_beyond_ascii
                search_compares_names_without_case_composition_and_invisible_characters
                search_never_looks_at_emails
                search_finds_a_user_under_the_new_name_alone
                search_is_paged_in_order_of_username
                search_costs_no_more_for_being_vague
            }
            contacts {
                contacts_talk_to_each_other_or_share_a_group_and_are_each_named_once
                contacts_are_at_most_as_many_as_asked_for
                whoever_left_or_was_deleted_is_no_contact
                contacts_are_told_from_strangers_among_those_asked_about
                presence_passes_in_a_direct_conversation_once_both_have_written
                a_deactivated_group_carries_no_presence
                presence_is_told_in_the_newest_conversations_that_are_small_enough
                the_newest_contacts_are_those_of_the_newest_conversations
            }
            sessions {
                a_session_is_listed_as_it_was_stored
                sessions_are_listed_with_the_one_used_last_first
                an_expired_session_is_not_live
                a_session_ends_once_and_by_its_own_user
                ending_all_returns_the_live_ones_of_this_user
                ended_sessions_are_followed_in_the_order_of_commits_whatever_the_clocks_say
                no_end_of_many_at_once_escapes_a_reader_that_follows
                one_session_too_many_displaces_the_one_used_longest_ago
                expired_sessions_take_no_room
                pruning_forgets_what_ended_or_expired_before
            }
            rotation {
                a_spent_token_gives_way_to_its_successor
                a_token_just_spent_repeats_its_successor_and_changes_nothing
                a_spent_token_that_comes_back_late_ends_the_family
                a_token_whose_successor_was_used_ends_the_family
                a_session_that_is_unknown_ended_or_expired_does_not_rotate
                of_racing_rotations_one_spends_and_the_others_repeat
            }
            conversations {
                a_group_begins_with_its_creator_as_the_first_admin
                one_other_and_no_name_is_the_direct_conversation_of_the_pair
                a_name_makes_a_group_of_two_and_any_number_of_them
                a_conversation_with_unknown_users_is_not_made
                an_unknown_conversation_is_none
                an_update_changes_what_it_names_and_takes_the_next_pos
                both_users_of_a_direct_conversation_change_its_metadata_and_nothing_else
                only_admins_of_a_group_update_it
            }
            overviews {
                a_list_shows_the_newest_activity_first
                a_list_is_paged_with_its_total
                a_list_breaks_ties_of_activity_by_id
                a_list_by_cursor_shows_the_same_downwards_and_upwards
                a_list_by_cursor_keeps_its_place_while_others_move_up
                activity_never_moves_a_conversation_back
                only_messages_and_joining_move_a_conversation_up
                an_overview_shows_the_viewer_the_newest_message_and_what_is_unread
                each_overview_of_a_page_has_its_own_participants_and_message
                participants_are_listed_in_order_of_joining_up_to_a_limit
            }
            participants {
                any_participant_adds_a_member_whose_positions_start_at_the_newest_message
                adding_is_refused_as_the_rules_say
                a_full_group_takes_nobody_more
                an_admin_makes_others_admins_and_members_and_the_last_one_stays
                of_two_admins_who_step_down_at_once_one_stays
                participants_are_listed_in_parts_in_order_of_joining
                an_admin_removes_a_member_and_a_member_leaves
                removing_is_refused_as_the_rules_say
                the_last_admin_hands_over_to_the_oldest_member
                whoever_comes_back_begins_anew_as_a_member
            }
            memberships {
                memberships_are_listed_by_newest_activity_up_to_a_limit
                a_membership_is_found_with_its_conversation
                participations_tell_where_a_user_takes_or_took_part
                positions_are_listed_for_those_who_take_part_now
                the_newest_pos_is_listed_for_those_that_exist
                very_many_conversations_may_be_asked_about_at_once
            }
            messages {
                a_message_reads_back_as_it_was_stored
                sending_bumps_the_conversation_and_the_senders_own_positions
                a_message_is_never_older_than_the_one_before_whatever_the_clock_says
                for_a_send_to_a_group_a_direct_conversation_does_not_exist
                sending_twice_with_one_key_makes_one_message
                a_repetition_in_another_composition_is_the_same_message
                a_key_counts_per_conversation_and_sender
                another_message_under_a_used_key_is_refused
                a_replay_is_looked_up_before_membership
                only_participants_send_and_a_refusal_spends_no_number
                an_answer_names_a_message_of_the_same_conversation
                a_reply_shows_what_it_quotes_as_of_now_wherever_it_is_read
                a_copy_of_a_message_shows_its_origin_and_outlives_it
                the_first_message_of_each_in_a_direct_conversation_is_told_as_such
                a_message_shows_its_sender_as_they_are_now
            }
            history {
                numbered_pages_run_from_the_newest_back
                what_is_before_after_and_around_a_number_is_newest_first
                a_message_serves_as_an_anchor_like_its_number
                an_anchor_that_is_no_message_of_the_conversation_is_refused
                only_participants_read_and_they_read_everything
                a_history_page_tells_the_newest_number_and_everyones_positions
                an_empty_history_is_an_empty_page
            }
            receipts {
                unread_messages_are_counted_in_active_conversations_up_to_a_limit
                positions_only_move_forward_and_never_past_the_newest
                positions_of_strangers_and_unknown_targets_are_refused
                no_positions_move_in_an_inactive_group
                reading_an_empty_conversation_moves_nothing
                unread_counts_equal_a_recount_after_anything
            }
            groups {
                a_named_group_begins_as_any_group_does
                a_reserved_name_is_taken_in_any_case
                a_name_that_looks_like_a_reserved_one_is_taken
                a_renamed_group_gives_its_old_name_back
                what_leaves_the_name_alone_keeps_it_reserved
                of_racing_creations_of_one_name_exactly_one_wins
                of_racing_renames_to_one_name_exactly_one_wins
                a_deactivated_group_frees_its_name_and_is_read_by_its_members_alone
                an_inactive_group_refuses_every_write_but_leaving
                only_admins_deactivate_a_group
                a_group_that_everyone_has_left_is_inactive_and_its_name_free
            }
            invites {
                whoever_has_the_code_joins_as_a_member_once
                a_user_whom_an_admin_removed_comes_back_by_an_admin_alone
                racing_with_a_removal_no_code_leads_back_in
                a_replaced_code_is_of_no_more_use
                every_group_has_a_code_and_no_pair_has_one
                nobody_joins_a_full_group_and_no_deleted_user_joins_any
                racing_joins_let_each_in_once_and_none_past_a_new_code
            }
            own_conversations {
                a_user_makes_and_joins_as_many_conversations_as_the_limit_says
                what_others_make_or_add_a_user_to_takes_no_room
                leaving_a_joined_group_or_deactivating_ones_own_makes_room
                racing_to_exceed_the_limit_of_conversations_makes_exactly_as_many
                racing_conversations_of_two_users_with_each_other_all_succeed
            }
            group_search {
                groups_are_found_by_any_part_of_their_name_in_any_case
                a_group_search_takes_wildcards_for_ordinary_characters
                a_long_term_is_compared_with_the_whole_name
                strangers_find_reserved_names_and_members_their_own_too
                a_search_follows_renaming_and_deactivation
                a_group_search_is_paged_in_order_of_names
                a_vague_group_search_is_bounded_and_shows_ones_own
            }
            pairs {
                the_conversation_of_a_pair_is_found_from_either_side
                a_list_holds_the_kinds_that_are_asked_for
                every_message_says_of_which_kind_its_conversation_is
                a_message_is_found_by_its_id_and_by_its_number
            }
            receipt_news {
                a_move_tells_how_far_the_newest_message_it_covers_has_got
                a_move_among_very_many_tells_of_no_message
                racing_moves_of_one_participant_count_each_message_once
                of_racing_readers_the_last_learns_that_all_have_read
                unread_counts_equal_a_recount_after_many_clients_did_anything
            }
            change_log {
                every_kind_of_change_reads_back_in_its_place
                a_creation_names_all_its_members_however_many
                ranges_leave_out_their_beginning_and_include_their_end
                several_ranges_come_in_their_order_up_to_one_limit
                no_change_is_older_than_the_one_before_whatever_the_clock_says
            }
            edits {
                an_edit_replaces_the_content_and_keeps_what_was_there_before
                an_edit_to_the_present_content_changes_nothing
                a_message_that_was_edited_is_repeated_by_its_first_content
                metadata_are_edited_kept_with_the_versions_and_erased
                a_deleted_message_leaves_a_tombstone_in_its_place
                what_may_not_be_edited_or_deleted_stays_as_it_is
                a_message_has_at_most_a_hundred_versions
                earlier_versions_are_for_those_whom_the_setting_names
                messages_are_found_by_their_ids_in_one_conversation
                no_change_of_a_message_is_older_than_the_one_before_whatever_the_clock_says
                of_edits_that_name_the_same_state_one_succeeds
                a_deletion_among_edits_ends_them
                an_author_who_was_removed_edits_nothing_after_the_removal
            }
            threads {
                a_message_has_one_thread_whoever_opens_it
                a_thread_hangs_on_a_message_that_is_there
                the_participants_of_the_parent_alone_read_and_write_a_thread
                a_repeated_reply_is_one_reply_and_the_message_before_it_is_answered
                who_writes_in_a_thread_follows_it_and_others_by_their_own_act
                who_rejoins_the_parent_follows_none_of_its_threads
                who_leaves_and_rejoins_at_one_time_follows_no_thread_either
                threads_are_in_no_list_and_no_count_of_conversations
                threads_are_listed_by_their_roots_and_by_their_activity
                the_count_of_replies_is_that_of_the_messages_that_are_not_deleted
                a_member_who_was_removed_from_the_parent_writes_nothing_in_its_threads
                nothing_is_written_in_threads_after_the_deactivation_of_their_group
                opening_a_thread_and_deleting_its_root_exclude_each_other
                many_write_in_many_threads_and_their_parent_at_once
            }
            reactions {
                a_reaction_is_seen_wherever_the_message_is
                a_reaction_that_is_so_already_changes_nothing
                a_reaction_replaces_the_others_of_its_user
                of_many_users_the_first_are_named_and_all_are_listed
                a_message_has_at_most_twenty_kinds_of_reactions
                reactions_go_with_the_message
                those_who_may_not_react_change_nothing
                a_deletion_among_reactions_ends_them
                of_racing_new_kinds_no_more_than_twenty_are_stored
                devices_that_race_leave_what_their_changes_say
            }
            pins {
                a_pinned_message_is_seen_wherever_it_is
                a_message_that_is_pinned_already_changes_nothing
                admins_pin_in_groups_and_both_users_in_direct_conversations
                a_conversation_has_at_most_fifty_pins
                a_pin_goes_with_the_message
                of_racing_pins_no_more_than_fifty_are_stored
            }
            missed {
                what_was_missed_is_the_whole_range_without_what_later_changes_replace
                what_was_missed_comes_in_the_order_of_the_ranges
                the_places_of_what_was_missed_end_where_the_range_ends
            }
            deletion {
                a_deleted_user_is_nobody_and_their_names_are_free
                deleting_ends_every_session
                a_session_made_after_the_deletion_is_over_at_once
                a_deleted_user_leaves_every_group_and_hands_over
                what_a_deleted_user_said_stays_under_another_name
                a_deleted_user_stays_in_direct_conversations_and_says_nothing_more
            }
            registration {
                an_invitation_is_good_until_it_is_spent_or_expires
                an_invitation_is_not_spent_by_a_registration_that_fails
                new_invitations_clear_expired_ones_away
                racing_to_register_by_one_invitation_makes_one_account
            }
            epochs {
                an_epoch_lasts_until_another_begins
                every_published_change_is_a_landmark_of_its_own_log_alone
            }
            published {
                each_change_is_published_once_and_before_its_answer
                what_is_refused_or_no_change_is_not_published
                a_repeated_send_is_published_again
                what_is_sent_at_once_is_published_in_order_and_before_each_answer
            }
            races {
                racing_to_open_a_direct_conversation_makes_one
                racing_to_send_under_one_key_makes_one_message
                racing_senders_are_numbered_without_gaps
                racing_messages_and_members_share_one_numbering
                racing_to_be_the_last_admin_to_leave_leaves_an_admin
                racing_to_register_gives_a_name_once
                racing_deletions_of_creators_and_departures_of_members_all_succeed
                racing_deletions_and_sign_ins_all_succeed
                racing_to_exchange_usernames_is_refused_for_taken_names_alone
            }
        }
    };
}

/// The tests of some clauses; [`store_contract!`](crate::store_contract) lists all of them.
#[doc(hidden)]
#[macro_export]
macro_rules! store_clauses {
    ($factory:path; $($feature:ident { $($clause:ident)* })*) => {$($(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $clause() {
            $crate::stores::$feature::$clause($factory().await).await;
        }
    )*)*};
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_clause_is_in_the_list() {
        let list = include_str!("list.rs");
        let features = [
            include_str!("accounts.rs"),
            include_str!("search.rs"),
            include_str!("contacts.rs"),
            include_str!("sessions.rs"),
            include_str!("rotation.rs"),
            include_str!("conversations.rs"),
            include_str!("overviews.rs"),
            include_str!("participants.rs"),
            include_str!("memberships.rs"),
            include_str!("messages.rs"),
            include_str!("history.rs"),
            include_str!("receipts.rs"),
            include_str!("groups.rs"),
            include_str!("invites.rs"),
            include_str!("own_conversations.rs"),
            include_str!("group_search.rs"),
            include_str!("pairs.rs"),
            include_str!("receipt_news.rs"),
            include_str!("change_log.rs"),
            include_str!("threads.rs"),
            include_str!("missed.rs"),
            include_str!("deletion.rs"),
            include_str!("registration.rs"),
            include_str!("published.rs"),
            include_str!("races.rs"),
        ];
        let clauses = features
            .iter()
            .flat_map(|source| source.lines())
            .filter_map(|line| line.strip_prefix("pub async fn ").and_then(|rest| rest.split_once("(stores: Stores)")));
        let forgotten: Vec<_> =
            clauses.map(|(name, _)| name).filter(|name| !list.lines().any(|line| line.trim() == *name)).collect();
        assert!(forgotten.is_empty(), "not in the list: {forgotten:?}");
    }
}
