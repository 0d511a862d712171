"""One loaded GGUF through llama.cpp's low-level API; only ever imported in a child process.

`Llama.create_completion` is not used: its prefix reuse changes greedy answers, its penalty leaves the prompt out,
and with log-probs it costs three times the decode.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import llama_cpp

from evalkit.engine.context import LlamaContext
from evalkit.engine.grammar import Grammar
from evalkit.engine.prompts import PreparedPrompt
from evalkit.records.errors import EngineError
from evalkit.records.run import EngineSettings

N_CTX_STEP = 256
N_CTX_RESERVE = 16
"""The fast way pads a step with up to seven rows behind the last token."""

KV_VALUE_BYTES = 2

_LOG_LEVEL_ERROR = 4


class LogTail:
    """Writes llama.cpp's log to stderr and remembers the last error, since load failures say why only there."""

    def __init__(self) -> None:
        self.last_error = ""
        # ctypes frees a callback that nobody holds, and llama.cpp would then call into freed memory.
        self._callback = llama_cpp.llama_log_callback(self._write)
        llama_cpp.llama_log_set(self._callback, ctypes.c_void_p(0))

    def _write(self, level: int, text: bytes, _user_data: ctypes.c_void_p) -> None:
        line = text.decode("utf-8", errors="replace")
        if level == _LOG_LEVEL_ERROR and line.strip():
            self.last_error = line.strip()
        # File descriptor 2 is the child's log file.
        os.write(2, text)


class LlamaModel:
    """A loaded model and its vocabulary; `open_context` makes it ready to decode."""

    def __init__(
        self, path: Path, settings: EngineSettings, log: LogTail, on_progress: Callable[[float], None]
    ) -> None:
        started = time.perf_counter()
        self._log = log
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = settings.n_gpu_layers
        params.use_extra_bufts = settings.repack_weights
        # NaN weights load silently without it and answer with plausible text.
        params.check_tensors = True

        def report(fraction: float, _user_data: object) -> bool:
            on_progress(fraction)
            return True

        self._progress_callback = llama_cpp.llama_progress_callback(report)
        params.progress_callback = self._progress_callback
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not self._model:
            raise EngineError(
                f"llama.cpp refused the file: {log.last_error or 'no reason given'}. "
                "A GGUF that llama-cli loads is needed; download or quantise it again."
            )
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self.n_vocab: int = llama_cpp.llama_vocab_n_tokens(self._vocab)
        self.load_seconds = time.perf_counter() - started

    @property
    def n_layers(self) -> int:
        """Transformer layers, the output layer not counted."""
        return int(llama_cpp.llama_model_n_layer(self._model))

    @property
    def weight_bytes(self) -> int:
        """Size of all tensors."""
        return int(llama_cpp.llama_model_size(self._model))

    @property
    def kv_bytes_per_token(self) -> int:
        """Keys and values of one token in all layers, 16 bits each."""
        n_heads = llama_cpp.llama_model_n_head(self._model)
        usual = llama_cpp.llama_model_n_embd(self._model) // max(n_heads, 1)
        # Gemma's heads are wider than width / heads; the file says so.
        key, value = (self._head_size(kind) or usual for kind in ("key", "value"))
        return self.n_layers * int(llama_cpp.llama_model_n_head_kv(self._model)) * (key + value) * KV_VALUE_BYTES

    def _head_size(self, kind: str) -> int | None:
        architecture = self._meta("general.architecture")
        text = self._meta(f"{architecture}.attention.{kind}_length")
        return int(text) if text.isdecimal() else None

    def _meta(self, key: str) -> str:
        buffer = ctypes.create_string_buffer(256)
        n = llama_cpp.llama_model_meta_val_str(self._model, key.encode(), buffer, len(buffer))
        return buffer.value.decode(errors="replace") if n >= 0 else ""

    @property
    def bos(self) -> str:
        """The beginning-of-sequence token as text; empty where the vocabulary has none."""
        return self._special_text(llama_cpp.llama_vocab_bos(self._vocab))

    @property
    def eos(self) -> str:
        """The end-of-sequence token as text; empty where the vocabulary has none."""
        return self._special_text(llama_cpp.llama_vocab_eos(self._vocab))

    def ends_turn(self, token_id: int) -> bool:
        """Whether this token ends the answer."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token_id))

    @property
    def bos_id(self) -> int | None:
        """The token that the vocabulary wants before a text; None where it wants none."""
        return int(llama_cpp.llama_vocab_bos(self._vocab)) if llama_cpp.llama_vocab_get_add_bos(self._vocab) else None

    @property
    def adds_eos(self) -> bool:
        """Whether the vocabulary wants a token after a text."""
        return bool(llama_cpp.llama_vocab_get_add_eos(self._vocab))

    def tokenize(self, text: str | bytes, *, add_special: bool, parse_special: bool) -> list[int]:
        """Text to token ids; `add_special` adds BOS where the vocabulary wants one."""
        raw = text if isinstance(text, bytes) else text.encode("utf-8", errors="replace")
        size = len(raw) + 8
        while True:
            buffer = (llama_cpp.llama_token * size)()
            n = llama_cpp.llama_tokenize(self._vocab, raw, len(raw), buffer, size, add_special, parse_special)
            if n >= 0:
                return list(buffer[:n])
            # A space may become three byte tokens: llama.cpp answers with the size that it needs.
            size = -n

    def text_of(self, token_ids: Sequence[int]) -> str:
        """Token ids to text, special tokens spelled out: a leaked template token must be seen, not swallowed."""
        return b"".join(self._piece(token_id) for token_id in token_ids).decode("utf-8", errors="replace")

    def _special_text(self, token_id: int) -> str:
        return self._piece(token_id).decode("utf-8", errors="replace") if token_id >= 0 else ""

    def _piece(self, token_id: int) -> bytes:
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            n = llama_cpp.llama_token_to_piece(self._vocab, token_id, buffer, size, 0, True)
            if n >= 0:
                return buffer.raw[:n]
            size = -n

    def context_size(self, prepared: Mapping[str, PreparedPrompt]) -> int:
        """Room for the longest prompt and its answer, rounded up to the step in which llama.cpp pads KV memory."""
        n_needed = max(one.n_positions for one in prepared.values()) + N_CTX_RESERVE
        return -(-n_needed // N_CTX_STEP) * N_CTX_STEP

    def open_context(self, n_ctx: int, n_sequences: int, settings: EngineSettings) -> LlamaContext:
        """KV memory for `n_sequences` sequences of `n_ctx` tokens each."""
        return LlamaContext(self._model, self.n_vocab, n_ctx, n_sequences, settings)

    def open_grammar(self, grammar: str) -> Grammar:
        """Which tokens a GBNF grammar allows, from its beginning on."""
        return Grammar(self._vocab, grammar)
