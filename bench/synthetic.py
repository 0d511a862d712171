"""Gemma-3-shaped GGUFs with random weights: real sizes and speeds, no sense.

Random nets have traps. IQ4_XS's codebook has a mean, so sub-block scales get random signs, or every matrix
collapses to rank one and the model repeats one token; tied embeddings repeat the input token unless the output norm has
random signs; large post-norm gains make a chaotic net. What is left gives a median top probability near .5.

Usage: python -m bench.synthetic {0.5b,4b} FOLDER     (makes M1.gguf and its sibling M2.gguf)
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

BLOCK = 256
IQ4_XS_BYTES = 136
Q6_K_BYTES = 210
SIBLING_NOISE = 0.02
"""Share of M1's four-bit weights that M2 rounds otherwise."""

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The hyperparameters that decide a model's speed."""

    n_layers: int
    width: int
    ffn: int
    n_heads: int
    n_kv_heads: int
    head: int
    n_vocab: int = 262_144


SHAPES = {
    "tiny": Shape(n_layers=4, width=256, ffn=1024, n_heads=4, n_kv_heads=2, head=64, n_vocab=4096),
    "0.5b": Shape(n_layers=20, width=1024, ffn=4096, n_heads=4, n_kv_heads=1, head=256),
    "4b": Shape(n_layers=34, width=2560, ffn=10_240, n_heads=8, n_kv_heads=4, head=256),
}


def make_pair(shape: Shape, folder: Path) -> tuple[Path, Path]:
    """`M1.gguf` and `M2.gguf`, made where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = (folder / "M1.gguf", folder / "M2.gguf")
    for path, noise in zip(paths, (0.0, SIBLING_NOISE), strict=True):
        if not path.exists():
            _write(shape, path, noise)
    return paths


def _write(shape: Shape, path: Path, noise: float) -> None:
    temporary = path.with_suffix(".part")
    writer = gguf.GGUFWriter(temporary, "gemma3")
    _write_keys(writer, shape)
    _write_vocabulary(writer, shape.n_vocab)
    matrices = list(_matrices(shape))
    vectors = list(_vectors(shape))
    for name, rows, columns in matrices:
        kind = gguf.GGMLQuantizationType.Q6_K if name == "token_embd.weight" else gguf.GGMLQuantizationType.IQ4_XS
        n_bytes = rows * columns // BLOCK * (Q6_K_BYTES if kind == gguf.GGMLQuantizationType.Q6_K else IQ4_XS_BYTES)
        byte_shape = (rows, n_bytes // rows)
        writer.add_tensor_info(name, byte_shape, np.dtype(np.uint8), n_bytes, raw_dtype=kind)
    for name, values in vectors:
        writer.add_tensor_info(name, values.shape, values.dtype, values.nbytes)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for index, (name, rows, columns) in enumerate(matrices):
        make = _q6_k if name == "token_embd.weight" else _iq4_xs
        writer.write_tensor_data(make(index, rows, columns, noise))
    for _, values in vectors:
        writer.write_tensor_data(values)
    writer.close()
    temporary.rename(path)


def _write_keys(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_name("evalkit synthetic")
    writer.add_context_length(8192)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.n_layers)
    writer.add_feed_forward_length(shape.ffn)
    writer.add_head_count(shape.n_heads)
    writer.add_head_count_kv(shape.n_kv_heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_sliding_window(1024)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_IQ4_XS)


def _write_vocabulary(writer: gguf.GGUFWriter, n_vocab: int) -> None:
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    tokens = special + [f"<0x{byte:02X}>" for byte in range(256)]
    tokens += [f"\u2581w{index}" for index in range(n_vocab - len(tokens))]
    types = [gguf.TokenType.CONTROL] * 6 + [gguf.TokenType.BYTE] * 256
    types += [gguf.TokenType.NORMAL] * (n_vocab - len(types))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * n_vocab)
    writer.add_token_types(types)
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(1)
    writer.add_unk_token_id(3)
    writer.add_pad_token_id(0)
    writer.add_add_bos_token(True)


def _matrices(shape: Shape) -> Iterator[tuple[str, int, int]]:
    """Name, rows (outputs) and columns (inputs)."""
    yield "token_embd.weight", shape.n_vocab, shape.width
    for layer in range(shape.n_layers):
        yield f"blk.{layer}.attn_q.weight", shape.n_heads * shape.head, shape.width
        yield f"blk.{layer}.attn_k.weight", shape.n_kv_heads * shape.head, shape.width
        yield f"blk.{layer}.attn_v.weight", shape.n_kv_heads * shape.head, shape.width
        yield f"blk.{layer}.attn_output.weight", shape.width, shape.n_heads * shape.head
        yield f"blk.{layer}.ffn_gate.weight", shape.ffn, shape.width
        yield f"blk.{layer}.ffn_up.weight", shape.ffn, shape.width
        yield f"blk.{layer}.ffn_down.weight", shape.width, shape.ffn


def _vectors(shape: Shape) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    rng = np.random.default_rng(7)
    signs = rng.choice([-1.0, 1.0], shape.width)
    yield "output_norm.weight", (signs * rng.uniform(6, 7, shape.width)).astype(np.float32)
    for layer in range(shape.n_layers):
        for name, size, low, high in (
            ("attn_norm", shape.width, 1.0, 1.0),
            ("attn_q_norm", shape.head, 1.0, 1.0),
            ("attn_k_norm", shape.head, 1.0, 1.0),
            ("post_attention_norm", shape.width, 0.3, 0.7),
            ("ffn_norm", shape.width, 1.0, 1.0),
            ("post_ffw_norm", shape.width, 0.3, 0.7),
        ):
            yield f"blk.{layer}.{name}.weight", rng.uniform(low, high, size).astype(np.float32)


def _iq4_xs(index: int, rows: int, columns: int, noise: float) -> Bytes:
    """Uniform bits: six-bit scales from -32 to 31 carry the signs, four-bit weights pick from the codebook."""
    n_blocks = rows * columns // BLOCK
    blocks = np.random.default_rng(index).integers(0, 256, (n_blocks, IQ4_XS_BYTES), dtype=np.uint8)
    # Scale rms 18.5 times codebook rms 70: the factor that makes the weights' standard deviation 1/sqrt(inputs).
    factor = np.float16(1 / np.sqrt(columns) / 1295)
    blocks[:, :2] = np.frombuffer(factor.tobytes(), dtype=np.uint8)
    _round_otherwise(blocks[:, 8:], index, noise)
    return blocks.reshape(rows, -1)


def _q6_k(index: int, rows: int, columns: int, noise: float) -> Bytes:
    n_blocks = rows * columns // BLOCK
    blocks = np.random.default_rng(index).integers(0, 256, (n_blocks, Q6_K_BYTES), dtype=np.uint8)
    # Weight rms 18.5 times scale rms 74; gemma multiplies embeddings by sqrt(width).
    factor = np.float16(1 / np.sqrt(columns) / 1369)
    blocks[:, 208:] = np.frombuffer(factor.tobytes(), dtype=np.uint8)
    _round_otherwise(blocks[:, :128], index, noise)
    return blocks.reshape(rows, -1)


def _round_otherwise(codes: Bytes, index: int, noise: float) -> None:
    if noise:
        flips = np.random.default_rng(index + 10_000).random(codes.shape, dtype=np.float32) < noise
        codes ^= flips.astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    print(*make_pair(SHAPES[options.shape], options.folder), sep="\n")


if __name__ == "__main__":
    main()
