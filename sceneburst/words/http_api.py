"""English sentences for the reasons that the HTTP API itself gives."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # --- the caller ---
    "api_key_missing": "there is no key in the Authorization header",
    "api_key_unregistered": "this key is not known",
    "event_streams_taken": "{limit:1 event stream is|# event streams are} open",
    "host_not_served": "the Host header names another host",
    "method_not_served": "{method} is not possible here",
    "path_not_served": "there is nothing at {path:quoted}",
    "rate_exceeded": "more than {limit:g} requests a second with this key",
    # --- a body that is not read ---
    "body_compressed": "Content-Encoding {encoding:quoted} is not supported",
    "body_not_json": "{problem}",
    "body_too_large": "the body is longer than {limit_mib:g} MiB",
    "body_too_slow": "the body did not arrive within {limit_s:g} s",
    "json_constant": "{name} is no JSON",
    "json_half_character": "half a surrogate pair is no character",
    "json_too_deep": "it is nested deeper than {limit} levels",
    "media_type_missing": "the body is announced without a Content-Type",
    "media_type_not_json": "the body is announced as {media_type:quoted}",
    # --- mistakes in a request ---
    "event_id_malformed": "{event_id:quoted} is not the id of an event",
    "key_repeated": "the key {key:quoted} is given more than once in one object",
    "manual_options_malformed": "each needs a name with a dash and a value, as in -preset fast -crf 20",
    "mistakes_counted": "{mistakes:1 mistake|# mistakes}",
    "number_too_large": "is too large a number",
    "object_needed": "a JSON object with scenes and output is needed",
    "rate_malformed": "500k, 2M and ORIGINAL are possible",
    "scenes_over_limit": "{scenes} scenes are more than the {limit} of one request; send several jobs",
    "text_unprintable": "has control characters in it",
    # --- settings that the API refuses at its start ---
    "api_open_to_others": "{setting}: only on a loopback address, and SCENEBURST_API_HOST is {host}",
    "api_open_with_keys": "{setting}: true contradicts SCENEBURST_API_KEYS; take one of them away",
    # --- the API's own trouble, whose details are for operators ---
    "api_failed": "the API failed; its log says at what",
    "api_leaves": "the grace is over",
    "probe_unanswered": "Redis at {url} has not answered within {limit_s:g} s",
    "queue_silent": "Redis does not answer; what was asked for may or may not have happened, and is safe to repeat",
}
