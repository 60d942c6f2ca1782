"""A program that lacks a package, or finds another in its place, ends with one line, exit code 2 and no traceback."""

import os
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from scenequeue.start import EXTRAS, find_hiding_file, find_missing

_ROOT = Path(__file__).parents[2]
#: Runs a module as `python -m` does, where the modules named first are not installed.
_WITHOUT = """
import runpy, sys
sys.modules.update(dict.fromkeys(sys.argv[1].split(",")))
sys.argv = sys.argv[2:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def _run(*argv: str, path: Path | None = None, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"PYTHONPATH": str(path)} if path else {})}
    return subprocess.run(
        [sys.executable, *argv], env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("lacking", "argv", "extra"),
    [
        ("typer", ["sceneburst"], "console"),
        ("typer", ["sceneburst", "--help"], "console"),
        ("celery", ["dispatcher"], "dispatcher"),
        ("av", ["container_worker"], "worker"),
        ("fastapi", ["sceneburst.http_api"], "api"),
        ("jinja2", ["sceneburst.page"], "page"),
        ("psutil,celery,av,cv2", ["sceneburst", "render", "job.yaml"], "all"),
        ("celery", ["sceneburst", "up"], "dispatcher"),
        ("cv2", ["sceneburst", "worker"], "worker"),
        ("psutil", ["sceneburst", "dispatcher", "--once"], "dispatcher"),
        ("uvicorn", ["sceneburst", "api"], "api"),
    ],
)
def test_a_missing_extra_is_named_in_one_line(lacking: str, argv: list[str], extra: str) -> None:
    """Exit code 2, as of every usage error."""
    ended = _run("-c", _WITHOUT, lacking, *argv, folder=_ROOT)
    assert ended.returncode == 2
    assert ended.stderr.rstrip().count("\n") == 0
    assert f"pip install 'sceneburst[{extra}]'" in ended.stderr
    assert all(name in ended.stderr for name in lacking.split(","))


def test_the_extras_are_those_that_the_package_declares() -> None:
    """By the modules that the distributions bring; what an extra declares is looked for, and nothing else."""
    declared = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    homes = {module: {name.replace("_", "-") for name in names} for module, names in packages_distributions().items()}
    for extra, modules in EXTRAS.items():
        wanted = {requirement.split(">")[0].split("[")[0] for requirement in declared[extra]}
        assert {name for module in modules for name in homes[module]} & wanted == wanted, extra
        assert all(homes[module] & wanted for module in modules), extra
    assert find_missing(list(EXTRAS)) is None


@pytest.mark.parametrize("package", ["scenequeue", "producer", "dispatcher", "container_worker"])
@pytest.mark.parametrize("shape", ["{}.py", "{}/__init__.py"])
def test_a_file_that_hides_a_package_is_named_by_the_command_line(package: str, shape: str, tmp_path: Path) -> None:
    """One line, exit code 2; the file itself is not run."""
    file = _theirs(tmp_path, package, shape)
    ended = _run("-m", "sceneburst", "queue", path=tmp_path, folder=Path("/"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"sceneburst: {file} hides ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("program", "package"),
    [("dispatcher", "scenequeue"), ("container_worker", "scenequeue"), ("sceneburst.http_api", "scenequeue")],
)
def test_a_file_that_hides_a_package_is_named_by_every_program(program: str, package: str, tmp_path: Path) -> None:
    """It lies in the folder that the program is started in, where Python looks first."""
    file = _theirs(tmp_path, package, "{}.py")
    ended = _run("-m", program, folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"{file} hides " in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("package", ["scenequeue", "producer"])
def test_a_file_that_hides_a_package_is_named_to_an_application(package: str, tmp_path: Path) -> None:
    """`from sceneburst import …` says which file it is, and does not run it."""
    file = _theirs(tmp_path, package, "{}.py")
    (tmp_path / "app.py").write_text("from sceneburst import Producer\n")
    ended = _run(str(tmp_path / "app.py"))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines()[-1].startswith(f"ImportError: {file} hides Sceneburst's own package {package!r}")


def test_an_application_may_have_a_dispatcher_of_its_own(tmp_path: Path) -> None:
    """It does not load ours."""
    _theirs(tmp_path, "dispatcher", "{}/__init__.py")
    (tmp_path / "app.py").write_text("import dispatcher\nfrom sceneburst import Producer\nprint(Producer.__name__)\n")
    ended = _run(str(tmp_path / "app.py"))
    assert (ended.stdout.split(), ended.stderr) == (["theirs", "Producer"], "")


def test_nothing_is_hidden_where_nobody_hides_anything() -> None:
    """All packages lie beside each other."""
    assert find_hiding_file() is None


def _theirs(folder: Path, package: str, shape: str) -> Path:
    file = folder / shape.format(package)
    file.parent.mkdir(exist_ok=True)
    file.write_text("print('theirs')\n")
    return file


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_program_runs_without_standard_streams(closed: str) -> None:
    """As under a caller that has closed them: nothing of ours takes their numbers, and nothing fails for want of them."""
    ran = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m sceneburst version --json {closed}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_program_starts_where_text_is_ascii() -> None:
    """Its own files are UTF-8, whatever the locale says."""
    imports = "from scenequeue.structure import script_runner; from dispatcher.decisions import pricing"
    program = f"{imports}; script_runner._texts(''); pricing.prices()"
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
