# SPDX-License-Identifier: MIT OR Apache-2.0
"""Demo pictures. Usage: python render.py --out DIR [--samples 40] [--pct 100] [name ...]"""
import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the cloth solver is slow when its threads wait for each other

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402
from scenes import SCENES  # noqa: E402


def main():
    argv = sys.argv[sys.argv.index("--") + 1:] if "--" in sys.argv else sys.argv[1:]
    out, samples, pct, names = "out", 40, 100, []
    it = iter(argv)
    for a in it:
        if a == "--out":
            out = next(it)
        elif a == "--samples":
            samples = int(next(it))
        elif a == "--pct":
            pct = int(next(it))
        else:
            names.append(a)
    os.makedirs(out, exist_ok=True)
    for i, name in enumerate(SCENES):
        if names and name not in names:
            continue
        t = time.time()
        kit.reset(100 + i)
        SCENES[name]()
        t1 = time.time()
        kit.render(os.path.abspath(os.path.join(out, name + ".png")), samples, pct, seed=7)
        print(f"{name}: built {t1 - t:.1f}s, rendered {time.time() - t1:.1f}s", flush=True)


main()
