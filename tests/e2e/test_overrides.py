# SPDX-License-Identifier: Apache-2.0
"""Overrides from a file of rows: read with the configuration, and again at each reload."""

from configs import config, source, webhook

FLOOR = {"name": "floor", "params": {"floor": 0}, "overrides": [{"csv": "floors.csv"}], "when": "available < floor"}


def test_a_changed_file_is_a_changed_rule(make_sim, hook, make_daemon, tmp_path):
    sim = make_sim("--customers", 3, "--cards", 1, "--low", 0)
    rows = tmp_path / "floors.csv"
    rule = {**FLOOR, "overrides": [{"csv": str(rows)}]}
    for card in (1, 2, 3):
        sim.set_card(card, available="500")
    rows.write_text("card,floor\n1,600\n2,500\n")
    daemon = make_daemon(config(source(sim), webhook(hook), [rule]))
    assert hook.wait_for_alert("floor", "firing")["card"]["id"] == 1

    # The same in other words is no other rule.
    rows.write_text('card,floor\r\n2,500.00\r\n"1",600\r\n')
    daemon.hup()
    sim.wait_for_polls(3)
    hook.stays_at(1, 0.3)

    rows.write_text("card,floor\n1,400\n2,501\n")
    daemon.hup()
    assert hook.wait_for_alert("floor", "resolved")["card"]["id"] == 1
    hook.wait_for_messages(3)
    assert [alert["card"]["id"] for alert in hook.alerts(state="firing")] == [1, 2]

    # A wrong one leaves the right one in force, and says where.
    rows.write_text("card,floor\n1,400\n2,lots\n")
    daemon.hup(wait_for="reload-failed")
    mistake = daemon.log_lines("config", level="error")[-1]
    assert (mistake["file"], mistake["line"], mistake["column"]) == (str(rows), 3, 3)
    assert str(rows) in daemon.log_lines("reload-failed")[-1]["reason"]
    sim.set_card(2, available="600")
    assert hook.wait_for_alert("floor", "resolved", 2)["card"]["id"] == 2
