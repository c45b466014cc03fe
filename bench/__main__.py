"""`make bench`: run benchmarks, print them, keep the results.

python -m bench [name ...] [--seconds N] [--rounds N] [--json] [--publish]
"""

import argparse
import asyncio
import signal
import sys
import time

from bench import (
    batching,
    contacts,
    crossing,
    feeding,
    freshness,
    leads,
    mrp,
    ordering,
    paging,
    promise,
    relaying,
    schedule,
    search_writes,
    writing,
)
from bench.figures import Asked, Bench
from bench.machine import describe, load_average
from bench.place import Place
from bench.report import keep, publish, show

BENCHES: dict[str, Bench] = {
    module.BENCH.name: module.BENCH
    for module in (
        writing,
        ordering,
        batching,
        contacts,
        paging,
        feeding,
        relaying,
        freshness,
        leads,
        crossing,
        search_writes,
        mrp,
        schedule,
        promise,
    )
}


def main(argv: list[str] | None = None) -> int:
    """Run what is asked for; 2 for an unknown name."""
    asked = _arguments(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop what was started, in order
    if unknown := set(asked.names) - BENCHES.keys():
        print(
            f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHES)}", file=sys.stderr
        )
        return 2
    with Place.open() as place:
        machine = asyncio.run(describe(place.cluster.admin_url))
        for name in asked.names or BENCHES:
            bench, load, began = BENCHES[name], load_average(), time.monotonic()
            print(f"{name}: {bench.measures} ...", file=sys.stderr, flush=True)
            figures = bench.run(place, Asked(asked.seconds, asked.rounds))
            loads = {"before": load, "after": load_average()}
            result = keep(bench, figures, machine=machine, load=loads, asked=vars(asked))
            took = time.monotonic() - began
            show(result, figures, as_json=asked.json, seconds=took)
    if asked.publish:
        publish()
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "")[:80])
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHES))
    parser.add_argument("--seconds", type=float, default=0.5, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="of ours and its limits in turn")
    parser.add_argument("--json", action="store_true", help="print results as JSON lines")
    parser.add_argument(
        "--publish", action="store_true", help="put the newest results into docs/performance.md"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
