"""Names a folder in UTF-8 for libraries that take no other paths, such as DuckDB."""

from __future__ import annotations

import os
from pathlib import Path


def utf8_path(path: Path) -> Path:
    """Return a path in UTF-8 that leads to the same place, the path itself if it is one already.

    Names may hold any bytes on Linux, and only there. The path through /proc stays good as long as this process lives,
    and after a change of the working directory. https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html
    """
    if _is_utf8(path):
        return path
    for parent in (path, *path.parents):
        rest = path.relative_to(parent)
        if not _is_utf8(rest):
            break
        if parent.is_dir():
            descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            return Path(f"/proc/self/fd/{descriptor}") / rest
    return path


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True
