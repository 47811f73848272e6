"""Where things are and what was set: the only reader of the environment and of `orchestrate.toml`.

A flag beats the environment, the environment beats the file. It reads only what belongs to this
user: a folder or a file that somebody else left in a shared place is not ours to believe.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrate.cli.failure import Exit, Failure

DATA_NAME = ".orchestrate"
FILE_NAME = "orchestrate.toml"
FILE_BYTES_MAX = 1 << 20
PARENTS_MAX = 64
HOST = "127.0.0.1"
PORT = 7878
_TABLES = (
    "serve", "server", "groups", "users", "webhooks", "channels", "forges", "database",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`server` is None where the local data directory is meant. `warnings` are for the user."""

    data: Path
    project: Path
    file: Path
    server: str | None = None
    token: str | None = None
    host: str = HOST
    port: int = PORT
    written: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def socket(self) -> Path:
        return self.data / "api.sock"


def read(
    environ: Mapping[str, str] | None = None, cwd: Path | None = None, *, server: str | None = None
) -> Settings:
    """What holds for a command that is started in `cwd`. Raises Failure."""
    env = os.environ if environ is None else environ
    here = _here() if cwd is None else cwd
    data, project = places(env, here)
    file = data.parent / FILE_NAME
    written, warnings = read_file(file)
    serve = written.get("serve", {})
    host = env.get("ORCHESTRATE_HOST") or serve.get("host", HOST)
    port = env.get("ORCHESTRATE_PORT") or serve.get("port", PORT)
    return Settings(
        data=data,
        project=project,
        file=file,
        server=server or env.get("ORCHESTRATE_SERVER") or None,
        token=env.get("ORCHESTRATE_TOKEN") or None,
        host=_text(host, f"{file}: serve.host"),
        port=_port(port),
        written=written,
        environ=env,
        warnings=warnings,
    )


def dumb() -> bool:
    """Whether the terminal can only be written to line by line."""
    return os.environ.get("TERM", "dumb") == "dumb"


def colourful() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise Failure("the current directory does not exist any more", "go to another") from None


# -- where -----------------------------------------------------------------------------


def places(env: Mapping[str, str], cwd: Path) -> tuple[Path, Path]:
    """The data directory and the project.

    `$ORCHESTRATE_HOME`; else `.orchestrate` in `cwd`, or in one of its parents up to the root of
    the git repository it is in; else `$XDG_DATA_HOME/orchestrate`.
    """
    if env.get("ORCHESTRATE_HOME"):
        data = _absolute(Path(env["ORCHESTRATE_HOME"]), cwd)
        return data, data.parent if data.name == DATA_NAME else cwd
    for folder in _upwards(cwd):
        data = folder / DATA_NAME
        if data.is_dir():
            _ours(data)
            return data, folder
    home = Path(env.get("XDG_DATA_HOME", ""))
    if not home.is_absolute():  # such an XDG path is to be ignored
        home = Path(_home(env), ".local", "share")
    return home / "orchestrate", cwd


def _upwards(cwd: Path) -> list[Path]:
    """`cwd` and its parents as far as the root of the repository; `cwd` alone outside of one."""
    folders = [cwd, *cwd.parents][:PARENTS_MAX]
    for place, folder in enumerate(folders):
        if (folder / ".git").exists():
            return folders[: place + 1]
    return [cwd]


def _home(env: Mapping[str, str]) -> str:
    if env.get("HOME"):
        return env["HOME"]
    try:
        return str(Path.home())
    except RuntimeError:
        raise Failure(
            "there is no place for the data: this user has no home directory",
            "name one: ORCHESTRATE_HOME=/path/to/data",
        ) from None


def _absolute(path: Path, cwd: Path) -> Path:
    return path if path.is_absolute() else cwd / path


def _ours(data: Path) -> None:
    owner = data.stat().st_uid
    if owner not in (os.geteuid(), 0) and os.geteuid() != 0:
        raise Failure(
            f"{data} belongs to another user (uid {owner})",
            "name a data directory of your own: ORCHESTRATE_HOME=/path/to/data",
            code=Exit.REFUSED,
        )


# -- the file --------------------------------------------------------------------------


def read_file(file: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the file says, and what of it cannot be meant. Raises Failure for a broken file."""
    try:
        with file.open("rb") as opened:
            facts = os.fstat(opened.fileno())
            if not stat.S_ISREG(facts.st_mode):
                return {}, (f"{file} is no plain file; it is not read",)
            if facts.st_uid not in (os.geteuid(), 0):
                return {}, (f"{file} belongs to another user; it is not read",)
            data = opened.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return {}, ()
    except OSError as fault:
        return {}, (f"{file} cannot be read: {fault.strerror}",)
    return _parsed(file, data)


def _parsed(file: Path, data: bytes) -> tuple[dict[str, Any], tuple[str, ...]]:
    import tomllib

    if len(data) > FILE_BYTES_MAX:
        raise Failure(f"{file} has more than {FILE_BYTES_MAX} bytes", "shorten it")
    try:
        written = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        what = f"{file} is not valid TOML: {fault}"
        raise Failure(what, "correct it, or remove it", code=Exit.INVALID) from None
    for name in _TABLES:
        if not isinstance(written.get(name, {}), dict):
            raise Failure(f"{file}: `{name}` must be a table", f"write [{name}]", code=Exit.INVALID)
    return written, tuple(_unknown(file, name) for name in written if name not in _TABLES)


def _unknown(file: Path, name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, _TABLES, 1, 0.6)
    meant = f"; did you mean [{near[0]}]?" if near else ""
    return f"{file}: `{name}` is not read{meant}"


def _text(value: object, where: str) -> str:
    if isinstance(value, str):
        return value
    raise Failure(f"{where} must be a text", code=Exit.INVALID)


def _port(value: object) -> int:
    text = str(value)
    if text.isascii() and text.isdigit() and int(text) <= 65_535:
        return int(text)
    raise Failure(f"`{text}` is no port", "a port is a number up to 65535", code=Exit.INVALID)
