"""Kimi-VL in PyTorch: MoonViT, projector and DeepSeek-V3 decoder, small enough to train and plain enough to check.

Sources: Kimi-VL report (arXiv 2504.07491), DeepSeek-V3 report (arXiv 2412.19437). Parameters carry the
names of the released checkpoints, so a state dict is a checkpoint. Rows of all pictures, or of all sequences,
lie one after another in one matrix; `Segments` says where each begins, and only attention cares.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

LAYER_NORM_EPS = 1e-5
LATENT_NORM_EPS = 1e-6
VISION_ROPE_THETA = 10_000.0


def no_tap(name, value):
    """The observer of a run that nobody records."""


class Arithmetic:
    """How products are computed, in every module; training may round them."""

    linear = staticmethod(F.linear)
    attention_dtype = None
    """None for that of the rows."""
    row_multiple = 1
    """Experts get rows in multiples of this, filled with zeros: a library that compiles a product per shape then meets few."""


class Bucket:
    """Segments of about the same length, padded to the longest for attention."""

    def __init__(self, starts, lengths, device):
        self.longest = max(lengths)
        starts, counts = torch.tensor(starts)[:, None], torch.tensor(lengths)[:, None]
        column = torch.arange(self.longest)[None, :]
        valid = column < counts
        self.gather = torch.where(valid, starts + column, starts).to(device)
        self.rows = (starts + column)[valid]
        self.kept = valid.reshape(-1).nonzero()[:, 0].to(device)
        self.hidden_keys = None if bool(valid.all()) else (~valid)[:, None, None, :].to(device)


class Segments:
    """Where each picture or sequence lies in a matrix of packed rows."""

    SPREAD = 1.2

    def __init__(self, lengths, device=None):
        starts, total = [], 0
        for length in lengths:
            starts.append(total)
            total += length
        self.positions = torch.cat([torch.arange(length) for length in lengths]).to(device)
        self.buckets, current = [], []
        for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
            if current and lengths[i] > self.SPREAD * lengths[current[0]]:
                self.buckets.append(current)
                current = []
            current.append(i)
        self.buckets.append(current)
        self.buckets = [Bucket([starts[i] for i in b], [lengths[i] for i in b], device) for b in self.buckets]
        self.order = torch.cat([bucket.rows for bucket in self.buckets]).argsort().to(device)


def attention(query, key, value, segments, scale, causal):
    """Softmax attention inside each segment. query, key, value: [rows, heads, size]; result [rows, heads * value size]."""
    dtype = Arithmetic.attention_dtype or query.dtype
    rounded = [x.to(dtype) for x in (query * scale, key, value)]
    parts = []
    for bucket in segments.buckets:
        q, k, v = (x[bucket.gather].transpose(1, 2) for x in rounded)
        scores = q @ k.transpose(-1, -2)
        hidden = bucket.hidden_keys
        if causal:
            future = torch.ones(bucket.longest, bucket.longest, dtype=torch.bool, device=scores.device).triu(1)
            hidden = future if hidden is None else hidden | future
        if hidden is not None:
            scores = scores.masked_fill(hidden, -math.inf)
        parts.append((scores.softmax(-1) @ v).transpose(1, 2).flatten(0, 1).flatten(1)[bucket.kept])
    return torch.cat(parts)[segments.order].to(query.dtype)


def rotate_pairs(x, cos, sin):
    """Turns adjacent pairs (2j, 2j+1) of the last axis. x: [rows, heads, size]; cos, sin: [rows, size / 2]."""
    cos, sin = cos[:, None, :], sin[:, None, :]
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)


class Linear(nn.Linear):
    def forward(self, x):
        return Arithmetic.linear(x, self.weight, self.bias)


class RmsNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + self.eps) * self.weight


# ---- MoonViT (SPEC section 4)


def cubic_taps(num_in, num_out, dtype):
    """[num_out, num_in]: cubic convolution with a = -0.75, half-pixel centres, clamped edges."""

    def near(t):
        return (1.25 * t - 2.25) * t * t + 1

    def far(t):
        return ((-0.75 * t + 3.75) * t - 6) * t + 3

    matrix = torch.zeros(num_out, num_in, dtype=torch.float64)
    for i in range(num_out):
        source = (i + 0.5) * num_in / num_out - 0.5
        base = math.floor(source)
        t = source - base
        for offset, weight in ((-1, far(t + 1)), (0, near(t)), (1, near(1 - t)), (2, far(2 - t))):
            matrix[i, min(max(base + offset, 0), num_in - 1)] += weight
    return matrix.to(dtype)


def waves(rows, columns, size):
    """[rows, columns, size] of mean square 1: each element a wave along one side. Large and smooth from the start, for what little a
    table learns by itself is drowned by the patches, and then nothing knows where it is."""
    table = torch.empty(rows, columns, size)
    for i in range(size):
        along, cycles, phase = i % 2, 0.25 * 2 ** (i // 2 % 6), i // 12 * 2 * math.pi * 0.618
        share = (torch.arange(columns if along else rows) + 0.5) / (columns if along else rows)
        wave = math.sqrt(2) * (2 * math.pi * cycles * share + phase).sin()
        table[..., i] = wave[None, :] if along else wave[:, None]
    return table


class PositionTable(nn.Module):
    def __init__(self, rows, columns, size):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(rows, columns, size))
        self.taps = {}

    def _taps(self, num_in, num_out):
        key = (num_in, num_out, self.weight.dtype, self.weight.device)
        if key not in self.taps:
            self.taps[key] = cubic_taps(num_in, num_out, self.weight.dtype).to(self.weight.device)
        return self.taps[key]

    def forward(self, grid):
        rows, columns, size = self.weight.shape
        if grid == (rows, columns):
            return self.weight.reshape(-1, size)
        down = (self._taps(rows, grid[0]) @ self.weight.reshape(rows, -1)).reshape(grid[0], columns, size)
        return (self._taps(columns, grid[1]) @ down).reshape(-1, size)


class PatchEmbed(nn.Module):
    def __init__(self, config):
        super().__init__()
        size, patch = config["hidden_size"], config["patch_size"]
        self.proj = nn.Conv2d(3, size, patch, stride=patch)
        self.pos_emb = PositionTable(config["init_pos_emb_height"], config["init_pos_emb_width"], size)

    def forward(self, patches, grids, tap):
        x = Arithmetic.linear(patches.flatten(1), self.proj.weight.flatten(1), self.proj.bias)
        positions = torch.cat([self.pos_emb(grid) for grid in grids])
        tap("pos_emb", positions)
        return x + positions


class VisionMlp(nn.Module):
    def __init__(self, size, inner):
        super().__init__()
        self.fc0 = Linear(size, inner)
        self.fc1 = Linear(inner, size)

    def forward(self, x):
        return self.fc1(F.gelu(self.fc0(x), approximate="tanh"))


class VisionBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        size = config["hidden_size"]
        self.num_heads = config["num_attention_heads"]
        self.norm0 = nn.LayerNorm(size, eps=LAYER_NORM_EPS)
        self.norm1 = nn.LayerNorm(size, eps=LAYER_NORM_EPS)
        self.wqkv = Linear(size, 3 * size)
        self.wo = Linear(size, size)
        self.mlp = VisionMlp(size, config["intermediate_size"])

    def forward(self, x, cos, sin, segments):
        rows, size = x.shape
        query, key, value = self.wqkv(self.norm0(x)).reshape(rows, 3, self.num_heads, -1).unbind(1)
        query, key = rotate_pairs(query, cos, sin), rotate_pairs(key, cos, sin)
        scale = (size // self.num_heads) ** -0.5
        x = x + self.wo(attention(query, key, value, segments, scale, causal=False))
        return x + self.mlp(self.norm1(x))


class VisionEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.blocks = nn.ModuleList(VisionBlock(config) for _ in range(config["num_hidden_layers"]))
        self.final_layernorm = nn.LayerNorm(config["hidden_size"], eps=LAYER_NORM_EPS)


class VisionTower(nn.Module):
    """Patches of all pictures [patches, 3, 14, 14] and their grids -> [patches, hidden], row-major per picture."""

    def __init__(self, config):
        super().__init__()
        self.head_size = config["hidden_size"] // config["num_attention_heads"]
        self.patch_embed = PatchEmbed(config)
        self.encoder = VisionEncoder(config)

    def rotary(self, grids, like):
        """Pair j turns with the column for even j, with the row for odd j."""
        rates = VISION_ROPE_THETA ** (
            -4 * torch.arange(self.head_size // 4, dtype=torch.float64, device=like.device) / self.head_size
        )
        tables = {}
        for grid in set(grids):
            row = torch.arange(grid[0], device=like.device).repeat_interleave(grid[1])
            column = torch.arange(grid[1], device=like.device).repeat(grid[0])
            tables[grid] = torch.stack((column[:, None] * rates, row[:, None] * rates), -1).flatten(1)
        angles = torch.cat([tables[grid] for grid in grids])
        return angles.cos().to(like.dtype), angles.sin().to(like.dtype)

    def forward(self, patches, grids, tap=no_tap):
        segments = Segments([h * w for h, w in grids], patches.device)
        x = self.patch_embed(patches, grids, tap)
        tap("embed", x)
        cos, sin = self.rotary(grids, x)
        for index, block in enumerate(self.encoder.blocks):
            x = block(x, cos, sin, segments)
            tap(f"block.{index}", x)
        x = self.encoder.final_layernorm(x)
        tap("final_norm", x)
        return x


def merge_cells(x, grids):
    """[patches, d] -> [cells, 4, d]: cells of 2x2 patches, row-major, and inside a cell row-major too."""
    cells = []
    start = 0
    for height, width in grids:
        picture = x[start : start + height * width].reshape(height // 2, 2, width // 2, 2, -1)
        cells.append(picture.transpose(1, 2).reshape(height * width // 4, 4, -1))
        start += height * width
    return torch.cat(cells)


class Projector(nn.Module):
    """SPEC section 5."""

    def __init__(self, vision_size, text_size):
        super().__init__()
        self.pre_norm = nn.LayerNorm(vision_size, eps=LAYER_NORM_EPS)
        self.linear_1 = Linear(4 * vision_size, 4 * vision_size)
        self.linear_2 = Linear(4 * vision_size, text_size)

    def forward(self, cells):
        return self.linear_2(F.gelu(self.linear_1(self.pre_norm(cells).flatten(1))))


# ---- Decoder (SPEC section 6)


class LatentAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.num_heads = config["num_attention_heads"]
        self.rank = config["kv_lora_rank"]
        self.nope, self.rope = config["qk_nope_head_dim"], config["qk_rope_head_dim"]
        self.value_size = config["v_head_dim"]
        hidden = config["hidden_size"]
        self.q_proj = Linear(hidden, self.num_heads * (self.nope + self.rope), bias=False)
        self.kv_a_proj_with_mqa = Linear(hidden, self.rank + self.rope, bias=False)
        self.kv_a_layernorm = RmsNorm(self.rank, LATENT_NORM_EPS)
        self.kv_b_proj = Linear(self.rank, self.num_heads * (self.nope + self.value_size), bias=False)
        self.o_proj = Linear(self.num_heads * self.value_size, hidden, bias=False)

    def forward(self, x, cos, sin, segments, tap):
        rows = x.shape[0]
        query = self.q_proj(x).reshape(rows, self.num_heads, -1)
        query_nope, query_rope = query.split((self.nope, self.rope), -1)
        latent, key_rope = self.kv_a_proj_with_mqa(x).split((self.rank, self.rope), -1)
        latent = self.kv_a_layernorm(latent)
        key_rope = rotate_pairs(key_rope[:, None, :], cos, sin)
        tap("latent", latent)
        tap("k_rope", key_rope[:, 0])
        key_nope, value = (
            self.kv_b_proj(latent).reshape(rows, self.num_heads, -1).split((self.nope, self.value_size), -1)
        )
        query = torch.cat((query_nope, rotate_pairs(query_rope, cos, sin)), -1)
        key = torch.cat((key_nope, key_rope.expand(-1, self.num_heads, -1)), -1)
        tap("query", query)
        tap("key", key)
        scale = (self.nope + self.rope) ** -0.5
        return self.o_proj(attention(query, key, value, segments, scale, causal=True))


class GatedMlp(nn.Module):
    def __init__(self, hidden, inner):
        super().__init__()
        self.gate_proj = Linear(hidden, inner, bias=False)
        self.up_proj = Linear(hidden, inner, bias=False)
        self.down_proj = Linear(inner, hidden, bias=False)

    def forward(self, x, tap=no_tap):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Router(nn.Module):
    """Sigmoid scores; a bias that only chooses. It follows the load instead of a gradient (DeepSeek-V3, 2.1.2)."""

    def __init__(self, config):
        super().__init__()
        if config.get("n_group", 1) != 1:
            raise ValueError("this model knows one group of experts")
        self.num_chosen = config["num_experts_per_tok"]
        self.normalize = config["norm_topk_prob"]
        self.factor = config["routed_scaling_factor"]
        self.weight = nn.Parameter(torch.empty(config["n_routed_experts"], config["hidden_size"]))
        self.e_score_correction_bias = nn.Parameter(torch.zeros(config["n_routed_experts"]), requires_grad=False)
        self.load = torch.zeros(config["n_routed_experts"], dtype=torch.long)

    def forward(self, x, tap):
        scores = F.linear(x, self.weight).sigmoid()
        chosen = (scores.detach() + self.e_score_correction_bias).topk(self.num_chosen, -1).indices
        chosen = chosen.sort(-1).values
        weights = scores.gather(-1, chosen)
        if self.normalize:
            weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
        weights = weights * self.factor
        tap("router.ids", chosen)
        tap("router.weights", weights)
        tap("router.scores", scores)
        return chosen, weights

    @torch.no_grad()
    def balance(self, step):
        """Makes experts that had more than their share less attractive, by at most `step`; forgets the counted load."""
        load = self.load.to(self.e_score_correction_bias)
        if load.sum() > 0:
            self.e_score_correction_bias += step * (1 - load / load.mean()).clamp(-1, 1)
            self.e_score_correction_bias -= self.e_score_correction_bias.mean()
        self.load.zero_()


class SparseMlp(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, inner = config["hidden_size"], config["moe_intermediate_size"]
        self.gate = Router(config)
        self.experts = nn.ModuleList(GatedMlp(hidden, inner) for _ in range(config["n_routed_experts"]))
        self.shared_experts = GatedMlp(hidden, inner * config["n_shared_experts"])

    def forward(self, x, tap=no_tap):
        chosen, weights = self.gate(x, tap)
        flat = chosen.flatten()
        order = flat.argsort()
        counts = flat.bincount(minlength=len(self.experts)).cpu()
        self.gate.load += counts
        rows = order.div(chosen.shape[1], rounding_mode="floor")
        parts = x[rows].split(counts.tolist())
        mixed = torch.cat([self.fed(expert, part) for expert, part in zip(self.experts, parts)])
        mixed = mixed * weights.flatten()[order][:, None]
        return torch.zeros_like(x).index_add(0, rows, mixed) + self.shared_experts(x)

    def fed(self, expert, part):
        return expert(F.pad(part, (0, 0, 0, -len(part) % Arithmetic.row_multiple)))[: len(part)]


class DecoderLayer(nn.Module):
    def __init__(self, config, index):
        super().__init__()
        hidden = config["hidden_size"]
        sparse = index >= config["first_k_dense_replace"] and index % config.get("moe_layer_freq", 1) == 0
        self.input_layernorm = RmsNorm(hidden, config["rms_norm_eps"])
        self.self_attn = LatentAttention(config)
        self.post_attention_layernorm = RmsNorm(hidden, config["rms_norm_eps"])
        self.mlp = SparseMlp(config) if sparse else GatedMlp(hidden, config["intermediate_size"])

    def forward(self, x, cos, sin, segments, tap):
        attended = self.self_attn(self.input_layernorm(x), cos, sin, segments, tap)
        tap("attn_out", attended)
        x = x + attended
        fed = self.mlp(self.post_attention_layernorm(x), tap)
        tap("mlp_out", fed)
        return x + fed


class DecoderBody(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.layers = nn.ModuleList(DecoderLayer(config, i) for i in range(config["num_hidden_layers"]))
        self.norm = RmsNorm(config["hidden_size"], config["rms_norm_eps"])


class Decoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        if config["q_lora_rank"] is not None or config.get("rope_scaling") is not None:
            raise ValueError("this model knows neither a query rank nor rotary scaling")
        self.theta, self.rope = config["rope_theta"], config["qk_rope_head_dim"]
        self.model = DecoderBody(config)
        self.lm_head = Linear(config["hidden_size"], config["vocab_size"], bias=False)

    def forward(self, hidden, segments, tap=no_tap):
        """Rows of all sequences -> rows after the last norm; `lm_head` is left to the caller, who may want few rows."""
        rates = self.theta ** (
            -torch.arange(0, self.rope, 2, dtype=torch.float64, device=hidden.device) / self.rope
        )
        angles = segments.positions[:, None] * rates
        cos, sin = angles.cos().to(hidden.dtype), angles.sin().to(hidden.dtype)
        tap("hidden.0", hidden)
        for index, layer in enumerate(self.model.layers):
            hidden = layer(hidden, cos, sin, segments, lambda name, value: tap(f"layer.{index}.{name}", value))
            tap(f"hidden.{index + 1}", hidden)
        hidden = self.model.norm(hidden)
        tap("final_norm", hidden)
        return hidden


class KimiVL(nn.Module):
    def __init__(self, config):
        super().__init__()
        vision, text = config["vision_config"], config["text_config"]
        if config.get("tie_word_embeddings") or list(vision.get("merge_kernel_size", [2, 2])) != [2, 2]:
            raise ValueError("this model knows neither tied embeddings nor other merges than 2x2")
        self.config = config
        self.vision_tower = VisionTower(vision)
        self.multi_modal_projector = Projector(vision["hidden_size"], text["hidden_size"])
        self.language_model = Decoder(text)

    def image_rows(self, patches, grids, tap=no_tap):
        """Decoder rows of all pictures, in order."""
        cells = merge_cells(self.vision_tower(patches, grids, tap), grids)
        tap("merged", cells)
        rows = self.multi_modal_projector(cells)
        tap("projected", rows)
        return rows

    def hidden(self, ids, segments, image_rows=None, tap=no_tap):
        """ids: the packed token ids of all sequences; image_rows replace the pads in order."""
        x = self.language_model.model.embed_tokens(ids)
        if image_rows is not None:
            slots = (ids == self.config["media_placeholder_token_id"]).nonzero()[:, 0]
            if len(slots) != len(image_rows):
                raise ValueError(f"{len(slots)} picture tokens for {len(image_rows)} picture rows")
            x = x.index_copy(0, slots, image_rows)
        return self.language_model(x, segments, tap)

    def logits(self, hidden):
        return self.language_model.lm_head(hidden)

    def routers(self):
        return [module for module in self.modules() if isinstance(module, Router)]

    @torch.no_grad()
    def generate(self, ids, image_rows, count, stop=()):
        """Greedy continuation, computed anew for every token. Returns ids and the logits each was chosen from."""
        ids = list(ids)
        new_ids, steps = [], []
        device = self.language_model.lm_head.weight.device
        for _ in range(count):
            packed = torch.tensor(ids, device=device)
            logits = self.logits(self.hidden(packed, Segments([len(ids)], device), image_rows)[-1])
            new_ids.append(int(logits.argmax()))
            steps.append(logits)
            if new_ids[-1] in stop:
                break
            ids.append(new_ids[-1])
        return new_ids, torch.stack(steps)

    @torch.no_grad()
    def initialize(self, generator):
        """Scaled so that every layer adds about the same to the residual stream, whatever its width."""
        for name, parameter in self.named_parameters():
            if parameter.dim() < 2:
                continue
            if name.endswith("pos_emb.weight"):
                parameter.copy_(0.3 * waves(*parameter.shape))
                continue
            if name.endswith("embed_tokens.weight"):
                std = 0.1
            elif name.endswith(("lm_head.weight", "gate.weight")):
                std = 0.02
            else:
                depth = len(self.language_model.model.layers)
                if name.startswith("vision_tower"):
                    depth = len(self.vision_tower.encoder.blocks)
                std = parameter[0].numel() ** -0.5
                if name.endswith(("wo.weight", "fc1.weight", "o_proj.weight", "down_proj.weight")):
                    std /= math.sqrt(2 * depth)
            parameter.normal_(0, std, generator=generator)
        for name, parameter in self.named_parameters():
            if name.endswith(".bias"):
                nn.init.zeros_(parameter)
