"""Scenes of shapes, and what can be asked about them; how questions and conversations are put together."""

import math
from dataclasses import dataclass, field

from drawing import COLOURS, KINDS, blank, draw_shape, finish, place, random_shape, usable_colours
from phrases import DONT_KNOW, PHRASES, PLACES, UNKNOWABLE

AMERICAN = (("colour", "color"), ("grey", "gray"), ("Colour", "Color"), ("Grey", "Gray"))


@dataclass
class Turn:
    """`places` says where in the pictures the answer is found, for training's guided attention: (offset in the answer from which
    it holds, [(number of the picture, x, y), ...]), in order. Where there are two things, one to be found by way of
    the other or to be compared with it, `others` has the places of the second."""

    skill: str
    question: str
    answers: list
    about: object = None
    topic: str = ""
    places: list = field(default_factory=list)
    others: list = field(default_factory=list)


@dataclass
class Conversation:
    """`opening` is what stands before the first question: pictures by number and text; by default the pictures."""

    pictures: list
    turns: list
    system: str = ""
    opening: list = field(default_factory=list)
    text_first: bool = False


def restyle(rng, text, loud=True):
    """Other spellings and cases, a forgotten question mark."""
    if rng.random() < 0.5:
        for british, american in AMERICAN:
            text = text.replace(british, american)
    if text[-1] in "?." and rng.random() < 0.2:
        text = text[:-1]
    style = rng.random()
    if style < 0.2:
        text = text.lower()
    elif style < 0.24 and loud:
        text = text.upper()
    return text


def article(name):
    return ("an " if name[0] in "aeio" else "a ") + name


def ask(rng, key, loud=True, **words):
    if "name" in words:
        words["a_name"] = article(words["name"])
    return restyle(rng, rng.choice(PHRASES[key]).format(where=rng.choice(PLACES), **words), loud)


def spellings(answer):
    """The canonical answer first, then what else counts as right."""
    accepted = [answer]
    if "grey" in answer:
        accepted.append(answer.replace("grey", "gray"))
    if answer == "centre":
        accepted += ["center", "middle"]
    return accepted


def places_of(shapes, number):
    return [(0, [(number, shape.x, shape.y) for shape in shapes])] if shapes else []


def turn(skill, question, answer, about=None, topic="", where=(), number=0, others=(), others_number=0):
    """`where`: the shapes that the answer is about, if not only `about`, in picture `number`; `others` those that they are compared
    with."""
    shown = list(where) or ([about] if about else [])
    return Turn(
        skill, question, spellings(answer), about, topic, places_of(shown, number), places_of(list(others), others_number)
    )


# ---- Scenes of shapes


def scene(rng, level, count=None, plain=0.5):
    """A picture with shapes; level 0 is small and empty, 1 is anything up to 336 pixels a side."""
    if count is None:
        count = 1 if level < 0.03 else rng.choice((1, 1, 2, 2, 3)) if level < 0.2 else rng.choice((1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6))
    least_side = 28 if count == 1 else 56 if count <= 3 else 84
    most_side = 100 if level < 0.2 else 150 if level < 0.6 or rng.random() < 0.75 else 336 if rng.random() < 0.3 else 230
    width, height = rng.randint(least_side, most_side), rng.randint(least_side, most_side)
    picture = blank(rng, width, height, plain)
    colours = usable_colours(picture)
    kinds = KINDS if rng.random() < 0.7 else rng.sample(KINDS, 2)
    if rng.random() < 0.25:
        colours = rng.sample(colours, 2)
    side = min(width, height)
    most = side * 0.48 if count == 1 else max(10, math.sqrt(width * height / count) * 0.45)
    for x, y, radius in place(rng, width, height, count, min(9, side * 0.4), min(most, 80)):
        draw_shape(rng, picture, random_shape(rng, x, y, radius, kinds, colours))
    return finish(rng, picture)


def unique_name(rng, shapes, shape):
    """"circle", or "red circle" where that is needed; None if neither is unique."""
    names = []
    if sum(s.kind == shape.kind for s in shapes) == 1:
        names.append(shape.kind)
    if sum(s.name == shape.name for s in shapes) == 1:
        names += [shape.name, shape.name]
    return rng.choice(names) if names else None


def neighbour(shapes, shape, side):
    """What lies on a side of a shape: a shape, "nothing", or None if that is not clear."""
    found, unclear = [], False
    for other in shapes:
        if other is shape:
            continue
        dx, dy = other.x - shape.x, other.y - shape.y
        along, across = {"left": (-dx, dy), "right": (dx, dy), "above": (-dy, dx), "below": (dy, dx)}[side]
        if along > abs(across) * 1.2 and along > 8:
            found.append(other)
        elif along > max(3, abs(across) * 0.4):
            unclear = True
    if unclear or len(found) > 1:
        return None
    return found[0] if found else "nothing"


def region(picture, shape):
    """One of nine parts of the picture, or None near a border between two."""

    def part(value, size, names):
        share = value / size
        return names[0] if share < 0.32 else names[2] if share > 0.68 else names[1] if 0.42 < share < 0.58 else None

    down, along = part(shape.y, picture.size[1], ("top", "", "bottom")), part(shape.x, picture.size[0], ("left", "", "right"))
    if down is None or along is None:
        return None
    return (down + " " + along).strip() or "centre"


def about_shape(rng, picture):
    shape = rng.choice(picture.shapes)
    if len(picture.shapes) == 1:
        return turn("shape", ask(rng, "shape_alone"), shape.kind, shape)
    if sum(s.colour == shape.colour for s in picture.shapes) > 1:
        return None
    return turn("shape", ask(rng, "shape_of_colour", colour=shape.colour), shape.kind, shape)


def about_colour(rng, picture):
    if picture.background and rng.random() < 0.12:
        return turn("colour", ask(rng, "background"), picture.background)
    shape = rng.choice(picture.shapes)
    if len(picture.shapes) == 1 and rng.random() < 0.5:
        return turn("colour", ask(rng, "colour_alone"), shape.colour, shape)
    if sum(s.kind == shape.kind for s in picture.shapes) > 1:
        return None
    return turn("colour", ask(rng, "colour_of", kind=shape.kind), shape.colour, shape, "colour")


def about_count(rng, picture):
    shapes = picture.shapes
    form = rng.random()
    if form < 0.4:
        return turn("count", ask(rng, "count_all"), str(len(shapes)), where=shapes)
    if form < 0.75:
        kind = rng.choice(shapes).kind if rng.random() < 0.85 else rng.choice(KINDS)
        plural = kind + ("es" if kind == "cross" else "s")
        counted = [s for s in shapes if s.kind == kind]
        return turn("count", ask(rng, "count_kind", kinds=plural), str(len(counted)), where=counted)
    colour = rng.choice(shapes).colour if rng.random() < 0.85 else rng.choice(list(COLOURS))
    counted = [s for s in shapes if s.colour == colour]
    return turn("count", ask(rng, "count_colour", colour=colour), str(len(counted)), where=counted)


def about_presence(rng, picture):
    shape = rng.choice(picture.shapes)
    if rng.random() < 0.5:
        name = rng.choice((shape.name, shape.kind))
    else:
        kind = shape.kind if rng.random() < 0.5 else rng.choice(KINDS)
        name = rng.choice((f"{rng.choice(list(COLOURS))} {kind}", rng.choice(KINDS)))
    found = [s for s in picture.shapes if name in (s.name, s.kind)]
    return turn("presence", ask(rng, "exists", name=name), "yes" if found else "no", where=found)


def about_position(rng, picture):
    shapes = picture.shapes
    shape = rng.choice(shapes)
    name = unique_name(rng, shapes, shape)
    form = rng.random()
    if form < 0.35 or len(shapes) == 1:
        place_name = region(picture, shape)
        if place_name is None or name is None:
            return None
        return turn("position", ask(rng, "where_is", name=name), place_name, shape)
    if form < 0.5:
        key = rng.choice(("leftmost", "rightmost", "topmost", "bottommost"))
        sign = 1 if key in ("leftmost", "topmost") else -1
        order = sorted((sign * (s.x if key in ("leftmost", "rightmost") else s.y), i) for i, s in enumerate(shapes))
        if order[1][0] - order[0][0] < 8:
            return None
        found = shapes[order[0][1]]
        return turn("position", ask(rng, key), found.name, found)
    if name is None:
        return None
    side = rng.choice(("left", "right", "above", "below"))
    found = neighbour(shapes, shape, side)
    if found is None or (found == "nothing" and rng.random() < 0.9):
        return None
    if found == "nothing":
        return turn("position", ask(rng, side, name=name), "nothing", where=[shape])
    return turn("position", ask(rng, side, name=name), found.name, found, where=[shape], others=[found])


def about_size(rng, picture):
    shapes = picture.shapes
    if len(shapes) < 2:
        return None
    order = sorted(shapes, key=lambda s: s.radius)
    form = rng.random()
    if form < 0.4:
        largest = rng.random() < 0.6
        a, b = (order[-1], order[-2]) if largest else (order[0], order[1])
        if max(a.radius, b.radius) < 1.3 * min(a.radius, b.radius):
            return None
        return turn("size", ask(rng, "largest" if largest else "smallest"), a.name, a)
    a, b = rng.sample(shapes, 2)
    name_a, name_b = unique_name(rng, shapes, a), unique_name(rng, shapes, b)
    if name_a is None or name_b is None or max(a.radius, b.radius) < 1.3 * min(a.radius, b.radius):
        return None
    if form < 0.6:
        return turn("size", ask(rng, "is_bigger", a=name_a, b=name_b), "yes" if a.radius > b.radius else "no", where=[a], others=[b])
    bigger = rng.random() < 0.6
    name = name_a if (a.radius > b.radius) == bigger else name_b
    return turn("size", ask(rng, "bigger" if bigger else "smaller", a=name_a, b=name_b), name, a if name == name_a else b, where=[a], others=[b])


def about_everything(rng, picture):
    order = sorted(picture.shapes, key=lambda s: s.x)
    if len(order) > 4 or any(b.x - a.x < 7 for a, b in zip(order, order[1:])):
        return None
    names = [article(s.name) for s in order]
    text = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    if picture.background:
        text += f" on a {picture.background} background"
    made = turn("describe", ask(rng, "describe"), text[0].upper() + text[1:] + ".")
    offset = 0
    for name, shape in zip(names, order):
        offset = text.index(name, offset)
        made.places.append((offset, [(0, shape.x, shape.y)]))
        offset += len(name)
    return made


def about_nothing(rng, picture):
    """What is not in the picture."""
    absent = [kind for kind in KINDS if all(s.kind != kind for s in picture.shapes)]
    form = rng.random()
    if form < 0.5 and absent:
        return turn("unknown", ask(rng, "colour_of", kind=rng.choice(absent)), DONT_KNOW)
    if form < 0.7 and absent:
        key = rng.choice(("where_is", "left", "right", "above", "below"))
        return turn("unknown", ask(rng, key, name=rng.choice(absent)), DONT_KNOW)
    return turn("unknown", restyle(rng, rng.choice(UNKNOWABLE)), DONT_KNOW)


def follow_up(rng, picture, before):
    """A question about the shape of the last answer, or the last question about another shape."""
    shape = before.about
    if before.topic == "colour" and rng.random() < 0.5:
        others = [s for s in picture.shapes if s is not shape and sum(o.kind == s.kind for o in picture.shapes) == 1]
        if others:
            other = rng.choice(others)
            return turn("turns", ask(rng, "and_kind", kind=other.kind), other.colour, other, "colour")
    if shape is None:
        return None
    answered = before.answers[0]
    options = ["where", "left", "right", "above", "below"]
    if shape.colour not in answered:
        options += ["colour"] * 4
    if shape.kind not in answered:
        options += ["shape"] * 3
    option = rng.choice(options)
    if option == "colour":
        return turn("turns", ask(rng, "it_colour"), shape.colour, shape)
    if option == "shape":
        return turn("turns", ask(rng, "it_shape"), shape.kind, shape)
    if option == "where":
        place_name = region(picture, shape)
        return place_name and turn("turns", ask(rng, "it_where"), place_name, shape)
    found = neighbour(picture.shapes, shape, option)
    if found is None or found == "nothing":
        return None
    return turn("turns", ask(rng, "it_" + option), found.name, found, where=[shape], others=[found])


ABOUT = {
    "shape": about_shape,
    "colour": about_colour,
    "count": about_count,
    "presence": about_presence,
    "position": about_position,
    "size": about_size,
    "describe": about_everything,
    "unknown": about_nothing,
}


def questions(rng, picture, count, level, only=None):
    """Up to `count` different questions about a scene; `only` makes the first one of that skill."""
    turns = []
    if level < 0.03:
        weights = {"shape": 1, "colour": 1}
    elif level < 0.2:
        weights = {"shape": 5, "colour": 5, "count": 2, "presence": 2, "position": 1, "describe": 1}
    else:
        weights = {"shape": 2, "colour": 2, "count": 4, "presence": 2, "position": 6, "size": 3, "describe": 2, "unknown": 1.6}
    for _ in range(count * 6):
        if len(turns) == count:
            break
        found = None
        if turns and level >= 0.2 and rng.random() < 0.3:
            found = follow_up(rng, picture, turns[-1])
        if found is None:
            skill = only if only and not turns else rng.choices(list(weights), list(weights.values()))[0]
            found = ABOUT[skill](rng, picture)
        again = found is not None and any(found.skill == t.skill and found.answers == t.answers for t in turns)
        if found is not None and not (again and rng.random() < 0.8):
            turns.append(found)
    return turns


def scene_conversation(rng, level, fonts):
    while True:
        picture = scene(rng, level)
        turns = picture.shapes and questions(rng, picture, 2 if level < 0.03 else rng.randint(3, 8), level)
        if turns:
            return Conversation([picture], turns)
