"""Codes of the reasons that a request is refused for whom it comes from."""

from enum import StrEnum


class Code(StrEnum):
    """One reason each; `sceneburst/words/access.py` has a sentence for each."""

    FORM_FROM_ELSEWHERE = "form_from_elsewhere"
    #: A key or a sign-in link that holds no longer, or never did.
    KEY_NOT_KNOWN = "key_not_known"
    KEYS_UNREAD = "keys_unread"
    LINK_NOT_KNOWN = "link_not_known"
    PAGE_HOST_NOT_SERVED = "page_host_not_served"
    PROXIES_MISSING = "proxies_missing"
    ROLE_TOO_LOW = "role_too_low"
    SIGN_IN_NEEDED = "sign_in_needed"
    SIGN_IN_TOO_OFTEN = "sign_in_too_often"
