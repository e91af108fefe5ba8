"""Training's arithmetic in bfloat16."""

import torch
import torch.nn.functional as F

from model import Arithmetic


class RoundedProduct(torch.autograd.Function):
    """A linear layer in bfloat16 with float32 all around it: twice as fast where the processor has instructions for it."""

    @staticmethod
    def forward(context, x, weight, bias):
        x, weight = x.bfloat16(), weight.bfloat16()
        context.save_for_backward(x, weight)
        product = F.linear(x, weight).float()
        return product.add_(bias) if bias is not None else product

    @staticmethod
    def backward(context, gradient):
        x, weight = context.saved_tensors
        rounded = gradient.bfloat16()
        wanted_x, _, wanted_bias = context.needs_input_grad
        return (
            (rounded @ weight).float() if wanted_x else None,
            (rounded.t() @ x).float(),
            gradient.sum(0) if wanted_bias else None,
        )


def round_products():
    Arithmetic.linear = staticmethod(RoundedProduct.apply)
    Arithmetic.attention_dtype = torch.bfloat16
    Arithmetic.row_multiple = 64
