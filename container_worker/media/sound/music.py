"""Prepares the music of a scene or film, as far as that depends on its contents."""

from dataclasses import replace
from pathlib import Path

from container_worker.codes import Code
from container_worker.media.child_protocol import warn
from container_worker.media.defaults import MIN_MUSIC_S
from container_worker.media.request import RenderRequest
from container_worker.media.sound.measuring import measure_sound
from container_worker.media.sound.rewriting import playable
from scenequeue.errors import BadInput


def with_music(request: RenderRequest) -> RenderRequest:
    """Return the request with its music measured and playable; unchanged without music. Damage is a warning.

    Raises:
        BadInput: as `measure_sound`, or it is so short that repeating it would take longer than rendering.
    """
    spec = request.sound
    if spec.music is None:
        return request
    measured = measure_sound(spec.music, "music")
    if measured.duration_s < MIN_MUSIC_S:
        raise BadInput(Code.SOUND_TOO_SHORT, input="music", length_s=float(measured.duration_s), least_s=MIN_MUSIC_S)
    if measured.damaged_packets:
        warn(Code.MUSIC_DAMAGED, packets=measured.damaged_packets)
    music = playable(spec.music, measured, Path(request.scratch), "music")
    return replace(request, sound=replace(spec, music=music, music_s=float(measured.duration_s)))
