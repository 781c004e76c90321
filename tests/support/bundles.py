"""Running a handler from its built bundle: another process with nothing on its path but the bundle and what Lambda's
runtime brings, of this machine's architecture and Python."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from twbot.lambdas.folder.folder import COMPILED, VARIABLE
from twbot.stacks.bundling.bundle import INSTALLED, bundle

RUNTIME_MODULES = ("boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "six")

# Calls a handler as Lambda does, once for each event; what it logs goes to stdout, the results to a file.
RUN = """
import importlib, json, sys

class Context:
    function_name = "tested"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:tested"
    aws_request_id = "11111111-2222-3333-4444-555555555555"
    def get_remaining_time_in_millis(self):
        return 30_000

name, out = sys.argv[1:3]
handler = importlib.import_module(f"twbot.lambdas.aws.handlers.{name}").handler
results = []
for event in json.load(sys.stdin):
    try:
        results.append({"answer": handler(event, Context())})
    except Exception as error:
        results.append({"error": type(error).__name__, "says": str(error)})
with open(out, "w") as file:
    json.dump(results, file)
"""


class Ran(NamedTuple):
    """What a handler answered to each event, or raised: {"answer"} or {"error", "says"}; and what it wrote."""

    results: list[dict[str, Any]]
    log: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(line) for line in self.log.splitlines() if line.startswith("{")]


class Bundles:
    """The bundles, each built and unpacked when first asked for, once for all workers of a test run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)

    def unpacked(self, name: str) -> Path:
        target = self._folder / name
        with self._locked(name):
            if not target.exists():
                with pytest.MonkeyPatch.context() as patch:
                    patch.setenv("XDG_CACHE_HOME", str(self._folder / "cache"))
                    built = bundle(name, INSTALLED)
                zipfile.ZipFile(built.path).extractall(target)
        return target

    def runtime(self) -> Path:
        """A folder with what Lambda's runtime brings."""
        target = self._folder / "runtime"
        with self._locked("runtime"):
            if not target.exists():
                target.mkdir()
                for module in RUNTIME_MODULES:
                    found = importlib.util.find_spec(module)
                    assert found is not None
                    assert found.origin is not None
                    here = Path(found.origin)
                    here = here.parent if here.name == "__init__.py" else here
                    (target / here.name).symlink_to(here)
        return target

    def python(
        self, name: str, code: str, *arguments: str, stdin: str = "", environment: Mapping[str, str] | None = None
    ) -> str:
        """What the code writes when it runs with a bundle and the runtime only. `environment`: its environment."""
        path = f"import sys; sys.path[:0] = [{str(self.unpacked(name))!r}, {str(self.runtime())!r}]\n"
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-B", "-c", path + code, *arguments],
            input=stdin,
            env={"PATH": os.defpath, "POWERTOOLS_METRICS_NAMESPACE": "tested", **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout + done.stderr

    def run(self, name: str, *events: Any, environment: Mapping[str, str], out: Path) -> Ran:
        """One container that gets these events."""
        written = self.python(
            name,
            RUN,
            name,
            str(out),
            stdin=msgspec.json.encode(events).decode(),
            environment={**AWS_OF_TESTS, **FUNCTION, **self._project(name), **environment},
        )
        return Ran(msgspec.json.decode(out.read_bytes()), written)

    def _project(self, name: str) -> dict[str, str]:
        folder = self.unpacked(name)
        return {VARIABLE: str(folder)} if (folder / COMPILED).exists() else {}

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with (self._folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


AWS_OF_TESTS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
FUNCTION = {"AWS_LAMBDA_FUNCTION_NAME": "tested", "POWERTOOLS_SERVICE_NAME": "tested"}
