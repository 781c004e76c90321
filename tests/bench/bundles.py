"""What the bundles weigh and take to import: python -m tests.bench.bundles

Sizes are those for Lambda (arm64, Python 3.13). Times are this machine's: each function's bundle of this machine, in a
fresh interpreter with boto3 imported before, beside `import boto3` alone; the fastest of a few.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.support.bundles import Bundles
from twbot.lambdas.errors import TwbotError
from twbot.stacks.bundling.bundle import bundle
from twbot.stacks.functions import FUNCTIONS

SAMPLES = 5
BOTO3 = "import time; began = time.perf_counter(); import boto3, botocore.config, botocore.exceptions\n"
DONE = "print(time.perf_counter() - began)"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="twbot-bench-") as folder:
        bundles = Bundles(Path(folder))
        boto3 = fastest(bundles, "transform", BOTO3 + DONE)
        _say(f"{'import boto3 alone':<44} {boto3 * 1000:.0f} ms")
        for name in FUNCTIONS:
            code = f"{BOTO3}began = time.perf_counter(); import twbot.lambdas.aws.handlers.{name}\n{DONE}"
            seconds = fastest(bundles, name, code)
            _say(
                f"{f'the {name} function':<44} {_size(name)}, {seconds * 1000:.0f} ms ({seconds / boto3:.2f} of boto3)"
            )


def fastest(bundles: Bundles, name: str, code: str) -> float:
    return min(
        float(bundles.python(name, code, environment={"POWERTOOLS_SERVICE_NAME": "bench"})) for _ in range(SAMPLES)
    )


def _size(name: str) -> str:
    try:
        made = bundle(name)
    except TwbotError as error:
        return f"not built ({error})"
    return f"{made.size / 1e6:.1f} MB unzipped, {made.path.stat().st_size / 1e6:.1f} MB zipped"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
