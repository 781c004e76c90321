"""People: the gallery of those whom the bot names on pictures."""

from __future__ import annotations

from pathlib import PurePath
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console.media import kind_of
from twbot.cli.console.pages import Console, Done, text_of
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.people.port import people_of
from twbot.cli.operations.people.records import KnownPerson
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import project
from twbot.lambdas.folder.people import BadPhoto, checked_name, folder_hint, photo_in
from twbot.lambdas.plain_text import one_line

MAX_PHOTO = 20_000_000  # bytes: more than a camera makes of a face
MAX_FILE_NAME = 100


class Refused(NamedTuple):
    """A photo that was not taken."""

    photo: str
    says: str


class Typed(NamedTuple):
    """What a form held, and what became of it, for the page that shows it again."""

    name: str = ""
    problem: str = ""
    taken: int = 0
    refused: tuple[Refused, ...] = ()


def routes(console: Console) -> list[Route]:
    def people(request: Request) -> Response:
        return _page(console, request, Typed(name=request.query_params.get("name", "")))

    def add(request: Request, form: FormData) -> Done | Response:
        typed = text_of(form, "name")
        try:
            name, photos = checked_name(typed), _photos(form)
        except TwbotError as error:
            return _page(console, request, Typed(typed, str(error)), status=400)
        # One after the other, so that each is told what is wrong with it and the good ones are taken.
        tried = [_add(console, name, file_name, photo) for file_name, photo in photos.items()]
        refused = tuple(each for each in tried if each is not None)
        taken = len(photos) - len(refused)
        if refused:
            return _page(console, request, Typed(name, "", taken, refused), status=400)
        return Done("/people", f"{name} is in the gallery: {taken} {'photo' if taken == 1 else 'photos'} added.")

    def asked(request: Request) -> Response:
        name = request.query_params.get("name", "")
        person = next((each for each in people_of(console.target).people() if each.name == name), None)
        if person is None:
            hint = f"See who is: {console.command('celebrities', 'list')}"
            raise CliError(f"There is no {name!r} in the gallery.", hint=hint, code=Exit.NOT_FOUND)
        return console.page(request, "person_remove.html", title=f"Remove {person.name}", person=person)

    def remove(_: Request, form: FormData) -> Done:
        name = text_of(form, "name")
        people_of(console.target).remove(name)
        return Done("/people", f"{name} is no longer in the gallery.")

    def photo(request: Request) -> Response:
        try:
            data = photo_in(project(), request.query_params.get("source", ""))
        except TwbotError:
            data = None
        kind = kind_of(data) if data else None
        return Response(data, 200, media_type=kind) if kind else Response(status_code=404)

    return [
        Route("/people", people),
        Route("/people/add", console.action(add), methods=["POST"]),
        Route("/people/remove", asked),
        Route("/people/remove", console.action(remove), methods=["POST"]),
        Route("/people/photo", photo),
    ]


def photo_addresses(person: KnownPerson) -> list[str]:
    """Return where the person's photos are shown that are at hand: of the others only the numbers are kept."""
    if not person.in_folder:
        return []
    start = "bot/people/"
    return [
        f"/people/photo?{urlencode({'source': each.source})}" for each in person.photos if each.source.startswith(start)
    ]


def initials(name: str) -> str:
    """Return the first letters of a name's first and last word."""
    words = one_line(name).split()
    return "".join(each[0] for each in dict.fromkeys((words[0], words[-1]))).upper() if words else "?"


def _page(console: Console, request: Request, typed: Typed, *, status: int = 200) -> Response:
    return console.page(
        request,
        "people.html",
        status,
        title="People",
        people=people_of(console.target).people(),
        typed=typed,
        photos_of=photo_addresses,
        initials=initials,
        folder_hint=folder_hint,
    )


def _photos(form: FormData) -> dict[str, UploadFile]:
    """Return the photos of a form by file name. Raises CliError where there is none."""
    found: dict[str, UploadFile] = {}
    for each in form.getlist("photo"):
        if isinstance(each, UploadFile) and each.filename:
            # Browsers send a bare name, others a path: https://datatracker.ietf.org/doc/html/rfc7578#section-4.2
            path = PurePath(one_line(PurePath(each.filename).name)[-MAX_FILE_NAME:] or "photo")
            number = sum(name.startswith(path.stem) for name in found)
            # A telephone calls each photo image.jpg, and one replaces another of the same name.
            found[f"{path.stem}-{number + 1}{path.suffix}" if path.name in found else path.name] = each
    if not found:
        raise CliError("There is no photo: choose one with the person's face alone.", code=Exit.USAGE)
    return found


def _add(console: Console, name: str, file_name: str, photo: UploadFile) -> Refused | None:
    """Add a photo of a person; return why it was refused, None where it was taken."""
    if (photo.size or 0) > MAX_PHOTO:
        return Refused(file_name, f"It has more than {MAX_PHOTO // 1_000_000} MB.")
    try:
        people_of(console.target).add(name, {file_name: photo.file.read()})
    except BadPhoto as error:
        return Refused(file_name, str(error))
    return None
