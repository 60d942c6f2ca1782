"""Inputs of an item."""

import pytest

from container_worker.files.inputs import Input, ending_of, naming_addresses
from scenequeue.errors import BadInput

_INPUTS = [
    Input("image", "s3://b/a.jpg", "image.jpg"),
    Input("audio", "s3://b/n.mp3", "audio.mp3", word="narration"),
    Input("scene 1", "s3://b/s.mp4", "00000.mp4"),
]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("image is not a picture", "image: s3://b/a.jpg is not a picture"),
        ("narration is silent", "audio: s3://b/n.mp3 is silent"),
        ("audio is silent", "audio: s3://b/n.mp3 is silent"),
        ("watermark is large", "watermark is large"),
        ("its inputs take too long", "its inputs take too long"),
        (" is odd", " is odd"),
        ("", ""),
    ],
)
def test_what_is_said_of_an_input_names_its_address(said: str, named: str) -> None:
    """By the renderer's word or the role; everything else stays as it is."""
    with pytest.raises(BadInput) as caught, naming_addresses(_INPUTS):
        raise BadInput(said)
    assert str(caught.value) == named


@pytest.mark.parametrize(
    ("uri", "ending"),
    [
        ("s3://b/a.JPG", ".jpg"),
        ("https://x.org/a.png?b=.mp3", ".png"),
        ("file:///a%2Esrt", ".srt"),
        ("s3://b/a", ""),
        ("s3://b/a.b c", ""),
        ("s3://b/a.longending", ""),
    ],
)
def test_only_an_ordinary_ending_is_kept(uri: str, ending: str) -> None:
    """File names in the scratch folder are ours."""
    assert ending_of(uri) == ending
