"""Describes the filters that lay one raw picture on all frames, without a change of their times."""

from dataclasses import dataclass
from math import gcd

from scenequeue.jobs.transcode.source import Ratio

#: overlay counts in a time base of at most so many ticks a second, and rounds the times of a finer one.
_MOST_TICKS = 499_999
#: Else overlay's inputs are converted to one another's colours, although the raw picture has those of the frames already.
_UNTAGGED = "setparams=range=unknown:colorspace=unknown"


@dataclass(frozen=True)
class Overlay:
    """A raw picture with transparency, and its place on frames."""

    #: In ffmpeg's working folder.
    file: str
    #: Width and height in pixels.
    size: tuple[int, int]
    #: Luma and chroma of the frames' format, and alpha.
    pix_fmt: str
    #: Left and upper edge in the frames' pixels.
    x: int
    y: int

    def filters(self, time_base: Ratio, name: str) -> str:
        """Return the filters of frames in the final pixel format; what follows them must tag the frames' colours again.

        Args:
            time_base: of the frames.
            name: unique in the graph.
        """
        tick, ticks = time_base
        coarse = _coarseness(ticks)
        shared = f"settb=expr={tick * coarse}/{ticks}"
        before = [f"setpts=expr=PTS*{coarse}", shared] if coarse > 1 else []
        after = [f"settb=expr={tick}/{ticks}", f"setpts=expr=PTS/{coarse}"] if coarse > 1 else []
        # yuva420p becomes yuv420, and yuva420p10le becomes yuv420p10.
        form = self.pix_fmt.replace("yuva", "yuv").removesuffix("le").removesuffix("p")
        laid = f"overlay=x={self.x}:y={self.y}:format={form}"
        # A source within the graph, as ffmpeg makes the graph again where the frames' size changes, and has no frame of an input
        # left then.
        form_of_file = f"pixel_format={self.pix_fmt}\\:video_size={self.size[0]}x{self.size[1]}"
        picture = f"movie=filename={self.file}:format_name=rawvideo:dec_threads=1:format_opts='{form_of_file}'"
        return ";".join([
            f"{','.join([_UNTAGGED, *before])}[under{name}]",
            f"{picture},{shared},{_UNTAGGED}[over{name}]",
            f"[under{name}][over{name}]{','.join([laid, *after])}",
        ])  # fmt: skip


def _coarseness(ticks: int) -> int:
    """Return the smallest divisor of the ticks of a second that leaves few enough: times are counted in so many meanwhile."""
    if ticks <= _MOST_TICKS:
        return 1
    least = -(-ticks // _MOST_TICKS)
    return next((each for each in range(least, min(ticks, least * 1000)) if gcd(each, ticks) == each), ticks)
