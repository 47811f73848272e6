"""The environment of a command: clean, and nothing in it that nobody named.

Later wins: what is taken over from the server, the pipeline's variables, the definition's `env`,
the stage's `env`, the definition's secrets, Orchestrate's own names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrate.agent.definitions import Definition
from orchestrate.agent.facts import AttemptFacts, CannotStart
from orchestrate.agent.fields import as_list
from orchestrate.core.environment import WAY_OUT, refused

VALUE_BYTES_MAX = 32 * 1024
ENVIRONMENT_BYTES_MAX = 512 * 1024
SECRET_BYTES_MAX = 64 * 1024
LAST_FAILURE_CHARACTERS_MAX = 4_000

INHERITED = (
    "PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "HTTP_PROXY",
    "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """`left_out`: values that do not fit into an environment, for context.json instead."""

    env: dict[str, str]
    left_out: dict[str, str]
    mask: tuple[str, ...]


def surroundings(
    definition: Definition | None, attempt: AttemptFacts, home: Mapping[str, str]
) -> Surroundings:
    """The environment of one attempt; `home` is the server's own. Raises CannotStart."""
    fields = definition.fields if definition else {}
    wanted = (*INHERITED, *as_list(fields.get("inherit_env")))
    env = {name: home[name] for name in wanted if name in home}
    env.setdefault("PATH", os.defpath)
    left_out: dict[str, str] = {}
    written = {name: _value(value) for name, value in (fields.get("env") or {}).items()}
    for given in (attempt.variables, written, attempt.env):
        for name, value in given.items():
            if why := refused(name):
                text = f"`{name}` cannot be given to a command: {why}; {WAY_OUT}"
                raise CannotStart("config", text)
            env.pop(name, None)
            left_out.pop(name, None)
            (env if fits(value) else left_out)[name] = value
    secrets = {
        name: secret(name, home, _whose(definition)) for name in as_list(fields.get("secrets"))
    }
    env |= secrets | _ours(definition, attempt)
    size = sum(len(name) + len(os.fsencode(value)) + 2 for name, value in env.items())
    if size > ENVIRONMENT_BYTES_MAX:
        most = f"at most {ENVIRONMENT_BYTES_MAX} are possible"
        text = f"variables and `env` have {size} bytes together; {most}. Put them into a file"
        raise CannotStart("config", text)
    return Surroundings(env=env, left_out=left_out, mask=tuple(filter(None, secrets.values())))


def fits(value: str) -> bool:
    """Whether a value can stand in an environment; one of 128 KiB keeps a program from starting."""
    try:
        data = os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return len(data) <= VALUE_BYTES_MAX and b"\0" not in data


def secret(name: str, home: Mapping[str, str], whose: str) -> str:
    """The secret `name`: from the server's environment, or the file `<name>_FILE` names there."""
    if name in home:
        value = home[name]
    elif f"{name}_FILE" in home:
        value = _secret_file(name, home[f"{name}_FILE"], whose)
    else:
        way_out = f"set {name}, or {name}_FILE, in the environment of the server"
        raise CannotStart("config", f"{whose} needs the secret `{name}`; {way_out}")
    if not fits(value):
        text = f"the secret `{name}` is no text of at most {VALUE_BYTES_MAX // 1024} KiB"
        raise CannotStart("config", text)
    return value


def _secret_file(name: str, path: str, whose: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(SECRET_BYTES_MAX + 1)
        text = data.decode("utf-8")
    except OSError as fault:
        why = f"{name}_FILE cannot be read: {fault.strerror}"
        raise CannotStart("config", f"{whose} needs the secret `{name}`, but {why}") from None
    except UnicodeDecodeError:
        why = f"{name}_FILE is not UTF-8 text"
        raise CannotStart("config", f"{whose} needs the secret `{name}`, but {why}") from None
    return text.removesuffix("\n").removesuffix("\r")


def _ours(definition: Definition | None, attempt: AttemptFacts) -> dict[str, str]:
    """Our own names, but for those of the attempt's files, which its guard adds."""
    env = {
        "ORCHESTRATE_RUN_ID": str(attempt.run_id),
        "ORCHESTRATE_PIPELINE": attempt.pipeline,
        "ORCHESTRATE_STAGE": attempt.stage,
        "ORCHESTRATE_ATTEMPT": str(attempt.attempt),
        "ORCHESTRATE_MODE": attempt.mode,
    }
    if attempt.environment is not None:
        env["ORCHESTRATE_ENVIRONMENT"] = attempt.environment
    if definition is not None:
        env["ORCHESTRATE_AGENT"] = definition.name
    if attempt.model:
        env["ORCHESTRATE_MODEL"] = attempt.model
    if attempt.last_failure:
        told = attempt.last_failure[:LAST_FAILURE_CHARACTERS_MAX].replace("\0", "")
        env["ORCHESTRATE_LAST_FAILURE"] = told.encode("utf-8", "replace").decode("utf-8")
    return env


def _whose(definition: Definition | None) -> str:
    return f"agent `{definition.name}`" if definition else "the stage"


def _value(value: object) -> str:
    """A value of YAML as its author wrote it: true, not True."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
