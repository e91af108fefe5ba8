"""Compares the model with recorded outputs, or records them.

    python3 golden.py --check GOLDEN MODEL     largest errors, in float64 and float32
    python3 golden.py --record GOLDEN MODEL --set EVALUATION
    python3 golden.py --experts MODEL --set EVALUATION    how evenly the set's prompts use the experts
"""

import argparse
import json
import os
import shutil
import sys

import torch
from PIL import Image

from checkpoint import Preprocessor, load_model, read_safetensors, write_json, write_safetensors
from model import Segments
from tokenizer import Tokenizer, expand_images, render_chat

NUM_NEW = 16
LAST_ROWS = 8
ESSENTIAL = ("input_ids", "image_grid_hws", "projector", "logits", "logits_last8", "new_ids", "step_logits")


class Runner:
    """Everything that a recording holds, for one checkpoint and one number type."""

    def __init__(self, model_dir, images_dir, dtype):
        self.model = load_model(model_dir, dtype)
        self.tokenizer = Tokenizer.read(model_dir)
        self.preprocessor = Preprocessor.read(model_dir)
        self.images_dir = images_dir
        self.dtype = dtype
        self.seen = {}

    def picture(self, name):
        """fitted bytes, patches, grid and every vision output of a picture."""
        name = name[:-4] if name.endswith(".png") else name
        if name not in self.seen:
            fitted = self.preprocessor.fit(Image.open(os.path.join(self.images_dir, name + ".png")))
            patches, grid = self.preprocessor.patches(fitted)
            outputs = {}
            with torch.no_grad():
                self.model.image_rows(torch.from_numpy(patches).to(self.dtype), [grid], outputs.__setitem__)
            self.seen[name] = (torch.from_numpy(fitted), torch.from_numpy(patches), grid, outputs)
        return self.seen[name]

    def inputs(self, messages, images):
        pictures = [self.picture(name) for name in images]
        rendered = render_chat(messages)
        expanded = expand_images(rendered, [grid[0] * grid[1] // 4 for _, _, grid, _ in pictures])
        rows = torch.cat([outputs["projected"] for *_, outputs in pictures]) if pictures else None
        return pictures, rendered, expanded, self.tokenizer.encode(expanded), rows

    def prompt(self, messages, images):
        """The entry of prompts.json and the tensors of its file."""
        pictures, rendered, expanded, ids, rows = self.inputs(messages, images)
        tensors, scores = {}, []

        def tap(name, value):
            if name.endswith("router.scores"):
                scores.append(value)
            if name.endswith((".query", ".key")):
                return
            tensors[name] = value.to(torch.int32) if name.endswith("router.ids") else value

        with torch.no_grad():
            hidden = self.model.hidden(torch.tensor(ids), Segments([len(ids)]), rows, tap)
            logits = self.model.logits(hidden)
        new_ids, steps = self.model.generate(ids, rows, NUM_NEW)
        tensors["input_ids"] = torch.tensor(ids)
        tensors["new_ids"] = torch.tensor(new_ids)
        tensors["step_logits"] = steps
        if pictures:
            tensors["projector"] = rows
            tensors["image_grid_hws"] = torch.tensor([grid for _, _, grid, _ in pictures])
            tensors["logits_last8"] = logits[-LAST_ROWS:]
        else:
            tensors["logits"] = logits
        greedy = steps.topk(2, -1).values
        router_gaps = []
        for router, score in zip(self.model.routers(), scores):
            chosen = (score + router.e_score_correction_bias).topk(router.num_chosen + 1, -1).values
            router_gaps.append(float((chosen[:, -2] - chosen[:, -1]).min()))
        entry = {
            "messages": messages,
            "images": list(images),
            "rendered": rendered,
            "expanded": expanded,
            "input_ids": ids,
            "new_ids": new_ids,
            "new_text": self.tokenizer.decode(new_ids),
            "smallest_greedy_gap": float((greedy[:, 0] - greedy[:, 1]).min()),
            "smallest_router_gap": min(router_gaps),
        }
        return entry, tensors


def check(golden, model_dir, dtype):
    """Prints the largest error of every file relative to the largest expected value; returns whether all agree."""
    runner = Runner(model_dir, os.path.join(golden, "images"), dtype)
    limit = 1e-6 if dtype == torch.float64 else 1e-5
    agree = True

    def report(label, error, allowed):
        nonlocal agree
        agree &= error <= allowed
        print(f"{str(dtype)[6:]:8} {label:32} {error:.1e}{'' if error <= allowed else '  FAILED'}")

    def compare(expected, actual):
        if expected.shape != actual.shape:
            return float("inf")
        if not expected.is_floating_point():
            return float((expected != actual).sum())
        return float((expected.double() - actual.double()).abs().max() / expected.double().abs().max())

    def read(name):
        path = os.path.join(golden, name + ".safetensors")
        return read_safetensors(path) if os.path.exists(path) else {}

    for file in ("preprocess", "vision"):
        worst = 0.0
        for name, expected in read(file).items():
            picture, output = name.split(".", 1)
            fitted, patches, grid, outputs = runner.picture(picture)
            known = {"fitted_rgb": fitted, "patches": patches, "grid_hw": torch.tensor(grid)}
            worst = max(worst, compare(expected, known[output] if file == "preprocess" else outputs[output]))
        report(file, worst, 0 if file == "preprocess" else limit)
    with open(os.path.join(golden, "prompts.json"), encoding="utf-8") as file:
        prompts = json.load(file)["prompts"]
    for name, recorded in prompts.items():
        entry, tensors = runner.prompt(recorded["messages"], recorded["images"])
        texts = ("rendered", "expanded", "input_ids", "new_ids", "new_text")
        report(f"prompt_{name} texts and ids", float(sum(entry[key] != recorded[key] for key in texts)), 0)
        worst = 0.0
        for key, expected in read("prompt_" + name).items():
            if key not in tensors:
                raise ValueError(f"prompt_{name}: no such output: {key}")
            worst = max(worst, compare(expected, tensors[key]))
        report(f"prompt_{name}", worst, limit)
    for file, mistakes in text_mistakes(golden, runner.tokenizer):
        report(file, mistakes, 0)
    return agree


def text_mistakes(golden, tokenizer):
    path = os.path.join(golden, "tokenizer_vectors.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            vectors = json.load(file)
        wrong = sum(tokenizer.encode(v["text"]) != v["ids"] for v in vectors)
        wrong += sum(tokenizer.encode(v["text"], specials=False) != v["ids_no_special"] for v in vectors)
        yield "tokenizer_vectors", wrong
    path = os.path.join(golden, "chat_renderings.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            chats = json.load(file)
        yield "chat_renderings", sum(
            render_chat(c["messages"], c["add_generation_prompt"]) != c["text"] for c in chats
        )


def read_questions(evaluation):
    with open(os.path.join(evaluation, "questions.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def first_messages(question, names):
    """A conversation up to its first question; `names` are those of the pictures."""
    text = question["turns"][0]["question"]
    parts = [{"type": "image", "image": name} for name in names] + [{"type": "text", "text": text}]
    messages = [{"role": "system", "content": question["system"]}] if "system" in question else []
    return messages + [{"role": "user", "content": parts if names else text}]


def expert_shares(model_dir, evaluation):
    """Prints the smallest share of tokens that an expert gets in each layer, relative to a fair share."""
    runner = Runner(model_dir, os.path.join(evaluation, "images"), torch.float32)
    for question in read_questions(evaluation):
        names = [os.path.basename(path) for path in question["images"]]
        *_, ids, rows = runner.inputs(first_messages(question, names), names)
        with torch.no_grad():
            runner.model.hidden(torch.tensor(ids), Segments([len(ids)]), rows)
    for number, router in enumerate(runner.model.routers()):
        least = float(router.load.min() * len(router.load) / router.load.sum())
        print(f"sparse layer {number}: the least used expert gets {least:.2f} of its fair share")


def record(golden, model_dir, evaluation, count, full):
    """Records the first turns of questions spread evenly over an evaluation set; every skill at least once."""
    os.makedirs(os.path.join(golden, "images"), exist_ok=True)
    questions = read_questions(evaluation)
    by_skill = {}
    for question in questions:
        by_skill.setdefault(question["skill"], []).append(question)
    chosen = []
    while len(chosen) < count and any(by_skill.values()):
        for skill in sorted(by_skill):
            if by_skill[skill] and len(chosen) < count:
                chosen.append(by_skill[skill].pop(0))
    runner = Runner(model_dir, os.path.join(golden, "images"), torch.float64)
    images, prompts = {}, {}
    for number, question in enumerate(chosen):
        names = []
        for path in question["images"]:
            name = os.path.basename(path)
            shutil.copy(os.path.join(evaluation, path), os.path.join(golden, "images", name))
            names.append(name)
            fitted, _, grid, _ = runner.picture(name)
            with Image.open(os.path.join(golden, "images", name)) as picture:
                images[name[:-4]] = {
                    "size_wh": list(picture.size),
                    "fitted_wh": [fitted.shape[1], fitted.shape[0]],
                    "grid_hw": list(grid),
                    "tokens": grid[0] * grid[1] // 4,
                }
        messages = first_messages(question, names)
        name = f"{number:02d}_{question['skill']}"
        prompts[name], tensors = runner.prompt(messages, names)
        if not full:
            tensors = {key: value for key, value in tensors.items() if key in ESSENTIAL}
        write_safetensors(os.path.join(golden, f"prompt_{name}.safetensors"), as_float32(tensors))
    first = next(iter(images))
    fitted, patches, grid, outputs = runner.picture(first)
    write_safetensors(
        os.path.join(golden, "preprocess.safetensors"),
        {f"{first}.fitted_rgb": fitted, f"{first}.patches": patches, f"{first}.grid_hw": torch.tensor(grid)},
    )
    write_safetensors(
        os.path.join(golden, "vision.safetensors"),
        as_float32({f"{first}.{name}": value for name, value in outputs.items()}),
    )
    write_json(os.path.join(golden, "prompts.json"), {"images": images, "prompts": prompts})
    print(f"recorded {len(prompts)} prompts in {golden}")


def as_float32(tensors):
    return {name: v.float() if v.dtype == torch.float64 else v for name, v in tensors.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", metavar="GOLDEN")
    action.add_argument("--record", metavar="GOLDEN")
    action.add_argument("--experts", action="store_true")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--set", metavar="EVALUATION", help="the evaluation folder to take prompts from")
    parser.add_argument("--count", type=int, default=20, help="prompts to record")
    parser.add_argument("--full", action="store_true", help="record every layer, not only what comes out")
    options = parser.parse_args()
    if not options.check and not options.set:
        parser.error("--record and --experts want --set")
    if options.experts:
        expert_shares(options.model, options.set)
        return
    if options.record:
        record(options.record, options.model, options.set, options.count, options.full)
        return
    agree = [check(options.check, options.model, dtype) for dtype in (torch.float64, torch.float32)]
    sys.exit(0 if all(agree) else 1)


if __name__ == "__main__":
    main()
