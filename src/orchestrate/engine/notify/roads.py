"""From a channel to the way of telling it something."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestrate.engine.notify import local, webhook
from orchestrate.engine.notify.apprise import Carrier
from orchestrate.engine.notify.channels import Channel, Kind, hidden
from orchestrate.engine.notify.letter import Letter
from orchestrate.engine.notify.reach import Line, Undelivered
from orchestrate.store.snapshot import Record


class ChannelRoad:
    """One channel, whatever its kind."""

    def __init__(
        self,
        channel: Channel,
        write: Callable[[Record], Letter],
        *,
        clock: Callable[[], float],
        environ: Mapping[str, str],
        say: Callable[[str], None],
        deadline_s: float,
    ) -> None:
        self._channel = channel
        self._write = write
        self._clock = clock
        self._say = say
        self._deadline_s = deadline_s
        self._carrier = Carrier(environ)
        self._line = Line()

    def deliver(self, row: Record) -> None:
        self.send(self._write(row))

    def send(self, letter: Letter) -> None:
        """Deliver a letter. Raises Undelivered."""
        channel, deadline_s = self._channel, self._deadline_s
        if channel.missing:
            raise Undelivered(not_set(channel.missing))
        match channel.kind:
            case Kind.APPRISE:
                self._carrier.deliver(channel, letter, deadline_s=deadline_s)
            case Kind.WEBHOOK:
                at, line = self._clock(), self._line
                webhook.post(channel, letter, at, deadline_s=deadline_s, line=line)
            case Kind.TERMINAL:
                local.show_in_terminal(letter, self._say)
            case Kind.DESKTOP:
                local.show_on_desktop(letter)

    def hide(self, text: str) -> str:
        return hidden(text, self._channel.secrets)

    def rest(self) -> None:
        self._carrier.rest()

    def cut(self) -> None:
        self._carrier.cut()
        self._line.cut()


def not_set(names: tuple[str, ...]) -> str:
    verb = "is" if len(names) == 1 else "are"
    return f"{', '.join(names)} {verb} not set in the environment of this process"
