"""twbot: an event-driven X (Twitter) bot with AI analysis, and the command that operates it.

The packages in it are private and may change in any release.
"""

import os.path

__version__ = "0.1.0"

# A clone without symbolic links has a text file where the folder should be:
# https://git-scm.com/docs/git-config#Documentation/git-config.txt-coresymlinks
if os.path.isfile(os.path.join(os.path.dirname(__file__), "lambdas")):  # noqa: PTH113, PTH118, PTH120
    raise ImportError("src/twbot has no symbolic links. Clone again: git clone -c core.symlinks=true URL")
