"""Pictures with what is known about them: shapes, printed text, bar charts. Everything comes from a `random.Random`."""

import math
import os
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

PATCH = 14
CHARACTER_SLOTS = 4
PARTS_A_SIDE = 8
RANKS = 8
HEIGHTS = 10
GROUNDS = ("white", "black", "grey")
SIZES = (8, 10, 13, 17, 22, 29, 38)

COLOURS = {
    "red": (220, 30, 30),
    "blue": (35, 70, 215),
    "green": (40, 160, 60),
    "yellow": (245, 215, 40),
    "purple": (135, 45, 165),
    "orange": (245, 140, 25),
    "black": (15, 15, 15),
    "white": (250, 250, 250),
    "grey": (130, 130, 130),
    "brown": (120, 72, 35),
}
KINDS = ("circle", "square", "triangle", "rectangle", "star", "hexagon", "diamond", "cross")
CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:-/!?%$&#+'"
# What the labels of a patch name besides characters, and how many names there are: the shape or bar over it, its colour, the size of
# a shape whose centre it is; where that shape or bar comes among the picture's from the left, from the top, by size; how many there
# are, of its kind and of its colour; how high a bar is; in which eighth of the picture's width and height the patch is; the background.
BAR = "bar"
NAMED = {
    "kinds": len(KINDS) + 1,
    "colours": len(COLOURS),
    "sizes": len(SIZES) + 1,
    "across": RANKS,
    "down": RANKS,
    "ranks": RANKS,
    "all": RANKS,
    "alike": RANKS,
    "matching": RANKS,
    "heights": HEIGHTS,
    "columns": PARTS_A_SIDE,
    "rows": PARTS_A_SIDE,
    "grounds": len(GROUNDS) + 1,
}
KIND, COLOUR, SIZE, ACROSS, DOWN, RANK, ALL, ALIKE, MATCHING, HEIGHT, COLUMN, ROW, GROUND = range(len(NAMED))

# Where Debian keeps fonts; another folder with the same files in it can be named.
FONTS = os.environ.get("DEMO_MODEL_FONTS", "/usr/share/fonts")
TRUETYPE = FONTS + "/truetype/"
OPENTYPE = FONTS + "/opentype/"
TRAINING_FONTS = [
    TRUETYPE + name
    for name in (
        "dejavu/DejaVuSans.ttf",
        "dejavu/DejaVuSans-Bold.ttf",
        "dejavu/DejaVuSerif.ttf",
        "dejavu/DejaVuSansMono.ttf",
        "dejavu/DejaVuSansCondensed.ttf",
        "liberation2/LiberationSans-Regular.ttf",
        "liberation2/LiberationSans-Bold.ttf",
        "liberation2/LiberationSerif-Regular.ttf",
        "liberation2/LiberationSerif-Bold.ttf",
        "liberation2/LiberationMono-Regular.ttf",
        "freefont/FreeSans.ttf",
        "freefont/FreeSerif.ttf",
        "freefont/FreeSerifBold.ttf",
        "freefont/FreeMonoBold.ttf",
        "roboto/unhinted/RobotoTTF/Roboto-Regular.ttf",
        "roboto/unhinted/RobotoTTF/Roboto-Medium.ttf",
        "roboto/unhinted/RobotoCondensed-Regular.ttf",
        "open-sans/OpenSans-Regular.ttf",
        "open-sans/OpenSans-Semibold.ttf",
        "hack/Hack-Regular.ttf",
        "inconsolata/Inconsolata.otf",
        "jetbrains-mono/JetBrainsMono-Regular.ttf",
        "jetbrains-mono/JetBrainsMono-Bold.ttf",
        "crosextra/Carlito-Regular.ttf",
        "crosextra/Carlito-Bold.ttf",
        "comfortaa/Comfortaa-Regular.ttf",
    )
] + [OPENTYPE + "linux-libertine/LinBiolinum_R.otf", OPENTYPE + "linux-libertine/LinBiolinum_RB.otf"]
UNSEEN_FONTS = [
    TRUETYPE + "crosextra/Caladea-Regular.ttf",
    TRUETYPE + "lato/Lato-Regular.ttf",
    TRUETYPE + "lato/Lato-Bold.ttf",
    TRUETYPE + "firacode/FiraCode-Regular.ttf",
    TRUETYPE + "quicksand/Quicksand-Medium.ttf",
    OPENTYPE + "linux-libertine/LinLibertine_R.otf",
    OPENTYPE + "cantarell/Cantarell-Regular.otf",
]


@lru_cache(maxsize=None)
def load_font(path, size):
    return ImageFont.truetype(path, size)


@lru_cache(maxsize=None)
def advance(font, character):
    return font.getlength(character)


@dataclass
class Shape:
    kind: str
    colour: str
    x: float
    y: float
    radius: float
    turn: float = 0.0

    @property
    def name(self):
        return f"{self.colour} {self.kind}"


@dataclass
class Picture:
    """An RGB image and, for training, what is where in it. A bar is the (x, y) of its label, its middle and its top."""

    image: Image.Image
    background: str = ""
    shapes: list = field(default_factory=list)
    characters: list = field(default_factory=list)
    covers: list = field(default_factory=list)
    bars: list = field(default_factory=list)

    @property
    def size(self):
        return self.image.size

    def labels(self, grid):
        """int16 [patches, len(NAMED) + CHARACTER_SLOTS]: first what NAMED lists, then the characters whose centre is in each quarter of the
        patch's width; 0 means nothing."""
        rows, columns = grid
        labels = np.zeros((rows, columns, len(NAMED) + CHARACTER_SLOTS), dtype=np.int16)
        labels[..., COLUMN] = 1 + PARTS_A_SIDE * np.arange(columns) // columns
        labels[..., ROW] = 1 + PARTS_A_SIDE * np.arange(rows)[:, None] // rows
        if self.shapes:
            labels[..., GROUND] = 1 + (GROUNDS.index(self.background) if self.background else len(GROUNDS))
        shapes = [shape for shape, _, _ in self.covers]
        ranks = [
            {id(shape): 1 + rank for rank, shape in enumerate(sorted(shapes, key=key))}
            for key in (lambda shape: shape.x, lambda shape: shape.y, lambda shape: -shape.radius)
        ]
        for shape, (left, top), mask in self.covers:
            counts = [len(shapes), sum(s.kind == shape.kind for s in shapes), sum(s.colour == shape.colour for s in shapes)]
            among = [rank[id(shape)] for rank in ranks] + counts
            row, column = int(shape.y // PATCH), int(shape.x // PATCH)
            if shape.kind != BAR and row < rows and column < columns:
                labels[row, column, SIZE] = 1 + sum(shape.radius > size for size in SIZES)
            for row in range(max(0, top // PATCH), min(rows, (top + mask.shape[0]) // PATCH + 1)):
                for column in range(max(0, left // PATCH), min(columns, (left + mask.shape[1]) // PATCH + 1)):
                    y, x = row * PATCH + PATCH // 2 - top, column * PATCH + PATCH // 2 - left
                    if 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and mask[y, x] > 127:
                        labels[row, column, KIND] = (KINDS + (BAR,)).index(shape.kind) + 1
                        labels[row, column, COLOUR] = list(COLOURS).index(shape.colour) + 1
                        labels[row, column, ACROSS : MATCHING + 1] = among
                        if shape.kind == BAR:
                            labels[row, column, HEIGHT] = max(1, round(HEIGHTS * shape.radius))
                        labels[row, column, GROUND] = 0
        for character, x, y in self.characters:
            row, column = int(y // PATCH), int(x // PATCH)
            known = CHARACTERS.find(character) + 1
            if known and 0 <= row < rows and 0 <= column < columns:
                labels[row, column, len(NAMED) + int((x % PATCH) * CHARACTER_SLOTS / PATCH)] = known
        return labels.reshape(rows * columns, -1)


def jitter(rng, colour, amount=14):
    return tuple(min(255, max(0, c + rng.randint(-amount, amount))) for c in COLOURS[colour])


def distance(a, b):
    return sum(abs(x - y) for x, y in zip(a, b))


def blank(rng, width, height, plain=0.5):
    """A background: white, black, grey, or a colour that no question names."""
    kind = rng.random()
    if kind < plain:
        name = rng.choice(("white", "white", "black", "grey"))
        colour = jitter(rng, name, 6)
    else:
        name = ""
        light = rng.random() < 0.75
        colour = (0, 0, 0)
        while max(colour) - min(colour) < 40:  # or it could be taken for white, black or grey
            colour = tuple(rng.randint(185, 255) if light else rng.randint(0, 75) for _ in range(3))
    return Picture(Image.new("RGB", (width, height), colour), name)


def background_colour(picture):
    return picture.image.getpixel((picture.size[0] - 1, picture.size[1] - 1))


def usable_colours(picture, least=150):
    """Colour names that stand out against the background."""
    ground = background_colour(picture)
    return [name for name, rgb in COLOURS.items() if distance(rgb, ground) >= least and name != picture.background]


# ---- Shapes


def outline(shape, scale):
    """Corners around the origin, y downwards."""
    r, turn = shape.radius * scale, shape.turn

    def ring(count, radius, offset):
        return [
            (radius * math.cos(offset + 2 * math.pi * i / count), radius * math.sin(offset + 2 * math.pi * i / count))
            for i in range(count)
        ]

    if shape.kind == "square":
        points = [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]
    elif shape.kind == "rectangle":
        points = [(-1, -0.5), (1, -0.5), (1, 0.5), (-1, 0.5)]
    elif shape.kind == "triangle":
        points = ring(3, 1, -math.pi / 2)
    elif shape.kind == "hexagon":
        points = ring(6, 1, 0)
    elif shape.kind == "diamond":
        points = [(0, -1), (0.7, 0), (0, 1), (-0.7, 0)]
    elif shape.kind == "star":
        outer, inner = ring(5, 1, -math.pi / 2), ring(5, 0.42, -math.pi / 2 + math.pi / 5)
        points = [point for pair in zip(outer, inner) for point in pair]
    else:
        a = 0.3
        points = [(-a, -1), (a, -1), (a, -a), (1, -a), (1, a), (a, a), (a, 1), (-a, 1), (-a, a), (-1, a), (-1, -a), (-a, -a)]
    cos, sin = math.cos(turn), math.sin(turn)
    return [(r * (x * cos - y * sin), r * (x * sin + y * cos)) for x, y in points]


def draw_shape(rng, picture, shape):
    scale = 3
    half = int(shape.radius) + 2
    side = 2 * half
    mask = Image.new("L", (side * scale, side * scale), 0)
    pen = ImageDraw.Draw(mask)
    left, top = int(shape.x) - half, int(shape.y) - half
    centre_x, centre_y = (shape.x - left) * scale, (shape.y - top) * scale
    if shape.kind == "circle":
        r = shape.radius * scale
        pen.ellipse((centre_x - r, centre_y - r, centre_x + r, centre_y + r), fill=255)
    else:
        pen.polygon([(centre_x + x, centre_y + y) for x, y in outline(shape, scale)], fill=255)
    mask = mask.resize((side, side), Image.BOX)
    picture.image.paste(jitter(rng, shape.colour), (left, top), mask)
    picture.shapes.append(shape)
    picture.covers.append((shape, (left, top), np.asarray(mask)))


def random_shape(rng, x, y, radius, kinds, colours):
    kind = rng.choice(kinds)
    turn = rng.uniform(-0.15, 0.15) if kind in ("square", "rectangle", "triangle", "diamond", "cross") else rng.uniform(0, 1)
    if kind == "rectangle" and rng.random() < 0.3:
        turn += math.pi / 2
    return Shape(kind, rng.choice(colours), x, y, radius, turn)


def place(rng, width, height, count, least, most):
    """Centres and radii of circles that do not touch; fewer than `count` if there is no room."""
    placed = []
    for _ in range(count):
        for attempt in range(40):
            radius = rng.uniform(least, max(least, most * (1 - attempt / 50)))
            if 2 * radius + 2 > min(width, height):
                continue
            x, y = rng.uniform(radius + 1, width - radius - 1), rng.uniform(radius + 1, height - radius - 1)
            if all(math.hypot(x - a, y - b) > radius + r + 3 for a, b, r in placed):
                placed.append((x, y, radius))
                break
    return placed


def finish(rng, picture, noise=0.3):
    """Slight noise on some pictures."""
    if rng.random() < noise:
        pixels = np.asarray(picture.image).astype(np.int16)
        source = np.random.default_rng(rng.getrandbits(32))
        amount = rng.uniform(2, 10)
        pixels = pixels + source.normal(0, amount, pixels.shape[:2] + (1,)).astype(np.int16)
        picture.image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    return picture


# ---- Printed text


def text_size(text, font):
    left, _, right, _ = font.getbbox(text)
    return right - min(0, left)


def write_line(picture, pen, text, left, top, font, fill):
    """Draws one line with its top at the font's ascent line and notes where each character's centre is."""
    pen.text((left, top), text, font=font, fill=fill)
    middle = top + font.getbbox("x", anchor="ls")[1] / 2 + font.getmetrics()[0]
    advances = [advance(font, character) for character in text]
    kerned = font.getlength(text) / sum(advances)
    before = 0.0
    for character, width in zip(text, advances):
        after = before + kerned * width
        if character != " ":
            picture.characters.append((character, left + (before + after) / 2, middle))
        before = after


def text_colours(rng):
    """(background, ink): light on dark or dark on light, far enough apart to read."""
    light = tuple(rng.randint(190, 255) for _ in range(3))
    dark = tuple(rng.randint(0, 90) for _ in range(3))
    style = rng.random()
    if style < 0.35:
        return (255, 255, 255), (0, 0, 0)
    if style < 0.72:
        return light, dark
    if style < 0.8:
        return (0, 0, 0), (255, 255, 255)
    return dark, light


def text_picture(rng, lines, fonts, least=12, most=40, limit=336, rotate=0.25, distort=0.0):
    """Lines of text, one font and size; returns None if they do not fit in `limit` pixels a side. `rotate` and `distort` are the
    shares of pictures to which that is done."""
    size = rng.randint(least, most)
    path = rng.choice(fonts)
    while True:
        font = load_font(path, size)
        ascent, descent = font.getmetrics()
        pitch = round((ascent + descent) * rng.uniform(1.0, 1.2))
        width = max(text_size(line, font) for line in lines)
        height = pitch * (len(lines) - 1) + ascent + descent
        if width + 8 <= limit and height + 6 <= limit:
            break
        if size <= least:
            return None
        size = max(least, int(size * 0.8))
    roomy = rng.random() < 0.35
    canvas_w = min(limit, width + 8 + (rng.randint(0, 80) if roomy else rng.randint(0, 10)))
    canvas_h = min(limit, height + 6 + (rng.randint(0, 60) if roomy else rng.randint(0, 8)))
    canvas_w, canvas_h = max(28, int(canvas_w)), max(28, int(canvas_h))
    ground, ink = text_colours(rng)
    picture = Picture(Image.new("RGB", (canvas_w, canvas_h), ground))
    mask = Image.new("L", (canvas_w, canvas_h), 0)
    pen = ImageDraw.Draw(mask)
    left = rng.randint(2, max(2, canvas_w - int(width) - 4))
    top = rng.randint(1, max(1, canvas_h - int(height) - 2))
    for number, line in enumerate(lines):
        write_line(picture, pen, line, left, top + number * pitch, font, 255)
    if distort and rng.random() < distort:
        mask = other_hand(rng, picture, mask)
    if rng.random() < rotate:
        largest = math.degrees(math.atan(min(canvas_h - height, 10) / max(canvas_w, 1))) if canvas_h > height + 4 else 0
        mask = turned(picture, mask, rng.uniform(-1, 1) * min(4.0, max(largest, 0.4)))
    picture.image.paste(ink, (0, 0), mask)
    return finish(rng, picture)


def turned(picture, mask, angle):
    """The mask turned by some degrees around its middle; the picture's characters move along."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return moved(picture, mask, (cos, -sin, sin, cos))


def other_hand(rng, picture, mask):
    """The same text a little narrower and slanted, so that more faces are seen than there are."""
    return moved(picture, mask, (1 / rng.uniform(0.8, 1), rng.uniform(-0.2, 0.2), 0, 1))


def moved(picture, mask, matrix):
    """The mask as seen through a matrix, out of whose (x, y) from the middle come those of the source."""
    a, b, c, d = matrix
    middle_x, middle_y = mask.size[0] / 2, mask.size[1] / 2
    scale = a * d - b * c
    picture.characters = [
        (
            character,
            middle_x + (d * (x - middle_x) - b * (y - middle_y)) / scale,
            middle_y + (a * (y - middle_y) - c * (x - middle_x)) / scale,
        )
        for character, x, y in picture.characters
    ]
    offset_x, offset_y = middle_x - a * middle_x - b * middle_y, middle_y - c * middle_x - d * middle_y
    return mask.transform(mask.size, Image.AFFINE, (a, b, offset_x, c, d, offset_y), Image.BICUBIC)


def full_picture(rng, fonts, next_word, limit=336):
    """A picture full of text, every line in a face and size of its own: for the extra head, not for questions."""
    width, height = rng.randint(56, limit), rng.randint(28, limit)
    ground, ink = text_colours(rng)
    picture = Picture(Image.new("RGB", (width, height), ground))
    mask = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(mask)
    top = rng.randint(-2, 10)
    while top < height - 10:
        font = load_font(rng.choice(fonts), rng.randint(12, 40 if rng.random() < 0.5 else 22))
        left = rng.randint(1, 14)
        line = next_word()
        while (longer := line + " " + next_word()) and left + font.getlength(longer) < width:
            line = longer
        write_line(picture, pen, line, left, top, font, 255)
        top += sum(font.getmetrics()) + rng.randint(-1, 4)
    if rng.random() < 0.3:
        mask = other_hand(rng, picture, mask)
    if rng.random() < 0.35:
        mask = turned(picture, mask, rng.uniform(-3, 3))
    picture.image.paste(ink, (0, 0), mask)
    return finish(rng, picture)


def page_picture(rng, blocks, fonts, limit=336):
    """A page tile. blocks: (style, text) with style title, line or item; None if it does not fit."""
    path = rng.choice(fonts)
    body = rng.randint(13, 17)
    sizes = {"title": round(body * 1.5), "line": body, "item": body}
    ground, ink = ((255, 255, 255), (0, 0, 0)) if rng.random() < 0.7 else text_colours(rng)
    width = height = 0
    placed = []
    y = 6
    for style, text in blocks:
        font = load_font(path, sizes[style])
        shown = "\u2022 " + text if style == "item" else text
        width = max(width, text_size(shown, font))
        placed.append((shown, y, font))
        y += round(sum(font.getmetrics()) * (1.35 if style == "title" else 1.1))
    height = y + 4
    width += 16
    if width > limit or height > limit:
        return None
    width, height = max(84, int(width) + rng.randint(0, 20)), max(56, int(height))
    picture = Picture(Image.new("RGB", (min(width, limit), height), ground))
    pen = ImageDraw.Draw(picture.image)
    for text, top, font in placed:
        write_line(picture, pen, text, 8, top, font, ink)
    return finish(rng, picture, 0.15)


# ---- Bar charts


def chart_picture(rng, labels, values, colours, fonts, with_values):
    """Vertical bars with labels below and, if wanted, values above; an axis with figures otherwise."""
    font = load_font(rng.choice(fonts), rng.randint(12, 15))
    ascent, descent = font.getmetrics()
    line = ascent + descent
    widest = max(max(text_size(label, font) for label in labels), 18)
    pitch = int(widest + rng.randint(6, 14))
    left = 8 if with_values else int(text_size("10", font)) + 12
    plot = rng.randint(70, 120)
    width, height = left + pitch * len(labels) + 8, plot + 2 * line + 10
    ground, ink = rng.choice((((255, 255, 255), (0, 0, 0)), ((245, 245, 240), (30, 30, 30)), ((20, 22, 30), (240, 240, 240))))
    picture = Picture(Image.new("RGB", (width, height), ground))
    pen = ImageDraw.Draw(picture.image)
    base = line + 4 + plot
    top_value = max(10, max(values))
    unit = plot / top_value
    if not with_values:
        for tick in (0, 5, 10):
            y = base - tick * unit
            pen.line((left - 3, y, width - 4, y), fill=(150, 150, 150))
            text = str(tick)
            write_line(picture, pen, text, left - 5 - int(text_size(text, font)), y - line / 2, font, ink)
    pen.line((left - 2, base, width - 4, base), fill=ink)
    for i, (label, value, colour) in enumerate(zip(labels, values, colours)):
        middle = left + pitch * i + pitch // 2
        half = max(6, int(pitch * 0.32))
        pen.rectangle((middle - half, base - value * unit, middle + half, base - 1), fill=jitter(rng, colour))
        write_line(picture, pen, label, middle - text_size(label, font) / 2, base + 2, font, ink)
        top = base - value * unit
        picture.bars.append(((middle, base + 2 + line / 2), (middle, (base + top) / 2), (middle, top - line / 2)))
        # its label below and its figure above belong to it: that is how a question finds it
        corner, end = (int(middle - half), int(top - line)), (middle + half, base + 2 + line)
        everything = np.full((int(end[1]) - corner[1], end[0] - corner[0]), 255, np.uint8)
        picture.covers.append((Shape(BAR, colour, middle, top, value / top_value), corner, everything))
        if with_values:
            text = str(value)
            write_line(picture, pen, text, middle - text_size(text, font) / 2, base - value * unit - line, font, ink)
    return finish(rng, picture, 0.2)
