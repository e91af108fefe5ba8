"""What training teaches besides answers: to name what lies under each patch, and to look where an answer is found."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from drawing import CHARACTERS, CHARACTER_SLOTS, NAMED

# The first head of these layers learns to attend to the part of the picture in which the answer is; of two things that are
# compared, or of which one leads to the other, each layer has one.
GUIDED_LAYERS = (2, 3)
# Most patches have nothing to name; that must not drown the others.
NOTHING_WEIGHTS = {"sizes": 0.03, "characters": 0.03, "columns": 1.0, "rows": 1.0, "grounds": 1.0}
OTHER_NOTHING_WEIGHT = 0.1
# There are many characters, and one loss of a dozen is about them.
CHARACTERS_WEIGHT = 4.0


class Sight(nn.Module):
    """Training's extra head: what lies under each of the four patches of a picture's row. It teaches encoder and projector
    to see long before answers can, and is no part of the checkpoint."""

    def __init__(self, size):
        super().__init__()
        self.named = nn.ModuleDict({name: nn.Linear(size, 4 * (count + 1)) for name, count in NAMED.items()})
        self.characters = nn.Linear(size, 4 * CHARACTER_SLOTS * (len(CHARACTERS) + 1))

    def parts(self, rows, labels):
        """(name, scores [things, classes], wanted [things]); labels: [cells, 4, len(NAMED) + CHARACTER_SLOTS]."""
        for column, (name, count) in enumerate(NAMED.items()):
            yield name, self.named[name](rows).reshape(-1, count + 1), labels[..., column].reshape(-1)
        scores = self.characters(rows).reshape(-1, len(CHARACTERS) + 1)
        yield "characters", scores, labels[..., len(NAMED) :].reshape(-1)

    def loss(self, rows, labels):
        total = 0.0
        for name, scores, wanted in self.parts(rows, labels):
            weights = torch.ones(scores.shape[-1], device=scores.device)
            weights[0] = NOTHING_WEIGHTS.get(name, OTHER_NOTHING_WEIGHT)
            share = CHARACTERS_WEIGHT if name == "characters" else 1.0
            total = total + share * F.cross_entropy(scores, wanted, weight=weights)
        return total

    def hits(self, rows, labels):
        """What is right where there is something to name: (name, right, all)."""
        for name, scores, wanted in self.parts(rows, labels):
            named = wanted > 0
            yield "sees " + name, int((scores.argmax(-1) == wanted)[named].sum()), int(named.sum())


def guide_loss(guides, seen):
    """How far the guided heads are from attending where answers are found: a cross entropy of their attention.

    guides: `data.Batch.guides`; seen: `layer.{i}.query` and `layer.{i}.key`, [rows, heads, size]."""
    losses = []
    for number, layer in enumerate(GUIDED_LAYERS):
        query, key = (seen[f"layer.{layer}.{name}"][:, 0] for name in ("query", "key"))
        for start, rows, found in guides:
            last = max(rows) + 1
            rows = torch.tensor(rows, device=key.device)
            scores = query[rows] @ key[start:last].t() * query.shape[-1] ** -0.5
            future = torch.arange(start, last, device=key.device)[None, :] > rows[:, None]
            wanted = torch.zeros_like(future)
            for i, cells in enumerate(found[number]):
                wanted[i, [cell - start for cell in cells]] = True
            chances = scores.masked_fill(future, -math.inf).log_softmax(-1)
            losses.append(-chances.masked_fill(~wanted, -math.inf).logsumexp(-1))
    return torch.cat(losses).mean() if losses else torch.zeros(())
