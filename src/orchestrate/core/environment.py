"""Which names may never be given to a program as environment variables, and why.

Variables and `env` reach programs under their own names, and their values may come from outside.
A name that decides which code a program loads would make such a value a command, so it is refused
when it is written down. Pure: this module must never look at an environment.
"""

from __future__ import annotations

# What to do instead; fits behind every reason.
WAY_OUT = "choose another name, or set it inside the command: `run: NAME=value command`"

_SHELL = "it changes how shells read and run commands"
_LOADER = "it decides which libraries every program loads"
_PYTHON = "it decides which code Python loads"
_NODE = "it decides which code Node.js loads"
_PERL = "it decides which code Perl loads"
_RUBY = "it decides which code Ruby loads"
_JAVA = "it decides which code Java loads"
_GIT = "it changes which repository and which programs git uses"
_STARTED = "programs start what it names"
_HOME = "programs read their settings, and what to start, from the place it names"
_TABLES = "the C library loads files from the place it names"
_PHP = "it decides which settings and code PHP loads"

# Read by nobody but people, or harmless: these are often asked for.
_HARMLESS = frozenset(
    {
        "PYTHON_VERSION", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONUTF8",
        "PYTHONIOENCODING", "PYTHONHASHSEED", "PYTHONFAULTHANDLER",
        "GIT_BRANCH", "GIT_COMMIT", "GIT_SHA", "GIT_REF", "GIT_TAG", "GIT_URL",
        "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE",
        "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_COMMITTER_DATE",
        "GIT_TERMINAL_PROMPT",
    }
)  # fmt: skip

_FAMILIES = (
    ("ORCHESTRATE_", "names that begin with ORCHESTRATE_ are set by Orchestrate itself"),
    ("BASH_", _SHELL),
    ("LD_", _LOADER),
    ("DYLD_", _LOADER),
    ("_RLD", _LOADER),
    ("PYTHON", _PYTHON),
    ("GIT_", _GIT),
    ("PERL5", _PERL),
    ("npm_config_", _NODE),
    ("NPM_CONFIG_", _NODE),
    ("LUA_", "it decides which code Lua loads"),
)

_NAMES = {
    "PATH": "it decides which program every command means",
    "IFS": _SHELL, "BASHOPTS": _SHELL, "SHELLOPTS": _SHELL, "CDPATH": _SHELL, "PS4": _SHELL,
    "GLOBIGNORE": _SHELL, "PROMPT_COMMAND": _SHELL, "POSIXLY_CORRECT": _SHELL, "ZDOTDIR": _SHELL,
    "FPATH": _SHELL, "NULLCMD": _SHELL, "READNULLCMD": _SHELL, "TMPPREFIX": _SHELL,
    "GLIBC_TUNABLES": _LOADER, "LIBPATH": _LOADER, "SHLIB_PATH": _LOADER,
    "GCONV_PATH": _TABLES, "LOCPATH": _TABLES, "NLSPATH": _TABLES, "HOSTALIASES": _TABLES,
    "LOCALDOMAIN": _TABLES, "RES_OPTIONS": _TABLES, "PATH_LOCALE": _TABLES,
    "TERMINFO": _TABLES, "TERMINFO_DIRS": _TABLES, "TERMPATH": _TABLES, "TERMCAP": _TABLES,
    "NODE_OPTIONS": _NODE, "NODE_PATH": _NODE, "NODE_REPL_EXTERNAL_MODULE": _NODE,
    "PERLLIB": _PERL, "PERLIO_DEBUG": _PERL,
    "RUBYOPT": _RUBY, "RUBYLIB": _RUBY, "GEM_HOME": _RUBY, "GEM_PATH": _RUBY,
    "BUNDLE_GEMFILE": _RUBY,
    "CLASSPATH": _JAVA, "JAVA_TOOL_OPTIONS": _JAVA, "_JAVA_OPTIONS": _JAVA,
    "JDK_JAVA_OPTIONS": _JAVA, "MAVEN_OPTS": _JAVA, "GRADLE_OPTS": _JAVA,
    "PHPRC": _PHP, "PHP_INI_SCAN_DIR": _PHP,
    "RUSTC_WRAPPER": _STARTED, "CARGO_BUILD_RUSTC_WRAPPER": _STARTED, "GOFLAGS": _STARTED,
    "SHELL": _STARTED, "EDITOR": _STARTED, "VISUAL": _STARTED, "BROWSER": _STARTED,
    "PAGER": _STARTED, "MANPAGER": _STARTED, "LESSOPEN": _STARTED, "LESSCLOSE": _STARTED,
    "SSH_ASKPASS": _STARTED, "SUDO_ASKPASS": _STARTED, "MAKEFLAGS": _STARTED, "MFLAGS": _STARTED,
    "MAKEFILES": _STARTED,
    "HOME": _HOME, "XDG_CONFIG_HOME": _HOME, "XDG_CONFIG_DIRS": _HOME,
}  # fmt: skip


def refused(name: str) -> str | None:
    """Why `name` may not be set, as the end of a sentence ("... is refused: <why>"); else None."""
    if not name or "=" in name or not name.isprintable():
        return "it is not a name an environment variable can have"
    if name in _HARMLESS:
        return None
    if name in _NAMES:
        return _NAMES[name]
    return next((why for prefix, why in _FAMILIES if name.startswith(prefix)), None)
