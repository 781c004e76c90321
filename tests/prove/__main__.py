"""`python -m tests.prove`: run the trials, print what happened, write docs/proof.md."""

from __future__ import annotations

import argparse
import sys

from tests.prove.runner import run
from tests.prove.trials import load
from tests.support.signals import do_not_pass_on_ignored_ctrl_c


def main() -> int:
    known = load()
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description="Try the promises of the README.")
    parser.add_argument("--seed", type=int, default=1, help="the same seed plans the same steps")
    parser.add_argument("--minutes", type=float, default=10.0, help="about how long it may take in all")
    parser.add_argument("--only", action="append", choices=sorted(known), help="this trial only; may be repeated")
    parser.add_argument("--list", action="store_true", help="list the trials")
    parser.add_argument("--write", action="store_true", help="write docs/proof.md")
    options = parser.parse_args()
    if options.list:
        for each in known.values():
            print(f"{each.name:18} {each.what}")
        return 0
    do_not_pass_on_ignored_ctrl_c()
    chosen = [each for each in known.values() if options.only is None or each.name in options.only]
    try:
        return run(chosen, options.seed, options.minutes, write=options.write)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
