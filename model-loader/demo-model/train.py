"""Trains the demo model; can be stopped and started again at any time.

    OPENBLAS_NUM_THREADS=2 python3 train.py --state state --steps 30000
    python3 train.py --state state --export DIR
"""

import argparse
import fcntl
import json
import math
import multiprocessing
import os
import signal
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

import data
from checkpoint import write_json, write_model
from drawing import CHARACTERS, CHARACTER_SLOTS, COLOURS, KINDS
from model import KimiVL, Segments, merge_cells
from muon import Muon
from tokenizer import Tokenizer, write_files

LEAST_GFLOPS = 20
SAVE_SECONDS = 600
WARM_UP = 200
BALANCE_STEP = 0.01
SIGHT_WEIGHT = 0.4
# Most patches have nothing to name; that must not drown the others.
NOTHING_WEIGHTS = {"kinds": 0.1, "colours": 0.1, "characters": 0.03}


def model_config(num_tokens):
    """Sizes are multiples of 32, so that every weight format divides them."""
    first_special = num_tokens
    return {
        "architectures": ["KimiVLForConditionalGeneration"],
        "model_type": "kimi_vl",
        "vision_config": {
            "model_type": "moonvit",
            "patch_size": 14,
            "merge_kernel_size": [2, 2],
            "hidden_size": 192,
            "num_hidden_layers": 6,
            "num_attention_heads": 4,
            "intermediate_size": 576,
            "init_pos_emb_height": 16,
            "init_pos_emb_width": 16,
            "torch_dtype": "bfloat16",
        },
        "text_config": {
            "model_type": "deepseek_v3",
            "vocab_size": num_tokens + 256,
            "hidden_size": 256,
            "num_hidden_layers": 5,
            "num_attention_heads": 8,
            "num_key_value_heads": 8,
            "q_lora_rank": None,
            "kv_lora_rank": 128,
            "qk_nope_head_dim": 32,
            "qk_rope_head_dim": 16,
            "v_head_dim": 32,
            "intermediate_size": 640,
            "moe_intermediate_size": 192,
            "n_routed_experts": 8,
            "n_shared_experts": 1,
            "num_experts_per_tok": 2,
            "first_k_dense_replace": 1,
            "moe_layer_freq": 1,
            "n_group": 1,
            "topk_group": 1,
            "topk_method": "noaux_tc",
            "scoring_func": "sigmoid",
            "norm_topk_prob": True,
            "routed_scaling_factor": 2.446,
            "num_nextn_predict_layers": 0,
            "hidden_act": "silu",
            "rms_norm_eps": 1e-05,
            "rope_theta": 50000.0,
            "rope_scaling": None,
            "attention_bias": False,
            "max_position_embeddings": 4096,
            "tie_word_embeddings": False,
            "bos_token_id": first_special,
            "eos_token_id": first_special + 2,
            "pad_token_id": first_special + 254,
            "torch_dtype": "bfloat16",
        },
        "media_placeholder_token_id": first_special + 21,
        "ignore_index": -100,
        "pad_token_id": first_special + 254,
        "bos_token_id": first_special,
        "eos_token_id": first_special + 2,
        "vocab_size": num_tokens + 256,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
    }


class Sight(nn.Module):
    """Training's extra head: what lies under each of the four patches of a picture's row. It teaches encoder and projector
    to see long before answers can, and is no part of the checkpoint."""

    def __init__(self, size):
        super().__init__()
        self.kinds = nn.Linear(size, 4 * (len(KINDS) + 1))
        self.colours = nn.Linear(size, 4 * (len(COLOURS) + 1))
        self.characters = nn.Linear(size, 4 * CHARACTER_SLOTS * (len(CHARACTERS) + 1))

    def parts(self, rows, labels):
        """(name, scores [things, classes], wanted [things]); labels: [cells, 4, 2 + CHARACTER_SLOTS]."""
        yield "kinds", self.kinds(rows).reshape(-1, len(KINDS) + 1), labels[..., 0].reshape(-1)
        yield "colours", self.colours(rows).reshape(-1, len(COLOURS) + 1), labels[..., 1].reshape(-1)
        yield "characters", self.characters(rows).reshape(-1, len(CHARACTERS) + 1), labels[..., 2:].reshape(-1)

    def loss(self, rows, labels):
        total = 0.0
        for name, scores, wanted in self.parts(rows, labels):
            weights = torch.ones(scores.shape[-1], device=scores.device)
            weights[0] = NOTHING_WEIGHTS[name]
            total = total + F.cross_entropy(scores, wanted, weight=weights)
        return total

    def hits(self, rows, labels):
        """What is right where there is something to name: (name, right, all)."""
        for name, scores, wanted in self.parts(rows, labels):
            named = wanted > 0
            yield "sees " + name, int((scores.argmax(-1) == wanted)[named].sum()), int(named.sum())


class Trainer:
    def __init__(self, options):
        self.options = options
        self.device = options.device
        os.makedirs(options.state, exist_ok=True)
        self.tokenizer = self.stored_tokenizer()
        torch.manual_seed(options.seed)
        self.model = KimiVL(model_config(len(self.tokenizer.tokens)))
        self.model.initialize(torch.Generator().manual_seed(options.seed))
        self.model.to(self.device)
        self.sight = Sight(self.model.config["text_config"]["hidden_size"]).to(self.device)
        self.optimizers = self.make_optimizers()
        self.step, self.samples, self.seconds = 0, 0, 0.0
        self.running = True
        if os.path.exists(self.path("state.pt")):
            self.load()

    def path(self, name):
        return os.path.join(self.options.state, name)

    def stored_tokenizer(self):
        """The vocabulary is learned once and then belongs to the state."""
        if not os.path.exists(self.path("tiktoken.model")):
            write_files(Tokenizer.with_tokens(data.vocabulary()), self.options.state)
        return Tokenizer.read(self.options.state)

    def make_optimizers(self):
        """Muon or AdamW for the matrices inside, AdamW for tables, heads, routers and everything small."""
        named = [(n, p) for n, p in self.model.named_parameters() if p.requires_grad] + list(self.sight.named_parameters())
        outer = ("embed_tokens.weight", "pos_emb.weight", "lm_head.weight", "mlp.gate.weight")
        heads = {id(p) for p in self.sight.parameters()}
        inner = [p for name, p in named if p.dim() >= 2 and not name.endswith(outer) and id(p) not in heads]
        chosen = {id(p) for p in inner}
        others = [p for _, p in named if id(p) not in chosen]
        adam = {"lr": 0.0, "betas": (0.9, 0.98), "foreach": True}
        if self.options.optimizer == "muon":
            return [Muon(inner, 0.05), torch.optim.AdamW(others, weight_decay=0.0, **adam)]
        return [torch.optim.AdamW(inner, weight_decay=0.05, **adam), torch.optim.AdamW(others, weight_decay=0.0, **adam)]

    def rate(self):
        """Warm-up, a plateau, then a cosine down to a fiftieth over the last part."""
        if self.step < WARM_UP:
            return self.options.rate * (self.step + 1) / WARM_UP
        done, fall = self.step / self.options.steps, self.options.fall
        if done < fall:
            return self.options.rate
        share = min(1.0, (done - fall) / (1 - fall))
        return self.options.rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))

    def level(self, index):
        return min(self.options.level, index / max(1, self.options.curriculum))

    def hidden(self, batch):
        """Rows after the decoder, and the pictures' rows before it, or None without pictures."""
        rows = None
        if batch.grids:
            rows = self.model.image_rows(torch.from_numpy(batch.patches).to(self.device), batch.grids)
        ids = torch.from_numpy(batch.ids).to(self.device)
        return self.model.hidden(ids, Segments(batch.lengths, self.device), rows), rows

    def labels(self, batch):
        return merge_cells(torch.from_numpy(batch.labels.astype("int64")), batch.grids).to(self.device)

    def losses(self, batch):
        hidden, rows = self.hidden(batch)
        targets = torch.from_numpy(batch.targets).to(self.device)
        wanted = (targets >= 0).nonzero()[:, 0]
        weights = torch.zeros(len(targets))
        for _, first, last in batch.answers:
            weights[first:last] = (last - first) ** -0.5
        weights = weights.to(self.device)[wanted]
        each = F.cross_entropy(self.model.logits(hidden[wanted]), targets[wanted], reduction="none")
        answer = (each * weights).sum() / weights.sum()
        sight = torch.zeros((), device=self.device)
        if rows is not None:
            sight = self.sight.loss(rows, self.labels(batch))
        return answer, sight

    def train_step(self, batch):
        answer, sight = self.losses(batch)
        (answer + SIGHT_WEIGHT * sight).backward()
        groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        nn.utils.clip_grad_norm_([p for group in groups for p in group["params"] if p.grad is not None], 1.0)
        for group in groups:
            group["lr"] = self.rate()
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        for router in self.model.routers():
            router.balance(BALANCE_STEP)
        self.step += 1
        self.samples += len(batch.lengths)
        return float(answer), float(sight)

    @torch.no_grad()
    def evaluate(self, batches):
        """Share of answers of which every token is the most likely one, by skill: what greedy decoding gets right. Then what
        the extra head gets right, and the smallest share of tokens that an expert got, relative to a fair share."""
        right, asked = {}, {}
        for router in self.model.routers():
            router.load.zero_()
        for batch in batches:
            hidden, rows = self.hidden(batch)
            if rows is not None:
                for name, hits, named in self.sight.hits(rows, self.labels(batch)):
                    asked[name] = asked.get(name, 0) + named
                    right[name] = right.get(name, 0) + hits
            for skill, first, last in batch.answers:
                best = self.model.logits(hidden[first:last]).argmax(-1).cpu()
                asked[skill] = asked.get(skill, 0) + 1
                right[skill] = right.get(skill, 0) + int((best == torch.from_numpy(batch.targets[first:last])).all())
        least = min(float(r.load.min() * len(r.load) / r.load.sum().clamp(min=1)) for r in self.model.routers())
        for router in self.model.routers():
            router.load.zero_()
        return {skill: right[skill] / max(1, asked[skill]) for skill in sorted(asked)}, least

    def save(self):
        state = {
            "model": self.model.state_dict(),
            "sight": self.sight.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "samples": self.samples,
            "seconds": self.seconds,
            "random": torch.get_rng_state(),
            "seed": self.options.seed,
        }
        torch.save(state, self.path("state.pt.new"))
        os.replace(self.path("state.pt.new"), self.path("state.pt"))

    def load(self):
        state = torch.load(self.path("state.pt"), map_location=self.device)
        if state["seed"] != self.options.seed:
            sys.exit(f"{self.options.state} was trained with seed {state['seed']}, not {self.options.seed}")
        self.model.load_state_dict(state["model"])
        self.sight.load_state_dict(state["sight"])
        for optimizer, stored in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(stored)
        self.step, self.samples, self.seconds = state["step"], state["samples"], state["seconds"]
        torch.set_rng_state(state["random"].cpu())

    def export(self, directory):
        write_model(self.model, directory)
        write_files(self.tokenizer, directory)
        write_json(os.path.join(directory, "preprocessor_config.json"), data.PREPROCESSING)
        first = len(self.tokenizer.tokens)
        generation = {
            "bos_token_id": first,
            "pad_token_id": first + 254,
            "eos_token_id": [first + 1, first + 2],
            "do_sample": False,
            "max_length": 4096,
        }
        write_json(os.path.join(directory, "generation_config.json"), generation)
        parameters = sum(p.numel() for p in self.model.parameters())
        print(f"step {self.step}: {parameters / 1e6:.2f} million parameters in {directory}")

    def log(self, record):
        line = json.dumps(record)
        print(line, flush=True)
        with open(self.path("log.jsonl"), "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def lock(self):
        """One training at a time may write to a state."""
        self.locked = open(self.path("lock"), "w")
        try:
            fcntl.flock(self.locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"{self.options.state}: another training is using this folder")

    def run(self):
        self.lock()
        encoder = data.Encoder(self.tokenizer)
        held_out = [data.make_batch(encoder, "dev", i, self.options.level, 4000) for i in range(self.options.dev)]
        began = saved = logged = tested = time.monotonic()
        earlier, samples, losses, seen_tokens = self.seconds, self.samples, [], 0
        for batch in Batches(encoder, self.options, self.step, self.level):
            losses.append(self.train_step(batch))
            seen_tokens += len(batch.ids) + len(batch.patches)
            now = time.monotonic()
            self.seconds = earlier + now - began
            finished = self.step >= self.options.steps or not self.running
            finished |= self.options.minutes is not None and now - began > 60 * self.options.minutes
            if now - logged > self.options.log_seconds or finished:
                answers, sights = zip(*losses)
                span = now - logged
                self.log(
                    {
                        "step": self.step,
                        "samples": self.samples,
                        "hours": round(self.seconds / 3600, 3),
                        "level": round(self.level(self.step), 3),
                        "rate": round(self.rate(), 6),
                        "answer": round(sum(answers) / len(answers), 4),
                        "sight": round(sum(sights) / len(sights), 4),
                        "samples/s": round((self.samples - samples) / span, 2),
                        "rows/s": round(seen_tokens / span),
                    }
                )
                logged, losses, samples, seen_tokens = now, [], self.samples, 0
            if now - saved > SAVE_SECONDS or finished:
                self.save()
                saved = now
            if now - tested > self.options.test_seconds or finished:
                skills, least = self.evaluate(held_out)
                self.log({"step": self.step, "least expert": round(least, 3), **{k: round(v, 3) for k, v in skills.items()}})
                tested = time.monotonic()
                logged += tested - now
            if finished:
                break


class Batches:
    """Batches from `first` on, made here or by worker processes; the same either way."""

    def __init__(self, encoder, options, first, level):
        self.make = BatchMaker(encoder, options.seed, options.budget)
        self.workers, self.first, self.level, self.last = options.workers, first, level, options.steps

    def __iter__(self):
        jobs = ((index, self.level(index)) for index in range(self.first, self.last))
        if self.workers == 0:
            yield from map(self.make, jobs)
            return
        with multiprocessing.get_context("spawn").Pool(self.workers) as pool:
            for start in range(self.first, self.last, 64):
                block = [(i, self.level(i)) for i in range(start, min(start + 64, self.last))]
                yield from pool.imap(self.make, block)


class BatchMaker:
    def __init__(self, encoder, seed, budget):
        self.encoder, self.seed, self.budget = encoder, seed, budget

    def __call__(self, job):
        index, level = job
        return data.make_batch(self.encoder, self.seed, index, level, self.budget)


def gflops():
    """Speed of a matrix product, in 10^9 operations per second."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    a @ b
    best = 0.0
    for _ in range(5):
        begin = time.monotonic()
        a @ b
        best = max(best, 2 * 1024**3 / (time.monotonic() - begin) / 1e9)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", required=True, help="folder of the training state")
    parser.add_argument("--export", metavar="DIR", help="write the checkpoint and stop")
    parser.add_argument("--steps", type=int, default=30000, help="the last step; the rate falls towards it")
    parser.add_argument("--minutes", type=float, help="stop after so many minutes; the next run goes on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=int, default=4000, help="tokens and patches in a batch")
    parser.add_argument("--rate", type=float, default=1.2e-3, help="the highest learning rate")
    parser.add_argument("--optimizer", choices=("adamw", "muon"), default="muon", help="for the matrices inside")
    parser.add_argument("--fall", type=float, default=0.6, help="the part of all steps after which the rate falls")
    parser.add_argument("--curriculum", type=int, default=7000, help="steps until the data is as hard as it gets")
    parser.add_argument("--level", type=float, default=1.0, help="how hard the data gets, 0 to 1")
    parser.add_argument("--dev", type=int, default=12, help="batches of the small test")
    parser.add_argument("--log-seconds", type=float, default=60)
    parser.add_argument("--test-seconds", type=float, default=1200)
    parser.add_argument("--workers", type=int, default=0, help="processes that draw pictures; 0: this one")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    trainer = Trainer(options)
    if options.export:
        trainer.export(options.export)
        return
    if options.device == "cpu":
        speed = gflops()
        print(f"matrix product: {speed:.0f} GFLOP/s", flush=True)
        if speed < LEAST_GFLOPS:
            sys.exit(f"want {LEAST_GFLOPS} GFLOP/s: install libopenblas0-pthread and set OPENBLAS_NUM_THREADS=2")
    else:
        torch.backends.cuda.matmul.allow_tf32 = True

    def stop(signum, frame):
        trainer.running = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    trainer.run()


if __name__ == "__main__":
    main()
