#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""report.py JSON MARKDOWN SVG: a table and a chart of what measure.py wrote."""

import json
import math
import sys
from html import escape

FORMATS = ("GRAY8", "RGB8", "RGBA8", "GRAY16", "RGB16", "RGBA16")
COLOURS = ("#7a7a7a", "#2a6fbb", "#7b3fa0", "#b0b0b0", "#7fb2e5", "#bf93d9")


def time_of(row):
    if row["ms"] is None:
        return row["note"]
    return f"{row['ms']:.3g}"


def error_of(row):
    if row["err_mean"] is None:
        return "?"
    return f"{row['err_mean']:.2g}/{row['err_max']:.3g}"


def key_of(row):
    return (row["op"], row["format"], row["width"], row["height"])


class Line:
    """What was measured of one operation and format: ours, and the peers, the fastest first."""

    def __init__(self, rows):
        ours = [row for row in rows if row["peer"] == "ivpipe"]
        peers = [row for row in rows if row["peer"] != "ivpipe"]
        self.ours = next(row for row in ours if row["threads"] == 1)
        self.levels = [row for row in ours if row["threads"] == 1]
        self.threaded = next((row for row in ours if row["threads"] > 1), None)
        timed = sorted((row for row in peers if row["ms"] is not None), key=lambda row: row["ms"])
        self.peers = [row for row in timed if row["counts"]]
        self.apart = [row for row in timed if not row["counts"]]
        self.late = [row for row in peers if row["ms"] is None]
        self.best = self.peers[0] if self.peers else None

    def ratio(self):
        return self.ours["ms"] / self.best["ms"] if self.best else 0

    def copies(self):
        return self.ours["ms"] / self.ours["memcpy_ms"]


def lines_of(rows, part):
    groups = {}
    for row in rows:
        if row["part"] == part:
            groups.setdefault(key_of(row), []).append(row)
    return [Line(group) for group in groups.values()]


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)] + [
        "| " + " | ".join(map(str, row)) + " |" for row in rows
    ]


def others(line):
    texts = [f"{row['peer']} {time_of(row)} ({error_of(row)})" for row in line.peers[1:]]
    texts += [f"{row['peer']} {row['note']}" for row in line.late]
    return ", ".join(texts)


def main_table(lines):
    rows = []
    for line in sorted(lines, key=Line.ratio, reverse=True):
        if not line.best:
            continue
        best = line.best
        note = f" ({best['note']})" if best["note"] else ""
        rows.append(
            (
                line.ours["op"],
                line.ours["format"],
                time_of(line.ours),
                f"{line.copies():.1f}",
                f"{best['peer']} {time_of(best)}{note}",
                f"**{line.ratio():.2f}**" if line.ratio() > 1 else f"{line.ratio():.2f}",
                error_of(line.ours),
                error_of(best),
                others(line),
            )
        )
    head = ("operation", "format", "ours, ms", "x memcpy", "best peer, ms", "ours / best", "our error")
    return table((*head, "its error", "other peers, ms (error)"), rows)


def plain_table(lines):
    rows = []
    for line in lines:
        best = f"{line.best['peer']} {time_of(line.best)}" if line.best else ""
        size = f"{line.ours['width']}x{line.ours['height']}"
        name, ours = line.ours["op"], line.ours
        rows.append((name, ours["format"], size, time_of(ours), f"{line.copies():.1f}", best))
    return table(("operation", "format", "size", "ours, ms", "x memcpy", "best peer, ms"), rows)


def heading(data):
    machine, versions = data["machine"], data["versions"]
    peers = ", ".join(f"{name} {version}" for name, version in versions.items() if name != "ivpipe")
    level = next((row["isa"] for row in data["rows"] if row["peer"] == "ivpipe"), "?")
    return [
        "# Filters beside other libraries'",
        "",
        f"{machine['processor']}, {machine['cores']} cores, Linux {machine['kernel']}; one core, one thread.",
        f"ivpipe {versions['ivpipe']} at level {level}; {peers}, as Debian builds them.",
        *(f"Absent: {name} ({why})." for name, why in data["absent"].items()),
        "",
        "Medians of interleaved rounds; processor time. Errors: mean/largest distance to the definition",
        "in double precision, rounded, in levels of the format, in the middle of the image.",
        '"planes": taking the image apart and putting it together again is not timed.',
        '"straight alpha": alpha is taken for one more channel, which is less work and bleeds.',
        "",
    ]


def markdown(data):
    rows = data["rows"]
    lines = lines_of(rows, "main")
    text = heading(data)
    text += ["## One thread, the slower first", "", *main_table(lines), ""]
    alone = [line for line in lines if not line.best]
    if alone:
        text += ["## No peer has it", "", *plain_table(alone), ""]
    apart = [(row, line) for line in lines for row in line.apart]
    if apart:
        cells = [(row["op"], row["format"], row["peer"], time_of(row), row["note"], error_of(row)) for row, _ in apart]
        text += ["## Not comparable: they compute something else", ""]
        text += [*table(("operation", "format", "peer", "ms", "what", "error"), cells), ""]
    threaded = [line for line in lines if line.threaded]
    if threaded:
        cells = []
        for line in threaded:
            ours, two = line.ours, line.threaded
            cells.append((ours["op"], ours["format"], time_of(ours), time_of(two), f"{ours['ms'] / two['ms']:.2f}"))
        text += ["## Threads", "", *table(("operation", "format", "1, ms", "2, ms", "gain"), cells), ""]
    levels = [line for line in lines if len(line.levels) > 1]
    if levels:
        names = [row["isa"] for row in levels[0].levels]
        cells = [(line.ours["op"], line.ours["format"], *map(time_of, line.levels)) for line in levels]
        text += ["## Levels of the processor, ms", "", *table(("operation", "format", *names), cells), ""]
    for part, title in (("sizes", "Cost against size"), ("radii", "Cost against radius")):
        found = lines_of(rows, part)
        if found:
            text += [f"## {title}", "", *plain_table(found), ""]
    return "\n".join(text)


def chart(data):
    """Bars of ours / best peer on a logarithmic axis; shorter is faster; 1 is the best peer."""
    lines = [line for line in lines_of(data["rows"], "main") if line.best]
    ops = {}
    for line in lines:
        ops.setdefault(line.ours["op"], []).append(line)
    left, width, row_height = 190, 420, 13
    low, high = math.log(0.02), math.log(5)

    def at(ratio):
        part = (math.log(max(ratio, 0.0201)) - low) / (high - low)
        return left + width * min(1, max(0, part))

    height = 60 + sum(len(group) * row_height + 6 for group in ops.values())
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 330}" height="{height}"'
        ' font-family="sans-serif" font-size="10">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{left}" y="14" font-size="12">Time of ivpipe / time of the best peer,'
        f' one core, {escape(data["machine"]["processor"])}</text>',
    ]
    for tick in (0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 1, 2, 5):
        colour = "#c00" if tick == 1 else "#ccc"
        out.append(f'<line x1="{at(tick):.1f}" x2="{at(tick):.1f}" y1="32" y2="{height - 8}" stroke="{colour}"/>')
        out.append(f'<text x="{at(tick):.1f}" y="28" text-anchor="middle">{tick}</text>')
    y = 40
    for op, group in ops.items():
        middle = y + len(group) * row_height / 2 + 3
        out.append(f'<text x="{left - 60}" y="{middle}" text-anchor="end">{escape(op)}</text>')
        for line in group:
            name, best = line.ours["format"], line.best
            colour = COLOURS[FORMATS.index(name)]
            out.append(f'<text x="{left - 6}" y="{y + 9}" text-anchor="end" fill="{colour}">{name}</text>')
            out.append(
                f'<rect x="{left}" y="{y + 1}" width="{at(line.ratio()) - left:.1f}"'
                f' height="{row_height - 3}" fill="{colour}"/>'
            )
            label = f"{line.ratio():.2f} of {best['peer']}; errors {error_of(line.ours)}, {error_of(best)}"
            out.append(f'<text x="{left + width + 8}" y="{y + 9}">{escape(label)}</text>')
            y += row_height
        y += 6
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main():
    source, text, picture = sys.argv[1:4]
    with open(source, encoding="utf-8") as file:
        data = json.load(file)
    with open(text, "w", encoding="utf-8") as file:
        file.write(markdown(data))
    with open(picture, "w", encoding="utf-8") as file:
        file.write(chart(data))


main()
