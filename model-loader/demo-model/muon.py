"""Muon: momentum, made orthogonal (Jordan et al. 2024; scaled as in "Muon is scalable for LLM training", arXiv 2502.16982)."""

import torch

MOMENTUM = 0.95
SCALE = 0.5


def orthogonal(stack, dtype):
    """Newton-Schulz: matrices [count, rows, columns] -> their nearest semi-orthogonal ones, roughly."""
    wide = stack.shape[1] <= stack.shape[2]
    x = stack if wide else stack.transpose(1, 2)
    x = (x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)).to(dtype)
    for _ in range(5):
        a = x @ x.transpose(1, 2)
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return x if wide else x.transpose(1, 2)


class Muon(torch.optim.Optimizer):
    """For weight matrices only; each step moves them by about `SCALE` times the rate, root mean square, whatever their shape.

    Several processes with the same gradients share the work: each makes its own part of the matrices orthogonal, and `team`
    adds the parts up."""

    def __init__(self, parameters, weight_decay, team, dtype=torch.float32):
        super().__init__(parameters, {"lr": 0.0, "weight_decay": weight_decay})
        self.team, self.dtype = team, dtype

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            moved = [self.momentum(p).flatten(1) for p in parameters]
            for parameter, change in zip(parameters, self.team.shared_work(moved, self.directions)):
                length = SCALE * max(change.shape) ** 0.5 * group["lr"]
                parameter.mul_(1 - group["lr"] * group["weight_decay"]).sub_(change.reshape(parameter.shape).to(parameter.dtype), alpha=length)

    def directions(self, matrices):
        by_shape, found = {}, [None] * len(matrices)
        for i, matrix in enumerate(matrices):
            by_shape.setdefault(matrix.shape, []).append(i)
        for alike in by_shape.values():
            for i, direction in zip(alike, orthogonal(torch.stack([matrices[i] for i in alike]), self.dtype)):
                found[i] = direction
        return found

    def momentum(self, parameter):
        """Nesterov's: the gradient, looked at from where the momentum leads."""
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].mul_(MOMENTUM).add_(parameter.grad, alpha=1 - MOMENTUM)
        return parameter.grad.lerp(state["momentum"], MOMENTUM)
