"""Reports: how an SNMPv3 engine says why it did not answer, and what that means for a run."""

from __future__ import annotations

from enum import Enum
from typing import Final

from collectors.snmp import ber
from collectors.snmp.ber import BerError, Oid
from collectors.snmp.message import decode_varbinds
from collectors.snmp.usm_message import Scoped
from netmon import sdk

_USM_STATS: Final = ber.oid("1.3.6.1.6.3.15.1.1")


class Report(Enum):
    """Reasons by their place in SNMP-USER-BASED-SM-MIB's usmStats (RFC 3414 section 5)."""

    UNSUPPORTED_LEVEL = 1
    NOT_IN_TIME_WINDOW = 2
    UNKNOWN_USER = 3
    UNKNOWN_ENGINE = 4
    WRONG_DIGEST = 5
    DECRYPTION_ERROR = 6
    OTHER = 0
    """Anything else, such as snmpUnknownContexts (RFC 3413) or snmpUnknownSecurityModels (RFC 3412)."""


_OTHERS: Final = {
    ber.oid("1.3.6.1.6.3.11.2.1.1"): "it does not know this security model (snmpUnknownSecurityModels)",
    ber.oid("1.3.6.1.6.3.11.2.1.2"): "it calls the message invalid (snmpInvalidMsgs)",
    ber.oid("1.3.6.1.6.3.12.1.4"): "the context is not available now (snmpUnavailableContexts)",
    ber.oid("1.3.6.1.6.3.12.1.5"): "it has no context of that name (snmpUnknownContexts)",
}
_WORDS: Final = {
    Report.UNSUPPORTED_LEVEL: "it does not offer this user the security level or protocols asked for"
    " (usmStatsUnsupportedSecLevels)",
    Report.NOT_IN_TIME_WINDOW: "it still calls our time wrong after a resynchronisation"
    " (usmStatsNotInTimeWindows)",
    Report.UNKNOWN_USER: "it knows no user of that name (usmStatsUnknownUserNames)",
    Report.UNKNOWN_ENGINE: "it changes its engine ID from message to message (usmStatsUnknownEngineIDs)",
    Report.WRONG_DIGEST: "the authentication passphrase or protocol is wrong (usmStatsWrongDigests)",
    Report.DECRYPTION_ERROR: "the privacy passphrase or protocol is wrong (usmStatsDecryptionErrors)",
}
_REJECTED: Final = {Report.NOT_IN_TIME_WINDOW, Report.UNKNOWN_ENGINE}
"""No fault of the credential: another try may help."""


def reason(report: Scoped) -> tuple[Report, str]:
    """Return the reason that a report's first variable names, and words; BerError when it has none."""
    varbinds = decode_varbinds(report.body, report.header, 1)
    if not varbinds:
        raise BerError("a report without a reason")
    oid = ber.decode_oid(varbinds[0].name)
    if oid[: len(_USM_STATS)] == _USM_STATS and len(oid) > len(_USM_STATS):
        number = oid[len(_USM_STATS)]
        if 1 <= number <= 6:
            return Report(number), _WORDS[Report(number)]
    return Report.OTHER, _OTHERS.get(_object(oid), f"report {ber.dotted(oid)}")


def refusal(name: str, report: Report, words: str) -> sdk.SourceError:
    """Return the error that a report means for a run; it names the device, never a secret."""
    outcome = sdk.Outcome.REJECTED if report in _REJECTED else sdk.Outcome.DENIED
    return sdk.SourceError(outcome, f"{name} refuses: {words}")


def _object(oid: Oid) -> Oid:
    return oid[:-1] if oid[-1] == 0 else oid
