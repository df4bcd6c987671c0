"""The vendor's own SDK works against the simulator: signatures, queries and the life of a card."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from k3cloud_webapi_sdk.main import K3CloudApiSdk

from connectors.kingdee.sandbox import APP_ID, APP_SECRET, DATA_CENTER, ROOT, USER

Serve = Callable[..., Any]
QUERY = {"FormId": "BD_Empinfo", "FieldKeys": "FID,FStaffNumber,FMobile", "OrderString": "FID ASC"}


def _sdk(served: Any, secret: str = APP_SECRET) -> Any:
    address = f"{served.running.address}{ROOT}/"
    sdk = K3CloudApiSdk(address)
    sdk.InitConfig(DATA_CENTER, USER, APP_ID, secret, address)
    return sdk


def test_the_sdk_is_refused_with_another_secret(serve: Serve) -> None:
    said = json.loads(_sdk(serve(), "another").ExecuteBillQuery(QUERY))

    assert said[0][0]["Result"]["ResponseStatus"]["MsgCode"] == 1


def test_the_sdk_reads_what_the_connector_reads(serve: Serve) -> None:
    served = serve()
    rows: list[list[Any]] = []
    for start in (0, 50, 100, 150):
        page = {**QUERY, "StartRow": start, "Limit": 50}
        rows += json.loads(_sdk(served).ExecuteBillQuery(page))

    ours = [(d["FID"], d["FStaffNumber"], d["FMobile"]) for d in served.docs("employees")]
    assert [tuple(row) for row in rows] == ours


def test_the_sdk_takes_a_card_from_draft_to_approved(serve: Serve) -> None:
    sdk = _sdk(serve())
    model = {"FID": 0, "FStaffNumber": "9900009", "FName": "测试", "FUseOrgId": {"FNumber": "1000"}}

    card = json.loads(sdk.Save("BD_Empinfo", {"Model": model}))["Result"]["Id"]
    early = json.loads(sdk.Audit("BD_Empinfo", {"Ids": card}))
    for step in (sdk.Submit, sdk.Audit):
        assert json.loads(step("BD_Empinfo", {"Ids": card}))["Result"]["ResponseStatus"][
            "IsSuccess"
        ]

    assert early["Result"]["ResponseStatus"]["IsSuccess"] is False
    state = {"FormId": "BD_Empinfo", "FieldKeys": "FDocumentStatus"}
    state["FilterString"] = "FStaffNumber='9900009'"
    assert json.loads(sdk.ExecuteBillQuery(state)) == [["C"]]
