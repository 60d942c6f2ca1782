"""Codes of the reasons that the page itself gives, beside those of the programs below."""

from enum import StrEnum


class Code(StrEnum):
    """One reason each; `sceneburst/words/page.py` has a sentence for each."""

    #: More containers than a form was shown for.
    CONTAINERS_INCREASED = "containers_increased"
    FIELD_MALFORMED = "field_malformed"
    FORM_TOO_LARGE = "form_too_large"
    KEYS_TOO_MANY = "keys_too_many"
    KEY_NAME_TAKEN = "key_name_taken"
    PAGE_FAILED = "page_failed"
    PAGE_PATH_UNKNOWN = "page_path_unknown"
    TABS_TAKEN = "tabs_taken"
    WHY_MISSING = "why_missing"
