"""What ops/contract-test asks of answers beyond what schemathesis does: that requests are read as
the document says. A code in the body is how /v4 says no, and problem details how /v1 does."""

import json
import re

import schemathesis
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation

# What the server says of a field that is not what the document has it (hansard-desk, json.rs).
NOT_AS_DOCUMENTED = (" is missing", "has the wrong type or is out of range")

# Of ops/sample/chat.jsonl, which ops/contract-test imports.
ACCOUNTS = ["mina", "tom", "wei"]
GROUPS = ["harbour-team"]
ACCOUNT_FIELDS = {"UserID", "Identifier", "Accounts", "account", "accounts", "from", "sender"}
TAGS = ["Tag_Profile_IM_Nick", "Tag_SNS_IM_Remark"]
GROUP_FIELDS = {"GroupId", "GroupIdList", "group"}
ID = re.compile("[ -~]{1,32}")


@schemathesis.serializer("application/x-ndjson")
def one_line(ctx, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"


@schemathesis.hook
def before_call(ctx, case, kwargs):
    # Answers to wait for: one without end, and one about a position that is not there yet (504).
    for waits in ("follow", "position") if case.query else ():
        case.query.pop(waits, None)
    # Whoever is drawn does not exist, and most answers would be refusals; who is deleted would not
    # exist for the others.
    if not case.path.endswith(("account_delete", "destroy_group")):
        case.body = with_known_names(case.body)


def with_known_names(value, field=""):
    """Texts that are ids, where an account or a group is wanted, are some that there are."""
    if isinstance(value, dict):
        return {name: with_known_names(inside, name) for name, inside in value.items()}
    if isinstance(value, list):
        return [with_known_names(inside, field) for inside in value]
    if not isinstance(value, str) or not ID.fullmatch(value):
        return value
    number = sum(value.encode())
    if field.endswith("_Account") or field in ACCOUNT_FIELDS:
        return ACCOUNTS[number % len(ACCOUNTS)]
    if field in {"Tag", "TagList"}:
        return TAGS[number % len(TAGS)]
    return GROUPS[number % len(GROUPS)] if field in GROUP_FIELDS else value


def is_lenient(value):
    """`null` is a field that is not there, and `[]` an empty object: both on purpose."""
    if value is None or value == []:
        return True
    if isinstance(value, dict):
        return any(is_lenient(inside) for inside in value.values())
    if isinstance(value, list):
        return any(is_lenient(inside) for inside in value)
    return False


@schemathesis.check
def reads_as_documented(ctx, response, case):
    if case.body is None or not isinstance(case.body, (dict, list)) or is_lenient(case.body):
        return
    try:
        answer = json.loads(response.content)
    except ValueError:
        return
    if not isinstance(answer, dict):
        return
    code = answer.get("ErrorCode", answer.get("code", 0))
    text = answer.get("ErrorInfo") or answer.get("detail") or ""
    if case.meta.generation.mode == GenerationMode.POSITIVE:
        if any(words in text for words in NOT_AS_DOCUMENTED):
            raise AssertionError(f"the document allows the request, the server does not: {text}")
        return
    body = case.meta.components.get(ParameterLocation.BODY)
    is_done = response.status_code == 200 and code == 0 and not answer.get("rejected")
    if body is not None and body.mode == GenerationMode.NEGATIVE and is_done:
        raise AssertionError("the document does not allow the request, and it was done")
