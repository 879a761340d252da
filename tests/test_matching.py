"""What an input gives and a plan does not count is named; storage that nobody declares is what is given."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest

from wscost import estimate
from wscost.bill import Bill
from wscost.deployment import Deployment
from wscost.errors import NoPriceError
from wscost.usagefile import UsageFile

STANDARD, UNBOUND = "cloudflare/workers-standard", "cloudflare/workers-unbound"
FREE, AWS = "cloudflare/workers-free", "aws/api-gateway-websocket"
KV = {"storage_read_units": 5_000_000, "storage_write_units": 3_000_000, "storage_kv_gb_months": 4}
SQLITE = {"storage_rows_written": 51_000_000}
OBJECT, WORKER = Deployment(endpoint="durable-object"), Deployment(endpoint="worker")


def bill(
    deployment: Deployment | None = None,
    plan: str = STANDARD,
    as_of: str = "2026-11-01",
    **given: int,
) -> Bill:
    usage = UsageFile("totals", {key.replace("__", ":"): D(n) for key, n in given.items()})
    region = "us-east-1" if plan == AWS else None
    return estimate(usage, plan=plan, deployment=deployment, as_of=date.fromisoformat(as_of), region=region)


def said(bill: Bill, code: str) -> list[str]:
    return [note.message for note in bill.notes if note.code == code]


def costs(bill: Bill) -> dict[str, D | None]:
    return {line.sku: line.cost for line in bill.lines if line.sku.startswith("do-storage")}


class TestStorageThatNobodyDeclares:
    def test_is_kv_where_what_only_kv_has_is_given(self) -> None:
        told = bill(object_active_seconds=100, **KV)

        assert costs(told) == {
            "do-storage-reads": D("0.80"),
            "do-storage-writes": D("2.00"),
            "do-storage-deletes": None,
            "do-storage-kv": D("0.60"),
        }
        assert told.total == D("8.40")
        assert said(told, "storage-taken") == [
            "Storage is not declared: taken as kv, for storage_read_units, storage_write_units and "
            "storage_kv_gb_months are given."
        ]

    def test_is_both_where_meters_of_both_are_given(self) -> None:
        told = bill(OBJECT, **KV, **SQLITE)

        assert costs(told)["do-storage-reads"] == D("0.80")
        assert costs(told)["do-storage-rows-written"] == D("1.00")

    def test_is_what_the_deployment_declares_by_the_month(self) -> None:
        built = Deployment(endpoint="durable-object", monthly={"storage_write_units": 2_000_000})

        assert costs(bill(built, object_requests=1))["do-storage-writes"] == D("1.00")

    def test_is_no_matter_to_a_plan_that_counts_none(self) -> None:
        assert said(bill(OBJECT, AWS, connection_minutes=1, **KV), "storage-taken") == []

    def test_is_open_where_only_noughts_are_given(self) -> None:
        told = bill(OBJECT, object_requests=1, storage_read_units=0)

        assert "do-storage-rows-read" in costs(told)
        assert said(told, "storage-taken") == []

    def test_is_refused_by_a_plan_that_has_no_such_storage(self) -> None:
        with pytest.raises(NoPriceError, match="no durable-object with storage kv") as refused:
            bill(OBJECT, FREE, **KV)

        assert "taken as kv, for storage_read_units" in str(refused.value)

    def test_of_an_answer_of_cloudflare_is_what_its_rows_tell(self, tmp_path: Path) -> None:
        sums = '{"storageReadUnits": 3000000, "rowsRead": 0}'
        rows = f'[{{"dimensions": {{"date": "2026-11-02"}}, "sum": {sums}}}]'
        answer = f'{{"data": {{"viewer": {{"accounts": [{{"durableObjectsPeriodicGroups": {rows}}}]}}}}}}'
        (tmp_path / "answer.json").write_text(answer)

        told = estimate(tmp_path / "answer.json", plan=STANDARD)

        assert costs(told)["do-storage-reads"] is not None


class TestWhatIsGivenAndNotCounted:
    @pytest.mark.parametrize(
        ("deployment", "plan", "given", "left"),
        [
            pytest.param(
                Deployment(endpoint="durable-object", storage="sqlite"),
                STANDARD,
                {"object_requests": 1, "storage_read_units": 5},
                "it: storage_read_units",
                id="units of KV on SQLite",
            ),
            pytest.param(
                WORKER, STANDARD, {"object_active_seconds": 5}, "it: object_active_seconds", id="no object"
            ),
            pytest.param(
                WORKER,
                AWS,
                {"bytes_out": 5, "connection_minutes": 1, "http_requests": 7},
                "them: bytes_out, http_requests",
                id="what leaves, of which no message is told",
            ),
            pytest.param(
                WORKER,
                AWS,
                {"messages_in": 1, "message_units_in__32768": 2},
                "it: messages_in",
                id="messages beside their units",
            ),
        ],
    )
    def test_is_named_once(self, deployment: Deployment, plan: str, given: dict[str, int], left: str) -> None:
        told = bill(deployment, plan, **given)

        assert said(told, "not-counted") == [f"Given, but no charge of this plan counts {left}."]

    @pytest.mark.parametrize(
        ("plan", "given"),
        [
            pytest.param(AWS, {"messages_in": 1, "bytes_in": 9, "connection_minutes": 1}, id="sizes"),
            pytest.param(FREE, {"connections_opened": 1, "object_active_seconds": 1}, id="a limit alone"),
            pytest.param(STANDARD, {"http_requests": 1, "storage_read_units": 0}, id="nought"),
        ],
    )
    def test_is_nothing_where_all_is_counted(self, plan: str, given: dict[str, int]) -> None:
        assert said(bill(OBJECT if plan == FREE else None, plan, **given), "not-counted") == []


class TestTimeOfAWorkerThatOnlyHandsSocketsOn:
    @pytest.mark.parametrize(("day", "cost"), [("2021-12-15", "5.00"), ("2021-12-16", "0.00")])
    def test_leaves_no_time_of_its_own_open_on_either_side_of_the_day_it_became_free(
        self, day: str, cost: str
    ) -> None:
        told = bill(WORKER, UNBOUND, day, connections_opened=1_000, worker_passthrough_seconds=6_400_000)

        assert told.line("workers-duration").cost == D(cost)
        assert any("worker_wall_seconds" in sentence for sentence in said(told, "not-given"))
