"""Addresses that no container of the acting dispatcher can read or write are refused before anything is enqueued."""

import json
import logging
from pathlib import Path

import pytest

from producer import Producer, RenderOptions
from producer.checks import Checks, Rules
from producer.reach import Act, Reach
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.scene import Scene, inputs_of
from scenequeue.queue import SceneQueue
from tests.support.media import Media


def _told(reach: Reach, address: str, act: Act = "read") -> str | None:
    beyond = reach.of_output(address) if act == "write" else reach.find(address, act)
    return None if beyond is None else reach.explain(beyond, [beyond.folder] if beyond.folder else []).text


@pytest.mark.parametrize(
    ("reach", "address", "act", "words"),
    [
        (Reach("process", (Path("/srv"),)), "s3://bucket/a.jpg", "read", None),
        (Reach("process", (Path("/srv"),), has_aws=False), "s3://bucket/a.jpg", "read", "finds no AWS credentials"),
        (Reach("process", (Path("/srv"),), has_aws=False), "s3://bucket/out", "write", "start it with AWS's own"),
        (Reach("process", (Path("/srv"),), has_aws=False), "file:///srv/a.jpg", "read", None),
        (Reach("process", ()), "https://host/a.jpg", "read", None),
        (Reach("process", (Path("/srv"),)), "file:///srv/a.jpg", "read", None),
        (Reach("process", (Path("/srv"),)), "file:///srv", "write", None),
        (Reach("process", (Path("/srv"),)), "file:///srv/../home/a.jpg", "read", "cannot read"),
        (Reach("process", ()), "file:///srv/own/../in/a.jpg", "read", """SCENEBURST_FILE_ROOTS='["/srv/in"]'"""),
        (
            *(Reach("process", (Path("/srv/own"),), here=Path("/srv/own")), "file:///srv/own/../in/a.jpg", "read"),
            """SCENEBURST_FILE_ROOTS='["/srv/own", "/srv/in"]'""",
        ),
        (
            *(Reach("process", (), here=Path("/srv/own")), "file:///srv/own/../out", "write"),
            """SCENEBURST_FILE_ROOTS='["/srv/out"]'""",
        ),
        (Reach("process", (Path("/srv"),)), "file:///srvs/a.jpg", "read", "lets them use files only under /srv;"),
        (Reach("process", ()), "file:///home/a.jpg", "read", """SCENEBURST_FILE_ROOTS='["/home"]'"""),
        (Reach("process", (Path("/srv"),)), "file:///out", "write", """SCENEBURST_FILE_ROOTS='["/srv", "/out"]'"""),
        (Reach("process", (Path("/srv"),)), "file:///out", "write", "an output that is an s3:// address"),
        (Reach("docker", ()), "file:///out", "write", """SCENEBURST_DOCKER_VOLUMES='["/out:/out"]'"""),
        (Reach("fargate", (Path("/srv"),)), "file:///srv/a.jpg", "read", "SCENEBURST_INPUTS=s3://BUCKET/inputs"),
        (Reach("fargate", ()), "file:///out", "write", "an output that is an s3:// address"),
        (Reach("process", (Path("/srv"),)), "file://host/a.jpg", "read", "is not a file:// address"),
    ],
)
def test_an_address_beyond_reach_is_told_with_the_setting_to_change(
    reach: Reach, address: str, act: Act, words: str | None
) -> None:
    """And with the value that it is to have."""
    problem = _told(reach, address, act)
    assert (problem is None) == (words is None), problem
    assert words is None or words in str(problem)


def test_links_are_followed_as_containers_follow_them(tmp_path: Path) -> None:
    """A folder outside that leads in is within reach."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert _told(Reach("process", (tmp_path / "real",)), f"file://{tmp_path}/link/a.jpg") is None
    assert _told(Reach("process", (tmp_path / "link",)), f"file://{tmp_path}/real/a.jpg") is None
    assert _told(Reach("process", (tmp_path / "link",)), f"file://{tmp_path}/link/a.jpg") is None
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert _told(Reach("process", (tmp_path / "real",)), f"file://{tmp_path}/loop/a.jpg")


def test_a_link_that_leads_out_of_the_roots_is_named_with_the_remedy(tmp_path: Path) -> None:
    """Be it a file or a folder, for what is read and for what is written; a second root may hold its target."""
    root, other = tmp_path / "root", tmp_path / "other"
    (root / "in").mkdir(parents=True)
    other.mkdir()
    (root / "folder").symlink_to(other)
    (root / "in" / "a.jpg").symlink_to(other / "a.jpg")
    for act, path, link in (
        ("read", root / "folder" / "a.jpg", root / "folder"),
        ("write", root / "folder" / "out", root / "folder"),
        ("read", root / "in" / "a.jpg", root / "in" / "a.jpg"),
    ):
        said = str(_told(Reach("process", (root,)), path.as_uri(), act))  # type: ignore[arg-type]
        assert f"the link {link} leads out of there; put what it leads to in its place" in said
        assert f'"{other}' in said
        assert _told(Reach("process", (root, other)), path.as_uri()) is None


def test_dots_on_the_way_to_a_link_out_of_the_roots_hide_it_not(tmp_path: Path) -> None:
    """The system follows the path step by step, and so do the containers."""
    root, other = tmp_path / "root", tmp_path / "other"
    (root / "in").mkdir(parents=True)
    (other / "deep").mkdir(parents=True)
    (root / "link").symlink_to(other / "deep")
    reach = Reach("process", (root,))
    for path in (f"{other}/../root/link/a.jpg", f"{root}/in/../link/a.jpg", f"{root}/in/../../root/link/a.jpg"):
        assert f"the link {root}/link leads out" in str(_told(reach, f"file://{path}")), path
    assert _told(reach, f"file://{other}/../root/in/a.jpg") is None
    assert _told(reach, f"file://{root}/link/../../root/in/a.jpg") is None


def test_each_link_is_a_reason_of_its_own(tmp_path: Path) -> None:
    """It is another one that has to be replaced."""
    root, other = tmp_path / "root", tmp_path / "other"
    root.mkdir()
    other.mkdir()
    checks = Checks(Rules(check_files=False), lambda: Reach("process", (root,)))
    for name in ("one", "two"):
        (root / name).symlink_to(other)
    scene = {"name": "a", "image": f"{root}/one/a.jpg", "audio": f"{root}/two/a.mp3", "music": f"{root}/two/m.mp3"}
    list(checks.scenes([scene], RenderOptions(), None))
    assert [mistake.place[-1] for mistake in checks.out_of_reach()] == ["image", "audio"]
    assert [
        f"the link {root / name}" in mistake.text for name, mistake in zip(("one", "two"), checks.out_of_reach(), strict=True)
    ] == [*(True, True)]


@pytest.mark.parametrize("fleet", ["process", "docker"])
def test_all_that_is_out_of_reach_is_served_by_one_advice(fleet: str) -> None:
    """For the output as for the inputs, and with the folders that are shared already."""
    checks = Checks(Rules(check_files=False), lambda: Reach(fleet, (Path("/srv"),)))
    checks.output("/out")
    scene = {"name": "a", "image": "/in/a.jpg", "audio": "/srv/a.mp3"}
    list(checks.scenes([scene], RenderOptions(), None))
    told = checks.out_of_reach()
    assert [mistake.place for mistake in told] == [("output",), ("scenes", 0, "image")]
    for mistake in told:
        assert """SCENEBURST_FILE_ROOTS='["/srv", "/out", "/in"]'""" in mistake.text
        if fleet == "docker":
            assert """SCENEBURST_DOCKER_VOLUMES='["/srv:/srv", "/out:/out", "/in:/in"]'""" in mistake.text
        else:
            assert "--root /srv --root /out --root /in" in mistake.text


def test_uploads_are_judged_by_the_address_they_go_to_and_by_no_name_of_a_file(tmp_path: Path) -> None:
    """A local file's name is no part of it."""
    inputs = f"file://{tmp_path}/shared/inputs"
    for name in ("a%2F..%2F..%2Fb.jpg", "%zz.jpg", "..", "a?b#c.jpg"):
        assert Reach("process", (tmp_path / "shared",), inputs).of_input(f"/anywhere/{name}") is None, name
    beyond = Reach("process", (tmp_path / "elsewhere",), inputs).of_input("/anywhere/a.jpg")
    assert beyond is not None
    assert (beyond.place, beyond.folder) == (f"{tmp_path}/shared/inputs", tmp_path / "shared" / "inputs")


def test_what_is_no_link_here_is_left_to_the_containers(tmp_path: Path) -> None:
    """They may run on another machine, on which the root holds other files."""
    assert _told(Reach("process", (tmp_path / "not here",)), f"file://{tmp_path}/not%20here/in/a.jpg") is None


def _beyond(reach: Reach, image: str | Path) -> list[str]:
    scene = Scene(name="a", image=str(image), audio="s3://bucket/a.mp3")
    return [role for role, place in inputs_of(scene).items() if reach.of_input(place)]


def test_a_folder_within_reach_vouches_for_its_own_files_only() -> None:
    """Neither for those of the root folder nor for those above it."""
    reach = Reach("process", (Path("/srv"),), here=Path("/srv"))
    for image in ("/srv/a.jpg", "/srv/b.jpg", "/srv/in/a.jpg", "file:///srv/a.jpg"):
        assert _beyond(reach, image) == []
    for image in ("/a.jpg", "/srv/../a.jpg", "file:///a.jpg", "/srv/in/../../a.jpg", "/srv/..", "file:///srv/..%2Fa.jpg"):
        assert _beyond(reach, image) == ["image"], image


def test_a_file_within_reach_does_not_vouch_for_its_neighbours(tmp_path: Path) -> None:
    """One that is a root itself, and one that is a link into a root; nor do files of a root for a link beside them."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "in.jpg").symlink_to(root / "a.jpg")
    (root / "out.jpg").symlink_to(outside / "b.jpg")
    reach = Reach("process", (root, outside / "single.jpg"))
    for inside in (outside / "single.jpg", outside / "in.jpg", root / "a.jpg"):
        assert _beyond(reach, inside) == []
        assert _beyond(reach, inside.as_uri()) == []
    for beyond in (outside / "b.jpg", root / "out.jpg"):
        assert _beyond(reach, beyond) == ["image"]
        assert _beyond(reach, beyond.as_uri()) == ["image"]


def test_a_dispatcher_of_another_version_refuses_nothing(
    producer: Producer, queue: SceneQueue, media: Media, tmp_path: Path
) -> None:
    """Its plan does not say what its containers reach."""
    queue.dispatcher.publish_plan(json.dumps({"why": "", "at_ms": 1, "usd_per_hour": 0.0}))
    scene = {"name": "a", "image": media.image(), "audio": media.tone()}
    assert producer.submit_scenes([scene], output=tmp_path / "out").warnings == ()


def test_without_a_dispatcher_a_job_is_enqueued_with_a_warning(
    producer: Producer, queue: SceneQueue, caplog: pytest.LogCaptureFixture
) -> None:
    """It says what to start; a worker that was started by hand needs no dispatcher."""
    scene = {"name": "a", "image": "s3://bucket/a.jpg", "audio": "s3://bucket/a.mp3"}
    with caplog.at_level(logging.WARNING, "sceneburst"):
        handle = producer.submit_scenes([scene], output="s3://bucket/out")
    assert [warning.code for warning in handle.warnings] == ["no_dispatcher"]
    assert "sceneburst dispatcher" in caplog.text
    queue.worker.beat(ContainerRecord(container_id=ContainerId("mine"), started_ms=queue.inspect.now_ms()))
    assert producer.submit_scenes([scene], output="s3://bucket/out").warnings == ()
