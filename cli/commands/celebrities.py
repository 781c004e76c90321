"""`twbot celebrities`: the people whom the bot names in images, beside those whom Rekognition knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.people.port import people_of
from twbot.cli.operations.target import Target
from twbot.cli.ui.completion import complete_people
from twbot.cli.ui.console import as_json, note, out, table
from twbot.cli.ui.options import AsJson, targeted
from twbot.cli.ui.pictures import complete_pictures, picture_path
from twbot.lambdas.nearest import near

if TYPE_CHECKING:
    from twbot.cli.operations.people.port import People
    from twbot.cli.operations.people.records import KnownPerson

app = typer.Typer(no_args_is_help=True, help="The gallery of people that the bot names on pictures.")


@app.command("list")
@targeted
def list_people(target: Target, json: AsJson = False) -> None:
    """List the people of the gallery, and where their photos came from. On AWS: those of the stage's own.

    Example: twbot celebrities list
    """
    people = people_of(target).people()
    if json:
        as_json([_shown(person) for person in people])
        return
    rows = [(person.name, len(person.photos), _origin(person)) for person in people]
    table(["name", "photos", "from"], rows, none="The gallery is empty.")
    if not people:
        note(f"Add somebody: twbot celebrities add NAME PHOTO{target.option}")


@app.command()
@targeted
def add(
    target: Target,
    name: Annotated[str, typer.Argument(help="The person's name.")],
    photos: Annotated[
        list[Path],
        typer.Argument(
            help="JPEG or PNG photos with the person's face alone, from the front.", autocompletion=complete_pictures
        ),
    ],
    json: AsJson = False,
) -> None:
    """Teach the bot a face. More photos of a person make it surer; a running bot knows at once.

    On AWS this is for a stage whose bot has people in bot/people/.

    Example: twbot celebrities add "Ada Lovelace" ada.jpg
    """
    from twbot.lambdas.folder.people import BadPhoto

    try:
        person = people_of(target).add(name, {photo.name: _read(photo) for photo in photos})
    except BadPhoto as error:
        raise CliError(
            str(error), hint=f"Try another photo: {_add_command(name)}{target.option}", code=Exit.NOT_FOUND
        ) from None
    if json:
        as_json(_shown(person))
    else:
        out.print(f"{person.name} is in the gallery.", markup=False)


@app.command()
@targeted
def remove(
    target: Target,
    name: Annotated[str, typer.Argument(help="The person's name, as the list has it.", autocompletion=complete_people)],
    json: AsJson = False,
) -> None:
    """Forget a person. Somebody who comes with twbot is hidden, until added again.

    Example: twbot celebrities remove "Ada Lovelace"
    """
    from twbot.lambdas.folder.people import NotKnown

    people = people_of(target)
    try:
        people.remove(name)
    except NotKnown as error:
        hint = f"{_nearest(name, people)}{target.option}"
        raise CliError(str(error), hint=hint, code=Exit.NOT_FOUND) from None
    if json:
        as_json({"removed": name})
    else:
        out.print(f"{name} is no longer in the gallery.", markup=False)


def _read(photo: Path) -> bytes:
    path = picture_path(str(photo))
    try:
        return path.read_bytes()
    except OSError as error:
        raise CliError(f"{photo} can't be read: {error.strerror}.", code=Exit.NOT_FOUND) from None


def _nearest(name: str, people: People) -> str:
    names = {person.name.lower(): person.name for person in people.people()}
    # A surname alone is compared, too; a whole name wins over a word of another.
    words = {word: full for lower, full in names.items() for word in lower.split()}
    if found := near(name, names | words):
        return f'Did you mean: twbot celebrities remove "{(words | names)[found[0]]}"'
    return "List them with: twbot celebrities list"


def _add_command(name: str) -> str:
    return f'twbot celebrities add "{name}" PHOTO'


def _origin(person: KnownPerson) -> str:
    return "twbot" if person.shipped else "bot/people" if person.in_folder else "you"


def _shown(person: KnownPerson) -> dict[str, Any]:
    photos = [{"source": photo.source, "licence": photo.licence} for photo in person.photos]
    origin = {"shipped": person.shipped, "in_folder": person.in_folder}
    return {"name": person.name, **origin, "urls": person.urls, "photos": photos}
