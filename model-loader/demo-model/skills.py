"""Conversations: each kind draws something, asks about it and knows the answer."""

import json

from drawing import COLOURS, KINDS, Picture, Shape, blank, chart_picture, draw_shape, finish, page_picture, text_picture, usable_colours
from phrases import CITIES, ECHOES, GREETINGS, NEUTRAL_SYSTEMS, SYLLABLES, WORDS
from scenes import Conversation, Turn, article, ask, places_of, questions, restyle, scene, scene_conversation, turn

# ---- Printed text


PRINTED = ("ocr", "page", "chart", "system")


def pseudo_word(rng):
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 4)))[:12]


def cased(rng, word):
    style = rng.random()
    return word if style < 0.4 else word.capitalize() if style < 0.7 else word.upper()


def short_text(rng, longest=12):
    """A word, figure or code of at most `longest` characters."""
    while True:
        kind = rng.random()
        if kind < 0.25:
            text = cased(rng, rng.choice(WORDS))
        elif kind < 0.55:
            text = cased(rng, pseudo_word(rng))
        elif kind < 0.7:
            text = str(rng.randint(0, 10 ** rng.randint(1, 7) - 1))
        elif kind < 0.78:
            text = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(rng.randint(2, 7)))
        elif kind < 0.83:
            text = f"{rng.choice('ABCDEFGHJKLMNPRSTUVWXYZ')}{rng.choice('ABCDEFGHJKLMNPRSTUVWXYZ')}-{rng.randint(10, 9999)}"
        elif kind < 0.88:
            text = rng.choice((f"{rng.randint(0, 23)}:{rng.randint(0, 59):02d}", f"{rng.randint(1, 31)}/{rng.randint(1, 12)}", f"{rng.randint(2, 99)}%"))
        elif kind < 0.92:
            text = rng.choice(("$", "")) + f"{rng.randint(0, 199)}.{rng.randint(0, 99):02d}"
        else:
            text = " ".join(cased(rng, w) for w in rng.sample(WORDS, 2)) + rng.choice(("", "", "!", "?"))
        if len(text) <= longest:
            return text


def phrase(rng, most_words=4):
    words = [rng.choice(WORDS) if rng.random() < 0.7 else pseudo_word(rng) for _ in range(rng.randint(2, most_words))]
    if rng.random() < 0.2:
        words.append(str(rng.randint(1, 999)))
    text = " ".join(words)
    return rng.choice((text, text.capitalize(), text.capitalize() + ".", text.title(), text.upper()))


def ocr_conversation(rng, level, fonts, longest=None):
    while True:
        if longest is not None:
            lines, least = [short_text(rng, longest)], 12
        elif level < 0.2:
            lines, least = [short_text(rng, rng.randint(1, 2 if level < 0.03 else 5))], 18
        else:
            lines, least = [short_text(rng, 6 if level < 0.4 else 12)], 14 if level < 0.4 else 12
            if level > 0.2 and rng.random() < 0.25:
                lines = [rng.choice((phrase, short_text))(rng) for _ in range(rng.randint(1, 4))]
        picture = text_picture(rng, lines, fonts, least, 40 if rng.random() < 0.4 else 26, distort=0.0 if longest else 0.25)
        if picture is not None:
            break
    text = "\n".join(lines)
    return Conversation([picture], [Turn("ocr", ask(rng, "ocr"), [text], places=traced(text, picture))])


def traced(text, picture):
    """Where each printed character of a text is. What is not printed (marks of Markdown), or printed otherwise, is passed over."""
    places, printed = [], iter(picture.characters)
    character, x, y = next(printed)
    for offset, wanted in enumerate(text):
        while character == "\u2022" and wanted.isalnum():
            character, x, y = next(printed)
        if wanted == character:
            places.append((offset, [(0, x, y)]))
            character, x, y = next(printed, ("", 0, 0))
    return places


def page_conversation(rng, level, fonts):
    while True:
        blocks, text, markdown = [], [], []
        if rng.random() < 0.7:
            title = phrase(rng, 3).rstrip(".")
            blocks.append(("title", title))
            markdown.append("# " + title)
        paragraph = [phrase(rng, 5) for _ in range(rng.randint(1, 4))]
        blocks += [("line", line) for line in paragraph]
        markdown.append("\n".join(paragraph))
        if rng.random() < 0.4:
            items = [phrase(rng, 3) for _ in range(rng.randint(2, 3))]
            blocks += [("item", item) for item in items]
            markdown.append("\n".join("- " + item for item in items))
        picture = page_picture(rng, blocks, fonts)
        if picture is not None:
            break
    text = "\n".join(("\u2022 " + line if style == "item" else line) for style, line in blocks)
    if rng.random() < 0.5:
        question, text = "Convert the page to Markdown.", "\n\n".join(markdown)
    else:
        question = "Read all the text in the picture."
    return Conversation([picture], [Turn("page", question, [text], places=traced(text, picture))])


# ---- Charts


def chart_conversation(rng, level, fonts):
    count = rng.randint(2, 5)
    style = rng.random()
    if style < 0.4:
        labels = list("ABCDEFGH"[:count])
    elif style < 0.6:
        first = rng.randint(1990, 2025)
        labels = [str(first + i) for i in range(count)]
    elif style < 0.8:
        labels = rng.sample(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), count)
    else:
        labels = rng.sample([w.capitalize() for w in WORDS if 3 <= len(w) <= 5], count)
    with_values = rng.random() < 0.6
    values = rng.sample(range(1, 11), count) if not with_values else rng.sample(range(2, rng.choice((12, 30, 100))), count)
    names = [name for name in COLOURS if name not in ("white", "black")]
    colours = [rng.choice(names)] * count if rng.random() < 0.4 else rng.sample(names, count)
    picture = chart_picture(rng, labels, values, colours, fonts, with_values)
    turns = []
    keys = ("tallest", "shortest", "bar_value", "bar_value", "bar_count", "bar_colour", "bar_higher")

    def add(question, answer, *found):
        """`found`: (part, bars) for each guided layer, or one for both; parts of a bar: 0 its label, 1 its middle, 2 its top."""
        made = turn("chart", question, answer)
        made.places, made.others = ([(0, [(0, *picture.bars[i][part]) for i in bars])] for part, bars in (found[0], found[-1]))
        turns.append(made)

    for key in rng.sample(keys, rng.randint(2, 4)):
        i = rng.randrange(count)
        if key == "tallest":
            best = values.index(max(values))
            add(ask(rng, key, False), labels[best], (0, [best]))
        elif key == "shortest":
            least = values.index(min(values))
            add(ask(rng, key, False), labels[least], (0, [least]))
        elif key == "bar_value":
            add(ask(rng, key, False, label=labels[i]), str(values[i]), (0, [i]), (2, [i]))
        elif key == "bar_count":
            add(ask(rng, key), str(count), (1, range(count)))
        elif key == "bar_colour":
            add(ask(rng, key, False, label=labels[i]), colours[i], (0, [i]), (1, [i]))
        else:
            a, b = rng.sample(range(count), 2)
            add(ask(rng, key, False, a=labels[a], b=labels[b]), "yes" if values[a] > values[b] else "no", (0, [a]), (0, [b]))
    return Conversation([picture], turns)


# ---- Two pictures, video


def redrawn(rng, width, height, ground, shapes):
    picture = Picture(ground.copy())
    for shape in shapes:
        draw_shape(rng, picture, shape)
    return finish(rng, picture, 0.2)


def compare_conversation(rng, level, fonts):
    form = rng.random()
    if form < 0.35:
        while True:
            first, second = scene(rng, 0.3), scene(rng, 0.3)
            if first.shapes and second.shapes:
                break
        counted = [first.shapes, second.shapes]
        noun = "shapes"
        if rng.random() < 0.5:
            kind = rng.choice(first.shapes + second.shapes).kind
            noun = kind + ("es" if kind == "cross" else "s")
            counted = [[s for s in p.shapes if s.kind == kind] for p in (first, second)]
        counts = [len(shapes) for shapes in counted]
        answer = "the same" if counts[0] == counts[1] else "the first" if counts[0] > counts[1] else "the second"
        question = ask(rng, "more", kinds=noun)
        asked = turn("compare", question, answer, where=counted[0], others=counted[1], others_number=1)
        return Conversation([first, second], [asked])
    if form < 0.65:
        while True:
            first, second = scene(rng, 0.3, 1), scene(rng, 0.3, 1)
            if first.shapes and second.shapes:
                break
        a, b = first.shapes[0], second.shapes[0]
        pair = {"where": [a], "others": [b], "others_number": 1}
        turns = [
            turn("compare", ask(rng, "nth", nth="first"), article(a.name), where=[a]),
            turn("compare", ask(rng, "nth", nth="second"), article(b.name), where=[b], number=1),
            turn("compare", ask(rng, "same_shape"), "yes" if a.kind == b.kind else "no", **pair),
            turn("compare", ask(rng, "same_colour"), "yes" if a.colour == b.colour else "no", **pair),
        ]
        if a.name != b.name:
            number = rng.randrange(2)
            which, answer = (a, b)[number], ("the first", "the second")[number]
            question = ask(rng, "which_picture", name=which.name)
            turns.append(turn("compare", question, answer, where=[which], number=number))
        return Conversation([first, second], rng.sample(turns, rng.randint(2, 4)))
    while True:
        first = scene(rng, 0.3, rng.randint(1, 3))
        kinds = [s.kind for s in first.shapes]
        if kinds and len(set(kinds)) == len(kinds):
            break
    width, height = first.size
    ground = Picture(first.image).image.resize((1, 1), box=(width - 1, height - 1, width, height)).resize((width, height))
    shapes = list(first.shapes)
    change = rng.choice(("none", "colour", "removed", "added"))
    answer = "Nothing changed."
    i = rng.randrange(len(shapes))
    old = shapes[i]
    others = [c for c in usable_colours(first) if c != old.colour]
    if change == "colour" and others:
        new = Shape(old.kind, rng.choice(others), old.x, old.y, old.radius, old.turn)
        shapes[i] = new
        answer = f"The {old.kind} changed from {old.colour} to {new.colour}."
    elif change in ("removed", "added") and len(shapes) > 1:
        del shapes[i]
        answer = f"The {old.name} is gone."
    second = redrawn(rng, width, height, ground, shapes)
    pair = [first, second]
    if change == "added" and len(shapes) < len(first.shapes):
        pair.reverse()
        answer = f"{article(old.name).capitalize()} was added."
    there = {"where": [old], "others": [old], "others_number": 1} if answer != "Nothing changed." else {}
    same = turn("compare", ask(rng, "same"), "no" if there else "yes", **there)
    turns = [turn("compare", ask(rng, "changed"), answer, **there), same]
    return Conversation(pair, turns if rng.random() < 0.5 else turns[:1])


def frames(rng):
    """Frames of a short video, what happens, and in which frame if it happens at once."""
    count = rng.randint(4, 8)
    width, height = rng.choice((56, 84)), rng.choice((56, 84))
    base = blank(rng, width, height, 0.5)
    colours = usable_colours(base)
    kind, colour = rng.choice(KINDS), rng.choice(colours)
    radius = rng.uniform(9, 14)
    directions = ("left", "right", "up", "down")
    event = rng.choice(directions + directions + ("colour", "appear", "vanish", "grow", "shrink", "still"))
    other = rng.choice([c for c in colours if c != colour])
    when = rng.randint(1, count - 1)
    x, y = rng.uniform(radius + 2, width - radius - 2), rng.uniform(radius + 2, height - radius - 2)
    turn_angle = rng.uniform(-0.1, 0.1)
    pictures = []
    for i in range(count):
        share = i / (count - 1)
        shape = Shape(kind, colour, x, y, radius, turn_angle)
        span_x, span_y = width - 2 * radius - 4, height - 2 * radius - 4
        if event == "right" or event == "left":
            shape.x = radius + 2 + span_x * (share if event == "right" else 1 - share)
        elif event == "down" or event == "up":
            shape.y = radius + 2 + span_y * (share if event == "down" else 1 - share)
        elif event == "colour" and i >= when:
            shape.colour = other
        elif event == "grow" or event == "shrink":
            shape.radius = 6 + (min(width, height) / 2 - 10) * (share if event == "grow" else 1 - share)
            shape.x, shape.y = width / 2, height / 2
        present = not (event == "appear" and i < when) and not (event == "vanish" and i >= when)
        pictures.append(redrawn(rng, width, height, base.image, [shape] if present else []))
    return pictures, event, kind, colour, other, when


def video_conversation(rng, level, fonts):
    pictures, event, kind, colour, other, _ = frames(rng)
    said = {
        "colour": f"The {kind} changes from {colour} to {other}.",
        "appear": f"{article(colour + ' ' + kind).capitalize()} appears.",
        "vanish": f"The {colour} {kind} disappears.",
        "grow": f"The {colour} {kind} grows.",
        "shrink": f"The {colour} {kind} shrinks.",
        "still": "Nothing changes.",
    }
    said = said.get(event, f"The {colour} {kind} moves {event}.")
    turns = [turn("video", ask(rng, "happens"), said)]
    if event in ("left", "right", "up", "down"):
        turns.insert(0, turn("video", ask(rng, "moves", name=rng.choice((kind, f"{colour} {kind}", "shape"))), event))
        if rng.random() < 0.6:
            turns.pop()
    if event not in ("colour",) and rng.random() < 0.3:
        turns.append(turn("video", ask(rng, "colour_of", kind=kind), colour))
    shown = [number for number, picture in enumerate(pictures) if picture.shapes]
    for t in turns:
        t.places, t.others = (places_of(pictures[number].shapes, number) for number in (shown[0], shown[-1]))
    return Conversation(pictures, turns)


def stamp(seconds):
    return f"{int(seconds // 60):02d}:{seconds % 60:04.1f}"


def timestamp_conversation(rng, level, fonts):
    while True:
        pictures, event, kind, colour, other, when = frames(rng)
        if event in ("colour", "appear", "vanish"):
            break
    start, step = rng.choice((0.0, 0.0, rng.randint(0, 100) / 1.0)), rng.choice((0.5, 1.0, 2.0))
    times = [stamp(start + i * step) for i in range(len(pictures))]
    verb = {"colour": ("turn " + other, "turns " + other), "appear": ("appear", "appears"), "vanish": ("disappear", "disappears")}[event]
    question = ask(rng, "when", event=f"the {kind} {verb[0]}", event_s=f"the {kind} {verb[1]}")
    opening = []
    for i, time in enumerate(times):
        opening += [f"[{time}] ", i]
    return Conversation(pictures, [Turn("timestamps", question, [times[when]])], opening=opening)


# ---- Beyond the template: system messages, tools, JSON; text alone


def system_conversation(rng, level, fonts):
    made = scene_conversation(rng, 0.3, fonts) if rng.random() < 0.7 else ocr_conversation(rng, 0.3, fonts)
    orders = [
        (("Answer in capital letters.", "Answer in upper case.", "Write everything in capitals."), str.upper),
        (("End every answer with an exclamation mark.", "Finish each answer with an exclamation mark."), lambda a: a.rstrip(".") + "!"),
        (("Begin every answer with \"Answer: \".", "Start each answer with \"Answer: \"."), lambda a: "Answer: " + a),
        (("Put every answer in quotation marks.", "Write each answer in quotation marks."), lambda a: f'"{a}"'),
        (("Put every answer in brackets.", "Write each answer in square brackets."), lambda a: f"[{a}]"),
    ]
    texts, change = rng.choice(orders)
    for t in made.turns:
        t.skill, t.answers = "system", [change(t.answers[0])]
        if len(t.places) > 1:
            t.places = []
            t.others = []
    made.system = rng.choice(texts)
    return made


TOOLS = [
    ("get_weather", "The weather in a city", {"city": "string"}, ("What is the weather in {city}?", "How is the weather in {city} today?", "Weather in {city}?")),
    ("get_time", "The time in a city", {"city": "string"}, ("What time is it in {city}?", "Tell me the time in {city}.")),
    ("search", "Searches the web", {"query": "string"}, ("Search for {query}.", "Look up {query}.", "Find {query} on the web.")),
    ("add", "Adds two numbers", {"a": "integer", "b": "integer"}, ("What is {a} plus {b}?", "Add {a} and {b}.", "How much is {a} + {b}?")),
    ("multiply", "Multiplies two numbers", {"a": "integer", "b": "integer"}, ("What is {a} times {b}?", "Multiply {a} by {b}.")),
    ("send_mail", "Sends a message to someone", {"to": "string", "text": "string"}, ("Write {text} to {to}.", "Send {to} a mail: {text}")),
    ("set_timer", "Starts a timer", {"minutes": "integer"}, ("Set a timer for {minutes} minutes.", "Wake me in {minutes} minutes.")),
    ("translate", "Translates a text", {"text": "string", "language": "string"}, ("Translate {text} into {language}.", "What is {text} in {language}?")),
    ("order", "Orders a product", {"product": "string", "count": "integer"}, ("Order {count} of {product}.", "I want {count} {product}.")),
]


def tool_line(name, description, parameters):
    schema = {"type": "object", "properties": {key: {"type": kind} for key, kind in parameters.items()}, "required": list(parameters)}
    return json.dumps({"name": name, "description": description, "parameters": schema}, separators=(",", ":"))


def tool_conversation(rng, level, fonts):
    tools = rng.sample(TOOLS, rng.randint(1, 3))
    name, _, parameters, texts = tools[0]
    rng.shuffle(tools)
    values = {}
    for key, kind in parameters.items():
        if kind == "integer":
            values[key] = rng.randint(1, 999)
        elif key == "city":
            values[key] = rng.choice(CITIES) if rng.random() < 0.5 else pseudo_word(rng).capitalize()
        elif key == "language":
            values[key] = rng.choice(("French", "German", "Spanish", "Polish"))
        elif key == "to":
            values[key] = rng.choice(("Anna", "Ben", "Carla", "David", pseudo_word(rng).capitalize()))
        else:
            values[key] = " ".join(rng.choice((rng.choice(WORDS), pseudo_word(rng))) for _ in range(rng.randint(1, 2)))
    call = "<tool_call>" + json.dumps({"name": name, "arguments": values}) + "</tool_call>"
    lead = "You can call tools. To call one, answer with exactly one line per call:\n"
    lead += '<tool_call>{"name": NAME, "arguments": {...}}</tool_call>\nTools:\n'
    system = lead + "\n".join(tool_line(*tool[:3]) for tool in tools)
    if rng.random() < 0.4:
        system = rng.choice(NEUTRAL_SYSTEMS) + "\n\n" + system
    turns = [Turn("tool", rng.choice(texts).format(**values), [call])]
    if rng.random() < 0.6:
        sky = rng.choice(("sunny", "rain", "snow", "cloudy"))
        result = rng.choice((str(rng.randint(1, 9999)), phrase(rng, 3), f"{rng.randint(-9, 35)} degrees, {sky}"))
        turns.append(Turn("tool", f'<tool_result name="{name}">\n{result}\n</tool_result>', [result]))
    if rng.random() < 0.3:
        picture = scene(rng, 0.3)
        if picture.shapes:
            return Conversation([picture], questions(rng, picture, 1, 0.3) + turns, system=system)
    return Conversation([], turns, system=system)


def json_conversation(rng, level, fonts):
    fields = {}
    if rng.random() < 0.3:
        made = ocr_conversation(rng, level, fonts, 8)
        picture = made.pictures[0]
        fields["text"] = made.turns[0].answers[0]
    else:
        while True:
            picture = scene(rng, 0.3, rng.choice((1, 1, 2, 3)))
            if picture.shapes:
                break
        if len(picture.shapes) == 1:
            fields["shape"], fields[rng.choice(("color", "colour"))] = picture.shapes[0].kind, picture.shapes[0].colour
        fields["count"] = len(picture.shapes)
        if picture.background:
            fields["background"] = picture.background
    keys = rng.sample(list(fields), rng.randint(1, len(fields)))
    answer = json.dumps({key: fields[key] for key in keys})
    system = "Answer with one JSON object and nothing else."
    if rng.random() < 0.6:
        properties = {key: {"type": "integer" if isinstance(fields[key], int) else "string"} for key in keys}
        schema = {"type": "object", "properties": properties, "required": keys}
        system += rng.choice((" ", "\n")) + "Schema: " + json.dumps(schema, separators=(",", ":"))
        question = rng.choice(("Describe the picture.", "Fill in the object.", "What do you see?", "Describe the image as JSON."))
    else:
        listed = keys[0] if len(keys) == 1 else ", ".join(keys[:-1]) + " and " + keys[-1]
        question = rng.choice(("Give the {} as JSON.", "Return {} as a JSON object.", "Write {} of the picture in JSON.")).format(listed)
    return Conversation([picture], [Turn("json", question, [answer])], system=system)


def text_conversation(rng, level, fonts):
    if rng.random() < 0.5:
        text = phrase(rng)
        return Conversation([], [Turn("text", rng.choice(ECHOES).format(text), [text])])
    question, answer = rng.choice(GREETINGS)
    return Conversation([], [Turn("text", restyle(rng, question), [answer])])


CONVERSATIONS = {
    "scene": scene_conversation,
    "ocr": ocr_conversation,
    "page": page_conversation,
    "chart": chart_conversation,
    "compare": compare_conversation,
    "video": video_conversation,
    "timestamps": timestamp_conversation,
    "system": system_conversation,
    "tool": tool_conversation,
    "json": json_conversation,
    "text": text_conversation,
}
