"""Operating the bot of this machine: its keys with the ones before them, its webhook, the X it talks to."""

from __future__ import annotations

from pathlib import Path

from twbot.lambdas.errors import NotConfigured
from twbot.lambdas.ports import Keys
from twbot.lambdas.x.http import X_URL
from twbot.local.adapters.secrets import FileSecrets, NoKeys
from twbot.local.data_folder import DataFolder, data_option, running_bot


class NotRunning(NotConfigured):
    """No bot runs on the data folder."""


class LocalKeys:
    """The keys in the data folder; those before them are beside them, readable by their owner only, too."""

    def __init__(self, home: DataFolder) -> None:
        self.place = str(home.secrets)
        self._now = FileSecrets(home.secrets)
        self._before = FileSecrets(home.secrets.with_name("secrets.previous.json"))

    def keys(self) -> Keys:
        return self._now.keys()

    def refresh(self) -> Keys:
        return self._now.refresh()

    def save(self, keys: Keys) -> None:
        """What is there becomes the previous keys."""
        if (there := _or_none(self._now)) is not None:
            self._before.save(there)
        self._now.save(keys)

    def previous(self) -> Keys | None:
        return _or_none(self._before)

    def restore(self) -> None:
        """Back to the previous keys. Raises NoKeys where there are none."""
        self._now.save(self._before.refresh())


class LocalBot:
    """The stage `local`: `x_url` is the simulated X's while a bot runs beside one, else X's own."""

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
        """What a hint's command needs to be about this bot."""
        return data_option(self._folder)

    def secrets(self) -> LocalKeys:
        return LocalKeys(DataFolder(self._folder))

    def webhook_url(self) -> str:
        """Raises NotRunning."""
        if self._run is None:
            hint = "Start it: twbot up{option}; or name an address: --url"
            raise NotRunning(f"No bot runs on {self._folder}: its webhook has no address.", hint)
        return self._run.url


def _or_none(secrets: FileSecrets) -> Keys | None:
    try:
        return secrets.refresh()
    except NoKeys:
        return None
