"""Writes the log of a few lives, as this release keeps it, for later releases to read (C2).

    python -m tests.store.histories > tests/histories/VERSION.jsonl

A file that was released is never written again.
"""

import json
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from random import Random

from orchestrate.store.codec import EVENTS
from orchestrate.store.queries import WHOLE_LOG
from orchestrate.store.sqlite import Store
from tests.store.lives import House, chain, rich, wander

LIVES_MAX = 1_000


def main() -> None:
    missing = set(EVENTS)
    with tempfile.TemporaryDirectory() as folder, closing(Store.open(Path(folder) / "a")) as store:
        house = House(store)
        house.finish(house.start(chain(3)))
        keep(store, 1, missing)
        for seed in range(LIVES_MAX):
            run = wander(house, house.start(rich()), Random(seed))
            if missing & {type(event).__name__ for event in store.log(run.id)}:
                keep(store, run.id, missing)
    assert not missing, f"no life has seen {missing}"


def keep(store: Store, run_id: int, missing: set[str]) -> None:
    for _, type_, data, at, *_ in store.rows(WHOLE_LOG, (run_id,)):
        missing.discard(type_)
        sys.stdout.write(json.dumps([run_id, type_, data, at]) + "\n")


if __name__ == "__main__":
    main()
