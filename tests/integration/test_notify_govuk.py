"""The official client of GOV.UK Notify against a server transcribed from its published specification."""

import asyncio
from collections import deque

import pytest
from fakes.clock import FakeClock
from fakes.notify_server import (
    BROKEN,
    CLOCK,
    DAY_LIMIT,
    EMAIL_TEMPLATE,
    KEY,
    PERMANENT,
    RATE_LIMIT,
    SECRET,
    SMS_TEMPLATE,
    TEMPORARY,
    TRIAL,
    notify_server,
)
from fakes.telling import incident, message

from netmon.errors import Parked, Rejected, RetryLater, Unreachable
from netmon.notices.channel import Receipt
from netmon.notices.govuk import GovukNotify
from netmon.notices.govuk_settings import GovukSettings

NUMBER, OTHER, MAIL = "07700900000", "07700900111", "simulate-delivered@notifications.service.gov.uk"


def settings(url, **changes):
    given = {
        "sms_template": SMS_TEMPLATE, "sms_to": (NUMBER,), "email_template": EMAIL_TEMPLATE,
        "email_to": (MAIL,), "timeout_seconds": 5.0,
    }  # fmt: skip
    return GovukSettings(url, changes.pop("key", KEY), **{**given, **changes})


@pytest.fixture
async def server():
    async with notify_server() as found:
        yield found


@pytest.fixture
async def channel(server):
    found = GovukNotify("on-call", settings(server.url))
    yield found
    await found.close()


@pytest.fixture
def told():
    stamp = FakeClock().stamp()
    return message(incident(stamp), stamp)


async def test_a_text_message_and_a_mail_are_made_once_and_have_receipts(server, channel, told):
    tickets = await channel.send(told)
    sms, email = server.made
    assert sms["content"] == {"message": told.short}
    assert email["content"] == {"subject": told.title, "message": told.text}
    assert email["sanitised"] == ["subject", "message"]
    assert server.references() == [f"netmon-{told.id}-sms0", f"netmon-{told.id}-email1"]
    assert [await channel.receipt(ticket) for ticket in tickets] == [Receipt.DELIVERED] * 2


@pytest.mark.parametrize(
    ("status", "receipt"),
    [
        ("created", Receipt.WAITING),
        ("sending", Receipt.WAITING),
        ("pending", Receipt.WAITING),
        ("sent", Receipt.DELIVERED),
        ("temporary-failure", Receipt.FAILED),
        ("permanent-failure", Receipt.FAILED),
        ("technical-failure", Receipt.FAILED),
    ],
)
async def test_each_status_means_one_thing(server, channel, told, status, receipt):
    server.status = status
    assert await channel.receipt((await channel.send(told))[0]) is receipt


@pytest.mark.parametrize("number", [TEMPORARY, PERMANENT])
async def test_numbers_that_fail_are_known_as_failed(server, told, number):
    channel = GovukNotify("on-call", settings(server.url, sms_to=(number,), email_to=()))
    [ticket] = await channel.send(told)
    assert await channel.receipt(ticket) is Receipt.FAILED
    await channel.close()


@pytest.mark.parametrize(
    ("reply", "error", "after"),
    [
        (RATE_LIMIT, RetryLater, 60.0),
        (DAY_LIMIT, RetryLater, 900.0),
        (BROKEN, RetryLater, None),
        ("hang", Unreachable, None),
        ((503, "Exception", "down"), RetryLater, None),
    ],
    ids=["rate limit", "daily limit", "500", "hang", "503"],
)
async def test_what_passes_is_tried_again_and_sent_once(server, channel, told, reply, error, after):
    server.replies.append(reply)
    with pytest.raises(error) as caught:
        await channel.send(told)
    assert caught.value.after_seconds == after
    async with asyncio.timeout(120):
        assert len(await channel.send(told, again=True)) == 2
    assert len(server.made) == 2


async def test_an_answer_that_never_came_does_not_double_the_message(server, channel, told):
    server.replies.append("cut")
    with pytest.raises(Unreachable):
        await channel.send(told)
    assert len(server.made) == 1
    assert len(await channel.send(told, again=True)) == 2
    assert len(server.made) == len(set(server.references())) == 2


async def test_after_a_crash_what_is_there_already_is_found_by_its_reference(server, told):
    before = GovukNotify("on-call", settings(server.url))
    await before.send(told)
    await before.close()
    after = GovukNotify("on-call", settings(server.url))
    tickets = await after.send(told, again=True)
    await after.close()
    assert (len(server.made), len(tickets)) == (2, 2)


@pytest.mark.parametrize(
    ("reply", "error"), [(CLOCK, Parked), (TRIAL, Rejected)], ids=["a person must act", "refused for good"]
)
async def test_final_errors(server, told, reply, error):
    channel = GovukNotify("on-call", settings(server.url, email_to=()))
    server.replies.append(reply)
    with pytest.raises(error) as caught:
        await channel.send(told)
    assert SECRET not in str(caught.value)
    await channel.close()


async def test_a_number_that_is_refused_does_not_keep_the_others_from_hearing(server, told):
    channel = GovukNotify("on-call", settings(server.url, sms_to=(NUMBER, OTHER), email_to=()))
    server.replies = deque([TRIAL])
    assert len(await channel.send(told)) == 1
    assert [one["to"] for one in server.made] == [OTHER]
    await channel.close()


@pytest.mark.parametrize("key", ["short", KEY[:-1] + "1"], ids=["no key", "another key"])
async def test_a_wrong_key_waits_for_a_person_and_is_not_shown(server, told, key):
    channel = GovukNotify("on-call", settings(server.url, key=key))
    with pytest.raises(Parked) as caught:
        await channel.send(told)
    assert key[-36:] not in f"{caught.value} {settings(server.url, key=key)!r}"
    await channel.close()


async def test_nobody_there_is_unreachable(told):
    channel = GovukNotify("on-call", settings("http://127.0.0.1:9"))
    with pytest.raises(Unreachable):
        await channel.send(told)
    await channel.close()
