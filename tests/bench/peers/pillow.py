#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Pillow as a peer: the protocol of peer.h. Each run makes its result anew, there is no other way."""

import mmap
import os
import sys
import time

import PIL
from PIL import Image, ImageChops, ImageFilter, ImageOps

LONG_MS = 1000

KERNELS = {
    "nearest": Image.NEAREST,
    "box": Image.BOX,
    "bilinear": Image.BILINEAR,
    "bicubic": Image.BICUBIC,
    "lanczos3": Image.LANCZOS,
}
TURNS = {"90": Image.ROTATE_270, "180": Image.ROTATE_180, "270": Image.ROTATE_90}
FLIPS = {"horizontal": Image.FLIP_LEFT_RIGHT, "vertical": Image.FLIP_TOP_BOTTOM}


class Unsupported(Exception):
    """Pillow has no such thing."""


class Job:
    def __init__(self, fields, pixels):
        modes = {"GRAY8": "L", "RGB8": "RGB", "RGBA8": "RGBA"}
        self.filter, name, width, height = fields[:4]
        if name not in modes:
            raise Unsupported
        channels = len(modes[name])
        self.size = (int(fields[5]), int(fields[6]))
        self.settings = dict(setting.split("=", 1) for setting in fields[7:] if setting)
        self.out = fields[4:7]
        self.image = Image.frombytes(
            modes[name], (int(width), int(height)), pixels[: int(width) * int(height) * channels]
        )

    def real(self, key, unset):
        return float(self.settings.get(key, unset))

    def width(self, unset):
        return 2 * int(self.real("radius", unset)) + 1

    def square(self):
        if self.real("width", 3) != self.real("height", 3):
            raise Unsupported
        return int(self.real("width", 3))

    def table(self, level):
        curve = [min(255, max(0, int(255 * level(i / 255) + 0.5))) for i in range(256)]
        return self.image.point(curve * len(self.image.getbands()))


def scale(job):
    if job.settings.get("linear") == "yes":
        raise Unsupported
    return job.image.resize(job.size, KERNELS[job.settings.get("kernel", "lanczos3")])


def sharpen(job):
    percent = round(100 * job.real("amount", 1))
    return job.image.filter(ImageFilter.UnsharpMask(job.real("sigma", 1), percent, 0))


def crop(job):
    width, height = job.size
    if job.settings.get("gravity") != "centre":
        raise Unsupported
    x, y = (job.image.width - width) // 2, (job.image.height - height) // 2
    return job.image.crop((x, y, x + width, y + height))


def pad(job):
    if job.settings.get("fill", "colour") != "colour" or len(job.image.getbands()) == 4:
        raise Unsupported
    left, top = int(job.real("left", 0)), int(job.real("top", 0))
    return job.image.crop((-left, -top, job.size[0] - left, job.size[1] - top))


def contrast(job):
    factor, more = job.real("contrast", 1), job.real("brightness", 0) / 100
    return job.table(lambda level: (level - 0.5) * factor + 0.5 + more)


def gray(job):
    if job.out[0] != "GRAY8" or job.settings.get("luma", "rec601") != "rec601":
        raise Unsupported
    return job.image.convert("L")


def threshold(job):
    if job.settings.get("method", "fixed") != "fixed":
        raise Unsupported
    return job.table(lambda level: level * 100 >= job.real("level", 50))


def convolve(job):
    weights = [float(word) for word in job.settings["kernel"].replace(",", " ").split()]
    side = {9: 3, 25: 5}.get(len(weights))
    if not side or "width" in job.settings:
        raise Unsupported
    # Its rows begin at the bottom.
    weights = [w for row in range(side - 1, -1, -1) for w in weights[row * side : (row + 1) * side]]
    divisor = job.real("divisor", 0) or sum(weights) or 1
    return job.image.filter(ImageFilter.Kernel((side, side), weights, divisor, job.real("offset", 0)))


def equalize(job):
    if job.image.mode != "L":
        raise Unsupported
    return ImageOps.equalize(job.image)


COUNTERPARTS = {
    "gaussian-blur": lambda job: job.image.filter(ImageFilter.GaussianBlur(job.real("sigma", 2))),
    "box-blur": lambda job: job.image.filter(ImageFilter.BoxBlur(job.real("radius", 2))),
    "median": lambda job: job.image.filter(ImageFilter.MedianFilter(job.width(1))),
    "erode": lambda job: job.image.filter(ImageFilter.MinFilter(job.square())),
    "dilate": lambda job: job.image.filter(ImageFilter.MaxFilter(job.square())),
    "sharpen": sharpen,
    "resize": scale,
    "grayscale": gray,
    "invert": lambda job: ImageChops.invert(job.image),
    "gamma": lambda job: job.table(lambda level: level ** (1 / job.real("gamma", 1))),
    "threshold": threshold,
    "equalize": equalize,
    "convolve": convolve,
    "brightness-contrast": contrast,
    "pad": pad,
    "copy": lambda job: job.image.copy(),
    "crop": crop,
    "flip": lambda job: job.image.transpose(FLIPS[job.settings.get("direction", "horizontal")]),
    "rotate": lambda job: job.image.transpose(TURNS[job.settings.get("angle", "90")]),
    "transpose": lambda job: job.image.transpose(Image.TRANSPOSE),
}


def milliseconds():
    return time.process_time() * 1e3


def timed(run, job):
    start = milliseconds()
    result = run(job)
    return milliseconds() - start, result


def make(fields, pixels):
    """The job, its result, and the answer."""
    try:
        job = Job(fields, pixels)
        run = COUNTERPARTS[job.filter]
        took, result = timed(run, job)
        if took < LONG_MS:
            took, result = timed(run, job)
    except (KeyError, ValueError, Unsupported):
        return None, None, "none"
    if result.size != job.size:
        return None, None, "none"
    return job, result, "\t".join(["made", f"{took:g}", "1", "", *job.out])


def main():
    pixels = mmap.mmap(3, os.fstat(3).st_size)
    results = mmap.mmap(4, os.fstat(4).st_size)
    source = target = memoryview(b"")
    job = result = None
    print("Pillow", PIL.__version__, sep="\t", flush=True)
    for line in sys.stdin:
        word, *fields = line.rstrip("\n").split("\t")
        answer = ""
        if word == "make":
            job, result, answer = make(fields, pixels)
        elif word == "run":
            times, count = map(int, fields)
            if len(source) < count:
                source, target = memoryview(bytearray(count)), memoryview(bytearray(count))
            target[:count] = source[:count]
            run = COUNTERPARTS[job.filter]
            if times > 1:
                run(job)
            start = milliseconds()
            for _ in range(times):
                target[:count] = source[:count]
            copied = milliseconds()
            for _ in range(times):
                result = run(job)
            done = milliseconds()
            answer = f"ran\t{(done - copied) / times:g}\t{(copied - start) / times:g}"
        elif word == "show":
            image = result.tobytes()
            results[: len(image)] = image
            answer = "shown"
        print(answer, flush=True)


main()
