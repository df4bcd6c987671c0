"""HrmService, simulated: a namespace made of the host, ``in0`` wrappers, odd bean names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lxml import etree

from connectors.weaver.sandbox.rows import Directory, Row
from hrhub.http.xml import parse_xml
from hrhub.sandbox.rest import Asked, Reply

_WSDL = Path(__file__).parent / "HrmService.wsdl"
_BEANS = "http://webservice.hrm.weaver"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_XML = {"content-type": "text/xml;charset=UTF-8"}

_DEPARTMENT = {
    "_canceled": "canceled",
    "_code": "departmentcode",
    "_departmentid": "id",
    "_fullname": "departmentname",
    "_shortname": "departmentmark",
    "_subcompanyid": "subcompanyid1",
    "_supdepartmentid": "supdepid",
    "lastChangdate": "modified",
}
_DIVISION = {
    "_canceled": "canceled",
    "_code": "subcompanycode",
    "_fullname": "subcompanydesc",
    "_shortname": "subcompanyname",
    "_subcompanyid": "id",
    "_supsubcompanyid": "supsubcomid",
    "lastChangdate": "modified",
}
_TITLE = {"_fullname": "jobtitlename", "_jobtitleid": "id", "_shortname": "jobtitlemark"}
_USER = {
    n: n
    for n in (
        *("accounttype", "birthday", "certificatenum", "departmentid", "email", "enddate"),
        *("jobtitle", "lastname", "loginid", "managerid", "mobile", "password", "seclevel", "sex"),
        *("status", "subcompanyid1", "workcode"),
    )
} | {"userid": "id", "startdate": "companystartdate", "lastChangdate": "modified"}


def wsdl(address: str) -> Reply:
    """Return the description, with the namespace that the caller's address makes."""
    text = _WSDL.read_text(encoding="utf-8").replace("{address}", address)
    return Reply(text.encode(), 200, _XML)


def answer(asked: Asked, directory: Directory, address: str, allowed: Sequence[str]) -> Reply:
    """Answer a call; who is not in the list of addresses gets an empty list."""
    body = parse_xml(asked.body).find(f"{{{_SOAP}}}Body")
    if body is None or not len(body):
        return _fault("no body")
    call = body[0]
    name = etree.QName(call)
    if name.namespace != f"{address}/services/HrmService":
        return _fault("no such operation in this namespace")
    given = [str(value.text or "") for value in call]
    known = not given or given[0] in allowed
    rows: Sequence[Row] | None
    match name.localname:
        case "checkInvokeClient":
            return _reply(address, "checkInvokeClient", "1" if allowed else "2")
        case "getHrmSubcompanyInfo":
            bean, names, rows = "SubCompanyBean", _DIVISION, directory.divisions
        case "getHrmDepartmentInfo":
            bean, names, rows = "DepartmentBean", _DEPARTMENT, directory.departments
        case "getHrmJobTitleInfo":
            bean, names, rows = "JobTitleBean", _TITLE, directory.jobtitles
        case "getHrmUserInfo":
            rows = [r for r in directory.people + directory.secondary if _wanted(r, given)]
            bean, names = "UserBean", _USER
        case _:
            return _fault("no such operation")
    return _reply(address, name.localname, _beans(bean, names, rows if known else ()))


def _wanted(row: Row, given: Sequence[str]) -> bool:
    workcode, since = given[1], given[5]
    changed = str(row["modified"])[:10]
    return (not workcode or bool(row["workcode"] == workcode)) and changed >= since


def _beans(bean: str, names: Mapping[str, str], rows: Sequence[Row]) -> list[etree._Element]:
    made = []
    for row in rows:
        element = etree.Element(f"{{{_BEANS}}}{bean}")
        for theirs in sorted(names):
            etree.SubElement(element, f"{{{_BEANS}}}{theirs}").text = str(row[names[theirs]])
        made.append(element)
    return made


def _reply(address: str, operation: str, out: str | Sequence[etree._Element]) -> Reply:
    namespace = f"{address}/services/HrmService"
    envelope = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soap": _SOAP})
    body = etree.SubElement(envelope, f"{{{_SOAP}}}Body")
    response = etree.SubElement(body, f"{{{namespace}}}{operation}Response")
    result = etree.SubElement(response, f"{{{namespace}}}out")
    if isinstance(out, str):
        result.text = out
    else:
        result.extend(out)
    return Reply(etree.tostring(envelope, encoding="utf-8", xml_declaration=True), 200, _XML)


def _fault(text: str) -> Reply:
    inner = f"<faultcode>soap:Client</faultcode><faultstring>{text}</faultstring>"
    body = (
        f'<soap:Envelope xmlns:soap="{_SOAP}"><soap:Body><soap:Fault>{inner}</soap:Fault>'
        "</soap:Body></soap:Envelope>"
    )
    return Reply(body.encode(), 500, _XML)
