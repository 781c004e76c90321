"""The group of all commands. It imports a command's module when that command is asked for, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from twbot.cli.summaries import summaries
from twbot.cli.ui.fields import fields_option


class Commands(Mapping[str, Any]):
    """The commands by name, in the order of their panels, each loaded when it is read."""

    def __init__(self, panels: Mapping[str, Iterable[str]], modules: Mapping[str, str]) -> None:
        self.panel_of = {name: panel for panel, names in panels.items() for name in names}
        self._modules = modules
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = self._load(name, self.panel_of[name])
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self.panel_of

    def __iter__(self) -> Iterator[str]:
        return iter(self.panel_of)

    def __len__(self) -> int:
        return len(self.panel_of)

    def _load(self, name: str, panel: str) -> Any:
        identifier = name.replace("-", "_")
        module = import_module(f"twbot.cli.commands.{self._modules.get(name, identifier)}")
        if (group := getattr(module, "app", None)) is not None:
            found: Any = typer.main.get_group(group)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(name)(getattr(module, identifier))
            found = typer.main.get_command(alone)
        found.name, found.rich_help_panel = name, panel
        _add_fields(found)
        return found


def _add_fields(command: Any) -> None:
    """Give --fields to each command that has --json."""
    for each in getattr(command, "commands", {}).values():
        _add_fields(each)
    names = [each.name for each in command.params]
    if "json" in names:
        command.params.insert(names.index("json") + 1, fields_option())


class LazyGroup(TyperGroup):
    """Lists commands by their summaries, and loads the one that is typed."""

    panels: ClassVar[dict[str, tuple[str, ...]]]
    """The names of each panel's commands. A module that has an `app` is a group of commands."""

    modules: ClassVar[dict[str, str]] = {}
    """The modules in cli/commands/ of commands that share another's."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = Commands(self.panels, self.modules)

    def list_commands(self, _: Any) -> list[str]:
        return list(self.commands)

    def get_command(self, _: Any, name: str) -> Any:
        """Return what lists and completions show of a command, which is not loaded; None for an unknown name."""
        if name not in self.commands:
            return None
        if name not in summaries():  # a command that is being written: `make docs` was not run since
            return self.commands[name]
        return TyperCommand(name, help=summaries()[name], rich_help_panel=self.commands.panel_of[name])

    def resolve_command(self, context: Any, arguments: list[str]) -> Any:
        name, found, rest = super().resolve_command(context, arguments)
        return name, found if name is None else self.commands[name], rest

    def format_help(self, context: Any, _: object) -> None:
        """Print the help as Typer prints that of commands.

        Typer's own way takes longer than all else here: it imports Rich's Markdown and its tracebacks, which are not
        used. See docs/decisions/0020-what-was-measured-and-what-made-it-fast.md
        """
        from rich.padding import Padding
        from rich.text import Text

        from twbot.cli.ui.console import out

        out.print(Padding(Text(self.get_usage(context), "bold"), 1))
        out.print(Padding(Text(self.help or ""), (0, 1, 1, 1)))
        records = [each.get_help_record(context) for each in self.get_params(context)]
        _print_panel("Options", [record for record in records if record])
        commands = [self.get_command(context, name) for name in self.list_commands(context)]
        width = max(len(each.name) for each in commands)
        for panel in self.panels:
            rows = [(each.name.ljust(width), each.help) for each in commands if each.rich_help_panel == panel]
            _print_panel(panel, rows)


def _print_panel(title: str, rows: Iterable[tuple[str, str]]) -> None:
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    from twbot.cli.ui.console import out

    grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column(style="bold cyan", no_wrap=True)
    for name, says in rows:
        grid.add_row(Text(name), Text(says))
    out.print(Panel(grid, title=Text(title), title_align="left", border_style="dim"))
