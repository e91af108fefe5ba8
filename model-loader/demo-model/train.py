"""Trains the demo model; can be stopped and started again at any time.

    OPENBLAS_NUM_THREADS=1 python3 train.py --state state --processes 2
    python3 train.py --state state --export DIR
"""

import argparse
import fcntl
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time

import torch
import torch.nn.functional as F
from torch import nn

import data
from checkpoint import load_model, write_json, write_model
from hints import Sight, guide_loss
from model import KimiVL, Segments, merge_cells, no_tap
from muon import Muon
from plan import Plan
from rounding import round_products
from team import Team
from tokenizer import Tokenizer, write_files

LEAST_GFLOPS = 20
SAVE_SECONDS = 600
PLAN = "look:200@0-2e-3,look:1800@2e-3-4e-4,still:200@0-1.3e-3,still:3000@1.3e-3,all:3000@1e-3-2e-5"
BALANCE_STEP = 0.01
SIGHT_WEIGHT = 1.0
GUIDE_WEIGHT = 0.5


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


class Trainer:
    def __init__(self, options, team=Team()):
        self.options, self.team = options, team
        self.plan = Plan(options.plan)
        self.device = options.device
        os.makedirs(options.state, exist_ok=True)
        self.tokenizer = self.stored_tokenizer()
        torch.manual_seed(options.seed)
        self.model = KimiVL(model_config(len(self.tokenizer.tokens)))
        self.model.initialize(torch.Generator().manual_seed(options.seed))
        if options.start:
            self.model.load_state_dict(load_model(options.start).state_dict())
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
            start = self.options.start
            tokenizer = Tokenizer.read(start) if start else Tokenizer.with_tokens(data.vocabulary())
            write_files(tokenizer, self.options.state)
        return Tokenizer.read(self.options.state)

    def make_optimizers(self):
        """Muon or AdamW for the matrices inside, AdamW for tables, heads, routers and everything small."""
        named = [(n, p) for n, p in self.model.named_parameters() if p.requires_grad] + list(self.sight.named_parameters())
        outer = ("embed_tokens.weight", "pos_emb.weight", "lm_head.weight", "mlp.gate.weight")
        heads = {id(p) for p in self.sight.parameters()}
        inner = [p for name, p in named if p.dim() >= 2 and not name.endswith(outer) and id(p) not in heads]
        chosen = {id(p) for p in inner}
        others = [p for _, p in named if id(p) not in chosen]
        self.seeing = [p for name, p in named if not name.startswith("language_model.")]
        self.speaking = [p for name, p in named if name.startswith("language_model.")]
        adam = {"lr": 0.0, "betas": (0.9, 0.98), "foreach": True}
        if self.options.optimizer == "muon":
            dtype = torch.bfloat16 if self.options.bfloat16 else torch.float32
            return [Muon(inner, 0.05, self.team, dtype), torch.optim.AdamW(others, weight_decay=0.0, **adam)]
        return [torch.optim.AdamW(inner, weight_decay=0.05, **adam), torch.optim.AdamW(others, weight_decay=0.0, **adam)]

    @property
    def kind(self):
        return self.plan.at(self.step).kind

    def trained(self):
        """The parameters that this step changes."""
        return {"look": self.seeing, "still": self.speaking, "all": self.seeing + self.speaking}[self.kind]

    def level(self, step):
        return min(self.options.level, self.plan.talked(step) / max(1, self.options.curriculum))

    def image_rows(self, batch):
        """All pictures' rows before the decoder, or None without pictures."""
        if not batch.grids:
            return None
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.kind != "still"):
            return self.model.image_rows(torch.from_numpy(batch.patches).to(self.device), batch.grids)

    def hidden(self, batch, tap=no_tap):
        """Rows after the decoder, and `image_rows`."""
        rows = self.image_rows(batch)
        ids = torch.from_numpy(batch.ids).to(self.device)
        shown = rows[: batch.cells] if batch.cells else None
        return self.model.hidden(ids, Segments(batch.lengths, self.device), shown, tap), rows

    def labels(self, batch):
        return merge_cells(torch.from_numpy(batch.labels.astype("int64")), batch.grids).to(self.device)

    def losses(self, batch):
        seen = {}
        hidden, rows = self.hidden(batch, seen.__setitem__)
        targets = torch.from_numpy(batch.targets).to(self.device)
        wanted = (targets >= 0).nonzero()[:, 0]
        weights = torch.zeros(len(targets))
        for _, first, last in batch.answers:
            weights[first:last] = (last - first) ** -0.5
        weights = weights.to(self.device)[wanted]
        each = F.cross_entropy(self.model.logits(hidden[wanted]), targets[wanted], reduction="none")
        answer = (each * weights).sum() / weights.sum()
        sight = torch.zeros((), device=self.device)
        if rows is not None and self.kind != "still":
            sight = self.sight.loss(rows, self.labels(batch))
        return answer, sight, guide_loss(batch.guides, seen)

    def train_step(self, batch):
        if self.kind == "look":
            sight = self.sight.loss(self.image_rows(batch), self.labels(batch))
            answer = guide = torch.zeros(())
            sight.backward()
        else:
            answer, sight, guide = self.losses(batch)
            (answer + SIGHT_WEIGHT * sight + GUIDE_WEIGHT * guide).backward()
        self.exchange()
        groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        nn.utils.clip_grad_norm_([p for p in self.trained() if p.grad is not None], 1.0)
        for group in groups:
            group["lr"] = self.plan.rate(self.step)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        for router in self.model.routers():
            router.balance(BALANCE_STEP)
        self.step += 1
        self.samples += sum(self.team.gather(len(batch.lengths) or len(batch.grids)))
        return float(answer), float(sight), float(guide)

    def exchange(self):
        """Gives every process of the team the mean of all gradients and the sum of the experts' loads."""
        if self.team.size == 1:
            return
        had = self.trained()
        routers = self.model.routers()
        parts = [(p.grad if p.grad is not None else torch.zeros_like(p)) / self.team.size for p in had]
        parts += [router.load.float() for router in routers]
        flat = torch.cat([part.flatten() for part in parts])
        self.team.add_up(flat)
        summed = flat.split([part.numel() for part in parts])
        for parameter, gradient in zip(had, summed):
            parameter.grad = gradient.reshape(parameter.shape)
        for router, load in zip(routers, summed[len(had) :]):
            router.load = load.long()

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
        loads = [router.load.clone() for router in self.model.routers()]
        for router in self.model.routers():
            router.load.zero_()
        asked, right, loads = zip(*self.team.gather((asked, right, loads)))
        least = min(float(load.min() * len(load) / load.sum().clamp(min=1)) for load in map(sum, zip(*loads)))

        def total(counts, skill):
            return sum(count.get(skill, 0) for count in counts)

        skills = sorted(set().union(*asked))
        return {skill: total(right, skill) / max(1, total(asked, skill)) for skill in skills}, least

    def save(self):
        if self.team.rank > 0:
            return
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
        if self.team.rank > 0:
            return
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
        if self.team.rank == 0:
            self.lock()
        encoder = data.Encoder(self.tokenizer)
        shares = range(self.team.rank, self.options.dev, self.team.size)
        held_out = [data.make_batch(encoder, "dev", i, self.options.level, 4000) for i in shares]
        began = saved = logged = tested = time.monotonic()
        earlier, samples, losses, seen_tokens = self.seconds, self.samples, [], 0
        for batch in Batches(encoder, self.options, self.plan, self.step, self.level, self.team):
            losses.append(self.train_step(batch))
            seen_tokens += len(batch.ids) + len(batch.patches)
            now = time.monotonic()
            finished = not self.running or self.options.minutes is not None and now - began > 60 * self.options.minutes
            # The first process's clock decides, or the others would do different things at the same step.
            wishes = (now, finished, now - logged > self.options.log_seconds, now - tested > self.options.test_seconds)
            now, finished, to_log, to_test = self.team.gather(wishes)[0]
            self.seconds = earlier + now - began
            finished |= self.step >= self.plan.end
            if to_log or finished:
                answers, sights, guides = (sum(values) / len(values) for values in zip(*losses))
                span = now - logged
                self.log(
                    {
                        "step": self.step,
                        "samples": self.samples,
                        "hours": round(self.seconds / 3600, 3),
                        "level": round(self.level(self.step), 3),
                        "rate": round(self.plan.rate(self.step), 6),
                        "answer": round(answers, 4),
                        "sight": round(sights, 4),
                        "guide": round(guides, 4),
                        "samples/s": round((self.samples - samples) / span, 2),
                        "rows/s": round(self.team.size * seen_tokens / span),
                    }
                )
                logged, losses, samples, seen_tokens = now, [], self.samples, 0
            if now - saved > SAVE_SECONDS or finished:
                self.save()
                saved = now
            if to_test or finished:
                skills, least = self.evaluate(held_out)
                self.log({"step": self.step, "least expert": round(least, 3), **{k: round(v, 3) for k, v in skills.items()}})
                tested = time.monotonic()
                logged += tested - now
            if finished:
                break


class Batches:
    """This process's batches from step `first` on, made here or by worker processes; the same either way."""

    def __init__(self, encoder, options, plan, first, level, team):
        self.make = BatchMaker(encoder, options, plan)
        self.workers, self.first, self.level, self.last, self.team = options.workers, first, level, plan.end, team

    def jobs(self, first, last):
        return [(step, step * self.team.size + self.team.rank, self.level(step)) for step in range(first, last)]

    def __iter__(self):
        if self.workers == 0:
            yield from map(self.make, self.jobs(self.first, self.last))
            return
        with multiprocessing.get_context("spawn").Pool(self.workers) as pool:
            for start in range(self.first, self.last, 64):
                yield from pool.imap(self.make, self.jobs(start, min(start + 64, self.last)))


class BatchMaker:
    def __init__(self, encoder, options, plan):
        self.encoder, self.seed, self.budget, self.plan = encoder, options.seed, options.budget, plan

    def __call__(self, job):
        step, index, level = job
        kind = self.plan.at(step).kind
        if kind == "look":
            return data.make_look(self.encoder, self.seed, index, self.budget)
        return data.make_batch(self.encoder, self.seed, index, level, self.budget, with_looks=kind == "all")


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
    parser.add_argument("--start", metavar="DIR", help="a new state begins with the weights of this checkpoint")
    parser.add_argument("--plan", default=PLAN, help="KIND:STEPS@RATE-RATE,...: see plan.py (default: %(default)s)")
    parser.add_argument("--minutes", type=float, help="stop after so many minutes; the next run goes on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=int, default=4000, help="tokens and patches in a process's batch")
    parser.add_argument("--optimizer", choices=("adamw", "muon"), default="muon", help="for the matrices inside")
    parser.add_argument("--curriculum", type=int, default=2000, help="steps with conversations until they are as hard as they get")
    parser.add_argument("--level", type=float, default=1.0, help="how hard the data gets, 0 to 1")
    parser.add_argument("--dev", type=int, default=12, help="batches of the small test")
    parser.add_argument("--log-seconds", type=float, default=60)
    parser.add_argument("--test-seconds", type=float, default=600)
    parser.add_argument("--workers", type=int, default=0, help="more processes that draw pictures; 0: none")
    parser.add_argument("--processes", type=int, default=1, help="processes that train together, one thread each; 1: one with --threads")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true", help="linear layers compute in bfloat16 (AVX512-BF16, AMX, GPUs)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    if options.export:
        Trainer(options).export(options.export)
        return
    if options.device == "cpu":
        speed = gflops()
        print(f"matrix product: {speed:.0f} GFLOP/s", flush=True)
        if speed < LEAST_GFLOPS:
            sys.exit(f"want {LEAST_GFLOPS} GFLOP/s: install libopenblas0-pthread and set OPENBLAS_NUM_THREADS")
    if options.processes == 1:
        train(0, options, None)
        return
    with tempfile.TemporaryDirectory() as folder:
        context = torch.multiprocessing.get_context("spawn")
        meeting = os.path.join(folder, "meeting")
        others = [context.Process(target=train, args=(rank, options, meeting)) for rank in range(1, options.processes)]
        for process in others:
            process.start()
        train(0, options, meeting)
        for process in others:
            process.join()


def train(rank, options, meeting):
    """What each process does. The first one is told to stop and tells the others."""
    torch.set_num_threads(options.threads if options.processes == 1 else 1)
    torch.set_flush_denormal(True)
    if options.device != "cpu":
        torch.backends.cuda.matmul.allow_tf32 = True
    if options.bfloat16:
        round_products()
    trainer = Trainer(options, Team(rank, options.processes, meeting))

    def stop(signum, frame):
        trainer.running = False

    signal.signal(signal.SIGTERM, stop if rank == 0 else signal.SIG_IGN)
    signal.signal(signal.SIGINT, stop if rank == 0 else signal.SIG_IGN)
    trainer.run()


if __name__ == "__main__":
    main()
