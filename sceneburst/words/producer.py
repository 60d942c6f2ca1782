"""English sentences for the reasons of a producer."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "inside": "{place}: {mistake}",
}
