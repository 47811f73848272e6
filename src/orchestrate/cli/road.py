"""One road, three transports: the server that was named, the local one, or one of our own.

A local command never depends on which: it asks the socket, and if nobody answers there and
nobody holds the data directory, the application starts in this process and answers.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any, Self, TypeVar

from orchestrate.cli.client import Address, Client, Json, new_key
from orchestrate.cli.failure import Failure, Unreachable
from orchestrate.cli.settings import Settings

T = TypeVar("T")

START_WAIT_S = 15.0
"""How long a server that holds the directory may take before it answers."""
_PAUSE_S = 0.05


class Road:
    """The way to the API for one command. Use it as a context; it takes down what it put up.

    `own`: whether the application may start in this process; `drives`: whether runs then go on
    here, or are only looked at. `say` is told what the person should know.
    """

    def __init__(
        self,
        settings: Settings,
        say: Callable[[str], None],
        *,
        own: bool = True,
        drives: bool = True,
    ) -> None:
        self.settings = settings
        self._drives = drives
        self.mine: set[int] = set()
        """Runs that this command answers for: where it leaves them, it leaves them on purpose."""
        self._say = say
        self._own = own
        self._house: Any = None
        address = Address(url=settings.server) if settings.server else None
        self.client = Client(address or Address(socket=settings.socket), settings.token)

    def __enter__(self) -> Self:
        # From here on there is something to say, or to take down: an interrupt is an exception.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.local:
            try:
                self.arrive()
            except BaseException:  # also an interrupt: what was put up is taken down
                self.__exit__()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        # An interrupt while taking down ends the process at once: nothing is lost by that.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self.client.close()
        house, self._house = self._house, None
        if house is not None:
            left = house.working() - house.found_working - self.mine
            house.close()
            if left:
                self._hand_over(sorted(left))

    @property
    def local(self) -> bool:
        """Whether the server works on this machine's data directory."""
        return self.settings.server is None

    @property
    def in_process(self) -> bool:
        """Whether this very process is the server: its work ends with it."""
        return self._house is not None

    # -- asking ------------------------------------------------------------------------

    def get(self, path: str, **query: object) -> Json:
        return self.again(lambda: self.client.get(path, **query))

    def items(self, path: str, **query: Any) -> Json:
        return self.again(lambda: self.client.items(path, **query))

    def post(self, path: str, body: Json = None) -> Json:
        key = new_key()
        return self.again(lambda: self.client.post(path, body, key=key))

    def again(self, ask: Callable[[], T]) -> T:
        """Ask; if the local server left meanwhile, find or start another, and ask once more."""
        try:
            return ask()
        except Unreachable:
            if not self.local or self.in_process:
                raise
            self.arrive()
            return ask()

    # -- arriving ----------------------------------------------------------------------

    def arrive(self) -> None:
        """Reach the local server, or become it. Raises Failure."""
        deadline = time.monotonic() + START_WAIT_S
        while True:
            if self._reached():
                return
            holder = self._start()
            if holder is None:
                return
            if time.monotonic() > deadline:
                raise Failure(f"{holder.what}, and does not answer", holder.help, code=holder.code)
            time.sleep(_PAUSE_S)

    def _reached(self) -> bool:
        try:
            self.client.connect()
        except Unreachable:
            if not self._own:
                raise
            return False
        return True

    def _start(self) -> Failure | None:
        """Start the application here; else who holds the directory."""
        from orchestrate.cli.house import House, Taken, tell_faults

        tell_faults(self._say)
        try:
            self._house = House.open(self.settings, drives=self._drives)
        except Taken as holder:
            return holder
        return None

    def _hand_over(self, runs: list[int]) -> None:
        """What others started through this process goes on in one of its own."""
        from orchestrate.cli import driver

        named = ", ".join(str(each) for each in runs)
        pid = driver.begin(self.settings)
        self._say(f"run {named} goes on in the background (process {pid})")
