"""Removes from a virtual environment what a container never uses, and compiles the rest, as a read-only root cannot do so.

python3 deploy/slim.py ENVIRONMENT
"""

import compileall
import shutil
import subprocess
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

#: The only services in use; botocore includes the data of all.
_SERVICES = frozenset({"s3", "ecs", "sts"})
#: Programs of the build, and the tests of libraries.
_UNUSED = ("pip", "pip-*", "setuptools", "setuptools-*", "pkg_resources", "_distutils_hack", "distutils-precedence.pth")
_UNUSED_TESTS = ("numpy/**/tests", "numpy/_core/*_tests.*.so", "numpy/_core/_simd.*.so", "future/backports/test")
_UNUSED_DATA = ("numpy/_core/include", "numpy/f2py", "boto3/data/*", "boto3/examples", "cv2/data", "uharfbuzz/*_test.*")
#: Files for compilers and type checkers.
_SOURCES = ("**/*.pyi", "**/*.pxd", "**/*.pyx", "**/*.a", "*/**/*.c", "*/**/*.h")
#: Parts of fontTools that make fonts, and compiled copies of modules; the worker only reads fonts' coverage.
_FONT_TOOLS = ("cu2qu", "diff", "merge", "mtiLib", "qu2cu", "subset", "svgLib", "t1Lib", "ufoLib", "voltLib", "**/*.so")
#: Needed by Celery's command line alone, which the dispatcher does not use; and converters from Python 2.
_SHELL = ("click_repl*", "prompt_toolkit*", "wcwidth*", "libfuturize", "libpasteurize")
#: Libraries of ffmpeg in both OpenCV and PyAV.
_FFMPEG = ("libavcodec", "libavformat", "libavutil", "libswresample", "libswscale")


def main(environment: Path) -> None:
    """Slim one virtual environment in place."""
    (packages,) = environment.glob("lib/python3.*/site-packages")
    unused = (*_UNUSED, *_UNUSED_TESTS, *_UNUSED_DATA, *_SOURCES, *_SHELL)
    for pattern in (*unused, *(f"fontTools/{part}" for part in _FONT_TOOLS)):
        for path in list(packages.glob(pattern)):
            remove(path)
    for service in (packages / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in _SERVICES:
            remove(service)
    for cache in list(environment.rglob("__pycache__")):
        remove(cache)
    strip(packages)
    share_ffmpeg(packages / "opencv_python_headless.libs", packages / "av.libs")
    # Checked by hash, as image layers do not keep times exactly.
    compileall.compile_dir(str(packages), quiet=1, workers=0, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)


def strip(packages: Path) -> None:
    """Strip debugging symbols from extension modules; the libraries in *.libs have hardly any."""
    modules = [str(path) for path in packages.rglob("*.so") if not path.parent.name.endswith(".libs")]
    subprocess.run(["strip", "--strip-unneeded", *modules], check=True)


def share_ffmpeg(opencv: Path, pyav: Path) -> None:
    """Link OpenCV to PyAV's ffmpeg instead of a second copy, which saves 15 MB compressed.

    Raises:
        SystemExit: their major versions differ, so that one cannot replace the other.
    """
    for name in _FFMPEG:
        (theirs,), (ours,) = opencv.glob(f"{name}-*"), pyav.glob(f"{name}-*")
        if major(theirs) != major(ours):
            raise SystemExit(f"{theirs.name} of OpenCV and {ours.name} of PyAV differ in their major version")
        remove(theirs)
        theirs.symlink_to(Path("..", pyav.name, ours.name))
    for library in pyav.iterdir():
        link = opencv / library.name
        if not link.exists():
            link.symlink_to(Path("..", pyav.name, library.name))
    # Libraries that only OpenCV's own ffmpeg needed.
    needed = set().union(*(needs(path) for path in (*opencv.iterdir(), *opencv.parent.glob("cv2/*.so"))))
    while orphans := [path for path in opencv.iterdir() if not path.is_symlink() and path.name not in needed]:
        for path in orphans:
            remove(path)
        needed = set().union(*(needs(path) for path in (*opencv.iterdir(), *opencv.parent.glob("cv2/*.so"))))


def major(library: Path) -> str:
    """Return the number after ".so.", which changes with the interface."""
    return library.name.partition(".so.")[2].partition(".")[0]


def needs(library: Path) -> set[str]:
    """Return the names of the libraries that this one needs."""
    told = subprocess.run(["readelf", "-d", str(library)], capture_output=True, text=True, check=True).stdout
    return {line.rpartition("[")[2].rstrip("]") for line in told.splitlines() if "(NEEDED)" in line}


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder; do nothing if it is gone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
