"""E-mail to a real SMTP server on loopback: STARTTLS, log-in, and what its answers do to a message."""

from collections import deque

import pytest
from fakes.clock import FakeClock
from fakes.loopback import SELF_SIGNED, hang_up, silence, tcp_server
from fakes.mail_server import PASSWORD, USER, mail_server
from fakes.telling import incident, message

from netmon.errors import Parked, Rejected, RetryLater, Unreachable
from netmon.notices.mail import Mail
from netmon.notices.mail_session import MailSettings

DESK, OTHER = "desk@example.org", "other@example.org"
HOSTILE = "WAN\r\nBcc: everybody@example.org\u202e\x07"


def settings(port, **changes):
    given = {"to": (DESK,), "username": USER, "password": PASSWORD, "ca_file": str(SELF_SIGNED)}
    return MailSettings("127.0.0.1", port, "netmon@example.org", **{**given, **changes})


def channel(port, **changes):
    return Mail("desk", settings(port, **changes), FakeClock())


@pytest.fixture
def told():
    stamp = FakeClock().stamp()
    return message(incident(stamp), stamp)


@pytest.fixture
def server():
    with mail_server() as found:
        yield found


async def test_a_letter_arrives_encrypted_with_an_id_that_twins_share(server, told):
    mail = channel(server.port, to=(DESK, OTHER))
    await mail.send(told)
    await mail.send(told, again=True)
    await mail.close()
    assert [to for to, _ in server.letters] == [DESK, OTHER], "who has it is left alone"
    letter = server.letters[0][1]
    assert letter["Message-ID"] == f"<{told.id.replace('/', '.')}.netmon@example.org>"
    assert letter["Subject"] == told.title
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content().replace("\r\n", "\n").rstrip() == told.text


async def test_text_from_devices_cannot_make_headers_or_move_words(server):
    stamp = FakeClock().stamp()
    told = message(incident(stamp, HOSTILE, sentence=HOSTILE, supplier=HOSTILE), stamp)
    mail = channel(server.port)
    await mail.send(told)
    await mail.close()
    letter = server.letters[0][1]
    assert letter["Bcc"] is None
    assert not set("\u202e\x07") & set(letter.get_content() + letter["Subject"])


async def test_a_long_letter_is_not_one_long_line(server):
    stamp = FakeClock().stamp()
    told = message(incident(stamp, facts=tuple(f"fact {n}, with some words" for n in range(200))), stamp)
    mail = channel(server.port)
    await mail.send(told)
    await mail.close()
    assert "fact 199, with some words" in server.letters[0][1].get_content()


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"data": deque(["451 later"])}, RetryLater),
        ({"data": deque(["554 no"])}, Rejected),
        ({"recipients": {DESK: "450 later"}}, RetryLater),
        ({"recipients": {DESK: "550 nobody"}}, Rejected),
    ],
    ids=["later", "never", "mailbox busy", "no mailbox"],
)
async def test_what_the_answers_mean(server, told, answers, error):
    vars(server).update(answers)
    mail = channel(server.port)
    with pytest.raises(error):
        await mail.send(told)
    if error is RetryLater:
        await mail.send(told, again=True)
        assert len(server.letters) == 1
    await mail.close()


async def test_one_busy_mailbox_costs_the_other_no_second_letter(server, told):
    server.recipients[DESK] = "450 later"
    mail = channel(server.port, to=(DESK, OTHER))
    with pytest.raises(RetryLater):
        await mail.send(told)
    await mail.send(told, again=True)
    await mail.close()
    assert sorted(to for to, _ in server.letters) == [DESK, OTHER]


async def test_a_wrong_password_waits_for_a_person_and_is_not_shown(server, told):
    mail = channel(server.port, password="wrong secret")
    with pytest.raises(Parked) as caught:
        await mail.send(told)
    await mail.close()
    assert "wrong secret" not in f"{caught.value} {settings(1, password='wrong secret')!r}"


async def test_a_server_without_starttls_gets_nothing(told):
    with mail_server(tls=False) as server:
        mail = channel(server.port, username="")
        with pytest.raises(Parked):
            await mail.send(told)
        await mail.close()
        assert server.letters == []


async def test_an_untrusted_certificate_gets_nothing(server, told):
    mail = channel(server.port, ca_file="")
    with pytest.raises(Parked, match="TLS"):
        await mail.send(told)
    await mail.close()


@pytest.mark.parametrize("talk", [silence, hang_up], ids=["silence", "hang up"])
async def test_a_server_that_says_nothing_is_unreachable(talk, told):
    async with tcp_server(talk) as port:
        mail = channel(port, timeout_seconds=0.3)
        with pytest.raises(Unreachable):
            await mail.send(told)
        await mail.close()
