#!/usr/bin/env python3
"""Writes Tests/Fixtures/Tokenizers with the packages tokenizers, sentencepiece and tiktoken, and mixed text for comparisons.

Usage: make_tokenizer_fixtures.py FOLDER [--lines N] [--vocabulary V]   (needs tokenizers, sentencepiece, tiktoken, django)

For each tokenizer the folder holds its file and NAME.expected: a line for each line of lines.txt with ids, offsets
("begin,end" in Unicode scalars) and what they decode to, as JSON. The text is the translated messages of Django, in ten
scripts and more, mixed with code, numbers, emoji and odd spaces.
"""

import argparse
import base64
import gettext
import io
import json
import pathlib
import random

import django
import sentencepiece
import tiktoken
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers)

LANGUAGES = "en de fr pl ru el he ar fa hi bn ta te th zh_Hans ja ko ka hy vi".split()
GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])


def messages():
    folder = pathlib.Path(django.__file__).parent / "conf" / "locale"
    result = []
    for language in LANGUAGES:
        with open(folder / language / "LC_MESSAGES" / "django.mo", "rb") as file:
            catalog = gettext.GNUTranslations(file)._catalog
        texts = sorted({t for k, t in catalog.items() if k and isinstance(t, str) and t})
        if language == "en":
            with open(folder / "de" / "LC_MESSAGES" / "django.mo", "rb") as file:
                texts = sorted({k for k in gettext.GNUTranslations(file)._catalog if isinstance(k, str) and k})
        result.append(texts)
    return result


ODD = ["def f(x):\n", "    return x ** 2  # squared", "3.14159", "1,234,567", "2026-11-27", "a\u0301e\u0301", "ﬁne ½ ①",
       "\U0001F600\U0001F44D\U0001F3FD", "\U0001F468\u200D\U0001F469\u200D\U0001F467", "don't", "WE'LL", "it's", "  ",
       "\t", "\u00a0", "\u3000", "<|end|>", "[MASK]", "<mask>", "\u200b", "x=1;y=2", "http://a.b/c?d=e&f", "ＡＢＣ",
       "\u0130stanbul", "Straße", "ſtop", "K", "한글", "각", "\u1112\u1161\u11ab", "...", "!?", "“quoted”", "\ufeff",
       "caf\u00e9", "cafe\u0301", "\u0344", "ñ", "n\u0303", "मुंबई", "ก็", "İ", "\x07", "\u2581", "日本語テキスト"]


def lines(count, seed=7):
    rng = random.Random(seed)
    texts = messages()
    result = []
    while len(result) < count:
        parts = [rng.choice(rng.choice(texts)) for _ in range(rng.randint(1, 4))]
        for _ in range(rng.randint(0, 3)):
            parts.insert(rng.randint(0, len(parts)), rng.choice(ODD))
        line = rng.choice([" ", " ", " ", "", "  ", ", "]).join(parts)
        line = rng.choice(["", "", "", " ", "  "]) + line + rng.choice(["", "", "", " ", "   "])
        result.append("".join(c for c in line if c not in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
    return result


def byte_level(text, size, pattern=None, normalizer=None, prefix=False, ignore_merges=False):
    t = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        t.normalizer = normalizer
    if pattern:
        t.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=False)])
    else:
        t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    t.decoder = decoders.ByteLevel()
    t.post_processor = processors.ByteLevel(trim_offsets=True, add_prefix_space=prefix)
    t.train_from_iterator(text, trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<|end|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))
    return t


def bert(text, size):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer()
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    t.train_from_iterator(text, trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
    t.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return t


def unigram(text, size):
    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.decoder = decoders.Metaspace()
    t.train_from_iterator(text, trainers.UnigramTrainer(
        vocab_size=size, special_tokens=["<unk>", "<mask>"], unk_token="<unk>", show_progress=False))
    t.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    return t


def roberta(text, size):
    t = byte_level(text, size, normalizer=normalizers.NFC(), prefix=True)
    t.add_special_tokens(["<s>", "</s>", AddedToken("<mask>", lstrip=True), AddedToken("it", single_word=True, normalized=True)])
    t.post_processor = processors.RobertaProcessing(
        ("</s>", t.token_to_id("</s>")), ("<s>", t.token_to_id("<s>")), trim_offsets=True, add_prefix_space=True)
    return t


def llama2(text, size):
    alphabet = [f"<0x{i:02X}>" for i in range(256)]
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    t.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
                                   decoders.Strip(" ", 1, 0)])
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    t.train_from_iterator(text, trainers.BpeTrainer(
        vocab_size=size, limit_alphabet=150, special_tokens=["<unk>", "<s>", "</s>"] + alphabet, show_progress=False))
    t.pre_tokenizer = None
    state = json.loads(t.to_str())
    state["added_tokens"] = [a for a in state["added_tokens"] if not a["content"].startswith("<0x")]
    t = Tokenizer.from_str(json.dumps(state))
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    return t


def words(text, size):
    t = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    t.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase(),
                                         normalizers.Strip()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True),
                                               pre_tokenizers.Punctuation("merged_with_previous")])
    t.train_from_iterator(text, trainers.WordLevelTrainer(vocab_size=size, special_tokens=["[UNK]"], show_progress=False))
    return t


def openai(text, size):
    t = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=False))
    t.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.Lowercase()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("isolated"),
                                               pre_tokenizers.Digits()])
    t.decoder = decoders.BPEDecoder("</w>")
    t.train_from_iterator(text, trainers.BpeTrainer(
        vocab_size=size, limit_alphabet=120, end_of_word_suffix="</w>", special_tokens=["<unk>"], show_progress=False))
    return t


def precompiled(text, size, model_bytes):
    """A tokenizer with the table of replacements of a SentencePiece model."""
    t = unigram(text, size)
    proto = sentencepiece.SentencePieceProcessor(model_proto=model_bytes)
    state = json.loads(t.to_str())
    import sentencepiece.sentencepiece_model_pb2 as pb
    m = pb.ModelProto()
    m.ParseFromString(model_bytes)
    state["normalizer"] = {"type": "Precompiled",
                           "precompiled_charsmap": base64.b64encode(m.normalizer_spec.precompiled_charsmap).decode()}
    state["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [
        {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always"}]}
    return Tokenizer.from_str(json.dumps(state))


def sentence_piece(text, kind, size, **options):
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text), model_writer=stream, model_type=kind, vocab_size=size, minloglevel=2,
        hard_vocab_limit=False, **options)
    return stream.getvalue()


def write_expected(path, rows):
    with open(path, "w", encoding="utf-8") as f:
        for ids, offsets, text in rows:
            f.write(" ".join(map(str, ids)) + "\t" + " ".join(f"{a},{b}" for a, b in offsets) + "\t"
                    + json.dumps(text, ensure_ascii=True) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=60)
    parser.add_argument("--vocabulary", type=int, default=700)
    options = parser.parse_args()
    folder, size = options.folder, options.vocabulary
    folder.mkdir(parents=True, exist_ok=True)
    text = lines(options.lines)
    corpus = lines(max(options.lines, 1500), seed=3)
    (folder / "lines.txt").write_text("\n".join(text), encoding="utf-8")

    unigram_model = sentence_piece(corpus, "unigram", size + 600, byte_fallback=True, character_coverage=0.98,
                                   user_defined_symbols=["<sep>", "http"])
    pairs_model = sentence_piece(corpus, "bpe", size + 600, byte_fallback=True, character_coverage=0.98,
                                 normalization_rule_name="identity")
    nfkc_model = sentence_piece(corpus, "unigram", size + 600, normalization_rule_name="nmt_nfkc_cf", character_coverage=0.98)
    tokenizers = {
        "gpt2": byte_level(corpus, size), "llama3": byte_level(corpus, size, LLAMA3, ignore_merges=True),
        "o200k": byte_level(corpus, size, O200K), "bert": bert(corpus, size + 400), "unigram": unigram(corpus, size + 1100),
        "roberta": roberta(corpus, size), "llama2": llama2(corpus, size), "words": words(corpus, size),
        "openai": openai(corpus, size), "precompiled": precompiled(corpus, size + 1100, nfkc_model),
    }
    for name, t in tokenizers.items():
        t.save(str(folder / f"{name}.json"), pretty=False)
        rows = []
        for line in text:
            e = t.encode(line)
            rows.append((e.ids, e.offsets, t.decode(e.ids)))
        write_expected(folder / f"{name}.expected", rows)
    for name, model in [("unigram", unigram_model), ("pairs", pairs_model)]:
        (folder / f"{name}.model").write_bytes(model)
        p = sentencepiece.SentencePieceProcessor(model_proto=model)
        rows = [(p.encode(line), [], p.decode(p.encode(line))) for line in text]
        write_expected(folder / f"{name}.model.expected", rows)

    # A tiktoken table out of the byte-level vocabulary: tokens in the order of their merges.
    vocabulary = sorted(tokenizers["gpt2"].get_vocab().items(), key=lambda item: item[1])
    spell = {}
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    extra = 256
    for b in range(256):
        spell[chr(b if b in printable else extra)] = b
        extra += b not in printable
    tokens = [bytes(spell[c] for c in word) for word, _ in vocabulary if word != "<|end|>"]
    ranks = {token: i for i, token in enumerate(tokens)}
    (folder / "table.tiktoken").write_bytes(
        b"".join(base64.b64encode(token) + b" " + str(rank).encode() + b"\n" for token, rank in ranks.items()))
    cl100k = tiktoken.Encoding("test", pat_str=(
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
        r"|\s+(?!\S)|\s"), mergeable_ranks=ranks, special_tokens={})
    write_expected(folder / "table.tiktoken.expected",
                   [(e := cl100k.encode(line, disallowed_special=()), [], cl100k.decode(e)) for line in text])


main()
