"""Numbers with their nouns: `1 scene`, `2 scenes`."""


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number and its noun.

    Args:
        number: a count.
        one: the singular.
        several: the plural, also for none; "" adds an s to the singular.
    """
    return f"{number} {one if number == 1 else several or f'{one}s'}"


class Number(int):
    """A number whose format spec may be a singular and a plural, with `#` for the number: `{cues:1 cue is|# cues are}`."""

    def __format__(self, spec: str) -> str:
        one, is_choice, several = spec.partition("|")
        if not is_choice:
            return super().__format__(spec)
        return one if self == 1 else several.replace("#", str(int(self)))
