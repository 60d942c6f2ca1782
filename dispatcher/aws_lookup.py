"""Looks for AWS credentials in a thread beside the ticks, because a missing metadata service costs a time-out."""

import threading

#: Seconds between two look-ups while no credentials are found.
_RETRY_S = 60.0


class AwsLookup:
    """Looks for credentials until it finds some.

    They are the credentials of the process fleet's containers; containers of other fleets have their own role or environment.
    """

    def __init__(self) -> None:
        #: None while unknown: before the end of the first look-up, or after one that failed.
        self.has_credentials: bool | None = None
        self._stopped = threading.Event()

    def start(self) -> None:
        """Start the thread; does not wait."""
        threading.Thread(target=self._run, name="aws-lookup", daemon=True).start()

    def stop(self) -> None:
        """Stop; safe twice, and before start."""
        self._stopped.set()

    def _run(self) -> None:
        # Imported here, because boto3 takes a quarter of a second to load.
        from scenequeue.storages.aws_session import aws_session

        while not self._stopped.is_set():
            try:
                self.has_credentials = aws_session().get_credentials() is not None
            except Exception:
                # For example an incomplete profile: the containers' own errors describe it best.
                self.has_credentials = None
            if self.has_credentials:
                return
            self._stopped.wait(_RETRY_S)
