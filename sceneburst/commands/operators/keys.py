"""`sceneburst keys …`: keys of those who use the page and the HTTP API; `sceneburst api-key`: one for the settings."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from sceneburst.access.roles import RoleWord
from sceneburst.codes import Code
from sceneburst.terminal.operator_name import operator_name
from sceneburst.terminal.screen import (
    JsonFlag,
    Namespace,
    RedisUrl,
    age_text,
    connected,
    note,
    print_json,
    print_table,
    run_group,
    say,
    table,
)
from sceneburst.terminal.usage import RefusedWord
from sceneburst.terminal.why_option import WhyOption

if TYPE_CHECKING:
    from scenequeue.ports.access.keys import AccessKey

app = typer.Typer(help="Make, list and revoke keys of the page and the HTTP API.", invoke_without_command=True)


@app.callback()
def default(context: typer.Context, as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Make, list and revoke keys of the page and the HTTP API; without a command: list."""
    run_group(context, list_keys, as_json=as_json, redis_url=redis_url, namespace=namespace)


@app.command("list")
def list_keys(as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """List the keys in the queue, and who made them; those of SCENEBURST_API_KEYS are known to their program alone."""
    with connected(redis_url, namespace) as queue:
        keys, now_ms = queue.access.all_keys(), queue.inspect.now_ms()
    if as_json:
        print_json([_row(key) for key in keys])
        return
    made = table("name", "role", "made by", "since>", "why~")
    for key in keys:
        made.add_row(key.name, key.role, key.by, age_text(key.at_ms, now_ms), key.why)
    print_table(made)


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="Name of its owner; letters, digits and . _ - only.", show_default=False)],
    role: Annotated[
        RoleWord,
        typer.Option("--role", help="look: see all; operate: act too; administer: change limits and keys too."),
    ],
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a key of this name, which ends.")] = False,
    why: WhyOption = "",
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Make a key, which holds at once; it is shown this once, and the queue keeps its hash alone."""
    from sceneburst.access.secrets import fresh_key, hash_of
    from scenequeue.ports.access.keys import MAX_KEYS
    from scenequeue.settings import KEY_NAME

    if not KEY_NAME.fullmatch(name):
        raise RefusedWord(Code.KEY_NAME_MALFORMED, given=name)
    key = fresh_key()
    with connected(redis_url, namespace) as queue:
        made = queue.access.make_key(name, hash_of(key), role, operator_name(), why, replace=replace)
    if made == 0:
        raise RefusedWord(Code.KEY_THERE, name=name)
    if made < 0:
        raise RefusedWord(Code.KEYS_AT_LIMIT, limit=MAX_KEYS)
    if as_json:
        print_json({"name": name, "role": role, "key": key, "sha256": hash_of(key)})
        return
    print(key)
    note(f"give it to {name}; it holds at once, with the role {role}, and cannot be shown again", "dim")


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="Name of the key.", show_default=False)],
    why: WhyOption = "",
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Revoke a key: within two seconds it opens nothing, and whoever signed in with it is signed out."""
    with connected(redis_url, namespace) as queue:
        if not queue.access.revoke_key(name, operator_name(), why):
            raise RefusedWord(Code.KEY_NOT_THERE, name=name)
        if as_json:
            print_json([_row(key) for key in queue.access.all_keys()])
            return
    say(f"{name} is revoked")


def _row(key: "AccessKey") -> dict[str, object]:
    return {**key._asdict(), "why": key.why or None}


def api_key(
    name: Annotated[str, typer.Argument(help="Name of its owner; letters, digits and . _ - only.")] = "default",
    as_json: JsonFlag = False,
) -> None:
    """Make a key for SCENEBURST_API_KEYS, without Redis; it is shown once, and only its hash goes into the settings."""
    from sceneburst.access.secrets import fresh_key, hash_of
    from scenequeue.settings import ApiSettings

    key = fresh_key()
    keys = ApiSettings.load(api_keys={name: hash_of(key)}).api_keys
    if as_json:
        print_json({"name": name, "key": key, "sha256": keys[name]})
        return
    print(f"key                  {key}")
    print(f"SCENEBURST_API_KEYS  {json.dumps(keys)}")
    note("give the key to its owner, add the second to the settings; the key cannot be shown again", "dim")
