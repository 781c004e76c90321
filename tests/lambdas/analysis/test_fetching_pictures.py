"""The download of a post's pictures: from where, how much, and what is made of them."""

from __future__ import annotations

import contextlib
import errno
import io
import re
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from twbot.lambdas.analysis import download
from twbot.lambdas.analysis.download import Downloader
from twbot.lambdas.analysis.picture import MAX_BYTES, normalise
from twbot.lambdas.errors import Temporary, UnusableImage
from twbot.lambdas.pictures import open_picture
from twbot.local.models.errors import ServiceError
from twbot.local.models.pictures import decode


class MemoryMedia:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def put(self, key: str, data: bytes, content_type: str) -> None:
        assert content_type == "image/jpeg"
        self.files[key] = data

    def get(self, key: str) -> bytes:
        return self.files[key]


def picture(mode: str = "RGB", size: tuple[int, int] = (120, 100), form: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, form, **options)
    return file.getvalue()


class MediaServer(BaseHTTPRequestHandler):
    """A media server with every bad habit, by path."""

    def do_GET(self) -> None:
        name = self.path.strip("/")
        if name.isdigit():
            self._answer(int(name), b"", location="http://127.0.0.1:1/")
        elif name == "large":
            self._answer(200, b"\0" * (MAX_BYTES + 1))
        elif name == "cut":
            self._answer(200, picture(), length=10_000)
        elif name == "slow":
            self._answer(200, picture(), pieces=True)
        else:
            self._answer(200, b"" if name == "empty" else picture())

    def _answer(
        self, status: int, body: bytes, *, location: str = "", length: int | None = None, pieces: bool = False
    ) -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        try:
            for at in range(0, len(body), 10) if pieces else []:
                self.wfile.write(body[at : at + 10])
            if not pieces:
                self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), MediaServer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_picture_lands_in_the_media_store(origin: str) -> None:
    """Under a key of its post, as JPEG; the same picture again has the same key."""
    media = MemoryMedia()
    downloader = Downloader(media, simulator=origin)
    first = downloader.fetch_image(f"{origin}/a.jpg", "77")
    assert first == downloader.fetch_image(f"{origin}/b.jpg", "77") == {"Key": next(iter(media.files)), "Problem": None}
    assert str(first["Key"]).startswith("77/")
    assert Image.open(io.BytesIO(media.files[str(first["Key"])])).format == "JPEG"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("302", "moved elsewhere"),
        ("404", "not there any more (404)"),
        ("403", "not there any more (403)"),
        ("large", "larger than 15 MB"),
        ("empty", "is empty"),
    ],
)
def test_what_cannot_be_had_is_told_in_words(origin: str, path: str, problem: str) -> None:
    """No redirect is followed, nothing large is read to its end; each has its own words."""
    answer = Downloader(MemoryMedia(), simulator=origin).fetch_image(f"{origin}/{path}", "77")
    assert answer["Key"] is None
    assert problem in str(answer["Problem"])


@pytest.mark.parametrize("path", ["429", "500", "503", "cut"])
def test_what_may_work_later_is_temporary(origin: str, path: str) -> None:
    """Exactly Temporary: the workflow retries it by that name."""
    with pytest.raises(Temporary) as failure:
        Downloader(MemoryMedia(), simulator=origin).fetch_image(f"{origin}/{path}", "77")
    assert type(failure.value) is Temporary


def test_a_server_that_is_down_is_temporary() -> None:
    """Nobody listens."""
    with pytest.raises(Temporary):
        Downloader(MemoryMedia(), simulator="http://127.0.0.1:1").fetch_image("http://127.0.0.1:1/a.jpg", "77")


def test_a_slow_sender_does_not_hold_us(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole download has a time limit, not only each read."""
    monkeypatch.setattr(download, "TOTAL_SECONDS", -1.0)
    with pytest.raises(Temporary, match="too long"):
        Downloader(MemoryMedia(), simulator=origin).fetch_image(f"{origin}/slow", "77")


@pytest.mark.parametrize(
    "url",
    [
        "http://pbs.twimg.com/media/a.jpg",
        "https://pbs.twimg.com.example.org/a.jpg",
        "https://pbs.twimg.com@example.org/a.jpg",
        "https://user@pbs.twimg.com/a.jpg",
        "https://pbs.twimg.com:8443/a.jpg",
        "https://example.org/pbs.twimg.com",
        "http://127.0.0.1:9/a.jpg",
        "http://127.0.0.1:99@example.org/",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://[",
        "",
    ],
)
def test_only_xs_media_hosts_are_asked(url: str) -> None:
    """And the simulator's origin, exactly."""
    answer = Downloader(MemoryMedia(), simulator="http://127.0.0.1:99").fetch_image(url, "77")
    assert "not on one of X's media servers" in str(answer["Problem"])


def test_a_private_address_is_not_talked_to(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of X's that resolves to this machine: the connection is dropped before a byte is sent."""
    port = origin.rpartition(":")[2]
    monkeypatch.setattr(download, "MEDIA_HOSTS", {f"localhost:{port}"})
    answer = Downloader(MemoryMedia()).fetch_image(f"https://localhost:{port}/a.jpg", "77")
    assert "private network" in str(answer["Problem"])


@pytest.mark.parametrize(
    "data",
    [
        picture("RGBA"),
        picture("LA"),
        picture("P"),
        picture("1"),
        picture("L"),
        picture("I;16"),
        picture("P", form="GIF"),
        picture("RGBA", form="WEBP"),
        picture("CMYK", form="JPEG"),
        picture("RGB", form="GIF", save_all=True, append_images=[Image.new("RGB", (120, 100), "red")]),
    ],
)
def test_every_kind_of_picture_becomes_an_rgb_jpeg(data: bytes) -> None:
    """Odd colour modes, animations (their first frame), WEBP and GIF."""
    made = Image.open(io.BytesIO(normalise(data)))
    assert (made.format, made.mode, made.size) == ("JPEG", "RGB", (120, 100))


def test_sixteen_bit_pictures_keep_their_greys() -> None:
    """A mid grey of 16 bits stays one, not white."""
    file = io.BytesIO()
    Image.new("I;16", (100, 100), 128 * 256).save(file, "PNG")
    pixel = Image.open(io.BytesIO(normalise(file.getvalue()))).getpixel((50, 50))
    assert isinstance(pixel, tuple)
    assert abs(pixel[0] - 128) <= 1


def test_a_rotated_photo_is_put_upright_and_loses_its_metadata() -> None:
    """The camera's orientation is applied; where it was taken is dropped."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "at home"
    data = picture(form="JPEG", exif=exif, comment=b"by me")
    made = normalise(data)
    assert Image.open(io.BytesIO(made)).size == (100, 120)
    assert b"at home" not in made
    assert b"by me" not in made
    assert not Image.open(io.BytesIO(made)).getexif()


def test_a_very_large_picture_is_scaled_down() -> None:
    """To 4,096 pixels at most."""
    assert Image.open(io.BytesIO(normalise(picture("L", (6000, 3000))))).size == (4096, 2048)


def bomb(side: int) -> bytes:
    """A tiny PNG that claims side×side pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"this is a text, called .jpg", "not a JPEG/PNG/WEBP/GIF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG/PNG/WEBP/GIF"),
        (picture("RGB", (400, 400), "JPEG")[:400], "damaged"),
        (picture()[:60], "damaged"),
        (picture("RGB", (40, 400)), "too small: 40×400"),
        (bomb(8_000), "too many pixels: 8000×8000"),
        (bomb(12_000), "too many pixels"),
        (bomb(100_000), "too many pixels"),
    ],
)
def test_each_bad_file_has_its_own_words(data: bytes, problem: str) -> None:
    """Empty, no picture, truncated, too small, a decompression bomb."""
    with pytest.raises(UnusableImage, match=problem):
        normalise(data)


FORMS = {"JPEG": picture(form="JPEG"), "PNG": picture(), "GIF": picture("P", form="GIF"), "WEBP": picture(form="WEBP")}


@given(st.sampled_from(sorted(FORMS)), st.integers(0, 300), st.binary(max_size=20))
def test_no_damage_breaks_it(form: str, at: int, noise: bytes) -> None:
    """Pictures with any bytes overwritten become a JPEG or an UnusableImage, nothing else."""
    data = FORMS[form]
    at %= len(data)
    try:
        made = normalise(data[:at] + noise + data[at + len(noise) :])
    except UnusableImage:
        return
    assert Image.open(io.BytesIO(made)).format == "JPEG"


def progressive(side: int) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((side, side), 90).save(file, "JPEG", progressive=True)
    return file.getvalue()


LAST_SCAN = re.compile(rb"\xff\xda(?!.*\xff\xda).*(?=\xff\xd9$)", re.DOTALL)


def scan_bomb(side: int, scans: int) -> bytes:
    """A JPEG whose last scan, of a few bytes, comes again and again: each costs the time of all pixels."""
    file = io.BytesIO()
    Image.new("L", (side, side), 90).save(file, "JPEG", progressive=True)
    last = LAST_SCAN.search(file.getvalue())
    assert last is not None
    return file.getvalue()[:-2] + last[0] * scans + b"\xff\xd9"


def with_segments(data: bytes, segment: bytes, count: int) -> bytes:
    return data[:2] + segment * count + data[2:]


EXIF = b"\xff\xe1\x00\x0cExif\0\0abcd"
HOSTILE = {
    "scans": lambda: scan_bomb(2000, 10_000),
    "scans of a large picture": lambda: scan_bomb(7000, 100),
    "scans after padding": lambda: scan_bomb(2000, 2000).replace(b"\xff\xda", b"\xff\xff\xff\xda"),
    "scans after rubbish": lambda: scan_bomb(2000, 2000).replace(b"\xff\xda", b"rubbish\xff\xd0\xff\xda"),
    "metadata": lambda: with_segments(progressive(100), EXIF, 1_000_000),
    "comments": lambda: with_segments(progressive(100), b"\xff\xfe\x00\x02", 3_000_000),
    "a picture within a picture": lambda: with_segments(scan_bomb(2000, 5000), EXIF, 10),
}


@pytest.mark.parametrize("opened", [normalise, open_picture, decode], ids=lambda function: function.__name__)
@pytest.mark.parametrize("name", HOSTILE)
def test_many_parts_cost_no_time(opened: Callable[[bytes], object], name: str) -> None:
    """A file that would take minutes is refused in words, within half a second, by each function that decodes."""
    data = HOSTILE[name]()
    begun = time.process_time()
    with pytest.raises((UnusableImage, ServiceError), match="too many parts"):
        opened(data)
    assert time.process_time() - begun < 0.5


@given(
    st.binary(min_size=1, max_size=80),
    st.integers(0, 2000),
    st.integers(1, 3000),
    st.sampled_from(["JPEG", "PNG", "WEBP"]),
)
@settings(max_examples=12, deadline=None)
def test_no_repetition_costs_much_time(part: bytes, at: int, times: int, form: str) -> None:
    """Any bytes, or any piece of the picture itself, repeated anywhere: a JPEG or a word, within three CPU seconds."""
    data = REPEATED[form]
    at %= len(data)
    for piece in (part, data[at : at + len(part)]):
        begun = time.process_time()
        with contextlib.suppress(UnusableImage):
            normalise(data[:at] + piece * times + data[at:])
        assert time.process_time() - begun < 3


REPEATED = {"JPEG": progressive(500), "PNG": picture(size=(500, 500)), "WEBP": picture(size=(500, 500), form="WEBP")}


def test_what_cameras_and_editors_write_is_taken() -> None:
    """Progressive, with a thumbnail that has scans of its own, and with a film after the picture's end."""
    thumbnail = progressive(160)
    exif = b"\xff\xe1" + (len(thumbnail) + 8).to_bytes(2, "big") + b"Exif\0\0" + thumbnail
    film = scan_bomb(300, 300)
    for data in (progressive(900), with_segments(progressive(900), exif, 3), progressive(900) + film):
        assert Image.open(io.BytesIO(normalise(data))).size == (900, 900)


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.EMFILE, "Too many open files")], ids=repr)
def test_a_fault_of_the_machine_is_not_the_pictures(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """No memory or file handle while decoding: the author is not told that the picture is damaged."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    for opened in (normalise, open_picture, decode):
        with pytest.raises(type(error)):
            opened(picture())
