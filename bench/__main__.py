"""`make bench`: every figure of the README, in one go."""

from __future__ import annotations

from bench import core, dashboard, pipelines, runner, server, store, webhooks


def main() -> None:
    """Print each part under its title, as Markdown."""
    for title, part in (
        ("Whole pipelines, beside a bare loop and make", pipelines),
        ("A server", server),
        ("Webhooks", webhooks),
        ("The dashboard", dashboard),
        ("The parts: a decision", core),
        ("The parts: the store", store),
        ("The parts: the runner", runner),
    ):
        print(f"\n### {title}\n", flush=True)
        part.main()


if __name__ == "__main__":
    main()
