"""Names that decide what a program loads are never given to one."""

from __future__ import annotations

import pytest

from orchestrate.core.environment import refused


@pytest.mark.parametrize(
    "name",
    [
        "PATH", "IFS", "BASH_ENV", "BASH_FUNC_ls%%", "SHELLOPTS", "LD_PRELOAD", "LD_LIBRARY_PATH",
        "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONWARNINGS", "NODE_OPTIONS",
        "GIT_SSH_COMMAND", "GIT_DIR", "GIT_CONFIG_COUNT", "PERL5OPT", "RUBYOPT", "HOME",
        "JAVA_TOOL_OPTIONS", "ORCHESTRATE_RUN_ID", "npm_config_script_shell", "EDITOR",
    ],
)  # fmt: skip
def test_a_name_that_changes_how_programs_run_is_refused(name: str) -> None:
    assert refused(name) is not None


@pytest.mark.parametrize(
    "name",
    ["environment", "version", "ENV", "PATHS", "MY_PATH", "DEPLOY_TOKEN", "KUBECONFIG", "path",
     "PYTHONUNBUFFERED", "PYTHON_VERSION", "GIT_BRANCH", "GIT_AUTHOR_NAME", "HTTPS_PROXY", "a-b"],
)  # fmt: skip
def test_any_other_name_is_free(name: str) -> None:
    assert refused(name) is None


@pytest.mark.parametrize("name", ["", "a=b", "a\x00b", "a\nb", "a\ud800"])
def test_what_the_operating_system_cannot_take_is_refused(name: str) -> None:
    assert refused(name) == "it is not a name an environment variable can have"


def test_the_reason_says_what_the_name_does() -> None:
    assert refused("LD_PRELOAD") == "it decides which libraries every program loads"
    assert refused("ORCHESTRATE_MODE") == (
        "names that begin with ORCHESTRATE_ are set by Orchestrate itself"
    )
