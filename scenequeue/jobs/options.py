"""Options of items, which a job's items share and which one item may override, and the models that all messages are made of."""

from typing import Any, ClassVar, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, TypeAdapter


class FrozenModel(BaseModel):
    """Immutable, and an unknown field is an error, so that a misspelt option is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StrictModel(FrozenModel):
    """Immutable too, and filled in by people: no value is converted to a field's type, but that 1 is a good 1.0.

    What lies in Redis is read with `strict=False`, because earlier versions took more.
    """

    model_config = ConfigDict(strict=True)


#: The options of a job, by the names under which they are kept: {"render": {…}}.
JobOptions: TypeAlias = dict[str, dict[str, Any]]
_JOB_OPTIONS: TypeAdapter[JobOptions] = TypeAdapter(JobOptions)


def job_options_from(text: str) -> JobOptions:
    """Read a job's options as they are stored; what is in them is for its kinds to judge.

    Raises:
        ValidationError: they are no options by name.
    """
    return _JOB_OPTIONS.validate_json(text)


class KindOptions(StrictModel):
    """Options of one kind's items. A job has them for all of its items, and an item's own lie over those. The base has none."""

    #: The name under which a job keeps them; kinds with the same options share one.
    KEPT_AS: ClassVar[str] = ""

    @classmethod
    def of_job(cls, options: JobOptions) -> Self:
        """Return a job's options of this type; the defaults where it has none.

        Raises:
            pydantic.ValidationError: they are malformed.
        """
        return cls.model_validate(options.get(cls.KEPT_AS, {}), strict=False)

    def for_job(self) -> JobOptions:
        """Return them as a job keeps them."""
        return {self.KEPT_AS: self.model_dump(mode="json")}

    def overridden(self, overrides: dict[str, object], *, strict: bool | None = None) -> Self:
        """These options with one item's overrides laid over them, nested styles merged field by field.

        Args:
            overrides: option -> value.
            strict: False for overrides that lie in Redis, see StrictModel.

        Raises:
            pydantic.ValidationError: an override names an unknown option or has a bad value.
        """
        merged = self.model_dump()
        for key, value in overrides.items():
            if isinstance(value, dict) and isinstance(merged.get(key), dict):
                merged[key] = {**merged[key], **value}
            else:
                merged[key] = value
        return self.model_validate(merged, strict=strict)
