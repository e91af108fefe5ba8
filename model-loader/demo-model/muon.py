"""Muon: momentum, made orthogonal (Jordan et al. 2024; scaled as in "Muon is scalable for LLM training", arXiv 2502.16982)."""

import torch

MOMENTUM = 0.95
SCALE = 0.5


def orthogonal(stack):
    """Newton-Schulz: matrices [count, rows, columns] -> their nearest semi-orthogonal ones, roughly."""
    wide = stack.shape[1] <= stack.shape[2]
    x = stack if wide else stack.transpose(1, 2)
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    for _ in range(5):
        a = x @ x.transpose(1, 2)
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return x if wide else x.transpose(1, 2)


class Muon(torch.optim.Optimizer):
    """For weight matrices only; each step moves them by about `SCALE` times the rate, root mean square, whatever their shape."""

    def __init__(self, parameters, weight_decay):
        super().__init__(parameters, {"lr": 0.0, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            by_shape = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape.setdefault(parameter.flatten(1).shape, []).append(parameter)
            for shape, parameters in by_shape.items():
                moved = torch.stack([self.momentum(p).flatten(1) for p in parameters])
                moved = orthogonal(moved) * (SCALE * max(shape) ** 0.5 * group["lr"])
                for parameter, change in zip(parameters, moved):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"]).sub_(change.reshape(parameter.shape))

    def momentum(self, parameter):
        """Nesterov's: the gradient, looked at from where the momentum leads."""
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].mul_(MOMENTUM).add_(parameter.grad, alpha=1 - MOMENTUM)
        return parameter.grad.lerp(state["momentum"], MOMENTUM)
