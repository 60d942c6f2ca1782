"""Chinese sentences of reasons, one inside another."""

from sceneburst.words import CHINESE, ENGLISH
from sceneburst.words.language import sentence_of
from scenequeue.reasons import Reason


def test_a_reason_inside_another_is_chinese_too() -> None:
    """A plan has several in it."""
    waiting, present = Reason("ready", {"items": 560}), Reason("present", {"containers": 12})
    plan = Reason("plan_covered", {"waiting": waiting, "present": present, "ready": 560})
    assert sentence_of(plan, (CHINESE, ENGLISH)) == "560 个待处理 → 不启动，因为 12 个容器 会处理"
    missing = Reason("object_missing", {"input": "audio", "uri": "s3://b/k", "answer": "404"})
    letters = Reason("letters_for", {"error": "ObjectNotFound", "problem": missing})
    assert sentence_of(letters, (CHINESE, ENGLISH)) == "ObjectNotFound：audio: s3://b/k：没有这个对象（404）"
