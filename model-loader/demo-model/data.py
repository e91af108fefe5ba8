"""Training batches, the vocabulary's text and the evaluation set, all functions of a seed.

    python3 data.py --preview FILE.png [--seed N] [--level 1.0]
    python3 data.py --evaluation DIR
"""

import argparse
import json
import os
import random
import textwrap
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from checkpoint import Preprocessor
from drawing import CHARACTERS, CHARACTER_SLOTS, NAMED, TRAINING_FONTS, UNSEEN_FONTS, full_picture
from phrases import NEUTRAL_SYSTEMS, PHRASES
from scenes import ABOUT, Conversation, follow_up, questions, scene
from skills import CONVERSATIONS, PRINTED, ocr_conversation, short_text
from tokenizer import DEFAULT_SYSTEM, learn_vocabulary

PREPROCESSING = {
    "in_token_limit": 576,
    "patch_size": 14,
    "num_pooled_tokens": 1024,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "pad_input": True,
}
NUM_TOKENS = 1024
EVALUATION_SEED = "held-out"
MOST_TOKENS = 900
MOST_PATCHES = 1600
LOOK_SHARE = 0.2
CELL = 28


# ---- The mixture


def mixture(level):
    """Share of each kind of conversation. Level 0 is the start of training, 1 its end."""
    start = {"scene": 0.5, "ocr": 0.49, "text": 0.01}
    end = {
        "scene": 0.35, "ocr": 0.38, "page": 0.015, "chart": 0.08, "compare": 0.06, "video": 0.05, "timestamps": 0.01,
        "system": 0.02, "tool": 0.01, "json": 0.02, "text": 0.005,
    }
    share = min(1.0, max(0.0, (level - 0.15) / 0.5))
    return {kind: (1 - share) * start.get(kind, 0) + share * end[kind] for kind in end}


def converse(rng, level, fonts=TRAINING_FONTS):
    """A conversation; an easier one now and then, so that nothing early is forgotten."""
    shares = mixture(level)
    kind = rng.choices(list(shares), list(shares.values()))[0]
    made = CONVERSATIONS[kind](rng, level * rng.choice((1, 1, 1, rng.random())), fonts)
    if not made.system and rng.random() < 0.06:
        made.system = rng.choice(NEUTRAL_SYSTEMS)
    made.text_first = rng.random() < 0.12
    return made


def messages(conversation):
    """The turns as chat messages; a picture part carries its number."""
    result = [{"role": "system", "content": conversation.system}] if conversation.system else []
    opening = conversation.opening or list(range(len(conversation.pictures)))
    for number, turn in enumerate(conversation.turns):
        content = turn.question
        if number == 0 and opening:
            shown = [{"type": "text", "text": p} if isinstance(p, str) else {"type": "image", "image": p} for p in opening]
            asked = [{"type": "text", "text": turn.question}]
            content = asked + shown if conversation.text_first else shown + asked
        result += [{"role": "user", "content": content}, {"role": "assistant", "content": turn.answers[0]}]
    return result


# ---- Token ids


@dataclass
class Sample:
    ids: list
    answers: list
    """Per answer (skill, first and last position of what must be predicted)."""
    patches: list = field(default_factory=list)
    grids: list = field(default_factory=list)
    labels: list = field(default_factory=list)
    guides: list = field(default_factory=list)
    """Where answers are found: (position that predicts, [positions of picture tokens for each guided layer])."""


class Encoder:
    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.preprocessor = Preprocessor(PREPROCESSING)
        self.pad, self.end = tokenizer.special("<|media_pad|>"), tokenizer.special("<|im_end|>")

    def role(self, role):
        return self.tokenizer.encode(f"<|im_{role}|>{role}<|im_middle|>")

    def text(self, text):
        return self.tokenizer.encode(text, specials=False)

    def content(self, content, sample):
        """Adjacent text parts are encoded as one, as in a rendered prompt."""
        if isinstance(content, str):
            return self.text(content)
        ids, text = [], ""
        for part in content:
            if part["type"] == "text":
                text += part["text"]
                continue
            rows, columns = sample.grids[part["image"]]
            ids += self.text(text) + self.tokenizer.encode("<|media_start|>image<|media_content|>")
            ids += [self.pad] * (rows * columns // 4) + self.tokenizer.encode("<|media_end|>")
            text = ""
        return ids + self.text(text)

    def look(self, pictures):
        """A sample without text."""
        sample = Sample([], [])
        for picture in pictures:
            patches, grid = self.preprocessor.patches(self.preprocessor.fit(picture.image))
            sample.patches.append(patches)
            sample.grids.append(grid)
            sample.labels.append(picture.labels(grid))
        return sample

    def encode(self, conversation):
        sample = self.look(conversation.pictures)
        if not conversation.system:
            sample.ids += self.role("system") + self.text(DEFAULT_SYSTEM) + [self.end]
        turns = iter(conversation.turns)
        for message in messages(conversation):
            sample.ids += self.role(message["role"])
            first = len(sample.ids)
            sample.ids += self.content(message["content"], sample) + [self.end]
            if message["role"] == "assistant":
                turn = next(turns)
                sample.answers.append((turn.skill, first, len(sample.ids)))
                sample.guides += self.guides(turn, sample, first)
        return sample

    def guides(self, turn, sample, first):
        """For each token of an answer that begins at `first`: the picture tokens under its places, and under those of the other
        thing, if two are compared."""
        if not turn.places:
            return
        pads = [i for i, token_id in enumerate(sample.ids) if token_id == self.pad]
        starts = [0]
        for rows, columns in sample.grids:
            starts.append(starts[-1] + rows * columns // 4)

        def cell(number, x, y):
            rows, columns = (side // 2 for side in sample.grids[number])
            row, column = (min(max(int(at // CELL), 0), most - 1) for at, most in ((y, rows), (x, columns)))
            return pads[starts[number] + row * columns + column]

        begin = 0
        for position in range(first, len(sample.ids) - 1):
            end = begin + len(self.tokenizer.tokens[sample.ids[position]].decode("utf-8", errors="ignore"))
            found = [places_for(begin, end, places) for places in (turn.places, turn.others or turn.places)]
            if all(found):
                yield position - 1, [sorted({cell(*place) for place in places}) for places in found]
            begin = end


def places_for(begin, end, places):
    """Those of a token from `begin` to `end` of an answer: its first own ones, or those that hold since an earlier token."""
    own = [found for offset, found in places if begin <= offset < end]
    held = [found for offset, found in places if offset <= begin]
    return own[0] if own else held[-1] if held else None


@dataclass
class Batch:
    """Packed sequences and pictures; `targets` of a row is the id that follows it, or -1. The first `cells` rows of the projector
    belong to the sequences; any others are of pictures that are only looked at."""

    ids: np.ndarray
    lengths: list
    targets: np.ndarray
    answers: list
    patches: np.ndarray
    grids: list
    labels: np.ndarray
    cells: int
    guides: list
    """Per sequence that has any: (first row, [rows that predict], [for each guided layer, rows of picture tokens for each])."""


def pack(samples, looks=()):
    ids = np.array([i for sample in samples for i in sample.ids], dtype=np.int64)
    targets = np.full(len(ids), -1, dtype=np.int64)
    answers, guides, start = [], [], 0
    for sample in samples:
        if sample.guides:
            rows, found = zip(*sample.guides)
            by_layer = [[[start + cell for cell in cells] for cells in layer] for layer in zip(*found)]
            guides.append((start, [start + row for row in rows], by_layer))
        for skill, first, last in sample.answers:
            targets[start + first - 1 : start + last - 1] = ids[start + first : start + last]
            answers.append((skill, start + first - 1, start + last - 1))
        start += len(sample.ids)
    everything = samples + list(looks)
    pictures = [p for sample in everything for p in sample.patches]
    return Batch(
        ids,
        [len(sample.ids) for sample in samples],
        targets,
        answers,
        np.concatenate(pictures) if pictures else np.zeros((0, 3, 14, 14), np.float32),
        [grid for sample in everything for grid in sample.grids],
        np.concatenate([l for s in everything for l in s.labels]) if pictures else np.zeros((0, len(NAMED) + CHARACTER_SLOTS), np.int16),
        sum(h * w // 4 for sample in samples for h, w in sample.grids),
        guides,
    )


def make_batch(encoder, seed, index, level, budget, with_looks=False):
    """Batch number `index` of a seed: samples until their tokens and patches reach the budget. Nothing else decides. Some
    pictures to look at only keep the encoder from forgetting what answers seldom ask for."""
    rng = random.Random(f"{seed}/{index}")
    samples, cost = [], 0
    looks = look_samples(encoder, rng, LOOK_SHARE * budget) if with_looks else []
    budget -= sum(h * w for sample in looks for h, w in sample.grids)
    while not samples or cost < budget:
        sample = encoder.encode(converse(rng, level))
        patches = sum(h * w for h, w in sample.grids)
        if len(sample.ids) > MOST_TOKENS or patches > MOST_PATCHES:
            continue
        samples.append(sample)
        cost += len(sample.ids) + patches
    return pack(samples, looks)


def any_word(rng):
    """What may be printed, or any characters at all, so that rare ones are seen too."""
    return short_text(rng) if rng.random() < 0.75 else "".join(rng.choices(CHARACTERS, k=rng.randint(2, 8)))


def look(rng):
    """A picture with much to name in it."""
    kind = rng.random()
    if kind < 0.42:
        return full_picture(rng, TRAINING_FONTS, lambda: any_word(rng))
    if kind < 0.57:
        return CONVERSATIONS["ocr"](rng, 1.0, TRAINING_FONTS).pictures[0]
    if kind < 0.9:
        return scene(rng, 1.0, rng.randint(1, 8))
    return CONVERSATIONS["chart"](rng, 1.0, TRAINING_FONTS).pictures[0]


def look_samples(encoder, rng, budget):
    """Pictures alone, until their patches reach the budget."""
    samples, cost = [], 0
    while cost < budget:
        samples.append(encoder.look([look(rng)]))
        cost += sum(h * w for h, w in samples[-1].grids)
    return samples


def make_look(encoder, seed, index, budget):
    """Batch number `index` of pictures alone."""
    return pack([], look_samples(encoder, random.Random(f"{seed}/look/{index}"), budget))


def vocabulary(seed=1, count=6000):
    """Tokens learned from conversations. What is printed in pictures does not count: it is read letter by letter, or nearly, which
    a small model learns sooner than as many pieces of words as there are."""
    rng = random.Random(f"vocabulary/{seed}")
    texts = []
    for _ in range(count):
        made = converse(rng, 1.0)
        if any(turn.skill in PRINTED for turn in made.turns):
            continue
        for message in messages(made):
            content = message["content"]
            texts += [content] if isinstance(content, str) else [part["text"] for part in content if part["type"] == "text"]
    texts += [line for lines in PHRASES.values() for line in lines]
    return learn_vocabulary(texts, NUM_TOKENS)


# ---- The evaluation set

EVALUATED = {
    "shape": 50, "colour": 50, "count": 60, "presence": 40, "position": 60, "size": 40, "describe": 40, "unknown": 30, "turns": 50,
    "ocr_seen": 80, "ocr_unseen": 80, "page": 16, "chart": 60, "compare": 60, "video": 50,
    "system": 30, "tool": 30, "json": 30,
}


def evaluated(rng, skill, number):
    """Conversation `number` for a skill; counts go round from 0 to 6."""
    while True:
        if skill.startswith("ocr"):
            fonts = UNSEEN_FONTS if skill == "ocr_unseen" else TRAINING_FONTS
            return ocr_conversation(rng, 1.0, fonts, 12)
        if skill in CONVERSATIONS:
            made = CONVERSATIONS[skill](rng, 1.0, TRAINING_FONTS)
            made.turns = [made.turns[0] if skill == "tool" else rng.choice(made.turns)]
            if made.turns[0].skill == skill:
                return made
            continue
        picture = scene(rng, 1.0)
        if not picture.shapes:
            continue
        first = questions(rng, picture, 1, 1.0, None if skill == "turns" else skill)
        if skill == "count" and first and first[0].answers != [str(number % 7)]:
            continue
        if skill in ABOUT and first and first[0].skill == skill:
            return Conversation([picture], first)
        if skill == "turns" and first:
            second = follow_up(rng, picture, first[0])
            if second:
                return Conversation([picture], first + [second])


def write_evaluation(directory, seed=EVALUATION_SEED, counts=EVALUATED):
    """questions.jsonl and its pictures; `counts` says how many conversations of each skill."""
    os.makedirs(os.path.join(directory, "images"), exist_ok=True)
    lines = []
    for skill, count in counts.items():
        rng = random.Random(f"{seed}/{skill}")
        for number in range(count):
            made = evaluated(rng, skill, number)
            images = []
            for i, picture in enumerate(made.pictures):
                name = f"images/{skill}_{number:03d}" + (f"_{i}" if len(made.pictures) > 1 else "") + ".png"
                picture.image.save(os.path.join(directory, name), optimize=True)
                images.append(name)
            turns = [{"question": turn.question, "answer": turn.answers} for turn in made.turns]
            line = {"skill": skill, "images": images, "turns": turns, "match": "exact"}
            if made.system:
                line["system"] = made.system
            lines.append(line)
    with open(os.path.join(directory, "questions.jsonl"), "w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    asked = sum(len(line["turns"]) for line in lines)
    print(f"{len(lines)} conversations, {asked} questions in {directory}")


# ---- A look at the data


def preview(path, seed, level):
    """A contact sheet: every kind of conversation a few times."""
    rng = random.Random(f"preview/{seed}")
    sheet = Image.new("RGB", (1500, 1900), (225, 225, 225))
    pen = ImageDraw.Draw(sheet)
    x, y, row = 10, 10, 0
    shown = {"scene": 7, "ocr": 9, "page": 2, "chart": 4, "compare": 4, "video": 2, "timestamps": 1, "system": 1, "json": 1}
    for kind in (kind for kind, count in shown.items() for _ in range(count)):
        made = CONVERSATIONS[kind](rng, level, TRAINING_FONTS)
        width = max(230, sum(p.size[0] + 4 for p in made.pictures))
        text = "\n".join(
            line
            for turn in made.turns
            for line in textwrap.wrap(f"{turn.question} -> {turn.answers[0]!r}", width // 6)
        )
        height = max([p.size[1] for p in made.pictures] or [0]) + 15 * (text.count("\n") + 2)
        if x + width > sheet.size[0]:
            x, y, row = 10, y + row + 8, 0
        left = x
        for picture in made.pictures:
            sheet.paste(picture.image, (left, y))
            left += picture.size[0] + 4
        pen.text((x, y + max([p.size[1] for p in made.pictures] or [0]) + 2), text, fill=(0, 0, 0))
        x, row = x + width + 10, max(row, height)
    sheet.crop((0, 0, sheet.size[0], min(sheet.size[1], y + row + 10))).save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preview", metavar="PNG")
    parser.add_argument("--evaluation", metavar="DIR")
    parser.add_argument("--each", type=int, metavar="N", help="with --evaluation: another set, N conversations of each skill, drawn with --seed")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--level", type=float, default=1.0)
    options = parser.parse_args()
    if options.preview:
        preview(options.preview, options.seed, options.level)
    if options.evaluation:
        if options.each:
            write_evaluation(options.evaluation, options.seed, dict.fromkeys(EVALUATED, options.each))
        else:
            write_evaluation(options.evaluation)


if __name__ == "__main__":
    main()
