"""Decides when a working folder that could not be removed is tried again."""

from scenequeue.backoff import doubled
from scenequeue.jobs.transcode.working_folder import WorkFolder

#: The pause after one failure; doubles with every further one, up to the maximum.
INITIAL_PAUSE_S = 60.0
#: Of a place whose storage does not answer, and of a folder that may not be removed.
MAX_PLACE_PAUSE_S, MAX_FOLDER_PAUSE_S = 3600.0, 12 * 3600.0
#: A folder that was refused so often, in about five days, is given up.
MAX_REFUSALS = 20
#: Folders whose refusals are counted; of more, the oldest count is forgotten, and begins anew.
_MAX_COUNTED = 10_000


class FolderRetries:
    """The failures since the last success. Not thread-safe; forgotten with the program, which then tries more often.

    A storage that does not answer is one place's problem: none of its folders is tried in the pause. A refusal is one folder's,
    because a role may be allowed to delete in another folder of the same bucket.
    """

    def __init__(self) -> None:
        #: Place -> failures in a row, and the end of the pause (s).
        self._places: dict[str, tuple[int, float]] = {}
        self._refusals: dict[WorkFolder, int] = {}

    def pause_left_s(self, place: str, now_s: float) -> float:
        """Return the time for which no folder of the place is to be tried; 0 if there is no pause."""
        return max(0.0, self._places.get(place, (0, now_s))[1] - now_s)

    def note_failure(self, place: str, now_s: float) -> float:
        """Note that a place's storage has not answered; return the pause."""
        failures = self._places.get(place, (0, 0.0))[0] + 1
        pause_s = doubled(INITIAL_PAUSE_S, MAX_PLACE_PAUSE_S, failures)
        self._places[place] = failures, now_s + pause_s
        return pause_s

    def note_refusal(self, place: str, folder: WorkFolder) -> float | None:
        """Note that a folder may not be removed; return the pause, None to give it up."""
        self._places.pop(place, None)
        refusals = self._refusals.pop(folder, 0) + 1
        if refusals >= MAX_REFUSALS:
            return None
        if len(self._refusals) >= _MAX_COUNTED:
            del self._refusals[next(iter(self._refusals))]
        self._refusals[folder] = refusals
        return doubled(INITIAL_PAUSE_S, MAX_FOLDER_PAUSE_S, refusals)

    def note_success(self, place: str, folder: WorkFolder) -> None:
        """Note that a folder was removed."""
        self._places.pop(place, None)
        self._refusals.pop(folder, None)
