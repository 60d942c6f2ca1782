"""Enqueue scenes from application code; loads neither Celery, ffmpeg nor boto3."""

from producer.batch import execute_parallel_batches
from producer.client import Producer
from producer.handle import JobHandle
from scenequeue.film import Film
from scenequeue.items import Lane, Scene
from scenequeue.options import RenderOptions, SubtitleStyle, WatermarkStyle

__all__ = [
    "Film",
    "JobHandle",
    "Lane",
    "Producer",
    "RenderOptions",
    "Scene",
    "SubtitleStyle",
    "WatermarkStyle",
    "execute_parallel_batches",
]
