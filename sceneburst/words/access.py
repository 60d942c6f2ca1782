"""English sentences for the reasons that a request is refused for whom it comes from."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "form_from_elsewhere": "the form was sent from another site; open this page itself, and send it from there",
    "key_not_known": "this key is not known; `sceneburst keys list` shows those that are",
    "keys_unread": "Redis has not answered within {limit_s:g} s, so no key can be checked",
    "link_not_known": "the link was used, or is older than {minutes:1 minute|# minutes}; `sceneburst page` prints a new one",
    "page_host_not_served": "the Host header names {host:quoted}, which SCENEBURST_PAGE_HOSTS does not list",
    "proxies_missing": "{setting}: SCENEBURST_PAGE_PROXIES names no proxy that may send it",
    "role_too_low": "{name} has the role {role}, and this needs {needed}",
    "sign_in_needed": "nobody is signed in here, or the session has ended",
    "sign_in_too_often": "too many attempts to sign in; the next one is possible in {wait_s:.0f} s",
}
