# SPDX-License-Identifier: Apache-2.0
"""Receivers of chats and push services: each takes what its documentation says it takes, and complains about all else."""

import html.parser
import re
import ssl
import urllib.parse

from daemon import wait_until
from receivers import Answer, Hook

# Where links lead.
SITE = "https://cardwatch.example.com"


class Tags(html.parser.HTMLParser):
    """Markup as text; a tag that is not in the list, or a link elsewhere, is an error."""

    def __init__(self, allowed, text):
        super().__init__()
        self.allowed, self.text = allowed, ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        assert tag in self.allowed, f"<{tag}>"
        for name, value in attrs:
            assert name in ("href", "data-mx-color") and (name != "href" or value.startswith(SITE)), (name, value)

    def handle_data(self, data):
        self.text += data


class Chat(Hook):
    """One such receiver. `refused`, `later` and `wait_s` are how it refuses for good, asks to wait, and for how long."""

    kind, method, taken, content_type = "", "POST", Answer(200, body=b"{}"), "application/json"
    secrets = ()
    refused, later, wait_s = Answer(404), Answer(429, {"Retry-After": "1"}), 1

    def __init__(self):
        super().__init__(self.taken)

    @property
    def base(self):
        return self.url[: -len("/alerts")]

    def notifier(self, **keys):
        return {"name": self.kind, "type": self.kind, "timeout": "5s", **self.keys(), **keys}

    def keys(self):
        raise NotImplementedError

    def read(self, request):
        """Fails unless the request is right; the text that a person sees."""
        raise NotImplementedError

    def _check(self, request):
        try:
            assert request.method == self.method, request.method
            assert request.headers["content-type"].split(";")[0] == self.content_type, request.headers
            request.text = self.read(request)
            assert request.text.strip()
        except (AssertionError, ValueError, KeyError, TypeError) as error:
            request.text = ""
            self.errors.append(f"{self.kind}: {error!r}: {request!r}")

    @property
    def messages(self):
        return [r for r in list(self.requests) if r.delivered and hasattr(r, "text")]

    def texts(self):
        return [r.text for r in self.messages]

    def wait_for_text(self, *words, timeout_s=20):
        """The first message that has all of the words."""
        found = lambda: next((t for t in self.texts() if all(w in t for w in words)), None)
        return wait_until(found, lambda: f"{self.kind}: no message with {words} in {self.texts()} {self.errors}", timeout_s)

    def close(self):
        bodies, self.requests = [], self.requests
        for request in self.requests:  # one that was to be tried again comes again as it was
            if bodies and not bodies[-1].delivered and bodies[-1].answer is not self.refused and request.body != bodies[-1].body:
                self.errors.append(f"{self.kind}: another body at the second attempt")
            bodies.append(request)
            request.headers["webhook-id"] = len(bodies)
        super().close()


def members(value, required, optional=()):
    assert set(required) <= set(value) <= set(required) | set(optional), sorted(value)


class Slack(Chat):
    kind, taken = "slack", Answer(200, body=b"ok")
    path, secrets = "/services/T0001/B0001/secretsecretsecret", ("secretsecretsecret",)
    refused = Answer(404, body=b"no_service")

    def keys(self):
        return {"url": f"plain:{self.base}{self.path}"}

    def read(self, request):
        body = request.json
        assert request.path == self.path and len(request.body) <= 12 * 1024
        members(body, ["text", "attachments"])
        (attachment,) = body["attachments"]
        members(attachment, ["color", "blocks"])
        assert re.fullmatch("#[0-9a-f]{6}", attachment["color"]) and 0 < len(attachment["blocks"]) <= 50
        return self.mrkdwn(body["text"]) + "\n" + "\n".join(map(self.block, attachment["blocks"]))

    def block(self, block):
        if block["type"] == "section":
            members(block, ["type", "text"])
            text = block["text"]
        else:
            members(block, ["type", "elements"])
            assert block["type"] == "context"
            (text,) = block["elements"]
        members(text, ["type", "text", "verbatim"])
        assert text["type"] == "mrkdwn" and text["verbatim"] is True and 0 < len(text["text"]) <= 3000
        return self.mrkdwn(text["text"])

    @staticmethod
    def mrkdwn(text):
        plain = re.sub("<" + SITE + "[^<>|]*[|]([^<>|]*)>", r"\1", text)
        assert not set("<>") & set(plain) and re.sub("&(amp|lt|gt);", "", plain).count("&") == 0, text
        for entity, meant in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
            plain = plain.replace(entity, meant)
        return plain


class Discord(Chat):
    kind = "discord"
    path, secrets = "/api/webhooks/12345/secret_secret-secret", ("secret_secret-secret",)
    refused = Answer(404, body=b'{"message": "Unknown Webhook", "code": 10015}')
    later, wait_s = Answer(429, body=b'{"message": "You are being rate limited.", "retry_after": 1.25, "global": false}'), 1.25

    def keys(self):
        return {"url": f"plain:{self.base}{self.path}"}

    def read(self, request):
        body = request.json
        assert request.path == self.path + "?wait=true"
        members(body, ["content", "embeds", "allowed_mentions"])
        assert body["allowed_mentions"] == {"parse": []} and 0 < len(body["content"]) <= 2000
        (embed,) = body["embeds"]
        members(embed, ["color", "description", "timestamp"])
        assert 0 <= embed["color"] <= 0xFFFFFF and 0 < len(embed["description"]) <= 4096
        return re.sub(r"\\(.)", r"\1", re.sub(r"[*`]|(?<!\\)[*`]", "", body["content"] + "\n" + embed["description"]))


class Teams(Chat):
    kind, taken = "teams", Answer(202)
    path, secrets = "/workflows/abcdef?api-version=1&sig=secretsecretsecret", ("secretsecretsecret",)
    refused = Answer(403)

    def keys(self):
        return {"url": f"plain:{self.base}{self.path}"}

    def read(self, request):
        assert request.path == self.path and len(request.body) <= 28 * 1024
        members(request.json, ["type", "attachments"])
        (attachment,) = request.json["attachments"]
        members(attachment, ["contentType", "contentUrl", "content"])
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive" and attachment["contentUrl"] is None
        card = attachment["content"]
        members(card, ["$schema", "type", "version", "fallbackText", "body", "msteams"], ["actions"])
        assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
        for action in card.get("actions", []):
            assert action["type"] == "Action.OpenUrl" and action["url"].startswith(SITE)
        return "\n".join(map(self.element, card["body"]))

    def element(self, element):
        if element["type"] == "Container":
            members(element, ["type", "style", "bleed", "items"])
            assert element["style"] in ("accent", "good", "warning", "attention")
            return "\n".join(map(self.element, element["items"]))
        members(element, ["type", "spacing", "inlines"])
        assert element["type"] == "RichTextBlock" and element["inlines"]
        for run in element["inlines"]:
            members(run, ["type", "text"], ["weight", "isSubtle", "selectAction"])
            assert run["type"] == "TextRun"
        return "".join(run["text"] for run in element["inlines"])


class Telegram(Chat):
    kind, taken = "telegram", Answer(200, body=b'{"ok": true, "result": {}}')
    secrets = ("123456:SECRET-secret",)
    refused = Answer(400, body=b'{"ok": false, "error_code": 400, "description": "Bad Request: chat not found"}')
    later = Answer(429, body=b'{"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 1", '
                             b'"parameters": {"retry_after": 1}}')

    def keys(self):
        return {"url": self.base, "token": f"plain:{self.secrets[0]}", "chat_id": "-1001234"}

    def read(self, request):
        assert request.path == f"/bot{self.secrets[0]}/sendMessage"
        body = request.json
        members(body, ["chat_id", "text", "parse_mode", "link_preview_options"])
        assert body["chat_id"] == "-1001234" and body["parse_mode"] == "HTML" and 0 < len(body["text"]) <= 4096
        return Tags({"b", "code", "a"}, body["text"]).text


class Matrix(Chat):
    kind, method, taken = "matrix", "PUT", Answer(200, body=b'{"event_id": "$x"}')
    secrets = ("syt_secretsecret",)
    refused = Answer(403, body=b'{"errcode": "M_FORBIDDEN", "error": "not in the room"}')
    later, wait_s = Answer(429, body=b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1100}'), 1.1

    def keys(self):
        return {"url": self.base + "/", "token": f"plain:{self.secrets[0]}", "room": "!room:example.com"}

    def read(self, request):
        known = re.fullmatch("/_matrix/client/v3/rooms/%21room%3Aexample.com/send/m.room.message/([0-9a-f]{32})", request.path)
        assert known and request.headers["authorization"] == "Bearer " + self.secrets[0]
        others = [r for r in self.requests if r is not request and r.path == request.path]
        assert all(r.body == request.body for r in others), "two events in one transaction"
        body = request.json
        members(body, ["msgtype", "body", "format", "formatted_body", "m.mentions"])
        assert (body["msgtype"], body["format"], body["m.mentions"]) == ("m.text", "org.matrix.custom.html", {})
        assert len(request.body) <= 60000 and body["body"]
        return Tags({"strong", "font", "code", "br", "a"}, body["formatted_body"]).text


class Ntfy(Chat):
    kind = "ntfy"
    secrets = ("tk_secretsecret",)
    refused = Answer(403, body=b'{"code": 40301, "http": 403, "error": "forbidden"}')

    def keys(self):
        return {"url": self.base, "token": f"plain:{self.secrets[0]}", "topic": "cards"}

    def read(self, request):
        assert request.path == "/" and request.headers["authorization"] == "Bearer " + self.secrets[0]
        body = request.json
        members(body, ["topic", "title", "message", "priority", "tags"], ["click"])
        assert body["topic"] == "cards" and body["priority"] in range(1, 6) and body["click"].startswith(SITE)
        assert 0 < len(body["message"].encode()) <= 4096 and len(body["title"]) <= 255
        return body["title"] + "\n" + body["message"]


class Gotify(Chat):
    kind = "gotify"
    secrets = ("Asecretsecret",)
    refused = Answer(401, body=b'{"error": "Unauthorized", "errorCode": 401, "errorDescription": "no such token"}')

    def keys(self):
        return {"url": self.base, "token": f"plain:{self.secrets[0]}"}

    def read(self, request):
        assert request.path == "/message" and request.headers["x-gotify-key"] == self.secrets[0]
        body = request.json
        members(body, ["title", "message", "priority", "extras"])
        members(body["extras"], ["client::display", "client::notification"])
        assert body["priority"] in range(11)
        return body["title"] + "\n" + body["message"]


class Pushover(Chat):
    """At its one address, which is reached through a proxy that holds a certificate for it."""

    kind, content_type = "pushover", "application/x-www-form-urlencoded"
    secrets = ("azGDORePK8gMaC0QOYAMyEEuzJnyUi", "uQiRzpo4DXghDmr9QzzfQu27cmVRsG")
    refused = Answer(400, body=b'{"user": "invalid", "errors": ["user identifier is invalid"], "status": 0}')

    def __init__(self, folder, openssl):
        super().__init__()
        self.ca = str(folder / "pushover.pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout",
                str(folder / "pushover.key"), "-out", self.ca, "-subj", "/CN=api.pushover.net", "-addext",
                "subjectAltName=DNS:api.pushover.net")
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.ca, folder / "pushover.key")

    def _tunnel(self, handler):
        assert handler.path == "api.pushover.net:443"
        handler.send_response(200)
        handler.end_headers()
        handler.connection = self.tls.wrap_socket(handler.connection, server_side=True)
        handler.rfile, handler.wfile = handler.connection.makefile("rb"), handler.connection.makefile("wb", 0)
        handler.close_connection = False

    def keys(self):
        return {"token": f"plain:{self.secrets[0]}", "user": f"plain:{self.secrets[1]}", "proxy": self.base,
                "tls": {"ca": self.ca}}

    def read(self, request):
        assert request.path == "/1/messages.json"
        form = dict(urllib.parse.parse_qsl(request.body.decode(), strict_parsing=True))
        members(form, ["token", "user", "title", "message", "priority", "timestamp"], ["retry", "expire", "url", "url_title"])
        assert (form["token"], form["user"]) == self.secrets
        assert len(form["message"]) <= 1024 and len(form["title"]) <= 250 and form["url"].startswith(SITE)
        assert form["priority"] in "012" and (form["priority"] == "2") == ("retry" in form and "expire" in form)
        return form["title"] + "\n" + form["message"]


KINDS = [Slack, Discord, Teams, Telegram, Matrix, Ntfy, Gotify]
