"""Which commands of a partition are done. Kafka keeps one offset: all before it are."""


class Progress:
    def __init__(self) -> None:
        self._open: dict[int, None] = {}
        self._next = 0
        self.committed = 0

    def begin(self, offset: int) -> None:
        self._open[offset] = None
        self._next = offset + 1

    def finish(self, offset: int) -> None:
        self._open.pop(offset, None)

    @property
    def position(self) -> int:
        """The first command that is not done."""
        return next(iter(self._open), self._next)
