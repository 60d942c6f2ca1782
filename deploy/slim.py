"""Takes out of an installed environment what a container never uses, and compiles the rest: a read-only root cannot.

python3 deploy/slim.py ENVIRONMENT
"""

import compileall
import shutil
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

#: The only services that are called; botocore brings a description of every one there is.
_SERVICES = frozenset({"s3", "ecs", "sts"})
#: Programs of the build, and the tests of libraries.
_UNUSED = ("pip", "pip-*", "setuptools", "setuptools-*", "_distutils_hack", "distutils-precedence.pth", "numpy/**/tests")
_UNUSED_DATA = ("numpy/_core/include", "numpy/f2py", "boto3/data/*", "boto3/examples", "cv2/data")


def main(environment: Path) -> None:
    """Slim one virtual environment in place."""
    (packages,) = environment.glob("lib/python3.*/site-packages")
    for pattern in (*_UNUSED, *_UNUSED_DATA):
        for path in list(packages.glob(pattern)):
            remove(path)
    for service in (packages / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in _SERVICES:
            remove(service)
    for cache in list(environment.rglob("__pycache__")):
        remove(cache)
    # By content, not by time: the image's layers do not keep times exactly.
    compileall.compile_dir(str(packages), quiet=1, workers=0, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)


def remove(path: Path) -> None:
    """A file, a link or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
