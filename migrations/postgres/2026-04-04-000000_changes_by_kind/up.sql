-- Finds the changes of some kinds without reading those of the others between them: a message that was edited a
-- thousand times has a thousand changes, of which a client that missed them needs one. Nodes write meanwhile. The
-- server removes what a failed attempt left before it tries again.
CREATE INDEX CONCURRENTLY IF NOT EXISTS changes_by_kind ON conversation_changes (conversation_id, kind, pos);
