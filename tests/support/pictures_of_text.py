"""Pictures of text, drawn by code: what they say is known, so what is read can be compared with it.

The fonts are those of manimgx-fonts. It has no Chinese, Japanese or Korean: those pictures lie in
tests/measure/sets/ocr/, drawn with Noto Sans CJK (SIL Open Font License 1.1) by the same layout.
"""

from __future__ import annotations

import importlib.resources
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tests.support.paths import ROOT

SETS = ROOT / "tests/measure/sets/ocr"
ENGLISH = ("The market opens at seven", "Fresh bread and 12 kinds of cheese", "Closed on Monday, see you then!")
LANGUAGES = {
    "German": ("Größe und Übermut", "Die Straße ist heute gesperrt", "Schöne Grüße aus Köln"),
    "French": ("Déjà vu à la fenêtre", "Où êtes-vous allés hier soir ?", "Ça coûte 12 euros"),
    "Spanish": ("Mañana será otro día", "El niño comió piña y jamón", "Feliz cumpleaños, señora"),
    "Portuguese": ("Amanhã não há pão", "A estação fica à direita", "Três irmãos e uma avó"),
}
CJK = {
    "Chinese": ("今天天气很好", "欢迎来到我们的商店", "营业时间九点到五点"),
    "Japanese": ("今日はとても暑いです", "ありがとうございます", "東京タワーへようこそ"),
    "Korean": ("오늘 날씨가 정말 좋네요", "저녁에 시장에서 만나요", "매일 아침 아홉 시에 엽니다"),
}
SCRIPTS = {
    "Cyrillic": ("", ("Сегодня очень хорошая погода", "Магазин работает до вечера", "Добро пожаловать в Москву")),
    "Arabic": ("Arabic", ("الطقس جميل جدا اليوم", "مرحبا بكم في المدينة", "نراكم غدا في السوق")),
    "Devanagari": ("Devanagari", ("आज मौसम बहुत अच्छा है", "दुकान सुबह नौ बजे खुलती है", "आपका स्वागत है")),
}
UNREAD = {
    "Tamil": ("Tamil", ("இன்று வானிலை நன்றாக உள்ளது", "கடை காலை திறக்கும்", "உங்களை வரவேற்கிறோம்")),
    "Georgian": ("Georgian", ("დღეს კარგი ამინდია", "მაღაზია დილით იღება", "კეთილი იყოს თქვენი მობრძანება")),
    "Bengali": ("Bengali", ("আজ আবহাওয়া খুব ভালো", "দোকান সকালে খোলে", "আপনাকে স্বাগতম")),
}


class Case(NamedTuple):
    """A picture, and the lines that stand on it from top to bottom."""

    kind: str
    image: Image.Image
    lines: tuple[str, ...]


def cases() -> Iterator[Case]:
    """Yield the pictures whose text should be read."""
    yield Case("plain", page(ENGLISH), ENGLISH)
    yield Case("strip", _strip(ENGLISH[1]), ENGLISH[1:2])
    yield Case(
        "meme", _meme("ONE DOES NOT SIMPLY", "DEPLOY ON A FRIDAY"), ("ONE DOES NOT SIMPLY", "DEPLOY ON A FRIDAY")
    )
    yield Case("tweet, light", page(ENGLISH, size=20, ink="#0f1419", paper="#ffffff", width=598), ENGLISH)
    yield Case("tweet, dark", page(ENGLISH, size=20, ink="#e7e9ea", paper="#15202b", width=598), ENGLISH)
    yield Case("tweet, 13 px", page(ENGLISH, size=13, ink="#536471", width=400), ENGLISH)
    yield Case("low contrast", page(ENGLISH, ink="#bbbbbb", paper="#dddddd"), ENGLISH)
    yield Case("blur, JPEG 20", _worn(page(ENGLISH, size=30)), ENGLISH)
    for angle in (5, 15, 30, 45, 90, 180, 270):
        yield Case(f"turned by {angle}", _turned(page(ENGLISH), angle), ENGLISH)
    for angle in (90, 180, 270):
        yield Case(f"tweet turned by {angle}", _turned(page(ENGLISH, size=20, width=598), angle), ENGLISH)
    yield Case("thumbnail", page(ENGLISH, size=13, width=300), ENGLISH)
    yield from _large()
    for language, lines in LANGUAGES.items():
        yield Case(language, page(lines), lines)
    for language, lines in CJK.items():
        yield Case(language, _stored(language), lines)
        yield Case(f"{language}, upside down", _stored(language).transpose(Image.Transpose.ROTATE_180), lines)
    for script, (font, lines) in SCRIPTS.items():
        yield Case(script, page(lines, font=font), lines)
        yield Case(f"{script}, 20 px white on dark", page(lines, font=font, size=20, ink="white", paper="#222"), lines)
    mixed = (ENGLISH[0], SCRIPTS["Cyrillic"][1][0], ENGLISH[2])
    yield Case("English and Russian", page(mixed), mixed)


def unread() -> Iterator[Case]:
    """Yield pictures in scripts that no model here reads."""
    for script, (font, lines) in UNREAD.items():
        yield Case(script, page(lines, font=font), lines)


def page(
    lines: Sequence[str],
    *,
    font: str = "",
    size: int = 40,
    ink: str = "black",
    paper: str = "white",
    width: int = 800,
    height: int | None = None,
) -> Image.Image:
    """Draw the lines below each other. size: pixels of a line's font."""
    drawn = ImageFont.truetype(io.BytesIO(_font(font)), size)
    image = Image.new("RGB", (width, height or 2 * size * (len(lines) + 1)), paper)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((size, size + 2 * size * number), line, ink, drawn)
    return image


def _font(script: str) -> bytes:
    return importlib.resources.files("manimgx_fonts").joinpath(f"NotoSans{script}[wght].ttf").read_bytes()


def _strip(line: str) -> Image.Image:
    return page([line], size=44, width=900, height=124)


def _meme(above: str, below: str) -> Image.Image:
    image = Image.effect_noise((800, 600), 60).convert("RGB").filter(ImageFilter.GaussianBlur(6))
    font = ImageFont.truetype(io.BytesIO(_font("")), 56)
    for line, y in ((above, 20), (below, 510)):
        ImageDraw.Draw(image).text((400, y), line, "white", font, "ma", stroke_width=4, stroke_fill="black")
    return image


def _worn(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(1.2)).save(file, "JPEG", quality=20)
    return Image.open(file).convert("RGB")


def _turned(image: Image.Image, angle: int) -> Image.Image:
    return image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor="white")


def _large() -> Iterator[Case]:
    short, long = ENGLISH, tuple(f"{number}. {line}" for number, line in enumerate(ENGLISH * 8, start=1))
    yield Case("3000x4000, 24 px, 3 lines", page(short, size=24, width=3000, height=4000), short)
    yield Case("3000x4000, 24 px, 24 lines", page(long, size=24, width=3000, height=4000), long)
    yield Case("3000x4000, 60 px", page(long, size=60, width=3000, height=4000), long)
    yield Case("1600x1200, 18 px", page(short, size=18, width=1600, height=1200), short)


def _stored(name: str) -> Image.Image:
    return Image.open(SETS / f"{name.lower()}.png").convert("RGB")
