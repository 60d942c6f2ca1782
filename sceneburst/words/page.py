"""English sentences for the reasons that the operators' page itself gives."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "containers_increased": (
        "{shown:1 container was|# containers were} shown when this was asked for, and {now} match the filter now; "
        "load the view again, and repeat the act there"
    ),
    "field_malformed": "the field {field:quoted} is missing or malformed; load the view again, and repeat the act there",
    "form_too_large": "the form is larger than {limit_kib} KiB",
    "keys_too_many": "there are {limit} keys already; revoke one that is not used",
    "key_name_taken": "there is a key {name:quoted} already; revoke it first, or choose another name",
    "page_failed": "the page has failed; its log says why",
    "page_path_unknown": "there is no page {path}",
    "tabs_taken": "{limit:1 tab is|# tabs are} kept up to date already; SCENEBURST_PAGE_STREAMS is the limit",
    "why_missing": "a reason is needed: a few words for those who read the audit log later",
}
