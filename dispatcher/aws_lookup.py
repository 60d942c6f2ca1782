"""Looks for AWS credentials on this machine beside the ticks: a metadata service that is not there costs a time-out."""

import threading

#: Credentials may be set up later, so what was not there is looked for again.
_AGAIN_S = 60.0


class AwsLookup:
    """Looks in a thread of its own until there are credentials.

    Only what the process fleet's containers find is known here; those of other fleets have a role or environment of their own.
    """

    def __init__(self) -> None:
        #: None while unknown: before the first look has ended, or where the last one failed.
        self.has_credentials: bool | None = None
        self._is_over = threading.Event()

    def start(self) -> None:
        """Begin to look; does not wait."""
        threading.Thread(target=self._look, name="aws-lookup", daemon=True).start()

    def stop(self) -> None:
        """Look no more; safe twice, and without a start."""
        self._is_over.set()

    def _look(self) -> None:
        # With boto3 it takes a quarter of a second to load, which no tick has to wait for.
        from scenequeue.storages.aws_session import aws_session

        while not self._is_over.is_set():
            try:
                self.has_credentials = aws_session().get_credentials() is not None
            except Exception:
                # Half a profile, a program that prints no JSON: the container's own error says it best.
                self.has_credentials = None
            if self.has_credentials:
                return
            self._is_over.wait(_AGAIN_S)
