"""Fixtures that the dispatcher's tests share with the worker's."""

from tests.container_worker.conftest import submit_items

__all__ = ["submit_items"]
