"""The two small YAML doors: monthly totals, and deployments by name or file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wscost.deployment import PRESETS, Deployment
from wscost.deploymentfile import read_deployment
from wscost.errors import ConfigError, UnknownNameError
from wscost.usage import DIVISIBLE, METERS
from wscost.usagefile import UsageFile, looks_like, usage_of
from wscost.yamlfile import load, loads

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_usage(text: str) -> Path:
        (tmp_path / "usage.yaml").write_text(text)
        return tmp_path / "usage.yaml"

    return write_usage


class TestUsageFile:
    def test_totals_are_read_exactly(self, write: Write) -> None:
        path = write("usage: {connections_opened: 150_000, object_active_seconds: 3251718.75}")

        assert usage_of(load(path)) == UsageFile(
            str(path),
            {"connections_opened": Decimal(150_000), "object_active_seconds": Decimal("3251718.75")},
        )

    def test_a_number_may_have_an_exponent(self, write: Write) -> None:
        path = write(
            "usage: {messages_in: 1e6, object_active_seconds: 2.5E+3}\ndeployment: {handler_ms: 5e-1}"
        )

        read = usage_of(load(path))

        assert read.usage == {"messages_in": 1_000_000, "object_active_seconds": 2_500}
        assert read.deployment is not None
        assert read.deployment.handler_ms.message == Decimal("0.5")

    def test_a_file_may_say_how_to_price_it(self, write: Write) -> None:
        path = write(
            "usage: {messages_in: 1}\n"
            "plan: [cloudflare/*, aws/api-gateway-websocket]\n"
            "as_of: 2024-08-01\n"
            "month: 2024-02\n"
            "deployment: {endpoint: durable-object, hibernation: true, handler_ms: 2.5}\n"
        )

        read = usage_of(load(path))

        assert read.plans == ("cloudflare/*", "aws/api-gateway-websocket")
        assert (read.as_of, read.month) == (date(2024, 8, 1), "2024-02")
        assert read.deployment is not None
        assert read.deployment.label == "durable-object-hibernation"
        assert read.deployment.handler_ms.message == Decimal("2.5")

    def test_one_plan_needs_no_list(self, write: Write) -> None:
        assert usage_of(load(write("usage: {messages_in: 1}\nplan: cloudflare/*"))).plans == ("cloudflare/*",)

    def test_a_deployment_may_be_a_preset(self, write: Write) -> None:
        read = usage_of(load(write("usage: {messages_in: 1}\ndeployment: durable-object")))

        assert read.deployment == PRESETS["durable-object"]

    def test_a_deployment_may_be_a_file_beside_it(self, write: Write, tmp_path: Path) -> None:
        (tmp_path / "chat.yaml").write_text("endpoint: durable-object")

        read = usage_of(load(write("usage: {messages_in: 1}\ndeployment: chat.yaml")))

        assert read.deployment == Deployment(name="chat", endpoint="durable-object")

    def test_a_preset_is_preferred_to_a_file_of_its_name(self, write: Write, tmp_path: Path) -> None:
        (tmp_path / "worker").write_text("endpoint: durable-object")

        read = usage_of(load(write("usage: {messages_in: 1}\ndeployment: worker")))

        assert read.deployment == PRESETS["worker"]

    def test_a_meter_may_carry_its_parameter(self, write: Write) -> None:
        path = write('usage: {"message_units_in:32768": 5, "worker_wall_seconds:8": 0.5}')

        assert list(usage_of(load(path)).usage) == ["message_units_in:32768", "worker_wall_seconds:8"]

    @pytest.mark.parametrize(
        ("text", "line", "words"),
        [
            pytest.param(
                "usage:\n  messages_in: 1\n  mesages_out: 2",
                3,
                "There is no meter named 'mesages_out'. Did you mean messages_out",
                id="an unknown meter",
            ),
            pytest.param("usage:\n  messages_in: -1", 2, "must be at least 0, not -1", id="a negative total"),
            pytest.param(
                "usage:\n  messages_in: 1.5",
                2,
                "messages_in must be a whole number of messages, not 1.5",
                id="half a message",
            ),
            pytest.param("usage:\n  messages_in: .inf", 2, "a float that is not exact", id="infinitely many"),
            pytest.param("usage:\n  messages_in: many", 2, "must be a number, not 'many'", id="a word"),
            pytest.param("usage:\n  messages_in: true", 2, "must be a number, not true", id="a boolean"),
            pytest.param(
                'usage:\n  connections_opened: " 1_5 "',
                2,
                "usage.connections_opened must be a number, not ' 1_5 '. Take the quotes away.",
                id="a number in quotes",
            ),
            pytest.param(
                'usage:\n  messages_in: "1e80"',
                2,
                "'1e80'. Take the quotes away.",
                id="eighty digits in quotes",
            ),
            pytest.param(
                "usage:\n  messages_in: 1__5", 2, "must be a number, not '1__5'.", id="no number, no quotes"
            ),
            pytest.param("usage:\n  messages_in:", 2, "must be a number, not empty", id="nothing"),
            pytest.param("usage:\n  a: 1\n  a: 2", 3, "'a' stands twice", id="a meter that stands twice"),
            pytest.param("usage: {}", 1, "usage must have 1 or more entries", id="no meters"),
            pytest.param("usage: 5", 1, "usage must be a mapping, not 5", id="a number for all"),
            pytest.param(
                'usage:\n  "messages_in:5": 1', 2, "write messages_in alone", id="a parameter too many"
            ),
            pytest.param(
                'usage:\n  "message_units_in:032768": 1',
                2,
                "stands step_bytes, a whole number",
                id="a parameter that begins with a zero",
            ),
            pytest.param(
                'usage:\n  "message_units_in:0": 1',
                2,
                "stands step_bytes, a whole number",
                id="a parameter of nothing",
            ),
            pytest.param(
                'usage:\n  "message_units_in:３２": 1',
                2,
                "stands step_bytes, a whole number",
                id="a parameter in digits of another script",
            ),
            pytest.param(
                'usage:\n  "message_units_in:": 1',
                2,
                "stands step_bytes, a whole number",
                id="a parameter left out",
            ),
            pytest.param(
                'usage:\n  "message_units_in:big": 1',
                2,
                "stands step_bytes, a whole number",
                id="no parameter",
            ),
            pytest.param(
                "usage: {messages_in: 1}\nplans: x",
                2,
                "unknown key 'plans'. Did you mean 'plan'?",
                id="a slip",
            ),
            pytest.param(
                "usage: {messages_in: 1}\nas_of: 2024-08", 2, "as_of must be a date", id="half a date"
            ),
            pytest.param(
                "usage: {messages_in: 1}\nmonth: 2024-13",
                2,
                "YYYY-MM, for example 2026-11",
                id="no such month",
            ),
            pytest.param(
                "usage: {messages_in: 1}\nmonth: 2024-2", 2, "not '2024-2'", id="a month of one digit"
            ),
            pytest.param(
                "usage: {messages_in: 1}\nmonth: 2500-01", 2, "from 2000-01 to 2199-12", id="a month past all"
            ),
            pytest.param("usage: {messages_in: 1}\nmonth: 2024-02-01", 2, "month must be text", id="a day"),
            pytest.param(
                "usage: {messages_in: 1}\ndeployment:\n  hibernation: true",
                2,
                "deployment: hibernation needs endpoint: durable-object",
                id="a deployment that cannot be",
            ),
            pytest.param(
                "usage: {messages_in: 1}\ndeployment:\n  endpiont: worker",
                3,
                "deployment: unknown key 'endpiont'. Did you mean 'endpoint'?",
                id="a slip in the deployment",
            ),
            pytest.param(
                "usage: {messages_in: 1}\ndeployment: wroker",
                2,
                "There is no deployment named 'wroker'. Did you mean worker",
                id="an unknown preset",
            ),
        ],
    )
    def test_it_refuses(self, write: Write, text: str, line: int, words: str) -> None:
        path = write(text)

        with pytest.raises(ConfigError) as refused:
            usage_of(load(path))

        assert str(refused.value).startswith(f"{path}:{line}: ")
        assert words in str(refused.value)

    @pytest.mark.parametrize(
        ("text", "usage"),
        [("usage: {}", True), ("profile: {}", False), ("- usage", False), ("", False), ("usage", False)],
    )
    def test_it_is_known_by_its_usage(self, text: str, usage: bool) -> None:
        assert looks_like(loads(text)) is usage

    @given(st.sampled_from(sorted(METERS)), st.decimals(0, 10**12, places=3))
    def test_a_fraction_is_read_where_the_unit_has_fractions(self, meter: str, quantity: Decimal) -> None:
        document = loads(f"usage: {{{meter}: {quantity:f}}}")

        if METERS[meter].unit in DIVISIBLE or quantity == int(quantity):
            assert usage_of(document).usage == {meter: quantity}
        else:
            with pytest.raises(ConfigError, match="must be a whole number"):
                usage_of(document)


class TestDeployment:
    @pytest.mark.parametrize("name", PRESETS)
    def test_a_preset_is_known_by_its_name(self, name: str) -> None:
        assert read_deployment(name) == PRESETS[name]

    @pytest.mark.parametrize(
        "text",
        [
            "endpoint: durable-object\nhibernation: true",
            "deployment:\n  endpoint: durable-object\n  hibernation: true",
        ],
        ids=["at its top", "under deployment"],
    )
    def test_a_file_is_named_after_itself(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "evening-chat.yaml"
        path.write_text(text)

        read = read_deployment(str(path))

        assert read == Deployment(name="evening-chat", endpoint="durable-object", hibernation=True)

    def test_a_file_may_name_itself(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("name: chat")

        assert read_deployment(str(tmp_path / "a.yaml")).label == "chat"

    def test_an_unknown_name_is_met_with_close_ones(self) -> None:
        with pytest.raises(UnknownNameError, match="Did you mean durable-object or"):
            read_deployment("durable-objcet")

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"gone\.yaml: there is no such file"):
            read_deployment(str(tmp_path / "gone.yaml"))

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            pytest.param(
                "endpoint: wroker", ":1: endpoint must be 'worker', 'durable-object' or 'origin'", id="a slip"
            ),
            pytest.param(
                "auto_response: off", ":1: auto_response must be true or false, not 'off'", id="off"
            ),
            pytest.param(
                "deployment: {}\nplan: x", ":2: unknown key 'plan'. Known: deployment.", id="a stranger"
            ),
            pytest.param("deployment: worker", ":1: deployment must be a mapping, not 'worker'", id="a name"),
            pytest.param(
                "pins:\n  timer: often",
                ":2: pins.timer must be a number or 'always', not 'often'",
                id="often",
            ),
            pytest.param(
                'handler_ms: "2"',
                ":1: handler_ms must be a number, not '2'. Take the quotes away.",
                id="quotes",
            ),
            pytest.param(
                'pins:\n  timer: "0.5"',
                ":2: pins.timer must be a number or 'always', not '0.5'. Take the quotes away.",
                id="quotes beside a word",
            ),
        ],
    )
    def test_a_broken_file_is_refused_with_its_line(self, tmp_path: Path, text: str, words: str) -> None:
        path = tmp_path / "d.yaml"
        path.write_text(text)

        with pytest.raises(ConfigError) as refused:
            read_deployment(str(path))

        assert str(refused.value).startswith(f"{path}{words}")
