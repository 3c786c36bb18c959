# SPDX-License-Identifier: MIT OR Apache-2.0
"""Turn rendered PNGs into the shop's JPEG and AVIF sizes and write media.json.

Usage: python encode.py PNG_DIR   (needs Pillow, numpy and the avifenc program)
AVIF is written with ten bits: eight show steps in the plain backdrop.
"""
import csv
import io
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageFilter

HERE = os.path.dirname(os.path.abspath(__file__))
DEMO = os.path.dirname(HERE)
DEST = os.path.join(DEMO, "..", "static", "media", "demo")
HEROES = {
    "hero-table": "A limestone table with a jug of olive branches, candlesticks, a bowl on a stack of plates, an oak board, a carafe and a mug",
    "hero-linen": "Folded linen on an oak stool, a striped wool blanket on a rail, a willow basket of rolled towels and a pot of lavender",
}
# width: (JPEG limit, best JPEG quality, AVIF limit, best AVIF level; lower is better)
PRODUCT = {960: (82_000, 90, 45_000, 16), 480: (24_000, 88, 16_000, 17)}
HERO = {1280: (117_000, 90, 80_000, 16), 640: (40_000, 88, 30_000, 17)}
GRAIN = 1.3  # keeps soft gradients from banding


def jpeg(im, path, limit, top):
    for q in range(top, 30, -3):
        buf = io.BytesIO()
        im.save(buf, "JPEG", quality=q, optimize=True, progressive=True, subsampling="4:2:0")
        if buf.tell() <= limit:
            with open(path, "wb") as f:
                f.write(buf.getvalue())
            return
    raise SystemExit("too large: " + path)


def avif(im, path, limit, level):
    with tempfile.TemporaryDirectory() as d:
        png = os.path.join(d, "a.png")
        im.save(png)
        for cq in range(level, 60, 4):
            subprocess.run(["avifenc", "-s", "5", "-j", "2", "-d", "10", "-y", "444", "--ignore-exif", "--ignore-xmp", "--ignore-icc",
                            "--min", "0", "--max", "63", "-a", "end-usage=q", "-a", f"cq-level={cq}", "-a", "tune=ssim", png, path],
                           check=True, stdout=subprocess.DEVNULL)
            if os.path.getsize(path) <= limit:
                return
    raise SystemExit("too large: " + path)


def grain(im, seed):
    n = np.random.default_rng(seed).normal(0, GRAIN, (im.height, im.width, 1))
    return Image.fromarray(np.clip(np.asarray(im, float) + n + 0.5, 0, 255).astype("uint8"))


def tone(im):
    """Backdrop colour: mean of the commonest coarse colour along the top and the upper sides."""
    s = im.resize((48, 48), Image.BOX)
    px = [s.getpixel((x, y)) for x in range(48) for y in range(26) if x in (0, 1, 46, 47) or y < 2]
    bins = {}
    for p in px:
        bins.setdefault(tuple(c // 16 for c in p), []).append(p)
    best = max(bins.values(), key=len)
    return "#%02x%02x%02x" % tuple(round(sum(c[i] for c in best) / len(best)) for i in range(3))


def main(src):
    os.makedirs(DEST, exist_ok=True)
    jobs = {}
    with open(os.path.join(DEMO, "products.csv"), encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            if row["Image Src"]:
                jobs[os.path.basename(row["Image Src"])[:-4]] = (row["Image Alt Text"], PRODUCT)
    for name, alt in HEROES.items():
        jobs[name] = (alt, HERO)
    media = []
    for name, (alt, sizes) in jobs.items():
        png = os.path.join(src, name + ".png")
        if not os.path.exists(png):
            print("missing:", name)
            continue
        im = Image.open(png).convert("RGB")
        for width, (jl, jq, al, aq) in sizes.items():
            h = round(im.height * width / im.width)
            out = im if width == im.width else im.resize((width, h), Image.LANCZOS)
            out = out.filter(ImageFilter.UnsharpMask(0.9, 45, 1))
            out = grain(out, width)
            base = os.path.join(DEST, f"{name}-{width}")
            jpeg(out, base + ".jpg", jl, jq)
            avif(out, base + ".avif", al, aq)
        media.append({"path": f"demo/{name}.jpg", "width": im.width, "height": im.height, "tone": tone(im), "alt": alt})
    with open(os.path.join(DEMO, "media.json"), "w", encoding="utf-8") as f:
        json.dump(media, f, ensure_ascii=False, indent=2)
        f.write("\n")
    total = sum(os.path.getsize(os.path.join(DEST, n)) for n in os.listdir(DEST))
    print(len(media), "pictures,", total // 1024, "KB")


main(sys.argv[1])
