"""Makes the environment of a confined child."""

import os
from pathlib import Path


def child_environment(home: Path) -> dict[str, str]:
    """An environment for children: what they need to start, no credentials, one thread per library."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TZ") if name in os.environ}
    package_root = str(Path(__file__).resolve().parents[2])
    return {
        **kept, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", "PYTHONPATH": package_root, "PYTHONNOUSERSITE": "1",
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2",
        # Pictures and the encoder's frames are given back to the system; left alone, glibc would come to keep them: 25 MB.
        "MALLOC_MMAP_THRESHOLD_": str(4 * 1024**2),
        # Memory of a raw frame is kept for the next one: to fetch it anew costs ffmpeg twice what reading the frame does.
        "MALLOC_TRIM_THRESHOLD_": str(32 * 1024**2),
        # Huge pages for large blocks, where the system has them on request: 1 to 2 % of a scene's time goes into small ones.
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    }  # fmt: skip
