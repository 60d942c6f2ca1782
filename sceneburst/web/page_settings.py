"""The settings of the operators' page."""

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, Field

from sceneburst.access.roles import RoleWord
from scenequeue.settings import AccessSettings, Positive


def _network(text: str) -> str:
    return str(ipaddress.ip_network(text, strict=False))


Network = Annotated[str, AfterValidator(_network)]


class PageSettings(AccessSettings):
    """Further settings of the page."""

    page_host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 is every one of the machine's")
    page_port: Annotated[int, Field(ge=0, le=65535)] = Field(8081, description="port to listen on; 0: any free one")
    page_hosts: list[str] = Field(
        default_factory=list,
        description="host names in the page's addresses; none: any, or only this machine's if it listens on 127.0.0.1; JSON list",
    )
    page_proxies: list[Network] = Field(
        default_factory=list, description="addresses or networks of proxies whose headers are believed; JSON list"
    )
    page_user_header: str = Field(
        "",
        pattern=r"^[A-Za-z0-9-]*$",
        description="header in which such a proxy names the user that it has signed in",
    )
    page_user_role: RoleWord = Field("look", description="role of users of a proxy")
    page_media_origins: list[Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.:*_-]+$")]] = Field(
        default_factory=list,
        description="further origins that pictures and videos may come from, such as https://media.example.com; JSON list",
    )
    page_streams: Annotated[int, Field(ge=1, le=10_000)] = Field(200, description="open tabs that are kept up to date at once")
    page_threads: Annotated[int, Field(ge=1, le=64)] = Field(6, description="requests that talk to Redis at once; others wait")
    page_connections: Annotated[int, Field(ge=1)] = Field(512, description="most connections at once; above, as for the API")
    page_head_s: Positive = Field(10.0, description="seconds that the head of a request may take, from the connection on")
    page_grace_s: Annotated[int, Field(ge=1)] = Field(5, description="seconds that running requests may finish in after SIGTERM")
