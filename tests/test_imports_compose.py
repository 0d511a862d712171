"""Texts that were made elsewhere become a run: files by name, tables, prompts, and everything that can be wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalkit.cli.import_ import ImportOptions, read_import
from evalkit.cli.main import cli
from evalkit.imports.compose import Import
from evalkit.records.errors import EvalkitError, UsageError
from evalkit.records.family import TextSource
from evalkit.records.generation import CertificateState, Method
from evalkit.records.scores import METRICS, Metric, MetricGroup
from evalkit.records.tint_reader import TintMethod
from evalkit.store.run_folder import RunFolder
from tests.measure_samples import LABELS, NINE_RINGS, WAYSTONE

CARD = Path(__file__).parents[1] / "evalkit" / "family" / "data" / "nine-rings.yaml"


def read(source: Path, **changes: object) -> Import:
    options: dict[str, object] = {
        "source": source, "reference": None, "family_file": None, "suite": None, "prompts": None, "prompt": None,
        "encoding": "utf-8", "tint": "full", "embedder": None, "results": source, "reports": source, "as_json": False,
    }  # fmt: skip
    return read_import(ImportOptions(**(options | changes)))  # type: ignore[arg-type]


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def cells(imported: Import) -> dict[tuple[str, str], str]:
    return {(one.label, one.prompt_id): one.text for one in imported.generations}


def messages(imported: Import) -> str:
    return "\n".join(warning.message for warning in imported.config.family.warnings)


def test_files_named_by_label_are_one_prompt_in_natural_order() -> None:
    imported = read(NINE_RINGS / "outputs", suite="standard", prompt="waystone", family_file=CARD)
    family, (prompt,) = imported.config.family, imported.config.suite.prompts
    assert tuple(variant.label for variant in family.variants) == LABELS
    assert family.reference.label == "M1"
    assert (prompt.id, prompt.text) == ("waystone", WAYSTONE.removesuffix("\n"))
    assert family.variants[6].description == "3 steps: M4 + M5"
    assert isinstance(family.variants[0].source, TextSource)
    assert cells(imported)["M7", "waystone"] == (NINE_RINGS / "outputs" / "M7.txt").read_text("utf-8")
    assert "10 texts on 1 prompt rank nobody" in messages(imported)
    assert {claim.id for claim in family.claims} >= {"m7-is-the-darkest", "higher-m-strays-further"}


def test_label_and_prompt_are_told_apart_in_every_layout(tmp_path: Path) -> None:
    wanted = {("M1", "black-mirror"), ("M1", "inn"), ("M2", "black-mirror"), ("M2", "inn")}
    flat = write(tmp_path / "flat", **{f"{m}-{p}_DOT_txt": "a" for m in ("M1", "m02") for p in ("inn", "Black Mirror")})
    nested = write(
        tmp_path / "nested", **{f"{m}__{p}_DOT_md": "a" for m in ("M1", "M2") for p in ("inn", "black_mirror")}
    )
    assert set(cells(read(flat))) == set(cells(read(nested))) == wanted


def test_other_labels_are_known_from_a_suite_a_family_file_or_what_sets_the_names_apart(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "a", **{f"{m}-{p}_DOT_txt": "a" for m in ("plain", "neo") for p in ("waystone", "bravado")}
    )
    found = cells(read(folder, suite="standard", reference="plain"))
    assert set(found) == {(m, p) for m in ("plain", "neo") for p in ("waystone", "bravado")}
    (folder / "family.yaml").write_text("name: F\nreference: plain\nvariants: [{label: plain}, {label: neo}]\n")
    assert set(cells(read(folder))) == set(found)
    alone = write(tmp_path / "b", Rings_DOT_plain_DOT_txt="a", Rings_DOT_neo_DOT_txt="b")
    assert {label for label, _ in cells(read(alone, reference="plain"))} == {"plain", "neo"}


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
def test_a_table_holds_variant_prompt_and_text_and_other_columns_do_not_matter(tmp_path: Path, suffix: str) -> None:
    rows = [("M1", "inn", 'Cold, "very" cold.\nAnd dark.'), ("M2", "inn", "Warm."), ("M10", "sky", "High")]
    path = tmp_path / f"answers.{suffix}"
    if suffix == "jsonl":
        lines = [json.dumps({"variant": v, "prompt": p, "text": t, "id": 1}) for v, p, t in rows]
        path.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    else:
        mark = "\t" if suffix == "tsv" else ","
        lines = [mark.join((v, p, '"' + t.replace('"', '""') + '"', "x")) for v, p, t in rows]
        path.write_text("\n".join([mark.join(("Variant", "prompt", "text", "id")), *lines]), encoding="utf-8-sig")
    imported = read(path)
    assert cells(imported) == {(v, p): t for v, p, t in rows}
    assert [variant.label for variant in imported.config.family.variants] == ["M1", "M2", "M10"]
    assert "No text for sky" in messages(imported)


def test_spreadsheets_part_columns_with_semicolons_and_names_may_be_numbers(tmp_path: Path) -> None:
    sheet, lines = tmp_path / "a.csv", tmp_path / "a.jsonl"
    sheet.write_text("variant;prompt;text\n1;7;Cold, very cold.\n2;7;Warm.\n")
    lines.write_text(
        '{"variant": 1, "prompt": 7, "text": "Cold, very cold."}\n{"variant": 2, "prompt": 7, "text": "Warm."}'
    )
    for path in (sheet, lines):
        assert cells(read(path, reference="1")) == {("1", "7"): "Cold, very cold.", ("2", "7"): "Warm."}


def test_prompts_named_in_any_script_are_told_apart_and_keep_their_names(tmp_path: Path) -> None:
    names = ["Гостиница 1", "Сцена 1", "Café", "宿"]
    path = tmp_path / "a.jsonl"
    rows = [{"variant": label, "prompt": name, "text": "a"} for label in ("M1", "M2") for name in names]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    prompts = read(path).config.suite.prompts
    assert [prompt.title for prompt in prompts] == names
    assert len({prompt.id for prompt in prompts}) == 4
    assert prompts[2].id == "cafe"
    assert all(re.fullmatch("[a-z0-9-]{1,64}", prompt.id) for prompt in prompts)


def test_prompt_texts_come_from_a_folder_or_a_table(tmp_path: Path) -> None:
    folder = write(tmp_path / "texts", M1_DOT_txt="a", M2_DOT_txt="b")
    prompts = write(tmp_path / "prompts", text_DOT_txt="Write.\n")
    (tmp_path / "prompts.csv").write_text("prompt,text\ntext,Write.\n")
    for place in (prompts, tmp_path / "prompts.csv"):
        assert read(folder, prompts=place).config.suite.prompts[0].text == "Write."
    assert read(folder).config.suite.prompts[0].text == ""
    assert "What the prompts asked is not known" in messages(read(folder))


def test_other_encodings_are_read_when_they_are_marked_or_named_and_refused_otherwise(tmp_path: Path) -> None:
    folder = write(tmp_path, M1_DOT_txt="Caf\u00e9")
    (folder / "M2.txt").write_bytes("Caf\u00e9".encode("utf-16"))
    assert set(cells(read(folder)).values()) == {"Caf\u00e9"}
    (folder / "M3.txt").write_bytes("Caf\u00e9".encode("cp1252"))
    with pytest.raises(UsageError, match=r"M3\.txt is not utf-8: .* at byte 3.*--encoding cp1252"):
        read(folder)
    (folder / "M1.txt").write_bytes("Caf\u00e9".encode("cp1252"))
    assert set(cells(read(folder, encoding="cp1252")).values()) == {"Caf\u00e9"}
    with pytest.raises(UsageError, match="no encoding 'klingon'"):
        read(folder, encoding="klingon")
    with pytest.raises(UsageError, match="no encoding 'base64'"):
        read(folder, encoding="base64")


def test_a_blank_text_is_an_empty_answer_and_named_and_blank_texts_alone_are_no_run(tmp_path: Path) -> None:
    folder = write(tmp_path, M1_DOT_txt="A night.", M2_DOT_txt="")
    imported = read(folder)
    assert cells(imported)["M2", "text"] == ""
    assert "(M2.txt) is blank and counts as an empty answer" in messages(imported)
    with pytest.raises(UsageError, match="are blank"):
        read(write(folder, M1_DOT_txt=" \n"))


def test_what_lies_beside_the_answers_is_skipped_and_named(tmp_path: Path) -> None:
    folder = write(
        tmp_path, M1_DOT_txt="a", M2_DOT_txt="b", README_DOT_md="About", picture_DOT_png="?", _DOT_hidden="x"
    )
    imported = read(folder)
    assert len(imported.generations) == 2
    assert "picture.png, README.md" in messages(imported)


@pytest.mark.parametrize(
    ("texts", "changes", "match"),
    [
        ({"M2_DOT_txt": "a", "M3_DOT_txt": "b"}, {}, r"no reference M1 among the 2 variants .*\(M2, M3\)"),
        ({"M1_DOT_txt": "a", "M2_DOT_txt": "b"}, {"reference": "M9"}, "no reference M9"),
        ({"M1_DOT_txt": "a"}, {}, "nothing to compare"),
        ({"M1_DOT_txt": "a", "M01_DOT_md": "b", "M2_DOT_txt": "c"}, {}, r"M1 has 2 texts for the prompt text: "),
        ({"notes_DOT_pdf": "a"}, {}, "has no text files"),
        ({"M1_DOT_txt": "a", "M2_DOT_txt": "b"}, {"suite": "standard"}, "Choose the suite that was answered"),
        ({"M1-!_DOT_txt": "a", "M2-!_DOT_txt": "b"}, {}, "has no letter and no digit"),
        ({"M1_DOT_txt": "a\0b", "M2_DOT_txt": "b"}, {}, "null characters"),
    ],
)
def test_bad_folders_are_refused(tmp_path: Path, texts: dict[str, str], changes: dict[str, object], match: str) -> None:
    with pytest.raises(EvalkitError, match=match) as caught:
        read(write(tmp_path, **texts), **changes)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.csv", "variant,text\nM1,a\n", "lacks the column prompt; found: variant, text"),
        ("a.csv", "", "lacks the columns variant, prompt, text; found: nothing"),
        ("a.csv", "variant,prompt,text\n", "has no rows"),
        ("a.csv", "variant,prompt,text\nM1,inn\n", "line 2: the row is shorter"),
        ("a.csv", 'variant,prompt,text\nM1,inn,"a" b\n', "not CSV"),
        ("a.csv", "variant,prompt,text\n ,inn,a\nM1,inn,b\n", "line 2: the variant is blank"),
        (
            "a.csv",
            "variant,prompt,text\nM1,inn,a\nM1,inn,b\nM2,inn,c\n",
            "M1 has 2 texts for the prompt inn: line 2, line 3",
        ),
        ("a.jsonl", '{"variant": "M1", "prompt": "inn"}\n', "line 1: .* text is not"),
        ("a.jsonl", '{"variant": "M1", "prompt": "inn", "text": 5}\n', "line 1: .* text is not"),
        ("a.jsonl", "[1]\n", "variant, prompt, text are not"),
        ("a.jsonl", "{\n", "line 1: not JSON"),
        ("a.xlsx", "PK", "is no table"),
    ],
)
def test_bad_tables_are_refused_with_their_line(tmp_path: Path, name: str, content: str, match: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EvalkitError, match=match) as caught:
        read(path)
    assert caught.value.exit_code == 2


def test_the_published_ten_make_a_scored_and_reported_run_that_ranks_nobody(tmp_path: Path) -> None:
    command = ["import", str(NINE_RINGS / "outputs"), "--suite", "standard", "--prompt", "waystone", "--family-file",
               str(CARD), "--out", str(tmp_path / "results"), "--reports", str(tmp_path / "reports"), "--embedder",
               str(tmp_path / "none"), "--json"]  # fmt: skip
    done = CliRunner().invoke(cli, command, standalone_mode=False, catch_exceptions=False)
    document = json.loads(done.stdout)
    assert (done.return_value, document["status"]) == (0, "complete")
    run = RunFolder(Path(document["results"])).read_data()
    assert {one.state for one in run.measurement.certificates} == {CertificateState.NOT_MEASURED}
    assert {one.method for one in run.generations} == {Method.IMPORTED}
    for score in run.measurement.scores:
        of_model = METRICS[score.metric].group is MetricGroup.DIVERGENCE or score.metric is Metric.DISTRIBUTION_TINT
        if of_model or score.metric is Metric.N_TOKENS:
            assert score.figure.value is None
            assert "made elsewhere" in (score.figure.reason or "")
    assert {answer.verdict.value for answer in run.summary.claims} == {"cannot tell"}
    assert "there is no model" in run.summary.claims[0].reason
    assert any("ranks nobody" in note for note in run.summary.notes)
    for variant in run.summary.variants[1:]:
        assert not any(word in variant.verdict for word in ("darker", "lighter"))
        assert all(one.covers_zero is None for one in variant.differences.values())
    (page,) = (tmp_path / "reports").rglob("index.html")
    assert "made elsewhere" in page.read_text("utf-8")


def test_lite_tint_reaches_table_and_page_marked_and_loads_no_torch(tmp_path: Path) -> None:
    command = ["import", str(NINE_RINGS / "outputs"), "--suite", "standard", "--prompt", "waystone", "--tint", "lite",
               "--out", str(tmp_path / "results"), "--reports", str(tmp_path / "reports")]  # fmt: skip
    code = f"import sys; from evalkit.cli.main import cli; cli({command!r}, standalone_mode=False); "
    code += "sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "LITE tint: " in done.stdout
    (folder,) = (tmp_path / "results").iterdir()
    run = RunFolder(folder).read_data()
    assert run.manifest.tint_method is TintMethod.LITE
    tints = [score for score in run.measurement.scores if score.metric is Metric.TINT and score.prompt_id == "waystone"]
    assert [score.figure.reason for score in tints] == [None] * 10
    table = (folder / "scores.csv").read_text("utf-8").splitlines()
    assert all(",0 to 100 (lite)," in line for line in table if ",waystone,tint," in line)
    (page,) = (tmp_path / "reports").rglob("index.html")
    assert ">Tint (lite)<" in page.read_text("utf-8")


def test_the_same_texts_have_the_same_fingerprint_and_other_texts_another(tmp_path: Path) -> None:
    folder = write(tmp_path, M1_DOT_txt="a", M2_DOT_txt="b")
    first = read(folder)
    assert read(folder).fingerprint == first.fingerprint
    assert read(write(folder, M2_DOT_txt="c")).fingerprint != first.fingerprint
