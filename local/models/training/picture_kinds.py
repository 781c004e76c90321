"""Trains the layer that tells photos from graphics and writes data/picture_kinds.npz. For developers:

    npm pack tabler-ui@0.0.34 admin-lte@2.4.18 emoji-datasource-google@16.0.0 soft-ui-design-system@1.0.4 \
        stisla@2.3.0 material-kit@2.0.4
    pip install matplotlib scikit-learn
    python -m twbot.local.models.training.picture_kinds *.tgz

Photos come from the packages of web templates. Drawings are emoji and icons of the packages on coloured grounds, and
photos reduced to lines or few colours. Pages, screenshots and charts are drawn here. All packages have the MIT licence;
their photos are from Unsplash, the emoji are Noto's (Apache-2.0). The same packages give the same weights.
"""

from __future__ import annotations

import io
import random
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from twbot.local.models.labels import see
from twbot.local.models.picture_kinds import KINDS, WEIGHTS, numbers

Picture = Image.Image
# What of each package is which: parts of the files' names.
PHOTOS = (
    "demo/photos/",
    "demo/faces/",
    "demo/products/",
    "img/news/",
    "img/unsplash/",
    "img/faces/",
    "img/examples/",
    "system-1.0.4.tgz/package/assets/img/",
)
NO_PHOTOS = "curved-images"
DRAWN = ("img/google/64/", "Ionicons/png/512/")
EACH = 200
WORDS = """
the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which
one you were all her she there would their we him been has when who will no more if out so up said what its about
"""


def main(packages: list[Path]) -> None:
    """Make the pictures, look at each, and fit the layer."""
    random.seed(1)
    pictures = list(_pictures(packages))
    table = np.array([numbers(image, see(image).features) for _, image in pictures])
    fit(table, np.array([KINDS.index(kind) for kind, _ in pictures]))


def fit(table: Any, kinds: Any) -> None:
    """Write the weights, and print how much of a fifth that was kept aside is told right.

    table: pictures by numbers. kinds: each picture's place in KINDS.
    """
    from sklearn.linear_model import LogisticRegression

    mean, scale = table.mean(axis=0), table.std(axis=0) + 1e-3
    table = (table - mean) / scale
    aside = np.arange(len(table)) % 5 == 0
    for chosen in (~aside, aside | ~aside):
        model = LogisticRegression(C=0.01, max_iter=2000, class_weight="balanced").fit(table[chosen], kinds[chosen])
        print(len(table), (model.predict(table[aside]) == kinds[aside]).mean())
    small = {"mean": mean, "scale": scale, "weights": model.coef_.T, "bias": model.intercept_}
    np.savez_compressed(WEIGHTS, **{name: values.astype(np.float32) for name, values in small.items()})


def _pictures(packages: list[Path]) -> Iterator[tuple[str, Picture]]:
    photos, drawn = list(_read(packages, PHOTOS, ".jpg")), list(_read(packages, DRAWN, ".png"))
    drawn = random.sample(drawn, min(len(drawn), 3 * EACH))
    makers: dict[str, Callable[[], Picture]] = {
        "photo": lambda: _treated(random.choice(photos)),
        "drawing": lambda: _drawing(photos, drawn),
        "screenshot": lambda: _screenshot(photos, drawn),
        "page": _page,
        "chart": _chart,
    }
    for kind, make in makers.items():
        for _ in range(3 * EACH if kind == "photo" else EACH):
            yield kind, _compressed(make())


def _read(packages: list[Path], parts: tuple[str, ...], ending: str) -> Iterator[Picture]:
    seen = set()
    for package in packages:
        with tarfile.open(package) as archive:
            for member in archive:
                name = f"{package.name}/{member.name}"
                file = (
                    archive.extractfile(member)
                    if name.endswith(ending) and any(p in name for p in parts) and NO_PHOTOS not in name
                    else None
                )
                content = file.read() if file else b""
                if content in seen or len(content) < 900:
                    continue
                seen.add(content)
                image = Image.open(io.BytesIO(content)).convert("RGBA")
                image.thumbnail((900, 900))
                ground = Image.new("RGBA", image.size, random.choice(["white", "#eef", "#ffd", "#134", "#e95"]))
                yield Image.alpha_composite(ground, image).convert("RGB")


def _compressed(image: Picture) -> Picture:
    """Return the picture as a JPEG gives it: on X most are."""
    if random.random() < 0.3:
        return image
    file = io.BytesIO()
    image.save(file, "JPEG", quality=random.randint(40, 95))
    return Image.open(file).convert("RGB")


def _treated(image: Picture) -> Picture:
    width, height = image.size
    share = random.uniform(0.5, 1.0)
    left, top = random.uniform(0, 1 - share) * width, random.uniform(0, 1 - share) * height
    image = image.crop((int(left), int(top), int(left + share * width), int(top + share * height)))
    chance = random.random()
    if chance < 0.15:
        image = ImageOps.grayscale(image).convert("RGB")
    elif chance < 0.25:
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(1, 4)))
    elif chance < 0.35:
        image = ImageOps.autocontrast(image, cutoff=random.uniform(1, 10))
    return image


def _colour() -> str:
    return "#" + "".join(f"{random.randint(0, 255):02x}" for _ in range(3))


def _drawing(photos: list[Picture], drawn: list[Picture]) -> Picture:
    chance = random.random()
    if chance < 0.25:
        return _lines(random.choice(photos))
    if chance < 0.45:
        colours = random.randint(4, 14)
        smooth = (
            ImageOps.contain(random.choice(photos), (350, 350))
            .filter(ImageFilter.ModeFilter(9))
            .filter(ImageFilter.MedianFilter(7))
        )
        return smooth.quantize(colours).convert("RGB")
    size = (random.randint(200, 900), random.randint(200, 900))
    if chance < 0.6:
        return _shapes(size)
    image = Image.new("RGB", size, random.choice(["white", "white", _colour()]))
    for _ in range(random.choice([1, 1, 1, 3, 8])):
        one = random.choice(drawn)
        side = random.randint(min(size) // 4, min(size))
        image.paste(
            one.resize((side, side), Image.Resampling.BICUBIC),
            (random.randint(-side // 4, size[0] - side // 2), random.randint(-side // 4, size[1] - side // 2)),
        )
    return image


def _lines(photo: Picture) -> Picture:
    """Return a sketch of a photo: the grey picture divided by its blurred self."""
    grey = np.asarray(ImageOps.grayscale(photo), dtype=float)
    blurred = np.asarray(ImageOps.grayscale(photo).filter(ImageFilter.GaussianBlur(random.uniform(3, 9))), dtype=float)
    sketch = np.clip(255 * (grey + 1) / (blurred + 1) - random.uniform(0, 60), 0, 255)
    image = Image.fromarray(sketch.astype(np.uint8))
    if random.random() < 0.4:
        image = image.point(lambda value: 255 if value > 200 else 0)
    return ImageOps.colorize(image, _dark(), random.choice(["white", "#f5ecd5"])).convert("RGB")


def _dark() -> tuple[int, int, int]:
    return random.choice([(0, 0, 0), (30, 30, 60), (60, 40, 20)])


def _shapes(size: tuple[int, int]) -> Picture:
    image = Image.new("RGB", size, _colour())
    pen = ImageDraw.Draw(image)
    for _ in range(random.randint(2, 25)):
        x, y = random.randint(0, size[0]), random.randint(0, size[1])
        box = (x, y, x + random.randint(20, size[0] // 2 + 20), y + random.randint(20, size[1] // 2 + 20))
        line = random.choice([None, "black"])
        draw: Any = random.choice([pen.ellipse, pen.rectangle, pen.rounded_rectangle])
        draw(box, fill=_colour(), outline=line, width=4)
        if random.random() < 0.5:
            pen.line(box, fill=_colour(), width=random.randint(2, 12))
    return image


def _words(count: int) -> str:
    return " ".join(random.choice(WORDS.split()) for _ in range(count)).capitalize()


def _page() -> Picture:
    width, height = random.choice([(600, 800), (800, 1000), (900, 600), (700, 400), (1000, 1000)])
    grey = random.randint(215, 255)
    image = Image.new("RGB", (width, height), (grey, grey, grey - random.choice([0, 0, 12])))
    pen, size = ImageDraw.Draw(image), random.randint(11, 34)
    font, columns = ImageFont.load_default(size), random.choice([1, 1, 1, 2])
    for column in range(columns):
        left, y = 30 + column * (width // columns), random.randint(5, 60)
        while y < height - size - 10:
            if random.random() < 0.85:
                room = width // columns - 50
                text = _words(60)
                while pen.textlength(text, font=font) > room:
                    text = text.rpartition(" ")[0]
                pen.text((left, y), text, fill=_dark(), font=font)
            y += int(size * random.choice([1.3, 1.5, 1.5, 1.5]))
    if random.random() < 0.4:
        image = image.rotate(random.uniform(-4, 4), fillcolor=(grey, grey, grey))
    if random.random() < 0.4:
        image = _shaded(image)
    return image


def _shaded(image: Picture) -> Picture:
    """Return a page as a camera gives it: with noise, and darker to one side."""
    noise = np.random.default_rng(random.randint(0, 9999)).normal(0, random.uniform(2, 10), (*image.size[::-1], 1))
    fade = np.linspace(1, random.uniform(0.5, 0.9), image.width)[None, :, None]
    return Image.fromarray(np.clip(np.asarray(image) * fade + noise, 0, 255).astype(np.uint8))


def _screenshot(photos: list[Picture], drawn: list[Picture]) -> Picture:
    width, height = random.choice([(400, 800), (360, 640), (1000, 620), (1280, 720), (700, 500)])
    dark = random.random() < 0.35
    ground, ink = ("#15202b", "#e8eaed") if dark else (random.choice(["white", "#f5f8fa", "#fafafa"]), "#14171a")
    image = Image.new("RGB", (width, height), ground)
    pen = ImageDraw.Draw(image)
    size = random.randint(12, 20)
    font, accent = ImageFont.load_default(size), _colour()
    pen.rectangle((0, 0, width, 2 * size + 10), fill=random.choice([accent, "#ddd", "#333"]))
    pen.text((12, 8), _words(3), fill=random.choice(["white", "black"]), font=font)
    left = random.choice([0, width // 4]) if width > 600 else 0
    if left:
        pen.rectangle((0, 2 * size + 10, left, height), fill=random.choice(["#e8ecef", "#22303c", accent]))
        for y in range(3 * size + 10, height, 2 * size):
            pen.text((12, y), _words(2), fill=ink, font=font)
    y = 3 * size
    while y < height - 3 * size:
        y = _row(image, left, y, (ink, accent), (photos, drawn), font)
    return image


def _row(
    image: Picture,
    left: int,
    y: int,
    colours: tuple[Any, Any],
    pictures: tuple[list[Picture], list[Picture]],
    font: Any,
) -> int:
    """Draw a post, a button, a form's field or a picture. Return where it ends."""
    pen, size, (ink, accent) = ImageDraw.Draw(image), int(font.size), colours
    right, chance = image.width - 20, random.random()
    if chance < 0.45:
        image.paste(random.choice(pictures[0]).resize((3 * size, 3 * size)), (left + 12, y))
        for line in range(random.randint(1, 4)):
            pen.text((left + 24 + 3 * size, y + line * int(size * 1.4)), _words(random.randint(2, 8)), ink, font)
        return y + 7 * size
    if chance < 0.65:
        pen.rounded_rectangle((left + 20, y, min(right, left + 220), y + 2 * size), 8, fill=accent)
        pen.text((left + 40, y + size // 3), _words(2), "white", font)
    elif chance < 0.85:
        pen.rectangle((left + 20, y, right, y + 2 * size), outline="#999")
        pen.text((left + 30, y + size // 3), _words(3), ink, font)
    else:
        side = random.randint(3, 9) * size
        image.paste(
            random.choice(pictures[1] if random.random() < 0.5 else pictures[0]).resize((side, side)), (left + 20, y)
        )
        return y + side + size
    return y + 3 * size


def _chart() -> Picture:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    pyplot.style.use(random.choice(["default", "ggplot", "dark_background", "fivethirtyeight", "bmh", "grayscale"]))
    figure, axes = pyplot.subplots(figsize=(random.uniform(4, 9), random.uniform(3, 6)), dpi=80)
    count = random.randint(3, 12)
    values = [random.uniform(1, 10) for _ in range(count)]
    names = [_words(1) + str(number) for number in range(count)]
    draw: Callable[[], Any] = random.choice(
        [
            lambda: axes.bar(names, values, color=[_colour() for _ in names]),
            lambda: axes.barh(names, values),
            lambda: axes.pie(values, labels=names),
            lambda: [
                axes.plot(np.cumsum([random.gauss(0, 1) for _ in range(60)])) for _ in range(random.randint(1, 5))
            ],
            lambda: axes.scatter(*np.random.default_rng(count).normal(size=(2, 150)), s=random.randint(5, 60)),
            lambda: axes.imshow(np.random.default_rng(count).random((count, count))),
            lambda: axes.stackplot(range(count), values, values[::-1]),
        ]
    )
    draw()
    if random.random() < 0.7:
        axes.set_title(_words(4))
    file = io.BytesIO()
    figure.savefig(file, format="png")
    pyplot.close(figure)
    return Image.open(file).convert("RGB")


if __name__ == "__main__":
    main(sorted(map(Path, sys.argv[1:])))
