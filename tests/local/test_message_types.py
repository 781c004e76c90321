"""Threads that decode types of messages for the first time at the same moment."""

from __future__ import annotations

import subprocess
import sys

# Types that take a while to look at, decoded by threads that all begin at once.
THREADS = """
import sys, threading, types
import msgspec
from twbot.local import message_types

module = sys.modules["twbot.tried"] = types.ModuleType("twbot.tried")
fields = "".join(f"    f{n}: list[dict[str, int | None]] | None = None\\n" for n in range(20))
for number in range(60):
    inner = f"class B{number}(msgspec.Struct):\\n    x: int = 0\\n"
    outer = f"class A{number}(msgspec.Struct):\\n    b: B{number} | None = None\\n{fields}"
    exec(f"import msgspec\\n{inner}{outer}", module.__dict__)
message_types.prepare()
sys.setswitchinterval(1e-6)
for number in range(60):
    kind, together = getattr(module, f"A{number}"), threading.Barrier(8)
    def decode():
        together.wait()
        msgspec.json.decode(b'{"b": {"x": 1}, "f0": [{"a": 1}], "f19": []}', type=kind)
    threads = [threading.Thread(target=decode) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
print("decoded")
"""


def test_types_that_threads_share_are_looked_at_before() -> None:
    """Without it the process ends with a segmentation fault, now and then, at its first messages."""
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "decoded\n")
