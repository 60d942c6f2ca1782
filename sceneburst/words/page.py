"""English sentences for the reasons that the operators' page itself gives."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "field_malformed": "the field {field:quoted} is missing or malformed; load the view again, and repeat the act there",
    "form_too_large": "the form is larger than {limit_kib} KiB",
    "page_failed": "the page has failed; its log says why",
    "page_path_unknown": "there is no page {path}",
    "tabs_taken": "{limit:1 tab is|# tabs are} kept up to date already; SCENEBURST_PAGE_STREAMS is the limit",
    "why_missing": "a reason is needed: a few words for those who read the audit log later",
}
