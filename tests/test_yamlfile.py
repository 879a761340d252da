"""Strict YAML: what is read, what is refused and with which words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from wscost.deployment import Deployment
from wscost.errors import ConfigError
from wscost.pricebook import PriceBook
from wscost.yamlfile import Document, document, load, loads, validate


@pytest.fixture(params=["with libyaml", "without libyaml"], autouse=True)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without libyaml":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("0.30", Decimal("0.30"), id="a decimal keeps its digits"),
        pytest.param("-.5", Decimal("-0.5"), id="a decimal needs no zero before the point"),
        pytest.param("1e6", Decimal("1e6"), id="an exponent is exact"),
        pytest.param("1_000.25", Decimal("1000.25"), id="underscores in a decimal"),
        pytest.param("1_000_000", 1_000_000, id="underscores in a whole number"),
        pytest.param("-12", -12, id="a negative whole number"),
        pytest.param("0", 0, id="zero"),
        pytest.param("true", True, id="true"),
        pytest.param("false", False, id="false"),
        pytest.param("on", "on", id="on stays a word"),
        pytest.param("off", "off", id="off stays a word"),
        pytest.param("yes", "yes", id="yes stays a word"),
        pytest.param("no", "no", id="no stays a word"),
        pytest.param("True", "True", id="True with a capital stays a word"),
        pytest.param("10:30", "10:30", id="a time of day is no number of base sixty"),
        pytest.param("190:20:30", "190:20:30", id="nor is a longer one"),
        pytest.param("0x10", "0x10", id="a hexadecimal number stays a word"),
        pytest.param("1_", "1_", id="a trailing underscore makes a word"),
        pytest.param("٣", "٣", id="digits of other scripts stay words"),
        pytest.param("2024-04-01", date(2024, 4, 1), id="a date"),
        pytest.param("2024-04", "2024-04", id="a month stays a word"),
        pytest.param("2024-04-01T12:00:00Z", "2024-04-01T12:00:00Z", id="an instant stays a word"),
        pytest.param("'0.30'", "0.30", id="what is quoted is text"),
        pytest.param('"true"', "true", id="so is a quoted boolean"),
        pytest.param("null", None, id="null"),
        pytest.param("~", None, id="a tilde is null"),
        pytest.param("", None, id="nothing is null"),
        pytest.param("9" * 28, int("9" * 28), id="28 digits are exact"),
        pytest.param("0." + "3" * 28, Decimal("0." + "3" * 28), id="28 decimals are exact"),
    ],
)
def test_a_plain_scalar_is_read_as(text: str, value: object) -> None:
    data = loads(f"key: {text}").data

    assert data == {"key": value}
    assert type(data["key"]) is type(value)


BOMB = "a0: &a0 [boom]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("a: 1\nb: 2\na: 3", 3, "'a' stands twice, first on line 1", id="a repeated key"),
        pytest.param(
            "x:\n  a: 1\n  'a': 3", 3, "'a' stands twice, first on line 2", id="a repeated key, nested"
        ),
        pytest.param("a: .inf", 1, "a float that is not exact", id="infinity"),
        pytest.param("a: -.INF", 1, "a float that is not exact", id="minus infinity"),
        pytest.param("a: .nan", 1, "a float that is not exact", id="not a number"),
        pytest.param("a: 0x1.8p3", 1, "a float that is not exact", id="a hexadecimal float"),
        pytest.param(
            "a: 0." + "3" * 29, 1, "more than 28 digits: a float that is not exact", id="29 decimals"
        ),
        pytest.param("a: 1" + "0" * 28, 1, "more than 28 digits", id="a whole number of 29 digits"),
        pytest.param("a: 1e28", 1, "more than 28 digits", id="an exponent that needs 29 digits"),
        pytest.param("a: 1e-29", 1, "more than 28 digits", id="a negative exponent that needs 29 digits"),
        pytest.param("a: 1e" + "9" * 30, 1, "more than 28 digits", id="an exponent beyond reason"),
        pytest.param(
            "a: " + "7" * 100_000, 1, "more than 28 digits", id="a number a hundred thousand digits long"
        ),
        pytest.param("a: 010", 1, "010 begins with a zero", id="a leading zero, octal to some"),
        pytest.param("a: 2023-02-29", 1, "2023-02-29 is a day that no calendar has", id="no such day"),
        pytest.param("a: !!float 1", 1, "the tag !!float is not read", id="a tag"),
        pytest.param("a: !!python/object/apply:os.system [ls]", 1, "the tag !!python", id="a Python tag"),
        pytest.param("!mine a: 1", 1, "a key must be a plain word", id="a tag on a key"),
        pytest.param("? [a, b]\n: 1", 1, "a key must be a plain word", id="a key that is a list"),
        pytest.param("a:\n  ~: 1", 2, "a key must be a word", id="a key that is null"),
        pytest.param("2024-01-01: 1", 1, "a key must be a word, not 2024-01-01", id="a key that is a date"),
        pytest.param("true: 1", 1, "a key must be a word, not true", id="a key that is a boolean"),
        pytest.param("a: 1\n---\nb: 2", 2, "a second document begins here", id="two documents"),
        pytest.param("a: *b", 1, "the alias *b repeats nothing", id="an alias of nothing"),
        pytest.param("a: &a [*a]", 1, "the alias *a repeats nothing", id="an alias of itself"),
        pytest.param(BOMB, 7, "more than 1,000,000 values once its aliases are written out", id="a bomb"),
        pytest.param("a: " + "[" * 100_000, 1, "nested more than 64 levels", id="a very deep list"),
        pytest.param("a: b: c", 1, "is not YAML: ", id="a second colon"),
        pytest.param("a:\n\tb: 2", 2, "a tab stands here. Indent with spaces.", id="a tab"),
        pytest.param("a: 1\n\tb: 2", 2, "a tab stands here. Indent with spaces.", id="a tab after a value"),
        pytest.param("a: @b", 1, "is not YAML: found character", id="a sign that begins no word"),
        pytest.param("a: 'b", 1, "is not YAML: ", id="a quote left open"),
        pytest.param("a: 1\nb: \x07", 2, "is not YAML: it holds a character", id="a control character"),
    ],
)
def test_it_refuses(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)) as refused:
        loads(text, "f.yaml")

    assert str(refused.value).startswith(f"f.yaml:{line}: ")
    assert len(str(refused.value)) < 300


def test_lists_may_be_64_levels_deep_and_no_deeper() -> None:
    assert loads("[" * 64 + "]" * 64).data != []

    with pytest.raises(ConfigError, match="nested more than 64 levels"):
        loads("[" * 66 + "]" * 66)


def test_an_ordinary_alias_repeats_what_it_names() -> None:
    assert loads("a: &a {x: 1}\nb: *a").data == {"a": {"x": 1}, "b": {"x": 1}}


def test_every_key_and_entry_knows_its_line() -> None:
    read = loads("a: 1\nb:\n  - x\n  - y: 2\n    z:\n      3\n")

    assert [read.line(at) for at in [("a",), ("b", 0), ("b", 1, "y"), ("b", 1, "z")]] == [1, 3, 4, 5]


def test_what_has_no_line_takes_that_of_what_is_around_it() -> None:
    read = loads("a: 1\nb:\n  c: 2\n")

    assert read.line(("b", "missing", 3)) == 2
    assert read.line(("elsewhere",)) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"a: 1\nb: caf\xe9\n", "f.yaml:2: is not UTF-8", id="in another encoding"),
        pytest.param("a: 1\n".encode("utf-16"), "f.yaml:1: is not UTF-8", id="in UTF-16"),
        pytest.param(b"#" * 101, "f.yaml:1: is larger than", id="too large"),
    ],
)
def test_a_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str
) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 100)
    path = tmp_path / "f.yaml"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=words):
        load(path)


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("a: ü\n", "utf-8-sig")

    assert load(tmp_path / "f.yaml").data == {"a": "ü"}


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.yaml: cannot be read: No such file"):
        load(tmp_path / "gone.yaml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)


class Engine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cylinders: int = Field(ge=1)
    fuel: Literal["petrol", "diesel"] = "petrol"


class Car(BaseModel):
    model_config = ConfigDict(extra="forbid")

    built: date = Field(alias="from")
    engine: Engine | None = None
    doors: tuple[Engine, ...] = ()
    tax: Decimal | Literal["free"] = "free"
    roof: StrictBool = False
    spare: Engine | int = 0
    tags: dict[str, int] = {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("built: 2020-01-01", "c.yaml:1: unknown key 'built'.", id="a name instead of its alias"),
        pytest.param("form: 2020-01-01", "c.yaml:1: unknown key 'form'. Did you mean 'from'?", id="a slip"),
        pytest.param("tax: 1", "c.yaml:1: 'from' is missing.", id="a key left out"),
        pytest.param(
            "from: 2020-01-01\nengine:\n  fule: diesel\n  cylinders: 4",
            "c.yaml:3: engine: unknown key 'fule'. Did you mean 'fuel'?",
            id="a slip in a part",
        ),
        pytest.param(
            "from: 2020-01-01\ndoors:\n  - {cylinders: 4}\n  - {cylinder: 4, cylinders: 4}",
            "c.yaml:4: doors[2]: unknown key 'cylinder'. Did you mean 'cylinders'?",
            id="a slip in an entry of a list",
        ),
        pytest.param(
            "from: 2020-01-01\nengine:\n  fuel: petrol",
            "c.yaml:2: engine: 'cylinders' is missing.",
            id="a key left out of a part",
        ),
        pytest.param(
            "from: 2020-01-01\nengine: {cylinders: 0}",
            "engine.cylinders must be at least 1, not 0.",
            id="a number too small",
        ),
        pytest.param(
            "from: 2020-01-01\nengine: {cylinders: 1.5}",
            "must be a whole number, not 1.5.",
            id="a fraction of a count",
        ),
        pytest.param(
            "from: 2020-01-01\nengine: {cylinders: many}",
            "must be a whole number, not 'many'.",
            id="a word for a number",
        ),
        pytest.param(
            "from: 2020-01-01\nengine: {cylinders: 4, fuel: wood}",
            "engine.fuel must be 'petrol' or 'diesel', not 'wood'.",
            id="a word of none of those known",
        ),
        pytest.param(
            "from: 2020-01-01\ntax: much",
            "tax must be a number or 'free', not 'much'.",
            id="neither number nor word",
        ),
        pytest.param(
            "from: 2020-01-01\nroof: on",
            "c.yaml:2: roof must be true or false, not 'on'.",
            id="a word for a switch",
        ),
        pytest.param(
            "from: someday", "from must be a date such as 2024-04-01, not 'someday'.", id="a word for a date"
        ),
        pytest.param(
            "from: 2020-01-01\nengine: 4", "engine must be a mapping, not 4.", id="a number for a part"
        ),
        pytest.param("from: 2020-01-01\ndoors: 4", "doors must be a list, not 4.", id="a number for a list"),
        pytest.param(
            "from: 2020-01-01\nspare: {cylinders: none}",
            "spare.cylinders must be a whole number",
            id="the branch of a union that fits best",
        ),
        pytest.param(
            "from: 2020-01-01\nspare: x",
            "spare must be a mapping or a whole number, not 'x'.",
            id="no branch of a union",
        ),
        pytest.param("- 1", "c.yaml:1: the file must be a mapping, not a list.", id="a list for the whole"),
        pytest.param("", "c.yaml:1: the file must be a mapping, not empty.", id="nothing at all"),
    ],
)
def test_what_breaks_a_model_is_told_in_plain_words(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        validate(Car, loads(text, "c.yaml"))

    assert words in str(refused.value)


def test_a_part_of_a_file_is_validated_with_the_lines_of_the_file() -> None:
    read = loads("x: 1\ncars:\n  - from: 2020-01-01\n  - from: never\n", "c.yaml")

    assert validate(Car, read, ("cars", 0)).built == date(2020, 1, 1)
    with pytest.raises(ConfigError, match=r"c\.yaml:4: cars\[2\]\.from must be a date"):
        validate(Car, read, ("cars", 1))


def test_all_problems_are_told_in_the_order_of_the_file() -> None:
    with pytest.raises(ConfigError) as refused:
        validate(Car, loads("roof: 1\nform: 2\ntax: x\n", "c.yaml"))

    assert [line.split(" ")[0] for line in str(refused.value).splitlines()] == [
        "c.yaml:1:",
        "c.yaml:1:",
        "c.yaml:2:",
        "c.yaml:3:",
    ]


def test_ten_problems_are_told_and_the_rest_counted() -> None:
    text = "from: 2020-01-01\n" + "".join(f"k{n}: 1\n" for n in range(13))

    with pytest.raises(ConfigError) as refused:
        validate(Car, loads(text, "c.yaml"))

    lines = str(refused.value).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "… and 3 more complaints about c.yaml."


def is_float(value: object) -> bool:
    return isinstance(value, float)


decimals = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**21), max_value=10**21)
texts = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=20)
plain_data = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**27), 10**27) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


def complaint(read: Callable[[], object]) -> str:
    """Return what reading complains of; empty if nothing. Anything else that is raised comes through."""
    try:
        read()
    except ConfigError as refused:
        return str(refused)
    return ""


class TestLaws:
    @given(decimals)
    def test_a_decimal_is_read_to_the_last_digit(self, number: Decimal) -> None:
        assert loads(f"a: {number:f}").data == {"a": number}

    @given(plain_data)
    def test_json_is_read_as_what_it_is(self, data: object) -> None:
        assert loads(json.dumps({"data": data}, ensure_ascii=False)).data == {"data": data}

    @given(st.text(max_size=40) | st.text("-:[]{}&*!|>'\"%@,?# \n\tab01.", max_size=60))
    def test_any_text_is_read_without_floats_or_refused_with_its_line(self, text: str) -> None:
        read: list[Document] = []

        told = complaint(lambda: read.append(loads(text, "f.yaml")))

        assert re.match(r"f\.yaml:\d+: ", told) if told else not any(map(is_float, leaves(read[0].data)))

    @given(st.dictionaries(st.sampled_from([*Deployment.model_fields, "x"]), plain_data))
    def test_any_mapping_is_a_deployment_or_is_refused_in_plain_words(self, data: dict[str, object]) -> None:
        told = complaint(lambda: validate(Deployment, Document("d.yaml", data, {})))

        assert all(re.match(r"d\.yaml:\d+: |… and ", line) for line in told.splitlines())
        assert "Input" not in told

    @given(st.dictionaries(st.sampled_from([*PriceBook.model_fields, "x"]), plain_data))
    def test_any_mapping_as_a_price_book_is_refused_in_plain_words(self, data: dict[str, object]) -> None:
        with pytest.raises(ConfigError, match=r"^b\.yaml:\d+: ") as refused:
            validate(PriceBook, Document("b.yaml", data, {}))

        assert "Input" not in str(refused.value)
