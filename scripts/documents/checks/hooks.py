"""Drops generated requests that break a rule which OpenAPI cannot express: query parameters that exclude each other,
and an Idempotency-Key that differs from the body's clientMessageId."""

import schemathesis

LISTS = ("page", "cursor")
HISTORY = ("page", "before", "after", "around")


def _is_consistent(query):
    given = set(query or {})
    return all(len(given.intersection(names)) <= 1 for names in (LISTS, HISTORY))


@schemathesis.hook
def filter_case(context, case):
    headers = case.headers or {}
    key = next((value for name, value in headers.items() if name.lower() == "idempotency-key"), None)
    body = case.body if isinstance(case.body, dict) else {}
    return _is_consistent(case.query) and (key is None or body.get("clientMessageId") in (None, key))
