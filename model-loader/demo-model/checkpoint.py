"""Checkpoints and recordings on disk: safetensors, configuration, picture preprocessing."""

import glob
import json
import math
import os
import struct

import numpy as np
import torch
from PIL import Image

from model import KimiVL

DTYPES = {
    "F64": (torch.float64, np.float64),
    "F32": (torch.float32, np.float32),
    "I64": (torch.int64, np.int64),
    "I32": (torch.int32, np.int32),
    "U8": (torch.uint8, np.uint8),
}
SHARD_BYTES = 12 * 1024 * 1024
NAMES = {torch_type: name for name, (torch_type, _) in DTYPES.items()}


def read_safetensors(path):
    """Name -> tensor; bfloat16 comes as float32."""
    with open(path, "rb") as file:
        data = file.read()
    (header_size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + header_size])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + header_size + offset for offset in entry["data_offsets"])
        if entry["dtype"] == "BF16":
            words = np.frombuffer(data[begin:end], dtype="<u2").astype(np.uint32) << 16
            array = words.view(np.float32)
        else:
            array = np.frombuffer(data[begin:end], dtype=DTYPES[entry["dtype"]][1]).copy()
        tensors[name] = torch.from_numpy(array.reshape(entry["shape"]))
    return tensors


def write_safetensors(path, tensors, bfloat16=()):
    """Names in `bfloat16` are rounded to nearest even; all others keep their type."""
    header, chunks, offset = {}, [], 0
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        if name in bfloat16:
            chunk = tensor.to(torch.bfloat16).view(torch.int16).numpy().tobytes()
            dtype = "BF16"
        else:
            chunk = tensor.numpy().tobytes()
            dtype = NAMES[tensor.dtype]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [offset, offset + len(chunk)]}
        chunks.append(chunk)
        offset += len(chunk)
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for chunk in chunks:
            file.write(chunk)


def load_model(directory, dtype=torch.float32):
    with open(os.path.join(directory, "config.json"), encoding="utf-8") as file:
        model = KimiVL(json.load(file))
    tensors = {}
    for path in sorted(glob.glob(os.path.join(directory, "*.safetensors"))):
        tensors.update(read_safetensors(path))
    tensors = {name: value for name, value in tensors.items() if not name.endswith("rotary_emb.inv_freq")}
    model.load_state_dict(tensors)
    return model.to(dtype).eval()


def write_model(model, directory):
    """Shards in bfloat16; the routers' correction bias stays float32."""
    os.makedirs(directory, exist_ok=True)
    tensors = dict(model.state_dict())
    rounded = {name for name in tensors if not name.endswith("e_score_correction_bias")}
    sizes = {name: value.numel() * (2 if name in rounded else 4) for name, value in tensors.items()}
    shards, filled = [{}], 0
    for name, value in tensors.items():
        if filled + sizes[name] > SHARD_BYTES:
            shards.append({})
            filled = 0
        shards[-1][name] = value
        filled += sizes[name]
    weight_map = {}
    for number, shard in enumerate(shards, 1):
        file_name = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        write_safetensors(os.path.join(directory, file_name), shard, rounded)
        weight_map.update(dict.fromkeys(shard, file_name))
    index = {"metadata": {"total_size": sum(sizes.values())}, "weight_map": dict(sorted(weight_map.items()))}
    write_json(os.path.join(directory, "model.safetensors.index.json"), index)
    write_json(os.path.join(directory, "config.json"), model.config)


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2, ensure_ascii=False)
        file.write("\n")


class Preprocessor:
    """Picture -> patches (SPEC section 3)."""

    def __init__(self, config):
        self.limit = config["in_token_limit"]
        self.patch = config["patch_size"]
        self.mean = np.array(config["image_mean"], dtype=np.float32)
        self.std = np.array(config["image_std"], dtype=np.float32)
        if not config["pad_input"]:
            raise ValueError("pad_input false is not built")

    @classmethod
    def read(cls, directory):
        with open(os.path.join(directory, "preprocessor_config.json"), encoding="utf-8") as file:
            return cls(json.load(file))

    def fit(self, picture):
        """Shrinks to the limit, then pads right and bottom with black. Returns bytes [height, width, 3]."""
        width, height = picture.size
        count = (width // self.patch) * (height // self.patch)
        if count > self.limit:
            scale = math.sqrt(self.limit / count)
            picture = picture.resize((int(width * scale), int(height * scale)), Image.BICUBIC)
        pixels = np.asarray(picture.convert("RGB"))
        step = 2 * self.patch
        height, width = pixels.shape[:2]
        fitted = np.zeros((-(-height // step) * step, -(-width // step) * step, 3), dtype=np.uint8)
        fitted[:height, :width] = pixels
        return fitted

    def patches(self, fitted):
        """Bytes [height, width, 3] -> float32 [patches, 3, patch, patch] and the grid (rows, columns)."""
        rows, columns = fitted.shape[0] // self.patch, fitted.shape[1] // self.patch
        scaled = (fitted.astype(np.float32) / np.float32(255) - self.mean) / self.std
        cut = scaled.reshape(rows, self.patch, columns, self.patch, 3).transpose(0, 2, 4, 1, 3)
        return np.ascontiguousarray(cut).reshape(-1, 3, self.patch, self.patch), (rows, columns)
