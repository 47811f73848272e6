"""The loop that starts and guards attempts; it never tells what it has not written down."""

import os
import select
import signal
import socket
import time
from typing import Any

from orchestrate.agent import tree
from orchestrate.agent.attempt import NEVER, Attempt, Clocks, record_without_process
from orchestrate.agent.journal import Journal, boot_id
from orchestrate.agent.mask import Mask
from orchestrate.agent.orphans import SERIAL_BITS, Orphans
from orchestrate.agent.shape import ORDERS, Malformed, read
from orchestrate.agent.spawn import CannotStart, Order, Spawner, claim, furnish, key_is_sound
from orchestrate.agent.sweep import complain, recover, signal_all, sweep
from orchestrate.agent.wire import PROTOCOL, Channel, encode

CONNECT_WAIT_S = 30.0
"""How long a runner that nobody has ever spoken to stays."""
STARTED_WAIT_S = 0.004
"""`started` may wait this long for company: a short attempt is then one message, not two."""
KILL_AGAIN_S = 0.05
UNSENT_BYTES_MAX = 8 << 20
"""Beyond it the runner takes no further orders until the server has listened."""
WAKES_MAX = 4096
SLEEP_S_MAX = 86400.0
"""The kernel waits for 24 days at most, and a timeout may be longer."""


class Guard:
    """The event loop: one turn takes what has happened, writes it down, then tells it."""

    def __init__(self, data: str, listener: socket.socket) -> None:
        self.data = data
        self.attempts: dict[str, Attempt] = {}
        self.leaders: dict[int, Attempt] = {}
        self.marks: dict[int, Attempt] = {}
        self.outputs: dict[int, Attempt] = {}
        self.ending: list[Attempt] = []
        self.instance = int.from_bytes(os.urandom(4), "big") >> 2 | 1 << 29
        self.serial = 0
        self.spawner = Spawner()
        self.orphans = Orphans(self.instance, self.marks)
        self.journal = Journal(data, self.instance, recover(data))
        self.listener = listener
        self.channel: Channel | None = None
        self.interest = 0
        self.urgent = False
        self.complained = False
        self.tell_at = NEVER
        self.next_due = NEVER
        self.leave_at = time.monotonic() + CONNECT_WAIT_S
        self.wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        self.epoll = select.epoll()
        self.epoll.register(self.wake, select.EPOLLIN)
        self.epoll.register(listener, select.EPOLLIN)

    def run(self) -> None:
        while self.needed():
            self.turn(self.epoll.poll(self.patience()))
        self.journal.close()

    def needed(self) -> bool:
        return self.busy() or time.monotonic() < self.leave_at

    def busy(self) -> bool:
        """Whether somebody is there to guard, to talk to, or still to be written down."""
        listened_to = self.channel is not None
        return bool(listened_to or self.attempts or self.orphans or not self.journal.keeps())

    def patience(self) -> float | None:
        """How long to sleep; for ever when nothing has a time."""
        due = min(self.next_due, self.tell_at, self.journal.due())
        if not self.busy():
            due = min(due, self.leave_at)
        return None if due == NEVER else min(SLEEP_S_MAX, max(0.0, due - time.monotonic()))

    def turn(self, events: list[tuple[int, int]]) -> None:
        children = False
        for descriptor, _ in events:
            attempt = self.outputs.get(descriptor)
            if attempt is not None:
                if not attempt.pump():
                    del self.outputs[descriptor]
                    attempt.hang_up()
            elif descriptor == self.wake:
                os.read(self.wake, WAKES_MAX)
                children = True
            elif descriptor == self.listener.fileno():
                self.welcome()
            else:
                self.listen()
        if children:
            self.reap()
        now = time.monotonic()
        if now >= self.next_due:
            self.look_at_clocks(now)
        self.journal.write()
        if now >= self.journal.due():
            self.journal.sync(now)
        if self.channel is not None:
            self.speak(self.channel, now)

    # The server

    def welcome(self) -> None:
        """A new server takes the place of one that is gone."""
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return  # it has gone already, or no descriptor is free: it will try again
        if self.channel is not None:
            self.channel.close()
        self.channel = Channel(connection)
        self.interest = select.EPOLLIN
        self.epoll.register(connection, self.interest)
        live = [
            {"op": "started", "key": attempt.key, "pid": attempt.pid, "at": attempt.at}
            for attempt in self.attempts.values()
        ]
        hello: dict[str, object] = {"op": "hello", "protocol": PROTOCOL, "pid": os.getpid()}
        self.tell(encode({**hello, "boot": boot_id(), "live": live}))
        for line in self.journal.exits.values():
            self.tell(line)

    def tell(self, line: bytes, *, urgent: bool = True) -> None:
        if self.channel is None:
            return
        self.channel.queue(line)
        if urgent:
            self.urgent = True
        elif self.tell_at == NEVER:
            self.tell_at = time.monotonic() + STARTED_WAIT_S

    def speak(self, channel: Channel, now: float) -> None:
        if self.urgent or now >= self.tell_at:
            channel.flush()
            self.urgent = False
            self.tell_at = NEVER
        if channel.ended:
            channel.close()
            self.channel = None
            self.urgent = False
            self.tell_at = NEVER
            self.leave_at = now
            return
        waiting = bool(channel.unsent) and self.tell_at == NEVER
        interest = select.EPOLLOUT if waiting else 0
        if len(channel.unsent) < UNSENT_BYTES_MAX:
            interest |= select.EPOLLIN
        if waiting:
            self.urgent = True
        if interest != self.interest:
            self.interest = interest
            self.epoll.modify(channel.fileno(), interest)

    def listen(self) -> None:
        if self.channel is None:
            return
        try:
            for line in self.channel.lines():
                self.obey(read(line, ORDERS))
        except Malformed as fault:
            self.channel.ended = True  # whoever speaks so is not a server
            if not self.complained:
                self.complained = True
                complain(f"a connection to runner.sock was closed for what it said: {fault}")

    def obey(self, message: dict[str, Any]) -> None:
        match message.pop("op"):
            case "launch":
                self.launch(Order(**message))
            case "acknowledge":
                self.journal.acknowledge(message["keys"])
            case "stop":
                self.answer(message["key"], message["reason"])
            case "ask":
                for key in message["keys"]:
                    self.answer(key)
            case _:
                self.refuse(message["key"], message["detail"])

    def answer(self, key: str, stop: str = "") -> None:
        """Say what is known of an attempt, and stop it if that is asked and it lives."""
        attempt = self.attempts.get(key)
        if attempt is not None:
            if stop:
                self.stop(attempt, stop)
            else:
                self.tell(_started(attempt))
        elif (line := self.journal.exits.get(key)) is not None:
            self.tell(line)
        elif key_is_sound(key) and os.path.isdir(self.directory(key)):
            self.lose(key)
        else:
            self.tell(encode({"op": "unknown", "key": key}))

    # An attempt begins

    def directory(self, key: str) -> str:
        return f"{self.data}/attempts/{key}"

    def admit(self, key: str) -> None:
        if not key_is_sound(key):
            raise CannotStart(f"the key {key!r} cannot be the name of a directory")
        if len(self.leaders) >= self.spawner.attempts_max:
            raise CannotStart(
                f"{len(self.leaders)} attempts are running, as many as the limit on open"
                " files (ulimit -Hn) has room for"
            )

    def launch(self, order: Order) -> None:
        """Start the program, unless this key was ever claimed."""
        key = order.key
        if key in self.attempts or key in self.journal.exits:
            self.answer(key)
            return
        directory = self.directory(key)
        clocks = Clocks()
        self.serial += 1
        mark = self.instance << SERIAL_BITS | self.serial
        try:
            self.admit(key)
            if not claim(directory):
                self.lose(key)
                return
            furnish(directory, order.context)
            child = self.spawner.spawn(order, directory, mark)
        except CannotStart as refusal:
            detail = Mask(order.mask).whole(str(refusal).encode("utf-8", "replace")).decode()
            self.end(key, record_without_process(key, "start_failed", detail))
            return
        attempt = Attempt(order, directory, mark, child, clocks)
        self.attempts[key] = attempt
        self.leaders[attempt.pid] = attempt
        self.marks[mark] = attempt
        self.outputs[attempt.output] = attempt
        self.epoll.register(attempt.output, select.EPOLLIN)
        self.next_due = min(self.next_due, attempt.due)
        line = _started(attempt)
        self.journal.started(key, line)
        self.tell(line, urgent=False)

    def refuse(self, key: str, detail: str) -> None:
        """The server could not even send the order; the attempt is claimed and has failed."""
        if key in self.attempts or key in self.journal.exits or not key_is_sound(key):
            self.answer(key)
            return
        try:
            if not claim(self.directory(key)):
                self.lose(key)
                return
        except CannotStart as refusal:
            detail = f"{detail}; {refusal}"
        self.end(key, record_without_process(key, "start_failed", detail))

    def lose(self, key: str) -> None:
        """It was claimed, and nobody knows what became of it: end what may be left of it."""
        sweep(set(), f"{self.directory(key)}/context.json")
        detail = "it was claimed, but what guarded it was killed and left no record of its end"
        self.end(key, record_without_process(key, "lost", detail))

    # An attempt ends

    def stop(self, attempt: Attempt, reason: str) -> None:
        """Ask all its processes to end, and set the time when they are made to."""
        if attempt.kill_at != NEVER or not attempt.leader_lives:
            return
        attempt.reason = reason
        attempt.kill_at = attempt.due = time.monotonic() + attempt.grace_s
        self.next_due = min(self.next_due, attempt.due)
        self.signal_tree(attempt, signal.SIGTERM)

    def signal_tree(self, attempt: Attempt, number: signal.Signals) -> list[int]:
        """Signal every process of the attempt; those that got it."""
        self.orphans.adopt(self.leaders)
        roots = self.orphans.of(attempt.mark)
        if attempt.leader_lives:
            roots.append(attempt.pid)
        return signal_all(tree.descendants(roots), number)

    def kill(self, attempt: Attempt, now: float) -> None:
        attempt.leftovers.update(self.signal_tree(attempt, signal.SIGKILL))
        attempt.leftovers.discard(attempt.pid)
        attempt.due = now + KILL_AGAIN_S
        self.next_due = min(self.next_due, attempt.due)

    def look_at_clocks(self, now: float) -> None:
        for attempt in list(self.attempts.values()):
            if now < attempt.due:
                continue
            if attempt.kill_at != NEVER or not attempt.leader_lives:
                self.kill(attempt, now)
            elif reason := attempt.overdue(now):
                self.stop(attempt, reason)
        self.next_due = min((one.due for one in self.attempts.values()), default=NEVER)

    def reap(self) -> None:
        """Take leave of every child that has ended, ours or adopted."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            attempt = self.leaders.pop(pid, None)
            if attempt is None:
                self.orphans.forget(pid)
                continue
            attempt.leader_lives = False
            attempt.ended_at = time.time()
            attempt.status = status
            attempt.usage = (round(usage.ru_utime + usage.ru_stime, 6), usage.ru_maxrss)
            self.ending.append(attempt)
        if not self.orphans.adopt(self.leaders):
            return  # a dead orphan is yet to be reaped, and brings us back
        signal_all(self.orphans.nobodys(), signal.SIGKILL)
        for attempt in self.ending[:]:
            self.settle(attempt)

    def settle(self, attempt: Attempt) -> None:
        """The leader is gone. The attempt is over when nothing else of it lives."""
        now = time.monotonic()
        if not self.orphans.of(attempt.mark):
            self.finish(attempt)
        elif attempt.kill_at == NEVER or now >= attempt.kill_at:
            self.kill(attempt, now)

    def finish(self, attempt: Attempt) -> None:
        self.ending.remove(attempt)
        self.outputs.pop(attempt.output, None)
        attempt.drain()
        del self.attempts[attempt.key]
        del self.marks[attempt.mark]
        self.orphans.release(attempt.mark)
        self.end(attempt.key, attempt.exit_record())
        if not self.attempts:
            self.next_due = NEVER

    def end(self, key: str, record: dict[str, object]) -> None:
        line = encode(record)
        self.journal.exited(key, line)
        self.tell(line)


def _started(attempt: Attempt) -> bytes:
    """Both the message and the line of the journal."""
    return encode(
        {
            "op": "started",
            "key": attempt.key,
            "pid": attempt.pid,
            "at": attempt.at,
            "boot_s": attempt.started_boot_s,
        }
    )
