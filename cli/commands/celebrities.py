"""`twbot celebrities`: the local gallery of people whom the bot names in images."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.console import as_json, out, say, table
from twbot.cli.ui.options import AsJson, Data

if TYPE_CHECKING:
    from twbot.local.models.gallery import Gallery, Person

app = typer.Typer(no_args_is_help=True, help="The gallery of people that the bot names on pictures.")


@app.command("list")
def list_people(json: AsJson = False, data: Data = None) -> None:
    """List the people of the gallery, and where their photos came from.

    Example: twbot celebrities list
    """
    people = _gallery(data).people()
    if json:
        as_json([_shown(person) for person in people])
        return
    rows = [(person.name, len(person.photos), _origin(person)) for person in people]
    table(["name", "photos", "from"], rows)
    if not people:
        say("The gallery is empty. Add somebody with: twbot celebrities add NAME PHOTO")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The person's name.")],
    photos: Annotated[
        list[Path], typer.Argument(help="JPEG or PNG photos with the person's face alone, from the front.")
    ],
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Teach the bot a face. More photos of a person make it surer; a running bot knows at once.

    Example: twbot celebrities add "Ada Lovelace" ada.jpg
    """
    from twbot.local.models.gallery import BadPhoto

    try:
        person = _gallery(data).add(name, {photo.name: _read(photo) for photo in photos})
    except BadPhoto as error:
        raise CliError(str(error), hint=f"Try another photo: {_add_command(name)}", code=Exit.NOT_FOUND) from None
    if json:
        as_json(_shown(person))
    else:
        out.print(f"{person.name} is in the gallery.", markup=False)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="The person's name, as the list has it.")],
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Forget a person. Somebody who comes with twbot is hidden, until added again.

    Example: twbot celebrities remove "Ada Lovelace"
    """
    from twbot.local.models.gallery import NotInGallery

    gallery = _gallery(data)
    try:
        gallery.remove(name)
    except NotInGallery as error:
        raise CliError(str(error), hint=_nearest(name, gallery), code=Exit.NOT_FOUND) from None
    if json:
        as_json({"removed": name})
    else:
        out.print(f"{name} is no longer in the gallery.", markup=False)


def _gallery(data: Path | None) -> Gallery:
    from twbot.local.data_folder import DataFolder, data_folder
    from twbot.local.models.gallery import Gallery

    return Gallery(DataFolder(data_folder(data)).gallery)


def _read(photo: Path) -> bytes:
    try:
        return photo.read_bytes()
    except FileNotFoundError:
        raise CliError(f"There is no photo {photo}.", hint=_similar_file(photo), code=Exit.NOT_FOUND) from None
    except OSError as error:
        raise CliError(f"{photo} can't be read: {error.strerror}.", code=Exit.NOT_FOUND) from None


def _similar_file(photo: Path) -> str | None:
    names = [each.name for each in photo.parent.iterdir()] if photo.parent.is_dir() else []
    near = difflib.get_close_matches(photo.name, names, n=1)
    return f"Did you mean: {photo.parent / near[0]}" if near else None


def _nearest(name: str, gallery: Gallery) -> str:
    names = {person.name.lower(): person.name for person in gallery.people()}
    # A surname alone is compared, too; a whole name wins over a word of another.
    words = {word: full for lower, full in names.items() for word in lower.split()}
    near = difflib.get_close_matches(name.lower(), names | words, n=1)
    if near:
        return f'Did you mean: twbot celebrities remove "{(words | names)[near[0]]}"'
    return "List them with: twbot celebrities list"


def _add_command(name: str) -> str:
    return f'twbot celebrities add "{name}" PHOTO'


def _origin(person: Person) -> str:
    return "twbot" if person.shipped else "you"


def _shown(person: Person) -> dict[str, Any]:
    photos = [{"source": photo.source, "licence": photo.licence} for photo in person.photos]
    return {"name": person.name, "shipped": person.shipped, "urls": person.urls, "photos": photos}
