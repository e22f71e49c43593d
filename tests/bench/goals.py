# SPDX-License-Identifier: Apache-2.0
"""The goals, and how what was reached is set beside them."""

import statistics


class Goal:
    def __init__(self, key, what, must, aim, unit=""):
        self.key, self.what, self.must, self.aim, self.unit = key, what, must, aim, unit


GOALS = [
    Goal("changed", "CPU of a cycle / bare download of the same bytes", 3.5, 2.5),
    Goal("reference", "CPU of a cycle / the same through the reference lane", 0.10, 0.065),
    Goal("still", "CPU of a cycle with nothing changed / bare download", 1.6, 1.3),
    Goal("scale", "CPU with 1M cards / CPU with 100k", 11, 10),
    Goal("slope", "memory, slope from 100k to 1M cards", 110, 85, "B a card"),
    Goal("resident", "resident at 100k cards", 30, 22, "MB"),
    Goal("latency", "last page received to webhook answered, store on tmpfs", 4.5, 2, "ms"),
    Goal("alerts", "10,000 alerts one by one: CPU / bare POSTs of the same bodies", 1.4, 1.15),
    Goal("start", "start with 1M stored cards to first request", 0.5, 0.2, "s"),
    Goal("instructions", "instructions a card: decode, diff, rules", 1200, 700),
]


def number(value):
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0]
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


class Figure:
    """A median with its spread: the quartiles, and how many samples there were."""

    def __init__(self, values):
        self.values = list(values)
        self.median = statistics.median(self.values)

    def scaled(self, by):
        return Figure(v * by for v in self.values)

    def over(self, other):
        """A ratio of medians, with the spread of these samples over that median."""
        return self.scaled(1 / other.median)

    def spread(self):
        if len(self.values) < 2:
            return "one"
        low, high = quartiles(self.values)
        return f"{number(low)} to {number(high)}, n={len(self.values)}"

    def mean(self):
        return statistics.fmean(self.values)


def verdict(goal, figure):
    if figure is None:
        return "not measured"
    if figure.median <= goal.aim:
        return "aim"
    return "must" if figure.median <= goal.must else "MISSED"


def table(header, rows):
    """Markdown that can be read as it stands."""
    rows = [header, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def goals_table(reached):
    rows = []
    for goal in GOALS:
        figure = reached.get(goal.key)
        rows.append([goal.what, f"{number(goal.must)} {goal.unit}".strip(), f"{number(goal.aim)} {goal.unit}".strip(),
                     f"{number(figure.median)} {goal.unit}".strip() if figure else "-", figure.spread() if figure else "-",
                     verdict(goal, figure)])
    return table(["figure", "must", "aim", "reached", "quartiles", "met"], rows)
