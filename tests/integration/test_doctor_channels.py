"""What the doctor says of the ways to tell somebody; nobody hears of it."""

import json
from argparse import Namespace

import pytest
from aiohttp import web
from fakes.alert_servers import alertmanager, pager
from fakes.mail_server import mail_server
from fakes.notify_server import KEY, SMS_TEMPLATE, notify_server, serving
from fakes.ports import free_port

from netmon.cli.doctor import DoctorCommand
from netmon.cli.doctor_channels import channels
from netmon.cli.doctor_finding import Level
from netmon.config import load

# apprise looks for a module that Python is about to drop; it does without.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
SMS = '[notify.sms]\ntype = "govuk_notify"\napi_key = { credential = "notify_key" }\n'
SMS += f'sms_template = "{SMS_TEMPLATE}"\nsms_to = ["07700900000"]\ntimeout = "5s"\n'


def configuration(folder, text, **secrets):
    for name, secret in secrets.items():
        (folder / name).write_text(secret)
    path = folder / "netmon.toml"
    path.write_text(f'[site]\nid = "lib"\n{text}')
    return load(path, {"CREDENTIALS_DIRECTORY": str(folder)}).configuration


def webhook(name, url):
    return f'[notify.{name}]\ntype = "webhook"\nurl = "{url}/secret-path"\n'


async def test_a_key_is_tried_and_nobody_gets_a_message(tmp_path):
    async with notify_server() as server:
        text = f'{SMS}url = "{server.url}"\n'
        (good,) = await channels(configuration(tmp_path, text, notify_key=KEY))
        wrong = KEY[:-1] + ("0" if KEY[-1] != "0" else "1")
        (bad,) = await channels(configuration(tmp_path, text, notify_key=wrong))
    assert (good.level, good.subject, good.text) == (Level.OK, "notify.sms", "GOV.UK Notify takes the key")
    assert (bad.level, "the key" in bad.remedy, wrong in bad.text) == (Level.FAIL, True, False)
    assert server.made == []


async def test_a_webhook_is_reached_and_gets_no_request(tmp_path):
    taken = []

    async def take(request):
        taken.append(request)
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    async with serving(app) as url:
        text = webhook("there", url) + webhook("away", f"http://127.0.0.1:{free_port()}")
        text += webhook("plain", url.replace("http://", "https://"))
        there, away, plain = await channels(configuration(tmp_path, text))
    assert (there.level, "netmon notify test there" in there.text) == (Level.OK, True)
    assert (away.level, away.remedy.endswith("the way open?")) == (Level.FAIL, True)
    assert (plain.level, plain.text.startswith("TLS: ")) == (Level.FAIL, True)
    assert taken == []
    assert not [one for one in (there, away, plain) if "secret-path" in one.text + one.remedy]


async def test_a_mail_server_is_asked_to_let_us_in_and_gets_no_letter(tmp_path):
    text = '[notify.mail]\ntype = "email"\nsender = "n@example.org"\nto = ["a@example.org"]\ntimeout = "5s"\n'
    with mail_server(tls=False) as server:
        plain = f'{text}server = "127.0.0.1:{server.port}"\nstarttls = false\n'
        (good,) = await channels(configuration(tmp_path, plain))
        (bad,) = await channels(configuration(tmp_path, plain.replace("starttls = false", "")))
    assert (good.level, good.text) == (Level.OK, "the mail server lets us in")
    assert (bad.level, "STARTTLS" in bad.text, bool(bad.remedy)) == (Level.FAIL, True, True)
    assert server.letters == []


async def test_a_service_url_must_be_one_that_apprise_knows(tmp_path):
    text = '[notify.chat]\ntype = "apprise"\nservice_url = { credential = "chat" }\n'
    (good,) = await channels(configuration(tmp_path, text, chat="json://127.0.0.1:9/secret"))
    (bad,) = await channels(configuration(tmp_path, text, chat="nonsense://127.0.0.1:9/secret"))
    assert (good.level, "netmon notify test chat" in good.text) == (Level.OK, True)
    assert (bad.level, "does not know" in bad.text, "secret" in bad.text) == (Level.FAIL, True, False)


@pytest.mark.servers
async def test_a_real_alertmanager_is_known_and_hears_of_no_alert(tmp_path):
    with pager() as pages, alertmanager(tmp_path, ROUTE.format(url=pages.url)) as server:
        text = '[notify.centre]\ntype = "alertmanager"\nurl = "{}"\n'
        (good,) = await channels(configuration(tmp_path, text.format(server.url)))
        (bad,) = await channels(configuration(tmp_path, text.format(f"{server.url}/elsewhere")))
        alerts = server.json("/api/v2/alerts")
    assert (good.level, good.text, alerts) == (Level.OK, "takes alerts", [])
    assert (bad.level, "404" in bad.text) == (Level.FAIL, True)


ROUTE = 'route: {{ receiver: desk }}\nreceivers: [{{ name: desk, webhook_configs: [{{ url: "{url}" }}] }}]\n'


def test_a_secret_that_is_missing_is_a_finding_with_its_remedy(tmp_path, capsys):
    config = tmp_path / "netmon.toml"
    config.write_text(f'[site]\nid = "lib"\n{SMS}')
    command = DoctorCommand({"STATE_DIRECTORY": str(tmp_path), "CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert command.run(Namespace(config=config, json=True, offline=True)) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    (found,) = (one for one in findings if "notify.sms.api_key" in one["text"])
    assert found["level"] == "fail"
    assert "notify_key" in found["text"] + found["remedy"]
    assert found["remedy"]
