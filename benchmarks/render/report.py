"""Shows the render benchmark's rows as a page and a plot."""

import json
from pathlib import Path
from typing import Any

from benchmarks.targets import Target, target_rows

Row = dict[str, Any]
_COLUMNS = {
    "wall_s": ("wall s", "{:.1f}"), "cpu_s": ("CPU s", "{:.1f}"), "mb": ("MB", "{:.2f}"), "peak_mb": ("peak MB", "{:.0f}"),
    "vmaf": ("VMAF", "{:.1f}"), "psnr_db": ("PSNR dB", "{:.1f}"), "ssim": ("SSIM", "{:.4f}"),
    "motion_px": ("motion error px", "{:.3f}"), "backward_steps": ("backward steps", "{:.0f}"),
    "scenes_per_minute": ("scenes/min", "{:.2f}"), "cores_busy": ("cores busy", "{:.0%}"),
    "first_frame_s": ("first frame s", "{:.2f}"), "busy_share": ("encoders busy", "{:.1%}"),
    "container_s": ("container s", "{:.0f}"),
}  # fmt: skip


def _tables(rows: list[Row]) -> str:
    """Format a Markdown table for each figure, with the columns that it has."""
    parts = []
    for figure in dict.fromkeys(row["figure"] for row in rows):
        own = [row for row in rows if row["figure"] == figure]
        keys = [key for key in _COLUMNS if any(key in row for row in own)]
        parts += [f"### {figure[0].upper()}{figure[1:]}", "", "| | " + " | ".join(_COLUMNS[key][0] for key in keys) + " |"]
        parts.append("|---|" + "---:|" * len(keys))
        for row in own:
            cells = [_COLUMNS[key][1].format(row[key]) if key in row else "–" for key in keys]
            parts.append(f"| {row['system']} | " + " | ".join(cells) + " |")
        parts.append("")
    return "\n".join(parts)


def write_docs(folder: Path, rows: list[Row], targets: list[Target]) -> None:
    """Write rendering.md, rendering.svg and rendering.json to `folder`."""
    # Imported here, because only --docs needs the plotting library.
    from benchmarks.plots import Panel, write_bars, write_points

    (folder / "rendering.json").write_text(json.dumps({"rows": rows, "bars": targets}, indent=2) + "\n")
    timed = [row for row in rows if row["figure"].startswith("12 MP")]
    moved = [row for row in rows if row["figure"].startswith("quality, 12 MP")]
    panels = [
        Panel(title, {row["system"]: row[key] for row in of}, form)
        for title, key, form, of in (
            ("wall seconds, 12 MP (less is better)", "wall_s", "{:.1f}", timed),
            ("CPU seconds, 12 MP (less is better)", "cpu_s", "{:.1f}", timed),
            ("motion error, px RMS (less is better)", "motion_px", "{:.3f}", moved),
            ("VMAF against the ideal (more is better)", "vmaf", "{:.1f}", moved),
        )
        if of
    ]
    if panels:
        write_bars(folder / "rendering.svg", panels)
    settings = [row for row in rows if row["figure"].startswith("encoder settings")]
    if settings:
        by = {title: [_point(row, key) for row in settings] for title, key in (("CPU seconds", "cpu_s"), ("MB", "mb"))}
        write_points(folder / "rendering-front.svg", by, "less is better", "VMAF")
    (folder / "rendering.md").write_text(_PAGE.format(tables=_tables(rows), bars=target_rows(targets)))


def _point(row: Row, key: str) -> Any:
    """Make a point of the plot, named if it is chosen or on a curve; the others would overlap, and the table names them."""
    from benchmarks.plots import Point

    is_chosen = row["system"].endswith("ours")
    return Point(row["system"] if is_chosen or row["curve"] else "", row[key], row["vmaf"], is_chosen, row["curve"])


_PAGE = """# Rendering, measured

Written by `make bench-render`; ratios are general, absolute times hold only for this machine (two vCPUs).

![Four of the figures as bars](rendering.svg)

| | measured | target | |
|---|---:|---:|---|
{bars}

For scenes with each of three pictures, the median of the three is compared with the target.

## How it was measured

* Pictures are generated: noise with the spectrum of photographs, edges in all directions, small print. Scenes are 1080p at 30
  frames a second, zoom 1 to 1.12 with slow ends, subtitles and a watermark, unless they say otherwise. Contenders take turns.
* **Same settings** are x264 `veryfast`, CRF 23, two threads, the same keyframe distance. **Encoder alone** is ffmpeg with the
  same graph, settings and environment on our raw frames in memory. **8000 px, zoompan** is
  `scale=8000:-1,zoompan,subtitles,overlay`; **zoompan** the same without enlarging. **moviepy 2** makes one composite with the
  shared settings. **Replaced chain** is the system that Sceneburst replaces, reimplemented: a MoviePy still, an OpenCV warp to
  MPEG-4 Part 2, a MoviePy watermark, ffmpeg's `ass`: four encodes.
* Wall and CPU seconds are those of the whole command with all its children, from its start; ours is the render child as started
  by a worker. Peak MB is their total memory (proportional set size, sampled every 50 ms).
* **Ideal** frames are the picture's luma in floats, resampled bicubically with antialiasing along the same path. PSNR, SSIM
  and VMAF compare with these, for scenes without subtitles and watermark.
* **Motion error** is measured by phase correlation of successive frames in a 512 px window off the centre, and compared with the
  motion of the window's middle on the ideal path.
* **Slots**: cores busy is the scenes' CPU time relative to both cores. A second slot can gain only the idle time that one scene
  of two threads leaves, and the CPU time that a scene of one thread saves. The target was set where one thread took a
  third fewer CPU seconds than two; here both take the same, within a few per cent.
* **Encoders busy** is measured with a real worker and a real queue: running encoders per slot, sampled every 20 ms.
* **Likeness** is measured with a picture that is at least as hard for the replaced chain as the one that its targets were set
  with: 32.9 dB and an SSIM of 0.9665.
* **Encoder settings** are all measured on the same raw frames of ours; VMAF compares with these, so it shows the encoder's loss.
  The renderer's defaults (`container_worker/media/defaults.py`) are chosen from this plot; small points are the chosen settings
  with one change:

![Encoder settings by CPU seconds, size and VMAF](rendering-front.svg)

## Figures

{tables}
"""
