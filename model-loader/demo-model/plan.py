"""What is trained when, and how fast: `look:200@0-2e-3,look:600@2e-3,all:1000@2e-3-0`."""

import sys
from dataclasses import dataclass

KINDS = ("look", "still", "all")


@dataclass
class Phase:
    """Steps from `begin` to before `end`, with rates that go in a straight line from `first_rate` to `last_rate`.

    look   pictures alone: the encoder learns to name what lies under its patches
    still  conversations, while the encoder stays as it is: cheaper, and something steady to learn from
    all    conversations and pictures, everything learns
    """

    kind: str
    begin: int
    end: int
    first_rate: float
    last_rate: float


class Plan:
    def __init__(self, text):
        self.phases = []
        for part in text.split(","):
            try:
                kind, rest = part.strip().split(":")
                steps, rates = rest.split("@")
                # a minus sign inside a number, as in 2e-3, does not part two of them
                first, _, last = rates.replace("e-", "E").partition("-")
                first, last = (float((rate or first).replace("E", "e-")) for rate in (first, last))
                begin = self.end
                self.phases.append(Phase(KINDS[KINDS.index(kind)], begin, begin + int(steps), first, last))
            except ValueError:
                sys.exit(f"--plan: {part.strip()!r}; want KIND:STEPS@RATE or KIND:STEPS@RATE-RATE with KIND one of {', '.join(KINDS)}")

    @property
    def end(self):
        return self.phases[-1].end if self.phases else 0

    def at(self, step):
        return next((phase for phase in self.phases if step < phase.end), self.phases[-1])

    def rate(self, step):
        phase = self.at(step)
        share = min(1.0, (step - phase.begin) / max(1, phase.end - phase.begin))
        return phase.first_rate + (phase.last_rate - phase.first_rate) * share

    def talked(self, step):
        """Steps with conversations before this one."""
        return sum(min(step, phase.end) - phase.begin for phase in self.phases if phase.kind != "look" and phase.begin < step)
