"""Numbers in sentences: `1 scene`, `2 scenes`."""


def counted(number: int, one: str, several: str = "") -> str:
    """Put a number before its noun.

    Args:
        number: how many.
        one: the noun for one.
        several: the noun for none and for several; "" adds an s.
    """
    return f"{number} {one if number == 1 else several or f'{one}s'}"


class Number(int):
    """A number whose format may be the words for one and for several, with `#` in its place: `{cues:1 cue is|# cues are}`."""

    def __format__(self, spec: str) -> str:
        one, is_choice, several = spec.partition("|")
        if not is_choice:
            return super().__format__(spec)
        return one if self == 1 else several.replace("#", str(int(self)))
