"""Defines options of items, which a job's items share and one item may override, and the base models of all messages."""

from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Corner = Literal["top_left", "top_right", "bottom_left", "bottom_right"]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class FrozenModel(BaseModel):
    """An immutable model that refuses unknown fields, so that a misspelt option is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StrictModel(FrozenModel):
    """A model that people fill in: values are not converted to a field's type, except that 1 is accepted for 1.0.

    Data in Redis is read with `strict=False`, because earlier versions accepted more.
    """

    model_config = ConfigDict(strict=True)


#: Options of a job, by kind: {"render": {…}}.
JobOptions: TypeAlias = dict[str, dict[str, Any]]
_JOB_OPTIONS: TypeAdapter[JobOptions] = TypeAdapter(JobOptions)


def job_options_from(text: str) -> JobOptions:
    """Parse a job's options as stored; their content is checked by the kinds.

    Raises:
        ValidationError: they are not a map of options by name.
    """
    return _JOB_OPTIONS.validate_json(text)


class KindOptions(StrictModel):
    """Options of one kind's items. A job has them for all its items, and an item's own override those. The base has none."""

    #: Key of the options in a job; kinds with the same options share one.
    KEPT_AS: ClassVar[str] = ""

    @classmethod
    def of_job(cls, options: JobOptions) -> Self:
        """Return a job's options of this type, or the defaults.

        Raises:
            pydantic.ValidationError: they are malformed.
        """
        return cls.model_validate(options.get(cls.KEPT_AS, {}), strict=False)

    def for_job(self) -> JobOptions:
        """Return the options in the form in which a job stores them."""
        return {self.KEPT_AS: self.model_dump(mode="json")}

    def overridden(self, overrides: dict[str, object], *, strict: bool | None = None) -> Self:
        """Return these options, overridden by one item's; nested styles are merged field by field.

        Args:
            overrides: option -> value.
            strict: False for overrides from Redis, see StrictModel.

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


class WatermarkStyle(StrictModel):
    """Position and opacity of a watermark. Sizes are shares of the frame's shorter side."""

    corner: Corner = "top_right"
    margin: Annotated[float, Field(ge=0.0, le=0.4)] = 0.03
    opacity: Share = 0.8
    width: Annotated[float, Field(gt=0.0, le=1.0)] = 0.18
