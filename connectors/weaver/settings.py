"""Settings of a connection to Weaver e-cology."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import SecretStr

from hrhub.connector import ConnectorConfig, setting


class WeaverConfig(ConnectorConfig):
    """One installation, of which the tenant has opened one or more interfaces."""

    url: str = setting(
        title="Address",
        help="Root of the installation, as browsers see it.",
        slot="host",
        example="https://oa.example.cn",
        min_length=1,
    )
    directory: Literal["rest", "soap"] = setting(
        "rest",
        title="Directory by",
        help="rest: the HRM interface of E9 with a signed token. soap: HrmService of E8 and E9, "
        "which knows its callers by address only.",
    )
    hrm_secret: SecretStr = setting(
        SecretStr(""),
        title="Secret of the HRM interface",
        help="From the page /hrm/websevice/hrm_webservice_config.jsp; leave it empty where that "
        "page lists addresses instead.",
        slot="password",
    )
    hrm_digest: Literal["md5", "sm3"] = setting(
        "md5", title="Digest of the token", help="As chosen on that page."
    )
    own_address: str = setting(
        "",
        title="Address of the hub",
        help="The hub's own address as the OA sees it, listed in HrmWebserviceIP.properties; for "
        "soap only.",
        example="10.20.0.15",
    )
    soap_namespace: str = setting(
        "",
        title="SOAP namespace",
        help="targetNamespace of HrmService?wsdl. Empty: <address>/services/HrmService, which is "
        "what installations make of the address they are asked by.",
        example="http://localhost/services/HrmService",
    )
    app_id: str = setting(
        "",
        title="Application id",
        help="APPID in table ECOLOGY_BIZ_EC; needed for workflows.",
        slot="login",
    )
    app_secret: SecretStr = setting(
        SecretStr(""),
        title="Application secret",
        help="secret of the one-time registration (POST /api/ec/dev/auth/regist). Registering "
        "again makes it invalid.",
    )
    public_key: str = setting(
        "",
        title="Public key of the OA",
        help="spk of the registration, as it came (base64).",
    )
    user_id: str = setting(
        "",
        title="OA user",
        help="Id (a number) of the OA user in whose name workflows are started and requests read.",
    )
    workflows: tuple[str, ...] = setting(
        (),
        title="Workflows to read",
        help="Ids of the workflows whose requests are read; empty: all that the OA user may see.",
        example='["231", "232"]',
    )
    requests_from: date = setting(
        date(2026, 1, 1),
        title="Requests from",
        help="First day to read requests from when nothing was read before: the day on which "
        "something was last done with them.",
    )
    plan_workflow: str = setting(
        "",
        title="Workflow of attendance plans",
        help="Id of the workflow that puts a plan into force; empty: none is started.",
    )
    plan_fields: dict[str, str] = setting(
        {"work_no": "gh", "hire_date": "ksrq", "shift_code": "bc", "location": "dkdd"},
        title="Form fields of attendance plans",
        help="Field of the hub -> database name of the field in the workflow's main form.",
    )
    default_shift: str = setting(
        "",
        title="Usual shift",
        help="Code of the shift that plans name when nobody said another.",
    )
