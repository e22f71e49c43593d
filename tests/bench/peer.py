# SPDX-License-Identifier: Apache-2.0
"""What people write instead: a Python script that polls, compares, looks at ten rules and keeps the balances in SQLite.

    peer.py URL STORE      for each line of input one poll of all pages, then `done CARDS`
"""

import http.client
import json
import sqlite3
import sys
import urllib.parse

RULES = [("low", "available", 100), ("lower", "available", 50), ("below-zero", "available", 0), ("usd", "available", 200),
         ("eur", "available", 200), ("gbp", "available", 200), ("total", "total", 150), ("vip", "available", 5),
         ("ladder", "available", 300), ("ladder-2", "available", 150)]


def pages(connection, path):
    number, last = 1, 1
    while number <= last:
        connection.request("GET", f"{path}?pageNumber={number}", headers={"Accept": "application/json", "otp": "123456"})
        answer = json.loads(connection.getresponse().read())
        last = answer["numberOfPages"]
        yield answer["details"]
        number += 1


def poll(connection, path, known, store):
    cards, changed = 0, []
    for customers in pages(connection, path):
        for customer in customers:
            for card in customer["cards"]:
                cards += 1
                seen = (card["availableBalance"], card["pendingBalance"], card["totalBalance"], card["bSuppressed"])
                if known.get(card["id"]) == seen:
                    continue
                known[card["id"]] = seen
                changed.append((card["id"], customer["customersId"], *seen))
                now = {"available": seen[0], "pending": seen[1], "total": seen[2]}
                for name, field, limit in RULES:
                    if now[field] < limit:
                        print("alert", name, card["id"], file=sys.stderr)
    store.executemany("INSERT OR REPLACE INTO card VALUES (?, ?, ?, ?, ?, ?)", changed)
    store.commit()
    return cards


def main():
    url = urllib.parse.urlsplit(sys.argv[1])
    store = sqlite3.connect(sys.argv[2])
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("CREATE TABLE card (id INTEGER PRIMARY KEY, customer INTEGER, available REAL, pending REAL, total REAL,"
                  " suppressed INTEGER)")
    connection, known = http.client.HTTPConnection(url.netloc), {}
    for _ in sys.stdin:
        print("done", poll(connection, url.path, known, store), flush=True)


if __name__ == "__main__":
    main()
