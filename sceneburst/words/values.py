"""English sentences for values that a field's type or limits refuse, by pydantic's types of errors, and for types."""

from collections.abc import Mapping

_WHOLE, _NUMBER, _TEXT = "must be a whole number", "must be a number", "must be text"
_SWITCH, _LIST, _MAPPING = "must be true or false", "must be a list", "must be a mapping of names to values"
#: With the facts of each as parameters. Source: docs.pydantic.dev, "Validation Errors".
REFUSALS: Mapping[str, str] = {
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), _NUMBER),
    **dict.fromkeys(("string_type", "string_sub_type"), _TEXT),
    **dict.fromkeys(("bool_type", "bool_parsing"), _SWITCH),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "iterable_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), _MAPPING),
    **dict.fromkeys(("literal_error", "enum"), "must be {expected}"),
    "extra_forbidden": "is not known",
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "json_invalid": "is not valid JSON ({error})",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be {le:g} or less",
    "missing": "is missing",
    "path_type": "must be a path",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "string_too_long": "must have at most {max_length:# character|# characters}",
    "string_too_short": "must have at least {min_length:# character|# characters}",
    "too_long": "must have at most {max_length:# entry|# entries}",
    "too_short": "must have at least {min_length:# entry|# entries}",
}
#: Of JSON's values, by Python's names.
TYPES: Mapping[str, str] = {
    "NoneType": "nothing",
    "bool": "true or false",
    **dict.fromkeys(("int", "float"), "a number"),
    **dict.fromkeys(("str", "bytes"), "a text"),
    **dict.fromkeys(("list", "tuple"), "a list"),
    "dict": "a mapping",
}
