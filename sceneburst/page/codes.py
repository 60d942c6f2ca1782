"""Codes of the reasons that the page itself gives, beside those of the programs below."""

from enum import StrEnum


class Code(StrEnum):
    """One reason each; `sceneburst/words/page.py` has a sentence for each."""

    FIELD_MALFORMED = "field_malformed"
    FORM_TOO_LARGE = "form_too_large"
    PAGE_FAILED = "page_failed"
    PAGE_PATH_UNKNOWN = "page_path_unknown"
    TABS_TAKEN = "tabs_taken"
    WHY_MISSING = "why_missing"
