"""What `make demo` installs, from the records of the installed distributions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution

from tests.bench.figures import Figure, say
from tests.support.paths import ROOT

MOST = 6


def figures() -> Iterator[Figure]:
    names = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements/local.txt").read_text(), re.MULTILINE)
    sizes = {name: size for name in names if (size := _size(name))}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:MOST]
    listed = ", ".join(f"{name} {sizes[name] / 1e6:.0f}" for name in largest)
    yield say(Figure("what `make demo` installs", f"{sum(sizes.values()) / 1e6:.0f} MB, of which {listed}"))


def _size(name: str) -> int:
    """The bytes of a distribution's files, 0 where it is not installed."""
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        return 0
    return sum(file.size or 0 for file in files)
