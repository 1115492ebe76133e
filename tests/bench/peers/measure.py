#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures ivpipe's filters beside those of other libraries, and writes rows as JSON.

Each peer is a process that speaks the protocol of peer.h; all are pinned to one core. For each
operation and format they run by turns, round after round, each beside copies of the same frame, and
medians are kept. The operations are those of bench_filters; results are compared with definitions
in double precision.
"""

import argparse
import json
import mmap
import os
import platform
import select
import statistics
import subprocess
import sys
import time

MEMORY_BYTES = 7680 * 4320 * 8
LONGEST_S = 4  # of processor time that a peer may take to get ready, which is to run once or twice
HANGS_S = 300  # on the clock on the wall, on a busy machine
LONG_MS = 300  # what takes longer is not run again
ROUND_MS = 2  # what is shorter is repeated in a round
MOST_ROUNDS = 15

# Cost against the one parameter that should matter, and against size.
RADII = {
    "gaussian-blur": (("sigma",), (0.5, 1, 2, 5, 10, 20, 50, 100, 200)),
    "box-blur": (("radius",), (1, 2, 5, 10, 20, 50, 100)),
    "median": (("radius",), (1, 2, 3, 5, 10, 20, 50)),
    "erode": (("width", "height"), (3, 5, 11, 21, 41, 101)),
}
SIZES = ((256, 256), (512, 512), (1024, 1024), (1920, 1080), (3840, 2160), (7680, 4320))
SIZED = ("gauss 1.5", "gauss 20", "box r8", "erode 3x3", "median 3x3", "rotate 90", "invert")


class Gone(Exception):
    """The peer's process ended."""


class TooLong(Exception):
    """It did not answer in time."""


class Peer:
    """A process that runs operations, and what came of it so far."""

    def __init__(self, command, cores, isa="", threads=1):
        self.command, self.cores = command, cores
        self.isa, self.threads = isa, threads
        self.start()
        self.counts, self.note, self.errors = True, "", None

    def start(self):
        environment = dict(os.environ, OMP_NUM_THREADS="1")
        if self.threads > 1:
            environment["PEER_WALL"] = "1"
        try:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                pass_fds=(3, 4),
                preexec_fn=lambda: os.sched_setaffinity(0, self.cores),
            )
        except OSError as error:
            raise Gone(f"{self.command[0]}: {error.strerror}") from error
        self.pending = b""
        self.rounds = self.times = 0
        self.ms, self.copy_ms = [], []
        try:
            fields = self.answer()
        except Gone as error:
            raise Gone(f"{self.command[0]} does not start") from error
        self.name, self.version = fields

    def processor_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def answer(self, seconds=HANGS_S):
        begun, used = time.monotonic(), self.processor_s()
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.process.stdout], [], [], 0.5)
            if not ready:
                if self.processor_s() - used > seconds or time.monotonic() - begun > HANGS_S:
                    raise TooLong("hangs")
                continue
            part = os.read(self.process.stdout.fileno(), 4096)
            if not part:
                self.end()
                raise Gone("ended")
            self.pending += part
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode().split("\t")

    def ask(self, *fields, seconds=HANGS_S):
        try:
            self.process.stdin.write("\t".join(map(str, fields)).encode() + b"\n")
            self.process.stdin.flush()
        except OSError as error:
            raise Gone(f"ended: {error.strerror}") from error
        return self.answer(seconds)

    def make(self, job, budget_ms):
        """Readies the job. Returns format and size of the result, or None if it has no such thing."""
        self.ms, self.copy_ms, self.errors = [], [], None
        self.rounds = 0
        try:
            answer = self.ask("make", *job, seconds=LONGEST_S)
        except TooLong:
            self.end()
            self.start()
            self.counts, self.note = True, f"more than {LONGEST_S} s"
            return job[4:7]
        if answer[0] != "made":
            return None
        took = max(float(answer[1]), 0.001)
        self.counts, self.note = answer[2] == "1", answer[3]
        if took > LONG_MS:
            self.ms = [took]
        else:
            self.times = max(1, round(ROUND_MS / took))
            self.rounds = min(MOST_ROUNDS, max(3 if took < 100 else 1, round(budget_ms / (took * self.times + took))))
        return answer[4:7]

    def run(self, copy_bytes):
        _, ms, copy_ms = self.ask("run", self.times, copy_bytes)
        self.ms.append(float(ms))
        self.copy_ms.append(float(copy_ms))

    def end(self):
        self.process.kill()
        self.process.wait()


class Bench:
    """All peers, the definitions, and the rows."""

    def __init__(self, options):
        self.options = options
        self.rows, self.versions, self.absent = [], {}, {}
        cores = sorted(os.sched_getaffinity(0))
        self.core = {options.core if options.core in cores else cores[-1]}
        self.cores = set(cores[:2])
        self.peers = []
        self.definitions = self.start([f"{options.programs}/reference"])
        if not self.definitions:
            sys.exit("measure: without the definitions nothing can be compared")
        for isa in options.isa.split(","):
            self.add([f"{options.programs}/ivpipe", isa], isa=isa)
        if options.threads:
            self.add([f"{options.programs}/ivpipe", "auto", "2"], cores=self.cores, threads=2)
        for name in options.peers.split():
            folder = os.path.dirname(os.path.abspath(__file__))
            script = f"{folder}/{name}.py"
            self.add([script] if os.path.exists(script) else [f"{options.programs}/{name}"])
        self.painted = None
        self.memory = mmap.mmap(4, MEMORY_BYTES)

    def start(self, command, cores=None, **what):
        try:
            return Peer(command, cores or self.core, **what)
        except (Gone, TooLong) as error:
            self.absent[os.path.basename(command[0]).removesuffix(".py")] = str(error)
            print(f"measure: {error}; without it", file=sys.stderr)
            return None

    def add(self, command, **what):
        peer = self.start(command, **what)
        if not peer:
            return
        self.versions[peer.name] = peer.version
        if peer.name == "ivpipe":
            # What "auto" came to.
            peer.isa = peer.version.split("(")[1].rstrip(")")
            self.versions["ivpipe"] = peer.version.split()[0]
        self.peers.append(peer)

    def leave(self, peer, error, op):
        self.peers.remove(peer)
        self.absent[peer.name] = f"{error}, at {op}"
        print(f"measure: {peer.name} {error}, at {op}; on without it", file=sys.stderr)

    def paint(self, image):
        if self.painted != image:
            self.definitions.ask("paint", *image)
            self.painted = image

    def ready(self, op, image, among):
        """The peers that have the operation, ready for it, and the result's format and size."""
        # Ours first: it says what comes out.
        out, found = ("GRAY8", 0, 0), []
        for peer in among:
            try:
                made = peer.make((op["filter"], *image, *out, *op["settings"]), self.options.budget)
            except (Gone, TooLong) as error:
                self.leave(peer, error, op["op"])
                continue
            if not made and not found:
                return [], out
            if made:
                out = made
                found.append(peer)
        return found, out

    def measure(self, op, name, width, height, ours_only=False):
        image = (name, width, height)
        self.paint(image)
        among = [p for p in self.peers if p.name == "ivpipe" or not ours_only]
        found, out = self.ready(op, image, list(among))
        if not found:
            return
        copy_bytes = max(size_of(*image), size_of(*out))
        defined = self.definitions.ask("make", op["filter"], *image, *out, *op["settings"])
        for turn in range(MOST_ROUNDS):
            for peer in list(found):
                try:
                    if turn < peer.rounds:
                        peer.run(copy_bytes)
                    if turn == 0 and peer.ms and defined == ["made"]:
                        self.compare(peer)
                except (Gone, TooLong) as error:
                    self.leave(peer, error, op["op"])
                    found.remove(peer)
        for peer in found:
            self.rows.append(row(op, image, peer))
        print_line(op, image, found)

    def compare(self, peer):
        peer.ask("show")
        answer = self.definitions.ask("compare")
        peer.errors = (float(answer[1]), float(answer[2]))
        peer.note = ", ".join(text for text in (peer.note, answer[3]) if text)


def size_of(name, width, height):
    channels = 4 if "RGBA" in name else 3 if "RGB" in name else 1
    return int(width) * int(height) * channels * (2 if "16" in name else 1)


def median(values):
    return round(statistics.median(values), 5) if values else None


def time_of(peer):
    """Of time on the wall, which others lengthen, the shortest."""
    return min(peer.ms) if peer.threads > 1 and peer.ms else median(peer.ms)


def row(op, image, peer):
    return {
        "op": op["op"],
        "format": image[0],
        "width": image[1],
        "height": image[2],
        "peer": peer.name,
        "isa": peer.isa,
        "threads": peer.threads,
        "ms": time_of(peer),
        "memcpy_ms": median(peer.copy_ms),
        "err_mean": peer.errors[0] if peer.errors else None,
        "err_max": peer.errors[1] if peer.errors else None,
        "counts": peer.counts,
        "note": peer.note,
        "rounds": len(peer.ms),
        "part": op["part"],
    }


def print_line(op, image, found):
    texts = []
    for peer in found:
        extra = f"/{peer.isa}" if peer.isa else ""
        extra += f"x{peer.threads}" if peer.threads > 1 else ""
        texts.append(f"{peer.name}{extra} {time_of(peer) or peer.note}")
    print(f"{op['op']:24s} {image[0]:6s} {image[1]}x{image[2]}: {', '.join(texts)}", file=sys.stderr)


def machine():
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"processor": model, "cores": os.cpu_count(), "kernel": platform.release()}


def operations(options):
    """What bench_filters measures, then what was asked for beside it."""
    command = [options.filters, "--list"]
    main = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    for op in main:
        op["part"] = "main"
    if options.only:
        words = options.only.split(",")
        main = [op for op in main if any(word in op["op"] for word in words)]
    return main


def radii(main):
    for name, (keys, values) in RADII.items():
        formats = next((op["formats"] for op in main if op["filter"] == name), [])
        for value in values:
            for image in ("GRAY8", "RGB8"):
                if image in formats:
                    settings = [f"{key}={value:g}" for key in keys]
                    op = {"op": f"{name} {keys[0]} {value:g}", "filter": name, "settings": settings, "part": "radii"}
                    yield op, image


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--programs", required=True, help="folder of the peers' programs")
    parser.add_argument("--filters", required=True, help="bench_filters, for its list")
    parser.add_argument("--json", required=True, help="file to write")
    parser.add_argument("--peers", default="", help="their names")
    parser.add_argument("--only", default="", help="operations with one of these words, a,b,c")
    parser.add_argument("--formats", default="", help="GRAY8,RGB8 and so on; else all")
    parser.add_argument("--budget", type=float, default=60, help="ms for each measurement")
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--isa", default="auto", help="levels of ours: auto,avx2,baseline")
    parser.add_argument("--threads", action="store_true", help="ours with 2 threads, too")
    parser.add_argument("--sizes", action="store_true", help="a few operations from 256x256 to 8K")
    parser.add_argument("--radii", action="store_true", help="cost against radius")
    options = parser.parse_args()

    for descriptor in (3, 4):
        memory = os.memfd_create("frames")
        os.ftruncate(memory, MEMORY_BYTES)
        if memory != descriptor:
            os.dup2(memory, descriptor)
    bench = Bench(options)
    listed = operations(options)
    for op in listed:
        for image in op["formats"]:
            if not options.formats or image in options.formats.split(","):
                bench.measure(op, image, op["width"], op["height"])
    if options.sizes:
        for op in listed:
            for size in SIZES if op["op"] in SIZED else ():
                bench.measure(dict(op, part="sizes"), "RGB8", *size, ours_only=True)
    if options.radii:
        for op, image in radii(listed):
            bench.measure(op, image, 1920, 1080, ours_only=True)
    result = {
        "machine": machine(),
        "versions": bench.versions,
        "absent": bench.absent,
        "rows": bench.rows,
    }
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")


main()
