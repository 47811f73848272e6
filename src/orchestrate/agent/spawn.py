"""Claiming an attempt's directory and starting its program; it starts none without a claim."""

import errno
import os
import resource
import signal
import stat
from collections.abc import Mapping
from contextlib import suppress

KEY_CHARACTERS_MAX = 128
_RLIMIT_LOCKS = 10
"""Enforced by no kernel since 2.4.25, and inherited by all that a process starts: our mark."""
_FILES_PER_ATTEMPT = 2
_FILES_SPARE = 64
"""Looking at a tree of processes must never fail because no descriptor is free."""
_FILES_MAX = 1 << 16
_DEFAULT_SIGNALS = (
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGTERM,
    signal.SIGQUIT,
)
_KEY_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


class CannotStart(Exception):
    """The program was not started; the text says why, in a sentence for a person."""


class Order:
    """What one attempt was asked to be: the launch message, with its types."""

    __slots__ = (
        "argv",
        "context",
        "cwd",
        "env",
        "grace_s",
        "idle_timeout_s",
        "key",
        "mask",
        "stdin",
        "timeout_s",
    )

    def __init__(
        self,
        *,
        key: str,
        argv: list[str],
        env: dict[str, str],
        cwd: str,
        stdin: str,
        context: str,
        timeout_s: float | None,
        idle_timeout_s: float | None,
        grace_s: float,
        mask: list[str],
    ) -> None:
        self.key = key
        self.argv = argv
        self.env = env
        self.cwd = cwd
        self.stdin = stdin
        self.context = context
        self.timeout_s = timeout_s
        self.idle_timeout_s = idle_timeout_s
        self.grace_s = grace_s
        self.mask = mask


def key_is_sound(key: str) -> bool:
    """A key is the name of a directory, so it can be nothing else than a plain name."""
    return 0 < len(key) <= KEY_CHARACTERS_MAX and key[0] != "." and _KEY_LETTERS.issuperset(key)


def claim(directory: str) -> bool:
    """True for exactly one caller, ever: the kernel makes a directory once.

    The directory above it is made again when somebody has deleted it.
    """
    try:
        try:
            os.mkdir(directory, 0o700)
        except FileNotFoundError:
            with suppress(FileExistsError):
                os.mkdir(os.path.dirname(directory), 0o700)
            os.mkdir(directory, 0o700)
    except FileExistsError:
        return False
    except OSError as error:
        text = f"the attempt's directory {directory} could not be made: {error.strerror}"
        raise CannotStart(text) from None
    return True


def furnish(directory: str, context: str) -> None:
    """What the agent finds: its context, an empty output file, a directory for artifacts."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        descriptor = os.open(f"{directory}/context.json", flags, 0o600)
        try:
            _write_all(descriptor, context)
        finally:
            os.close(descriptor)
        os.close(os.open(f"{directory}/output", flags, 0o600))
        os.mkdir(f"{directory}/artifacts", 0o700)
    except OSError as error:
        text = f"the attempt's files in {directory} could not be written: {error.strerror}"
        raise CannotStart(text) from None


def _write_all(descriptor: int, text: str) -> None:
    data = memoryview(text.encode("utf-8", "replace"))
    place = 0
    while place < len(data):
        place += os.pwrite(descriptor, data[place:], place)


def resolve(name: str, env: Mapping[str, str]) -> str:
    """The program's path, by the PATH the agent is given and not by our own."""
    if "/" in name:
        if not os.path.exists(name):
            raise CannotStart(f"the program {name} does not exist")
        if not _runnable(name):
            raise CannotStart(f"the program {name} is not an executable file")
        return name
    search = env.get("PATH", "")
    unrunnable = ""
    for directory in search.split(":") if search else ():
        path = f"{directory or '.'}/{name}"
        if os.access(path, os.X_OK) and _runnable(path):
            return path
        if not unrunnable and os.path.isfile(path):
            unrunnable = path
    if unrunnable:
        raise CannotStart(f"the program {unrunnable} is not an executable file")
    where = f"in PATH ({search})" if search else "because PATH is empty or not set"
    raise CannotStart(f"the program {name!r} was not found {where}")


def _runnable(path: str) -> bool:
    try:
        return os.access(path, os.X_OK) and stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def _reason(error: OSError, path: str) -> str:
    """Why the kernel would not start a program that is there and executable."""
    match error.errno:
        case errno.ENOENT:
            return f"the interpreter that {path} names in its first line does not exist"
        case errno.ENOEXEC:
            return f"{path} is neither a program for this machine nor a script with a #! line"
        case errno.E2BIG:
            return (
                f"the arguments and the environment of {path} are too long for the system;"
                " one value may have 128 KiB; pass long text by the task or the context"
            )
        case errno.EAGAIN | errno.ENOMEM:
            return f"the system has no room for another process: {error.strerror}"
        case errno.EMFILE | errno.ENFILE:
            return f"too many files are open for another process: {error.strerror}"
        case _:
            return f"{path} could not be started: {error.strerror}"


class Spawner:
    """Starts programs, each with its own session, pipe and mark."""

    __slots__ = ("_files", "_locks", "_null", "attempts_max")

    def __init__(self) -> None:
        self._null = os.open(os.devnull, os.O_RDONLY)
        self._locks = resource.getrlimit(_RLIMIT_LOCKS)
        self._files = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (self._files[1], self._files[1]))
        room = _FILES_MAX if self._files[1] == resource.RLIM_INFINITY else self._files[1]
        self.attempts_max = (room - _FILES_SPARE) // _FILES_PER_ATTEMPT

    def spawn(self, order: Order, directory: str, mark: int) -> tuple[int, int]:
        """The new process, and the descriptor to read its output from."""
        if not order.argv:
            raise CannotStart("no program is named: argv is empty")
        try:
            os.chdir(order.cwd)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise CannotStart(f"the working directory {order.cwd}: {why}") from None
        try:
            path = resolve(order.argv[0], order.env)
            return self._spawn(path, order, directory, mark)
        except OSError as error:
            raise CannotStart(_reason(error, order.argv[0])) from None
        except ValueError as error:
            text = f"an argument or a variable of the environment is malformed: {error}"
            raise CannotStart(text) from None
        finally:
            os.chdir("/")

    def _spawn(self, path: str, order: Order, directory: str, mark: int) -> tuple[int, int]:
        env = {
            **order.env,
            "ORCHESTRATE_ATTEMPT_KEY": order.key,
            "ORCHESTRATE_CONTEXT": f"{directory}/context.json",
            "ORCHESTRATE_OUTPUT": f"{directory}/output",
            "ORCHESTRATE_ARTIFACTS": f"{directory}/artifacts",
        }
        mine = []
        try:
            task = self._null
            if order.stdin:
                task = os.memfd_create("task")
                mine.append(task)
                _write_all(task, order.stdin)
            output, inlet = os.pipe()
            mine.append(inlet)
            os.set_blocking(output, False)
            try:
                return self._marked(path, order.argv, env, (task, inlet), mark), output
            except (OSError, ValueError):
                mine.append(output)
                raise
        finally:
            for descriptor in mine:
                os.close(descriptor)

    def _marked(
        self, path: str, argv: list[str], env: dict[str, str], ends: tuple[int, int], mark: int
    ) -> int:
        task, inlet = ends
        try:
            resource.setrlimit(_RLIMIT_LOCKS, (mark, self._locks[1]))
            resource.setrlimit(resource.RLIMIT_NOFILE, self._files)
        except (OSError, ValueError):
            pass  # the hard limit is below the mark: the other marks have to do
        try:
            return os.posix_spawn(
                path,
                argv,
                env,
                file_actions=(
                    (os.POSIX_SPAWN_DUP2, task, 0),
                    (os.POSIX_SPAWN_DUP2, inlet, 1),
                    (os.POSIX_SPAWN_DUP2, inlet, 2),
                ),
                setsid=True,
                setsigdef=_DEFAULT_SIGNALS,
                setsigmask=(),
            )
        finally:
            resource.setrlimit(_RLIMIT_LOCKS, self._locks)
            resource.setrlimit(resource.RLIMIT_NOFILE, (self._files[1], self._files[1]))
