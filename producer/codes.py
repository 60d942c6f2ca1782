"""Codes of the reasons that a producer gives: what is wrong with a submission."""

from enum import StrEnum


class Code(StrEnum):
    """One reason each; `sceneburst/words/` has a sentence for each."""

    #: A mistake inside something larger.
    INSIDE = "inside"
