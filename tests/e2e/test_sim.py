# SPDX-License-Identifier: Apache-2.0
"""The simulator, driven as a client drives it: what stands on it is worth no more than it is."""

import email.utils
import http.client
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time
import zlib

import pytest

from simulator import API_KEY, CUSTOMER, LIST, LOGIN, PASSWORD, USERNAME, Simulator, program, totp


@pytest.fixture
def make_sim(closer):
    return lambda *args: closer(Simulator(*args))


@pytest.fixture
def sim(make_sim):
    return make_sim("--customers", "25", "--cards", "2", "--still")


def login(sim, username=USERNAME, password=PASSWORD, otp=None):
    return sim.post(LOGIN, {"username": username, "password": password, "otp": otp or totp()})


def exchange(sim, data, timeout=10, shutdown=False):
    """All that comes back for these bytes until the server closes, or nothing has come for the time-out."""
    with socket.create_connection(("127.0.0.1", sim.port), timeout) as peer:
        peer.sendall(data)
        if shutdown:
            peer.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := peer.recv(65536):
                answer += piece
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


# The API

def test_the_list_has_every_customer_once(sim):
    seen = []
    pages = sim.list(pageSize=10).json["numberOfPages"]
    for page in range(1, pages + 1):
        answer = sim.list(pageNumber=page, pageSize=10).json
        assert (answer["status"], answer["errors"], answer["pageNumber"], answer["pageSize"]) == ("1", [], page, 10)
        seen += [customer["customersId"] for customer in answer["details"]]
    assert seen == list(range(11001, 11026))
    assert sim.list(pageNumber=4, pageSize=10).json["details"] == []


def test_a_card_has_what_the_api_says(sim):
    customer = sim.list().json["details"][0]
    assert customer["customersReference"] == "acme-1"
    card = customer["cards"][0]
    assert list(card) == ["id", "currency", "cardNumber", "totalBalance", "availableBalance", "pendingBalance", "bSuppressed"]
    assert re.fullmatch(r"\d{16}", card["cardNumber"])
    digits = [int(digit) for digit in reversed(card["cardNumber"])]
    assert sum(digits[0::2]) % 10 == -sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2]) % 10
    assert re.search(r'"availableBalance":\d+\.\d\d,', sim.list().text)


def test_page_sizes_are_capped_and_parameter_names_have_no_case(make_sim):
    sim = make_sim("--customers", "25", "--page-cap", "7")
    answer = sim.list(PAGENUMBER=2, pagesize=100).json
    assert (answer["pageSize"], answer["pageNumber"], answer["numberOfPages"]) == (7, 2, 4)
    assert sim.list().json["pageSize"] == 7
    assert make_sim("--customers", "25").list().json["pageSize"] == 10


@pytest.mark.parametrize("params", [{"pageNumber": 0}, {"pageNumber": "x"}, {"pageSize": -1}, {"pageSize": 1 << 70}])
def test_page_numbers_that_are_none_are_refused(sim, params):
    answer = sim.list(**params)
    assert answer.status == 400 and answer.json["status"] == "0" and answer.json["errors"][0]["messageCode"] == "Invalid"


def test_one_customer_comes_as_an_object(sim):
    answer = sim.api(CUSTOMER, CustomersID=11003).json
    assert answer["details"]["customersId"] == 11003 and len(answer["details"]["cards"]) == 2
    for params, code in [({}, "Required"), ({"customersId": 5}, "Invalid"), ({"customersId": "x"}, "Invalid")]:
        answer = sim.api(CUSTOMER, **params).json
        assert (answer["status"], answer["details"], answer["errors"]) == \
            ("0", None, [{"fieldName": "customersId", "messageCode": code}])


def test_credentials_are_looked_at(sim):
    otp = totp()
    wrong = f"{(int(otp) + 500000) % 1000000:06d}"
    for headers in [{}, {"Authorization": API_KEY}, {"otp": otp}, {"Authorization": "x", "otp": otp},
                    {"Authorization": API_KEY, "otp": wrong}, {"Authorization": f"Bearer {API_KEY}", "otp": otp}]:
        for path in (LIST, CUSTOMER + "?customersId=11001"):
            answer = sim.get(path, headers=headers)
            assert answer.status == 401 and answer.json["status"] == "0" and answer.json["details"] is None, headers
    assert sim.get(LIST, headers={"AUTHORIZATION": API_KEY, "OTP": totp()}).status == 200


def test_a_token_works_until_it_is_ended(sim):
    details = login(sim).json["details"]
    assert details["expiresIn"] == 3600
    headers = {"Authorization": f"Bearer {details['accessToken']}", "otp": totp()}
    assert sim.get(LIST, headers=headers).status == 200
    sim.expire_tokens()
    assert sim.get(LIST, headers=headers).status == 401
    assert sim.state()["logins"] == {"good": 1, "bad": 0}


def test_three_wrong_logins_lock_the_account(sim):
    for _ in range(3):
        answer = login(sim, password="demp")
        assert answer.status == 401 and answer.json["errors"][0]["messageCode"] == "Username_Or_Password_Incorrect"
    assert login(sim).json["errors"][0]["messageCode"] == "Account_Locked"
    sim.unlock()
    assert login(sim).json["status"] == "1"


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"username":1}', "\0", "{}" * 1000])
def test_a_login_that_is_none_is_refused(sim, body):
    assert sim.post(LOGIN, body).json["status"] == "0"
    assert sim.state()["logins"]["bad"] == 1


def test_the_clock_can_be_wrong(sim):
    sim.set_clock(3600000)
    answer = sim.list()
    assert answer.status == 401
    assert email.utils.parsedate_to_datetime(answer.headers["date"]).timestamp() == pytest.approx(time.time() + 3600, abs=5)
    assert sim.get(LIST, headers={"Authorization": API_KEY, "otp": totp(at=time.time() + 3600)}).status == 200


def test_unauthenticated_takes_anybody(make_sim):
    assert make_sim("--unauthenticated").get(LIST).status == 200


def test_balances_move_unless_they_are_told_not_to(make_sim):
    moving = make_sim("--customers", "5", "--move-every", "20ms", "--move-share", "100%")
    before = moving.list().body
    moving.wait_for(lambda: moving.list().body != before)
    still = make_sim("--customers", "5", "--move-every", "20ms", "--still")
    before = still.list().body
    still.wait_for(lambda: still.state()["tick"] == 0)
    time.sleep(0.2)
    assert still.list().body == before


def test_a_hundred_thousand_cards_are_served_fast(make_sim):
    sim = make_sim("--customers", "50000", "--cards", "2", "--still")
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", sim.port)
    total = 0
    for page in range(1, 51):
        connection.request("GET", f"{LIST}?pageNumber={page}&pageSize=1000",
                           headers={"Authorization": API_KEY, "otp": totp()})
        total += len(connection.getresponse().read())
    assert total > 100000 * 100
    # Sanitizers and a busy machine included: a cost that grew with the square would be minutes.
    assert time.monotonic() - began < 20
    assert sim.state()["connections"] == 2


# Control

def test_a_card_set_is_served_so(sim):
    sim.set_card(3, available="99.99", pending=0, currency="EUR", suppressed=True, cardNumber="1")
    assert sim.card(3) == {"id": 3, "currency": "EUR", "cardNumber": "1", "totalBalance": 99.99,
                           "availableBalance": 99.99, "pendingBalance": 0, "bSuppressed": True}
    sim.set_card(3, raw={"availableBalance": "1e999", "currency": None})
    assert '"availableBalance":1e999,' in sim.get("/sim/card/3").text and "currency" not in sim.get("/sim/card/3").text


def test_customers_come_and_go(sim):
    sim.set_customer(77, reference='<a href="x">\n{{"é', cards=[{"card": 900, "available": 5}])
    assert sim.list(pageSize=1000).json["details"][-1]["customersReference"] == '<a href="x">\n{{"é'
    sim.set_card(901, customer=77, available=1)
    assert [card["id"] for card in sim.api(CUSTOMER, customersId=77).json["details"]["cards"]] == [900, 901]
    sim.remove_card(900)
    sim.remove_customer(11001)
    state = sim.state()
    assert (state["customers"], state["cards"]) == (25, 49)
    assert sim.delete("/sim/customer/11001").status == 404


@pytest.mark.parametrize("path, body, status", [
    ("/sim/card", {"card": 1, "availabel": 1}, 400),
    ("/sim/card", {"card": 1, "available": "lots"}, 400),
    ("/sim/card", {"card": 1, "available": True}, 400),
    ("/sim/card", {"card": 999}, 404),
    ("/sim/card", {"card": 1, "customer": 11002}, 409),
    ("/sim/card", {"card": 1, "raw": {"balance": "1"}}, 400),
    ("/sim/card", [], 400),
    ("/sim/card", "{", 400),
    ("/sim/customer", {}, 400),
    ("/sim/customer", {"customer": 1, "cards": {}}, 400),
    ("/sim/customer", {"customer": 1, "cards": [{"card": 1}]}, 409),
    ("/sim/fault", {"endpoint": "list", "kind": "explode"}, 400),
    ("/sim/fault", {"endpoint": "list"}, 400),
    ("/sim/clock", {}, 400),
    ("/sim/settings", {"pages": 1}, 400),
    ("/sim/nothing", {}, 404),
])
def test_a_control_call_that_is_not_understood_is_refused(sim, path, body, status):
    answer = sim.post(path, body)
    assert answer.status == status and answer.json["error"]


def test_the_same_seed_is_the_same_world(make_sim):
    def page(seed):
        sim = make_sim("--customers", "9", "--seed", seed, "--still")
        sim.do("/sim/move", {"ticks": 50})
        return sim.list().body
    assert page(7) == page(7) != page(8)


def test_a_script_plays_and_says_what_failed(make_sim, tmp_path):
    script = tmp_path / "day.jsonl"
    script.write_text('{"loop":"1h"}\n# a day\n{"at":"0s","do":"card","card":1,"available":"5"}\n'
                      '{"at":"50ms","do":"card","card":99,"available":1}\n'
                      '{"at":"100ms","do":"fault","endpoint":"list","kind":"status","status":500}\n')
    sim = make_sim("--customers", "1", "--script", script)
    sim.wait_for(sim.faults)
    assert sim.card(1)["availableBalance"] == 5
    assert "day.jsonl:4: there is no card 99" in sim.stderr()


# Faults

def test_faults_hit_where_they_are_aimed(sim):
    sim.fault("list", "status", page=2, count=2, status=503, retry_after="soon")
    assert sim.list(pageNumber=1).status == 200
    for _ in range(2):
        answer = sim.list(pageNumber=2)
        assert (answer.status, answer.headers["retry-after"]) == (503, "soon")
    assert sim.list(pageNumber=2).status == 200
    number = sim.fault("customer", "status", status=500, count=-1)
    assert sim.api(CUSTOMER, customersId=11001).status == 500
    assert sim.faults() == [{"id": number, "endpoint": "customer", "kind": "status", "count": -1}]
    sim.do(f"/sim/fault/{number}", method="DELETE")
    assert sim.api(CUSTOMER, customersId=11001).status == 200
    sim.fault("any", "rate-limit", count=-1)
    assert login(sim).headers["retry-after"] == "1"
    sim.clear_faults()
    assert login(sim).status == 200


def test_content_faults_change_the_page(sim):
    whole = sim.list(pageNumber=2).json
    sim.fault("list", "empty")
    assert sim.list(pageNumber=2).json == {**whole, "details": []}
    sim.fault("list", "no-pages-count")
    assert "numberOfPages" not in sim.list(pageNumber=2).json
    sim.fault("list", "repeat-page")
    assert sim.list(pageNumber=2).json == {**whole, "details": sim.list(pageNumber=1).json["details"]}
    sim.fault("list", "short-page", customers=3)
    assert sim.list(pageNumber=2).json == {**whole, "details": whole["details"][:-3]}
    sim.fault("list", "missing-page")
    assert sim.list(pageNumber=1).json == {**sim.list(pageNumber=1).json, "details": whole["details"]}
    sim.fault("list", "list-half")
    assert sim.list(pageNumber=2).json == {**whole, "details": whole["details"][::2]}
    sim.fault("list", "list-zero")
    zero = sim.list(pageNumber=2).json
    balances = [card[name] for customer in zero["details"] for card in customer["cards"]
                for name in ("availableBalance", "pendingBalance", "totalBalance")]
    assert balances and set(balances) == {0} and sim.list(pageNumber=2).json == whole
    sim.fault("list", "envelope-error", code="Account_Locked")
    answer = sim.list()
    assert (answer.status, answer.json["status"], answer.json["errors"][0]["messageCode"]) == (200, "0", "Account_Locked")
    sim.fault("list", "content-type")
    answer = sim.list(pageNumber=2)
    assert answer.headers["content-type"].startswith("text/html") and answer.json == whole
    sim.fault("list", "body", body='{"id":0,', status=200)
    assert sim.list().body == b'{"id":0,'
    sim.fault("list", "garbage", bytes=500)
    answer = sim.list()
    assert len(answer.body) == 500
    with pytest.raises(ValueError):
        answer.json


def test_customers_slide_while_the_list_is_read(make_sim):
    sim = make_sim("--customers", 4, "--cards", 1)

    def read():
        return [[customer["customersId"] - 11000 for customer in sim.list(pageNumber=page, pageSize=2).json["details"]]
                for page in (1, 2)]

    sim.fault("list", "slide-up", page=1)
    assert read() == [[1, 2], [4, 1]]
    assert read() == [[2, 3], [4, 1]]
    sim.fault("list", "slide-down", page=1)
    assert read() == [[2, 3], [3, 4]]
    assert read() == [[1, 2], [3, 4]]


def test_a_token_that_expires_makes_the_next_request_fail(sim):
    headers = {"Authorization": f"Bearer {login(sim).json['details']['accessToken']}", "otp": totp()}
    sim.fault("list", "token-expired")
    assert [sim.get(LIST, headers=headers).status for _ in range(2)] == [401, 401]
    headers["Authorization"] = f"Bearer {login(sim).json['details']['accessToken']}"
    assert sim.get(LIST, headers=headers).status == 200


def test_transport_faults_hurt_the_connection(sim):
    sim.fault("list", "reset")
    with pytest.raises(ConnectionResetError):
        sim.list()
    sim.fault("list", "reset", bytes=100)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        sim.list()
    sim.fault("list", "truncate", bytes=100)
    with pytest.raises(http.client.IncompleteRead) as caught:
        sim.list()
    assert len(caught.value.partial) == 100
    sim.fault("list", "delay", delay_ms=300)
    began = time.monotonic()
    assert sim.list().status == 200 and time.monotonic() - began >= 0.3
    sim.fault("customer", "drip", bytes=50, delay_ms=20)
    began = time.monotonic()
    assert sim.api(CUSTOMER, customersId=11001).json["status"] == "1" and time.monotonic() - began >= 0.1


def test_a_huge_answer_never_grows_here(sim):
    sim.fault("list", "huge")
    with socket.create_connection(("127.0.0.1", sim.port)) as peer:
        peer.sendall(f"GET {LIST} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        total = 0
        while total < 100_000_000:
            total += len(peer.recv(1 << 20))
    sim.fault("list", "huge", bytes=1000)
    answer = sim.list()
    assert len(answer.body) == 1000 + len('{"id":0,"details":[')
    with open(f"/proc/{sim.process.pid}/status") as status:
        assert int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) < 150_000


def test_a_bomb_unfolds(sim):
    sim.fault("list", "gzip-bomb", bytes=100_003)
    answer = sim.list()
    assert answer.headers["content-encoding"] == "gzip"
    unfolded = zlib.decompressobj(31).decompress(answer.body)
    assert len(unfolded) > 1000 * len(answer.body) and not unfolded.strip(b" ")


# The sink

def test_posts_are_kept_as_they_came(sim):
    body = '{"a": "é\\u0000\t"}  '
    assert sim.post("/sim/hook/chat", body, headers={"Webhook-Id": "m1"}).json == {"ok": True}
    sim.fault("hook", "status", status=500)
    assert sim.post("/sim/hook", b"\xff\x00").status == 500
    first, second = sim.hooks(accepted=False)
    assert (first["n"], first["path"], first["body"], first["headers"]["webhook-id"]) == (1, "/sim/hook/chat", body, "m1")
    assert (second["n"], second["status"], second["body"]) == (2, 500, "\ufffd\0")
    assert sim.hooks() == [first] == sim.hooks(path="/sim/hook/chat")
    assert sim.hooks(since=2, accepted=False) == []
    sim.clear_hooks()
    sim.post("/sim/hook", "{}")
    assert [post["n"] for post in sim.hooks()] == [3]


def test_the_inbox_shows_everything_harmlessly(sim):
    evil = '<script>alert(1)</script>"\'&'
    alert = {"state": evil, "severity": evil, "summary": evil, "card": {"id": evil, "last4": evil, "currency": evil},
             "customer": {"id": 1, "reference": evil}, "balances": {"available": evil}, "previous": {"available": evil}}
    sim.post("/sim/hook/" + "%3Cscript%3E", {"title": evil, "severity": evil, "status": evil, "sent_at": evil,
                                             "baseline": True, "alerts": [alert, {"card": None, "summary": evil}, 5, None]})
    for body in (evil, "", "[]", "5", b"\xff\xfe", '{"alerts":{}}', "[" * 5000, "\0<script>"):
        sim.post("/sim/hook", body)
    answer = sim.get("/sim/inbox")
    assert answer.status == 200 and "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text and "alert(1)" in answer.text and "·lt" not in answer.text
    assert 'http-equiv="refresh" content="2"' in answer.text
    assert answer.text.count("<article") == 9 == answer.text.count("</article>")
    assert "prefers-color-scheme:dark" in sim.get("/sim/inbox.css").text
    assert sim.get("/").headers["location"] == "/sim/inbox"


def test_the_newest_comes_first_in_the_inbox(sim):
    for number in range(3):
        sim.post("/sim/hook", {"title": f"message {number}"})
    assert re.findall(r"<h2>message (\d)", sim.get("/sim/inbox").text) == ["2", "1", "0"]


# HTTP

def test_methods_and_paths_that_are_not_there(sim):
    assert sim.get("/api/v1/customer/cards").status == 404
    answer = sim.post(LIST, "")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert sim.get(LOGIN).headers["allow"] == "POST"
    assert sim.get("/sim/hook").headers["allow"] == "POST, PUT"
    assert sim.delete("/sim/state").headers["allow"] == "GET, HEAD"
    answer = sim.request("HEAD", LIST, headers={"Authorization": API_KEY, "otp": totp()})
    assert answer.status == 200 and answer.body == b"" and int(answer.headers["content-length"]) > 1000


def test_requests_in_a_row_are_answered_in_their_order(sim):
    sim.fault("hook", "delay", delay_ms=100)
    answer = exchange(sim, b"POST /sim/hook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
                           b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\nGET /sim/state HTTP/1.0\r\n\r\n")
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"404", b"200"]


def test_a_client_may_wait_before_it_sends_its_body(sim):
    with socket.create_connection(("127.0.0.1", sim.port), 10) as peer:
        peer.sendall(b"POST /sim/hook HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert peer.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        peer.sendall(b"{}")
        assert peer.recv(1000).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("data, status", [
    (b"\r\n\r\nnonsense\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\n\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"POST /sim/hook HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n", 413),
    (b"POST /sim/hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70000, 431),
])
def test_what_is_no_request_is_refused(sim, data, status):
    assert exchange(sim, data).startswith(b"HTTP/1.1 %d " % status)
    assert sim.state()


def test_clients_that_leave_hurt_nobody(sim, seed):
    big = f"GET {LIST}?pageSize=1000 HTTP/1.1\r\nHost: x\r\nAuthorization: {API_KEY}\r\notp: {totp()}\r\n\r\n".encode()
    sim.fault("list", "drip", bytes=1, delay_ms=1, count=20)
    sim.fault("hook", "delay", delay_ms=60000, count=20)
    hook = b"POST /sim/hook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    for number in range(200):
        with socket.create_connection(("127.0.0.1", sim.port)) as peer:
            peer.sendall([big, hook, big * 20, os.urandom(100), b"", b"GET"][number % 6])
            if number % 2:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert sim.alive() and sim.state()["requests"]["hook"] > 0


def test_many_at_once(sim):
    failures = []

    def hammer():
        connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=30)
        for number in range(50):
            connection.request("POST", "/sim/hook", json.dumps({"number": number}))
            if connection.getresponse().read() != b'{"ok":true}':
                failures.append(number)
        connection.close()

    threads = [threading.Thread(target=hammer) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state = sim.state()
    assert not failures and state["requests"]["hook"] == 1000 == len(sim.hooks())
    assert state["connections"] == 21


def test_how_many_were_under_way_is_counted(sim):
    sim.fault("list", "delay", delay_ms=300, count=-1)
    threads = [threading.Thread(target=sim.list) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sim.state()["max_concurrent"] == 3 and sim.polls() == 3


# The program

@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well(make_sim, signum):
    sim = make_sim("--customers", "10")
    sim.fault("list", "delay", delay_ms=60000)
    with socket.create_connection(("127.0.0.1", sim.port)) as peer:
        peer.sendall(f"GET {LIST} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        sim.wait_for(lambda: sim.state()["requests"]["list"])
        assert sim.stop(signum) == 0


def run(*args):
    return subprocess.run([program("cardwatch-sim"), *args], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("args, status, words", [
    (["--help"], 0, "demo-api-key"), (["-h"], 0, "usage"), (["--version"], 0, "cardwatch-sim "),
    (["--prot"], 64, "--prot"), (["--port"], 64, "--port"), (["--port", "x"], 64, "--port"), (["--require-tls", "yes"], 64, "plain HTTP"),
    (["--totp-secret", "0!"], 64, "base32"), (["--currencies", ","], 64, "currencies"),
    (["--script", "/nonexistent"], 65, "/nonexistent"), (["--host", "203.0.113.1"], 1, "203.0.113.1"),
])
def test_command_lines(args, status, words):
    result = run(*args)
    assert result.returncode == status
    assert words in (result.stderr if status else result.stdout)


def test_a_bad_script_is_told_by_its_line(tmp_path):
    script = tmp_path / "bad.jsonl"
    script.write_text('{"at":"1s","do":"unlock"}\n\n{"at":"2s","do":"card"}\n')
    result = run("--script", str(script))
    assert (result.returncode, result.stdout) == (65, "")
    assert "bad.jsonl:3: \"card\" is missing" in result.stderr
