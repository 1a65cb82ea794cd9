-- From now on `updated_at` orders lists: the time of the newest message, of the creation, or of the last joining.
-- `changed_at` is the time of the last change of any other kind, NULL before the first. The previous release moves
-- `updated_at` by every change and does not know `changed_at`: while its nodes run, a renamed group moves up in lists,
-- and a change that they store may have an earlier time than the change before it.
ALTER TABLE conversations ADD COLUMN changed_at BIGINT;
