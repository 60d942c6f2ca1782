"""The keys of those who use the page and the HTTP API: listed, made, revoked. A key that is made is shown once."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from sceneburst.access.allowed import allowed
from sceneburst.access.roles import Caller, Role
from sceneburst.access.secrets import fresh_key, hash_of
from sceneburst.page.answers import show
from sceneburst.page.codes import Code
from sceneburst.page.errors import BadForm, Overtaken
from sceneburst.page.forms import Form, back_to, read_form
from sceneburst.page.languages import msgid
from sceneburst.page.service import Service, service_of
from sceneburst.page.view import Query, View
from scenequeue.ports.access.keys import KEY_ROLES, MAX_KEYS
from scenequeue.queue import SceneQueue
from scenequeue.settings import KEY_NAME

router = APIRouter()


def _look(queue: SceneQueue, _: Query) -> Mapping[str, Any]:
    return {"keys": queue.access.all_keys(), "key_roles": KEY_ROLES, "made": None}


_REVOKED = msgid("The key is revoked; whoever has it is signed out")
_REVOKED_ALREADY = msgid("This key had been revoked or replaced already; nothing was changed")
VIEW = View(
    "keys",
    "/steering/keys",
    msgid("Keys"),
    _look,
    router=router,
    in_navigation=False,
    within="steering",
    said={"revoked": (_REVOKED, _REVOKED), "revoked-already": (_REVOKED_ALREADY, _REVOKED_ALREADY)},
)
Shared = Annotated[Service, Depends(service_of)]
Administrator = Annotated[Caller, Depends(allowed(Role.ADMINISTER))]
Filled = Annotated[Form, Depends(read_form)]


@router.post("/steering/keys")
async def make(request: Request, service: Shared, viewer: Administrator, form: Filled) -> Response:
    """Make a key; the answer is the only place that ever shows it."""
    name, role, why = form.needed("name"), form.needed("role"), form.why
    if not KEY_NAME.fullmatch(name):
        raise BadForm(Code.FIELD_MALFORMED, field="name")
    if role not in KEY_ROLES:
        raise BadForm(Code.FIELD_MALFORMED, field="role")
    key = fresh_key()
    made = await service.call(lambda: service.queue.access.make_key(name, hash_of(key), role, by=viewer.name, why=why))
    if made == 0:
        raise Overtaken(Code.KEY_NAME_TAKEN, name=name)
    if made < 0:
        raise Overtaken(Code.KEYS_TOO_MANY, limit=MAX_KEYS)
    service.forget_looks()
    return await show(request, service, VIEW, viewer, {"made": (name, key)})


@router.post("/steering/keys/revoke")
async def revoke(service: Shared, viewer: Administrator, form: Filled) -> Response:
    """Revoke a key, if it still is the one that was shown."""
    name, shown, why = form.needed("name"), form.needed("shown"), form.why
    is_done = await service.call(lambda: service.queue.access.revoke_key(name, by=viewer.name, why=why, sha256=shown))
    service.forget_looks()
    return back_to(VIEW, form, "revoked" if is_done else "revoked-already")
