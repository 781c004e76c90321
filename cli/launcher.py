"""The wheel's one top-level name. Its folder holds ours, so `from lambdas import …` reads the same everywhere."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def main() -> None:
    from cli.main import main as run

    run()
