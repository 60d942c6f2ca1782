"""Manifests: what they may say, and the line of every mistake."""

from pathlib import Path

import pytest

from producer.reach import Reach
from sceneburst.manifest import read_manifest
from scenequeue.errors import InvalidScenes, QueueUnavailable
from tests.support.media import Media


def _write(folder: Path, text: str) -> Path:
    path = folder / "job.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_manifest_is_read_with_paths_made_absolute(media: Media) -> None:
    """Relative to the manifest; the job's watermark goes to scenes without one."""
    media.image("p.jpg")
    media.tone("n.mp3")
    text = "output: out\noptions: {resolution: 720p}\nwatermark: p.jpg\nscenes:\n  - {name: a, image: p.jpg, audio: n.mp3}\n"
    job = read_manifest(_write(media.folder, text))
    assert job.output == str(media.folder / "out")
    assert job.options.resolution == "720p"
    assert job.scenes[0].image == str(media.folder / "p.jpg")
    assert job.scenes[0].watermark == str(media.folder / "p.jpg")
    assert job.missing == []


def test_json_is_a_manifest_too(media: Media) -> None:
    """One reader for both."""
    path = media.folder / "job.json"
    path.write_text('{"scenes": [{"name": "a", "image": "s3://b/i.jpg", "audio": "s3://b/a.mp3"}]}')
    assert read_manifest(path).scenes[0].image == "s3://b/i.jpg"


def test_every_mistake_is_named_with_its_line(media: Media) -> None:
    """All at once."""
    text = """\
ouput: out
options:
  resolution: 720p
  montion: zoom_in
scenes:
  - name: a
    image: s3://b/i.jpg
    audio: s3://b/a.mp3
  - name: a
    image: s3://b/i.jpg
    audio: s3://b/a.mp3
    options:
      subtitle_style:
        boxx: true
  - name: ../up
    image: s3://b/i.jpg
    audio: s3://b/a.mp3
  - image: s3://b/i.jpg
    audio: s3://b/a.mp3
  - just words
"""
    path = _write(media.folder, text)
    with pytest.raises(InvalidScenes) as caught:
        read_manifest(path)
    problems = {line.removeprefix(f"{path}:") for line in caught.value.problems}
    assert any(problem.startswith("1: unknown key 'ouput', did you mean 'output'?") for problem in problems)
    assert any(problem.startswith("4: options: unknown option 'montion', did you mean 'motion'?") for problem in problems)
    assert any(problem.startswith("9: scene 'a': scene 1 (line 6) has this name too") for problem in problems)
    assert any(problem.startswith("14:") and "did you mean 'box'?" in problem for problem in problems)
    assert any(problem.startswith("15: scene 3: name: '../up'") for problem in problems)
    assert any(problem.startswith("18: scene 4: 'name' is missing") for problem in problems)
    assert any(problem.startswith("20: scene 5: a text is not a scene; a Scene or a mapping") for problem in problems)


def test_a_missing_file_is_a_warning_with_its_line(media: Media) -> None:
    """The other scenes can be rendered."""
    media.image("p.jpg")
    job = read_manifest(_write(media.folder, "scenes:\n  - name: a\n    image: p.jpg\n    audio: lost.mp3\n"))
    assert [each.text for each in job.missing] == [
        f"{job.path}:4: scene 'a': audio: there is no file {media.folder / 'lost.mp3'}"
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scenes: [", ":1: not YAML or JSON"),
        ("- a\n- b\n", "a manifest is a mapping"),
        ("output: x\n", "a list with at least one scene"),
        ("scenes: []\n", "a list with at least one scene"),
        ("scenes: !!python/object/apply:os.system [echo]\n", "scene 1: a .* is not a scene; a Scene or a mapping"),
    ],
)
def test_what_is_no_manifest_is_said_in_a_line(media: Media, text: str, words: str) -> None:
    """Also a hostile one: nothing in it is run."""
    with pytest.raises(InvalidScenes, match=words):
        read_manifest(_write(media.folder, text))


def test_a_manifest_may_ask_for_a_film_with_its_music(media: Media) -> None:
    """The music runs under the film, and is not begun anew in each scene; without a film it goes to the scenes."""
    media.image("p.jpg")
    media.tone("n.mp3")
    scenes = "music: n.mp3\nscenes:\n  - {name: a, image: p.jpg, audio: n.mp3}\n"
    job = read_manifest(_write(media.folder, f"film: {{crossfade_s: 1}}\n{scenes}"))
    assert job.film is not None
    assert (job.film.crossfade_s, job.film.music, job.scenes[0].music) == (1, str(media.folder / "n.mp3"), None)
    job = read_manifest(_write(media.folder, scenes))
    assert (job.film, job.scenes[0].music) == (None, str(media.folder / "n.mp3"))


def test_mistakes_in_a_film_have_their_line(media: Media) -> None:
    """Its own, and a scene's that does not fit it."""
    media.image("p.jpg")
    media.tone("n.mp3")
    scenes = "scenes:\n  - {name: a, image: p.jpg, audio: n.mp3, options: {fps: 25}}\n"
    with pytest.raises(InvalidScenes) as caught:
        read_manifest(_write(media.folder, f"film:\n  crosfade_s: 1\n{scenes}"))
    assert "job.yaml:2: film: unknown option 'crosfade_s', did you mean 'crossfade_s'?" in str(caught.value)
    with pytest.raises(InvalidScenes, match=r"job.yaml:3: scene 'a': options.fps"):
        read_manifest(_write(media.folder, f"film: true\n{scenes}"))


def test_missing_files_are_told_with_all_other_mistakes_in_the_order_of_lines(media: Media) -> None:
    """Those of a scene that is wrong otherwise too; one that the job shares has the job's line."""
    media.image("p.jpg")
    text = (
        "scenes:\n"
        "  - {name: a, image: p.jpg,\n"
        "     audio: lost.mp3}\n"
        "  - {name: b, pitcure: p.jpg,\n"
        "     audio: lost.mp3}\n"
        "watermark: gone.png\n"
        "colour: red\n"
    )
    with pytest.raises(InvalidScenes) as caught:
        read_manifest(_write(media.folder, text))
    lines = [int(problem.split(":")[1]) for problem in caught.value.problems]
    assert lines == sorted(lines)
    told = [problem.partition("job.yaml:")[2] for problem in caught.value.problems]
    assert f"3: scene 'a': audio: there is no file {media.folder / 'lost.mp3'}" in told
    assert f"5: scene 2: audio: there is no file {media.folder / 'lost.mp3'}" in told
    assert f"6: scene 'a': watermark: there is no file {media.folder / 'gone.png'}" in told
    assert any(problem.startswith("7: unknown key 'colour'") for problem in told)


@pytest.mark.parametrize(
    "text",
    [
        '{"scenes": [\n{"name": "a", "image": "s3://b/i.jpg", "audio": "s3://b/a.mp3",\n"image": "s3://b/secret.jpg"}]}',
        "scenes:\n  - {name: a, image: s3://b/i.jpg, audio: s3://b/a.mp3,\n     image: s3://b/secret.jpg}\n",
    ],
)
def test_a_key_that_is_given_twice_is_refused_with_its_line(media: Media, text: str) -> None:
    """In JSON as in YAML; neither value is repeated."""
    with pytest.raises(InvalidScenes) as caught:
        read_manifest(_write(media.folder, text))
    assert str(caught.value) == f'{media.folder / "job.yaml"}:3: found duplicate key "image": each may be given once'


def test_what_containers_do_not_reach_is_told_with_the_other_mistakes_in_the_order_of_lines(media: Media) -> None:
    """Once per reason, at the first line, with the other lines; what is missing is told as missing only."""
    media.image("p.jpg")
    text = (
        "output: out\n"
        "scenes:\n"
        "  - {name: a, image: p.jpg,\n"
        "     audio: lost.mp3}\n"
        "  - {name: b, image: p.jpg,\n"
        "     audio: s3://b/n.mp3}\n"
        "colour: red\n"
    )
    path = _write(media.folder, text)
    with pytest.raises(InvalidScenes) as caught:
        read_manifest(path, lambda: Reach("process", ()))
    told = [problem.removeprefix(f"{path}:") for problem in caught.value.problems]
    assert [problem.partition(":")[0] for problem in told] == ["1", "3", "4", "7"]
    assert told[0].startswith(f"1: output: containers cannot write {media.folder}/out")
    assert told[1].startswith(f"3: scene 'a': image: containers cannot read {media.folder}/p.jpg")
    assert told[1].endswith("(the same holds for scene 'b': image (line 5))")
    with pytest.raises(InvalidScenes) as caught:
        read_manifest(path, lambda: Reach("process", ()), output="/elsewhere")
    assert caught.value.problems[0].startswith("output: containers cannot write /elsewhere")


def test_a_manifest_with_mistakes_is_told_them_without_a_queue(media: Media) -> None:
    """One without is told that the queue does not answer."""

    def find_reach() -> None:
        raise QueueUnavailable("nobody answers")

    scenes = "scenes: [{name: a, image: s3://b/i.jpg, audio: s3://b/a.mp3}]\n"
    with pytest.raises(InvalidScenes, match="unknown key 'colour'"):
        read_manifest(_write(media.folder, f"{scenes}colour: red\n"), find_reach)
    with pytest.raises(QueueUnavailable):
        read_manifest(_write(media.folder, scenes), find_reach)


def test_a_message_repeats_no_more_of_a_manifest_than_the_beginning_of_a_word(media: Media) -> None:
    """Of a key, of a tag, and of a key that is there twice."""
    long = 100_000 * "k"
    for text in (f"{long}: 1\n", f"? &a {long}\n: 1\n? {long}\n: 2\n", f"a: !!{long} 1\n", f"a: *{long}\n"):
        with pytest.raises(InvalidScenes) as caught:
            read_manifest(_write(media.folder, text))
        assert max(map(len, caught.value.problems)) < 500


def test_no_value_of_another_type_is_taken_for_an_option(tmp_path: Path) -> None:
    """Each is a mistake with its place and line; a whole number is a good fraction, and an anchor changes no type."""
    text = """\
options:
  fps: true
  zoom: "1"
  webvtt: "yes"
  subtitle_style: {box: "no"}
film: {crossfade_s: "1"}
scenes:
  - name: a
    image: s3://b/i.jpg
    audio: s3://b/a.mp3
    options: {fps: "24", audio_kbps: 160.0}
"""
    with pytest.raises(InvalidScenes) as refused:
        read_manifest(_write(tmp_path, text))
    assert [line.partition("job.yaml:")[2].partition(": must be")[0] for line in refused.value.problems] == [
        "2: options: fps", "3: options: zoom", "4: options: webvtt", "5: options: subtitle_style.box", "6: film: crossfade_s",
        "11: scene 'a': fps", "11: scene 'a': audio_kbps",
    ]  # fmt: skip
    good = """\
options: {zoom: &one 1, webvtt: &yes true, fps: 0x18, poster: *yes, title_card_s: 1.5e0}
scenes: [{name: a, image: s3://b/i.jpg, audio: s3://b/a.mp3, options: {ducking: &no false, fps: &fps 24}}]
"""
    options = read_manifest(_write(tmp_path, good)).options
    assert (options.zoom, options.webvtt, options.fps, options.poster, options.title_card_s) == (1.0, True, 24, True, 1.5)


def test_a_scene_that_cannot_be_read_is_checked_as_far_as_it_can(media: Media) -> None:
    """Its options, its files, and the name that it shares with another."""
    text = """
scenes:
  - {name: dup, image: s3://b/a.jpg, audio: s3://b/a.mp3}
  - {name: dup, image: lost.jpg, options: {motoin: x}}
  - {name: a/b, image: s3://b/a.jpg, audio: s3://b/a.mp3, options: {zoom: "1"}}
"""
    with pytest.raises(InvalidScenes) as caught:
        read_manifest(_write(media.folder, text))
    said = "\n".join(caught.value.problems)
    for words in ("'audio' is missing", "'motoin'", "lost.jpg", "has this name too", "scene 3: name: ", "zoom: "):
        assert said.count(words) == 1, (words, said)


def test_places_of_a_scene_that_cannot_be_read_are_judged_too(media: Media) -> None:
    """Inputs out of reach, an output and a film's music are told in the same answer, each with its line."""
    text = """\
output: s3://bucket/../out
film: {fade: 1}
music: ftp://x/music.mp3
scenes:
  - {name: a/b, image: "file:///elsewhere/a.jpg",
     audio_path: 3}
"""
    with pytest.raises(InvalidScenes) as caught:
        read_manifest(_write(media.folder, text), lambda: Reach("process", (media.folder,)))
    told = [line.partition("job.yaml:")[2] for line in caught.value.problems]
    for words in (
        "1: output: 's3://bucket/../out' has '..' in its key",
        "2: film: unknown option 'fade'",
        "3: film: music: 'ftp://x/music.mp3' is neither",
        "5: scene 1: image: containers cannot read /elsewhere/a.jpg",
        "5: scene 1: name: 'a/b'",
        "6: scene 1: audio: must be text",
    ):
        assert sum(line.startswith(words) for line in told) == 1, (words, told)
    assert len(told) == 6
