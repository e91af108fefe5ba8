"""Byte-pair tokenizer in the layout of tiktoken.model, chat rendering, and the learning of a vocabulary."""

import base64
import json
import os
from collections import Counter, defaultdict

import regex

UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}--\p{Han}]"
LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}--\p{Han}]"
SUFFIX = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
SPLIT = regex.compile(
    "|".join(
        [
            r"\p{Han}+",
            rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{SUFFIX}",
            rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{SUFFIX}",
            r"\p{N}{1,3}",
            r" ?[^\p{White_Space}\p{L}\p{N}]+[\r\n]*",
            r"\p{White_Space}*[\r\n]+",
            r"\p{White_Space}+(?!\P{White_Space})",
            r"\p{White_Space}+",
        ]
    ),
    regex.V1,
)

# Offset from the first special id, in the order of the released models.
SPECIAL_TOKENS = {
    0: "[BOS]",
    1: "[EOS]",
    2: "<|im_end|>",
    3: "<|im_user|>",
    4: "<|im_assistant|>",
    6: "<|start_header_id|>",
    7: "<|end_header_id|>",
    9: "[EOT]",
    10: "<|im_system|>",
    17: "<|im_middle|>",
    18: "<|media_start|>",
    19: "<|media_content|>",
    20: "<|media_end|>",
    21: "<|media_pad|>",
    254: "[PAD]",
    255: "[UNK]",
}
NUM_SPECIAL_ROWS = 256

DEFAULT_SYSTEM = "You are a helpful assistant"
IMAGE_SLOT = "<|media_start|>image<|media_content|><|media_pad|><|media_end|>"
OPENERS = {"system": "<|im_system|>", "user": "<|im_user|>", "assistant": "<|im_assistant|>"}

CHAT_TEMPLATE = (
    "{%- set markers = {'system': '<|im_system|>', 'user': '<|im_user|>', 'assistant': '<|im_assistant|>'} -%}"
    "{%- if messages and messages[0]['role'] != 'system' -%}"
    "{{ '<|im_system|>system<|im_middle|>You are a helpful assistant<|im_end|>' }}"
    "{%- endif -%}"
    "{%- for message in messages -%}"
    "{{ markers.get(message['role'], '') + message['role'] + '<|im_middle|>' }}"
    "{%- if message['content'] is string -%}"
    "{{ message['content'] }}"
    "{%- else -%}"
    "{%- for part in message['content'] -%}"
    "{%- if part['type'] == 'image' or 'image' in part or 'image_url' in part -%}"
    "{{ '<|media_start|>image<|media_content|><|media_pad|><|media_end|>' }}"
    "{%- else -%}"
    "{{ part['text'] }}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- endif -%}"
    "{{ '<|im_end|>' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}"
    "{{ '<|im_assistant|>assistant<|im_middle|>' }}"
    "{%- endif -%}"
)


class Tokenizer:
    """Encodes text to ids and back (SPEC section 8)."""

    def __init__(self, tokens, special_names):
        """tokens: byte strings in order of rank; special_names: id -> name."""
        self.tokens = tokens
        self.ranks = {token: rank for rank, token in enumerate(tokens)}
        self.special_names = dict(special_names)
        for offset in range(NUM_SPECIAL_ROWS + 2):
            token_id = len(tokens) + offset
            self.special_names.setdefault(token_id, f"<|reserved_token_{token_id}|>")
        self.special_ids = {name: token_id for token_id, name in self.special_names.items()}
        self.special_pattern = regex.compile("|".join(regex.escape(name) for name in self.special_ids))
        self.cache = {}

    @classmethod
    def read(cls, directory):
        with open(os.path.join(directory, "tiktoken.model"), "rb") as file:
            pairs = [line.split() for line in file.read().splitlines() if line]
        by_rank = sorted((int(rank), base64.b64decode(token)) for token, rank in pairs)
        with open(os.path.join(directory, "tokenizer_config.json"), encoding="utf-8") as file:
            added = json.load(file)["added_tokens_decoder"]
        names = {int(token_id): entry["content"] for token_id, entry in added.items()}
        return cls([token for _, token in by_rank], names)

    @classmethod
    def with_tokens(cls, tokens):
        return cls(tokens, {len(tokens) + offset: name for offset, name in SPECIAL_TOKENS.items()})

    @property
    def vocab_size(self):
        """Rows of the embedding table."""
        return len(self.tokens) + NUM_SPECIAL_ROWS

    def special(self, name):
        return self.special_ids[name]

    def encode(self, text, specials=True):
        if not specials:
            return self._encode_plain(text)
        ids = []
        position = 0
        for match in self.special_pattern.finditer(text):
            ids += self._encode_plain(text[position : match.start()])
            ids.append(self.special_ids[match.group()])
            position = match.end()
        return ids + self._encode_plain(text[position:])

    def _encode_plain(self, text):
        ids = []
        for piece in SPLIT.findall(text):
            known = self.cache.get(piece)
            if known is None:
                known = self.cache[piece] = self._merge(piece.encode("utf-8"))
                if len(self.cache) > 200_000:
                    self.cache.clear()
            ids += known
        return ids

    def _merge(self, piece):
        if piece in self.ranks:
            return [self.ranks[piece]]
        parts = [piece[i : i + 1] for i in range(len(piece))]
        while len(parts) > 1:
            best = min(range(len(parts) - 1), key=lambda i: self.ranks.get(parts[i] + parts[i + 1], 1 << 30))
            joined = parts[best] + parts[best + 1]
            if joined not in self.ranks:
                break
            parts[best : best + 2] = [joined]
        return [self.ranks[part] for part in parts]

    def decode(self, ids):
        text = b""
        for token_id in ids:
            if token_id < len(self.tokens):
                text += self.tokens[token_id]
            else:
                text += self.special_names[token_id].encode("utf-8")
        return text.decode("utf-8", errors="replace")


def is_image(part):
    return part["type"] == "image" or "image" in part or "image_url" in part


def render_chat(messages, add_generation_prompt=True):
    """The text of a conversation, as the chat template writes it (SPEC section 8.1)."""
    text = ""
    if messages and messages[0]["role"] != "system":
        text = f"<|im_system|>system<|im_middle|>{DEFAULT_SYSTEM}<|im_end|>"
    for message in messages:
        content = message["content"]
        if not isinstance(content, str):
            content = "".join(IMAGE_SLOT if is_image(part) else part["text"] for part in content)
        text += OPENERS.get(message["role"], "") + message["role"] + "<|im_middle|>" + content + "<|im_end|>"
    if add_generation_prompt:
        text += "<|im_assistant|>assistant<|im_middle|>"
    return text


def expand_images(text, tokens_per_image):
    """Repeats the media pad of every picture as often as the picture has tokens."""
    parts = text.split("<|media_pad|>")
    if len(parts) != len(tokens_per_image) + 1:
        raise ValueError(f"{len(parts) - 1} picture slots for {len(tokens_per_image)} pictures")
    expanded = parts[0]
    for count, part in zip(tokens_per_image, parts[1:]):
        expanded += "<|media_pad|>" * count + part
    return expanded


def learn_vocabulary(texts, num_tokens):
    """Byte-pair merges, most frequent pair first; ties go to the smaller pair of byte strings."""
    words = Counter()
    for text in texts:
        words.update(piece.encode("utf-8") for piece in SPLIT.findall(text))
    tokens = [bytes([byte]) for byte in range(256)]
    known = set(tokens)
    splits = [[word[i : i + 1] for i in range(len(word))] for word in words]
    counts = list(words.values())
    pairs = Counter()
    where = defaultdict(set)
    for index, parts in enumerate(splits):
        for pair in zip(parts, parts[1:]):
            pairs[pair] += counts[index]
            where[pair].add(index)
    while len(tokens) < num_tokens and pairs:
        pair = max(pairs, key=lambda p: (pairs[p], p))
        if pairs[pair] <= 0:
            break
        joined = pair[0] + pair[1]
        if joined not in known:
            known.add(joined)
            tokens.append(joined)
        for index in where.pop(pair):
            parts = splits[index]
            for old in zip(parts, parts[1:]):
                pairs[old] -= counts[index]
            merged = []
            i = 0
            while i < len(parts):
                if i + 1 < len(parts) and (parts[i], parts[i + 1]) == pair:
                    merged.append(joined)
                    i += 2
                else:
                    merged.append(parts[i])
                    i += 1
            splits[index] = merged
            for new in zip(merged, merged[1:]):
                pairs[new] += counts[index]
                where[new].add(index)
        del pairs[pair]
    return tokens


def write_files(tokenizer, directory):
    """tiktoken.model, tokenizer_config.json and chat_template.jinja."""
    with open(os.path.join(directory, "tiktoken.model"), "w", encoding="ascii") as file:
        for rank, token in enumerate(tokenizer.tokens):
            file.write(f"{base64.b64encode(token).decode('ascii')} {rank}\n")
    first = len(tokenizer.tokens)
    added = {
        str(first + offset): {
            "content": name,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": True,
        }
        for offset, name in SPECIAL_TOKENS.items()
    }
    config = {
        "added_tokens_decoder": added,
        "bos_token": "[BOS]",
        "eos_token": "[EOS]",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "clean_up_tokenization_spaces": False,
        "model_max_length": 4096,
        "tokenizer_class": "TikTokenTokenizer",
        "chat_template": CHAT_TEMPLATE,
    }
    with open(os.path.join(directory, "tokenizer_config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2, ensure_ascii=False)
        file.write("\n")
    with open(os.path.join(directory, "chat_template.jinja"), "w", encoding="utf-8") as file:
        file.write(CHAT_TEMPLATE)
