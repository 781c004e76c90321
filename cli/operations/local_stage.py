"""The bot of this machine: its current and previous keys, its webhook, and the X that it talks to."""

from __future__ import annotations

from pathlib import Path

from twbot.lambdas.errors import NotConfigured
from twbot.lambdas.ports import Keys
from twbot.lambdas.x.http import X_URL
from twbot.local.adapters.secrets import FileSecrets, NoKeys, OwnSecrets
from twbot.local.data_folder import DataFolder, data_option, running_bot


class NotRunning(NotConfigured):
    """No bot runs on the data folder."""


class LocalKeys:
    """The keys in the data folder, and the previous ones beside them. Only their owner can read the two files."""

    def __init__(self, home: DataFolder) -> None:
        self.place = str(home.secrets)
        self._current = FileSecrets(home.secrets)
        self._previous = FileSecrets(home.secrets.with_name("secrets.previous.json"))

    def keys(self) -> Keys:
        return self._current.keys()

    def refresh(self) -> Keys:
        return self._current.refresh()

    def save(self, keys: Keys) -> None:
        """Store keys; the current ones become the previous ones."""
        # The previous ones first: an interruption in between leaves the current ones in place.
        if (current := _or_none(self._current)) is not None:
            self._previous.save(current)
        self._current.save(keys)

    def previous(self) -> Keys | None:
        return _or_none(self._previous)

    def restore(self) -> None:
        """Make the previous keys the current ones. Raises NoKeys where there are none."""
        self._current.save(self._previous.refresh())


class LocalBot:
    """The stage `local`, as a Bot.

    `x_url` is the simulated X's address while the bot runs beside one, else X's own.
    """

    name = "local"
    account_id = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run = running_bot(folder)
        simulator = self._run.simulator if self._run else None
        self.simulated = simulator is not None
        self.x_url = simulator.url if simulator else X_URL

    @property
    def option(self) -> str:
        """The options that make a hint's command about this bot, with a leading blank."""
        return data_option(self._folder)

    def secrets(self) -> LocalKeys:
        return LocalKeys(DataFolder(self._folder))

    def own_secrets(self) -> OwnSecrets:
        return OwnSecrets(DataFolder(self._folder).own_secrets)

    def webhook_url(self) -> str:
        """Return the webhook's address. Raises NotRunning."""
        if self._run is None:
            hint = "Start it: twbot up{option}; or name an address: --url"
            raise NotRunning(f"No bot runs on {self._folder}: its webhook has no address.", hint)
        return self._run.url


def _or_none(secrets: FileSecrets) -> Keys | None:
    try:
        return secrets.refresh()
    except NoKeys:
        return None
