"""What the fault codes of SOAP and WS-Security mean, for a connector's ``errors``."""

from __future__ import annotations

from hrhub.connector.contract import VendorAnswer
from hrhub.errors import AuthError, ContractChanged

_REFUSED = VendorAnswer(ContractChanged, "vendor.refused_request")
_DENIED = VendorAnswer(AuthError, "auth.refused")

SOAP_FAULTS = {
    # SOAP 1.1 §4.4.1 and SOAP 1.2 §5.4.6: the fault is the sender's, sending again is no use.
    "Client": _REFUSED,
    "Sender": _REFUSED,
    "VersionMismatch": _REFUSED,
    "MustUnderstand": _REFUSED,
    # WS-Security 1.1 §12.
    "FailedAuthentication": _DENIED,
    "InvalidSecurity": _DENIED,
    "InvalidSecurityToken": _DENIED,
}
"""Add the vendor's own codes: ``errors={**SOAP_FAULTS, "E7": VendorAnswer(...)}``."""
