"""Puts reasons into English sentences."""

from collections.abc import Mapping
from typing import Any

from scenequeue.counted import Number
from scenequeue.reasons import Code, Reason, speak_with

#: `{name}` is a parameter; `{name:one thing|# things}` depends on its number, which replaces the `#`; `{name:, }` is a list of
#: further reasons with what stands between them.
SENTENCES: Mapping[str, str] = {
    # --- warnings of a result ---
    Code.CHARSET_DAMAGED: (
        "subtitles: the file is in {encoding}, but some bytes of it are not, and are shown as \ufffd; save it as UTF-8"
    ),
    Code.CHARSET_GUESSED: (
        "subtitles: the file seems to be in {encoding}, and may be in another encoding; save it as UTF-8, or name its language"
    ),
    Code.CUES_AFTER_END: "subtitles: {cues:1 cue begins|# cues begin} after the narration's end, and {cues:is|are} not shown",
    Code.CUES_BACKWARDS: "subtitles: {cues:1 cue|# cues} without a length or of a negative one {cues:was|were} left out",
    Code.CUES_BEFORE_START: "subtitles: {cues:1 cue|# cues} before the beginning (negative times) {cues:was|were} left out",
    Code.CUES_CROWDED: (
        "subtitles: {cues:1 cue begins|# cues begin} while {most:1 other is|# others are} shown, and "
        "{cues:waits for them, or was|wait for them, or were} left out"
    ),
    Code.CUES_CUT_SHORT: "subtitles: {cues:1 cue|# cues} of more than {limit} characters {cues:was|were} cut short",
    Code.CUES_UNREADABLE: (
        "subtitles: {cues:1 cue whose times cannot be read was|# cues whose times cannot be read were} left out"
    ),
    Code.FADE_SHORTENED: "a fade was made shorter, as a scene beside it is shorter than two fades",
    Code.GLYPHS_MISSING: (
        "{input}: no font has {count:1 of the characters, which was|# of the characters, which were} left out ({characters})"
    ),
    Code.NARRATION_DAMAGED: "narration is damaged: {packets:1 packet was|# packets were} left out",
    Code.PROFILE_BROKEN: "{input}: its colour profile is broken or of another colour model, so it was taken as sRGB",
    Code.SUBTITLES_EMPTY: "the subtitle file has no cue that could be shown",
    Code.SUBTITLES_OUTSIDE: "no subtitle falls inside the narration",
    Code.TEXT_CUT: "subtitles: the text of {cues:1 cue|# cues} did not fit on the frame and was cut short",
    Code.TITLE_CUT: "title: it needs more than the {lines} lines of the title card, and was cut short there",
    # --- a job or a queue that waits ---
    Code.ALL_AT_WORK: "all {containers:1 container|# containers} that {setting} allows {containers:is|are} at work",
    Code.ALL_DRAIN: (
        "{containers:the only container that is allowed drains; another is|all # containers that are allowed drain; others are} "
        "launched afterwards"
    ),
    Code.BUSY: "{containers:1 container is|# containers are} busy with what came before",
    Code.FALSE_STARTS: "containers end before they have worked: {problem}",
    Code.FLEET_UNSEEN: "the dispatcher cannot see its fleet, and launches nothing until it can: {problem}",
    Code.LAUNCHES_FAIL: "no container can be started: {problem}",
    Code.NO_CAPACITY: "there is no capacity for a container: {problem}",
    Code.NO_DISPATCHER: "no dispatcher has acted in the last minute; start one with `sceneburst dispatcher`",
    Code.OVER_BUDGET: (
        "a container of ${usd_per_hour_each:.4f} an hour would exceed SCENEBURST_BUDGET_USD_PER_HOUR={budget_usd_per_hour:g}"
    ),
    Code.PAUSED: "the queue is paused; `sceneburst queue resume` goes on",
    Code.PLANNED: "the dispatcher's plan: {why}",
    Code.RETRY_LATER: "{items:1 item waits|# items wait} for the next attempt",
    Code.STARTING: "{containers:1 container is|# containers are} starting",
    # --- a plan ---
    Code.PLAN_AT_REST: "nothing ready, no containers",
    Code.PLAN_BLIND: "the fleet cannot be seen: {problem}",
    Code.PLAN_COVERED: "{waiting} → no launch, because {present} will take {ready:it|them}",
    Code.PLAN_IDLE: "nothing ready; {present}",
    Code.PLAN_LAUNCHES: "{waiting} → {launches}, because {because:; }",
    Code.PLAN_MALFORMED: "the plan in Redis is malformed",
    Code.PLAN_PAUSED: "{waiting}, but the queue is paused",
    Code.READY: "{items} ready",
    Code.READY_BY_NEED: "{items} ready ({needs:, })",
    Code.READY_OF_NEED: "{items} {need}",
    Code.LAUNCH_ALIKE: "{containers:1 container|# containers} × {items}",
    Code.LAUNCH_MIXED: "{containers:1 container|# containers} ({shares: + })",
    Code.LAUNCH_NONE: "no launch",
    Code.LAUNCH_SHARE: "{containers} × {items}",
    Code.PRESENT: "{containers:1 container|# containers}",
    Code.PRESENT_STARTING: "{containers:1 container|# containers} ({starting} starting)",
    Code.BATCHES: "batches of about {items}, at least {least}, in at most {most}",
    Code.BATCHES_FULL: (
        "{most:the 1 container|all # containers} of a distribution {most:is|are} there; {most:it takes|they take} the rest"
    ),
    Code.BUDGET_KEEPS: "the budget keeps {containers}, at least {least} each",
    Code.DEADLINE_NEEDS: (
        "{work_s:.0f} s of work in {deadline_s:.0f} s needs {containers:1 container|# containers} of {slots:1 slot|# slots} each"
    ),
    Code.FOR_NEEDS: "{needs}: {because}",
    Code.KEPT_WARM: "{containers:1 container is|# containers are} always kept",
    Code.PROBE: "one container of {image} is to show whether it serves {needs} by now",
    Code.TAKEN: "{items:1 is|# are} for {present}",
    Code.WISHES: "job {job_id} wishes about {items} each, in at most {most}",
    Code.WISHES_FULL: "job {job_id} has {containers:the 1 container|all # containers} that it may have",
    Code.WISHES_MORE: "{jobs:1 more job has|# more jobs have} wishes",
    Code.CUT_BY_BUDGET: "cut by a budget of ${budget_usd_per_hour:.2f} an hour",
    Code.CUT_BY_CONTAINERS: "cut by at most {containers:1 container|# containers}",
    Code.CUT_BY_LAUNCHES: "cut by {launches:1 launch|# launches} a tick",
    Code.CUT_BY_ROOM: "cut by the room that {image} has left",
    Code.NOT_YET: "not yet: {problem}",
    Code.ONE_AT_A_TIME: "one at a time: {problem}",
    # --- an alarm ---
    Code.UNSERVED: (
        "{items:1 item waits|# items wait} for {need}, which containers of {image} do not serve; deploy an image that does"
    ),
    # --- launches that came to nothing ---
    Code.STARTS_IN_VAIN: "the last {launches:launch|# launches} came to nothing ({problem})",
    # --- somebody else's words ---
    Code.OTHER: "{text}",
}


class _Several(tuple[str, ...]):
    """Sentences whose format is what stands between them."""

    __slots__ = ()

    def __format__(self, between: str) -> str:
        return between.join(self)


def text_of(reason: Reason) -> str:
    """The sentence; of a code that this version does not know, the code and its parameters."""
    sentence = SENTENCES.get(reason.code)
    if sentence is None:
        return reason.plain()
    try:
        return sentence.format_map({name: _worded(value) for name, value in reason.parameters.items()})
    except (KeyError, ValueError):
        # Of a version whose parameters are others.
        return reason.plain()


def _worded(value: object) -> object:
    if isinstance(value, Reason):
        return text_of(value)
    if isinstance(value, tuple):
        return _Several(text_of(each) for each in value)
    return Number(value) if isinstance(value, int) else value


def plan_for_people(made: Mapping[str, Any]) -> dict[str, Any]:
    """The dispatcher's last plan as commands show it: its sentence, and beside it the code for programs with its parameters."""
    why = made["why"]
    assert isinstance(why, Reason)
    alarms = [Reason.from_json(alarm) for alarm in made.get("alarms") or ()]
    stored = why.to_json()
    return {
        **made,
        "why": why.text,
        "code": stored["code"],
        "params": stored["parameters"],
        "alarms": [{**alarm.to_json(), "text": alarm.text} for alarm in alarms],
    }


def use_english() -> None:
    """Let reasons speak English in this program."""
    speak_with(text_of)
