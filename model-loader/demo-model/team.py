"""Processes that train together: each takes its own batches, all of them make the same step."""

import os

import torch
import torch.distributed as distributed


class Team:
    """One process of `size`; alone, nothing is exchanged. `meeting` is a file by which the processes find each other."""

    def __init__(self, rank=0, size=1, meeting=None):
        self.rank, self.size = rank, size
        if size > 1:
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
            distributed.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=size)

    def add_up(self, flat):
        """Replaces a tensor by its sum over all processes."""
        if self.size > 1:
            distributed.all_reduce(flat)

    def gather(self, value):
        """Every process's value, in order of rank."""
        values = [value] * self.size
        if self.size > 1:
            distributed.all_gather_object(values, value)
        return values

    def shared_work(self, tensors, function):
        """`function(matrices)` gives as many of the same shapes, all of one type; each process computes a part of them."""
        if self.size == 1:
            return function(tensors)

        def cost(tensor):
            return tensor.numel() * min(tensor.shape)

        filled, owners = [0] * self.size, [0] * len(tensors)
        for i in sorted(range(len(tensors)), key=lambda i: (-cost(tensors[i]), i)):
            owners[i] = filled.index(min(filled))
            filled[owners[i]] += cost(tensors[i])
        shares = [[] for _ in range(self.size)]
        for i, owner in enumerate(owners):
            shares[owner].append(i)
        results = [None] * len(tensors)
        own = function([tensors[i] for i in shares[self.rank]])
        for rank, share in enumerate(shares):
            if rank == self.rank:
                flat = torch.cat([result.flatten() for result in own])
            else:
                flat = torch.empty(sum(tensors[i].numel() for i in share), dtype=own[0].dtype)
            distributed.broadcast(flat.view(torch.uint8), rank)
            for i, part in zip(share, flat.split([tensors[i].numel() for i in share])):
                results[i] = part.reshape(tensors[i].shape)
        return results
