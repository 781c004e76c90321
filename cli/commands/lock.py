"""`twbot lock`: the packages of a bot's functions, with versions and hashes."""

from __future__ import annotations

import sys

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.console import as_json, print_line, say
from twbot.cli.ui.options import AsJson
from twbot.lambdas.folder.folder import project


def lock(json: AsJson = False) -> None:
    """Lock the packages of requirements.txt: twbot.lock has their versions and hashes, for Lambda and this machine.

    Needs pip and its package index. Nothing is installed; the last line says how to. Deployments bundle what is locked.

    Example: twbot lock
    """
    from twbot.stacks.bundling.lock import LOCK, REQUIREMENTS, requirements
    from twbot.stacks.bundling.locking import lock as write

    folder = project()
    if not requirements(folder):
        hint = f"Write one package a line, such as httpx>=0.28, into {folder / REQUIREMENTS}"
        raise CliError(f"There is nothing to lock: no {REQUIREMENTS}.", hint=hint, code=Exit.NOT_FOUND)
    packages = write(folder)
    install = [sys.executable, "-m", "pip", "install", "--require-hashes", "-r", str(folder / LOCK)]
    if json:
        locked = {each.name: {"version": each.version, "on_lambda": each.needs is not None} for each in packages}
        as_json({"lock": str(folder / LOCK), "packages": locked, "install": install})
        return
    say(f"{len(packages)} packages are locked in {folder / LOCK}. On this machine they are installed with:")
    print_line(" ".join(install))
