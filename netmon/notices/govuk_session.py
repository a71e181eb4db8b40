"""The door to notifications-python-client: GOV.UK Notify's calls, and what its errors mean. All block.

The client is not thread-safe; it lives on its channel's own thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TypeVar

from notifications_python_client.errors import APIError, InvalidResponse
from notifications_python_client.notifications import NotificationsAPIClient

from netmon.delivery.answers import retry_after_seconds
from netmon.errors import DeliveryError, Parked, Rejected, RetryLater, Unreachable
from netmon.notices.govuk_settings import GovukSettings
from netmon.text import clean

T = TypeVar("T")

_PERSON = frozenset({401, 403, 404})
_DAY = "TooManyRequestsError"
_DAY_SECONDS = 900.0
_MINUTE_SECONDS = 60.0


class GovukSession:
    """One client."""

    def __init__(self, settings: GovukSettings) -> None:
        self._settings = settings
        try:
            self._client = NotificationsAPIClient(
                settings.api_key, settings.url, timeout=settings.timeout_seconds
            )
        except AssertionError as error:
            raise Parked(f"the API key has not the form of one: {error}") from error
        session = self._client.request_session
        session.max_redirects = 0  # a redirect would carry token and text to somebody else
        session.trust_env = False  # .netrc would put its own password in the token's place
        # It repeats what it raises, for each attempt.
        logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)

    def sms(self, number: str, text: str, reference: str) -> str:
        """Send a text message and return its id."""
        template = self._settings.sms_template
        fields = {"message": text}
        return self._made(lambda: self._client.send_sms_notification(number, template, fields, reference))

    def email(self, address: str, subject: str, text: str, reference: str) -> str:
        """Send an e-mail and return its id."""
        template, fields = self._settings.email_template, {"subject": subject, "message": text}
        return self._made(
            lambda: self._client.send_email_notification(
                address, template, fields, reference, sanitise_content_for=list(fields)
            )
        )

    def find(self, reference: str) -> str:
        """Return the id of the message that was made under a reference; empty when there is none."""
        found = _asked(lambda: self._client.get_all_notifications(reference=reference))
        listed = found.get("notifications") if isinstance(found, Mapping) else None
        if not isinstance(listed, list):
            raise Unreachable("an answer that is none of GOV.UK Notify")
        return next((str(one.get("id", "")) for one in listed if one.get("reference") == reference), "")

    def status(self, ticket: str) -> str:
        """Return the status of a message."""
        found = _asked(lambda: self._client.get_notification_by_id(ticket))
        return str(found.get("status", "")) if isinstance(found, Mapping) else ""

    def close(self) -> None:
        """Close the connection."""
        self._client.request_session.close()

    def _made(self, call: Callable[[], object]) -> str:
        found = _asked(call)
        if not isinstance(found, Mapping) or not found.get("id"):
            raise Unreachable("an answer that is none of GOV.UK Notify")
        return str(found["id"])


def _asked(call: Callable[[], T]) -> T:
    try:
        return call()
    except InvalidResponse as error:
        raise Unreachable("an answer that is no JSON: this is not GOV.UK Notify") from error
    except APIError as error:
        raise _verdict(error) from error
    except OSError as error:  # requests' own errors are OSErrors, too
        raise Unreachable(clean(str(error))) from error


def _verdict(error: APIError) -> DeliveryError:
    """Return what an error means, by status and type: the words may change."""
    status, kind, words = error.status_code, _kind(error), clean(str(error.message))
    if error.response is None:
        return _no_answer(error)
    said = f"{status} {words}"
    if status == 429:
        after = retry_after_seconds(error.response.headers)
        return RetryLater(said, after or (_DAY_SECONDS if kind == _DAY else _MINUTE_SECONDS))
    if status >= 500 or status in (408, 425):
        return RetryLater(said, retry_after_seconds(error.response.headers))
    if status in _PERSON or 300 <= status < 400:
        return Parked(said)
    return Rejected(said)


def _no_answer(error: APIError) -> DeliveryError:
    cause = error.__cause__ or error.__context__
    if type(cause).__name__ == "SSLError":
        return Parked("TLS: the certificate of the server is not good")
    return Unreachable(type(cause).__name__ if cause is not None else "no answer")


def _kind(error: APIError) -> str:
    """Return the type of the first error, as GOV.UK Notify names it."""
    message = error.message
    first = message[0] if isinstance(message, list) and message else {}
    return str(first.get("error", "")) if isinstance(first, Mapping) else ""
