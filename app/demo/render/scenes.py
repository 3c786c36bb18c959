# SPDX-License-Identifier: MIT OR Apache-2.0
"""The goods and how they are arranged, one function per picture."""
from kit import *  # noqa: F401,F403
import kit

SCENES = {}
CHALK, SAGE, ROSE, SLATE, SAND, OCHRE = "#e4dac6", "#84927c", "#b98d78", "#66727a", "#cbbb9f", "#c49a5a"
LINEN = {"chalk": "#e6dfd2", "sand": "#cdbfa7", "moss": "#868d78", "rose": "#b98f7b", "slate": "#70787c"}
WIDE = (1280, 960)


def scene(f):
    SCENES[f.__name__.replace("_", "-")] = f
    return f


def ru(a, b):
    return kit.R.uniform(a, b)


def block(x, y, z, loc, rot=0, col="#d3c7b3"):
    rbox(x, y, z, 0.035, limestone(col), loc, rot, cuts=3, jitter=0.006)


def grains(proto, n, cx, cy, sx, sy, mat, z=0.0):
    scatter(proto, [xf((cx + kit.R.gauss(0, sx), cy + kit.R.gauss(0, sy), z), (ru(0, 6), ru(0, 6), ru(0, 6)))
                    for _ in range(n)], mat)


# ------------------------------------------------------------ kitchen
def board(w=2.2, h=3.4, kind="oak", t=0.2, hole=0.15):
    plate2d([rrect(w, h, 0.26), circle(hole, 40, w / 2 - 0.38, h / 2 - 0.38)], t, 0.035, wood(kind, "Y", 1.2))


def rolling_pin(kind="walnut", length=4.3):
    half = length / 2
    p = spline([(0.0, -half), (0.10, -half + 0.01), (0.125, -half + 0.10), (0.175, -half + 0.8), (0.225, -0.7), (0.23, 0),
                (0.225, 0.7), (0.175, half - 0.8), (0.125, half - 0.10), (0.10, half - 0.01), (0.0, half)], 12)
    lathe(p, wood(kind, "Z", 1.6), 64)


def bowl(r, h, col, spout=True, foot=0.14, th=0.055):
    o = fillet([(0, 0.05), (0.40 * r, 0.05), (0.42 * r, 0.0, 0.01), (0.48 * r, 0.0, 0.02), (0.50 * r, 0.07)])
    o += spline([(0.50 * r, 0.07), (0.78 * r, 0.30 * h), (0.94 * r, 0.66 * h), (r, h)], 14)[1:]

    def warp(v, a, i):
        if spout:
            d = math.atan2(math.sin(a - 0.25), math.cos(a - 0.25))
            k = math.exp(-(d / 0.15) ** 2) * max(0, v.z / h) ** 7 * 0.16
            v.x += math.cos(a) * k
            v.y += math.sin(a) * k
            v.z += k * 0.15
        return v
    lathe(shell(o, th, floor=0.12), glaze(col, foot=foot), 160, warp=warp, ridge=0.008)


def jar(h=1.5, r=0.56, lid="oak", fill="lentil"):
    o = fillet([(0, 0), (r, 0, 0.09), (r, h, 0.0)])
    lathe(shell(o, 0.035), glass(), 96)
    lp = fillet([(0, h - 0.10), (r - 0.05, h - 0.10, 0.02), (r - 0.05, h + 0.004), (r + 0.03, h + 0.004, 0.02),
                 (r + 0.03, h + 0.16, 0.04), (0, h + 0.16)])
    lathe(lp, wood(lid, "X", 1.6), 72)
    kinds = {"lentil": (ball(0.058, 0.058, 0.030, 1), "#a4562c", 0.066), "bean": (ball(0.085, 0.05, 0.05, 2), "#e2d6bd", 0.085),
             "corn": (ball(0.05, 0.045, 0.06, 1), "#c98f2e", 0.075)}
    proto, col, pitch = kinds[fill]
    ms = []
    top = h * 0.70
    z = 0.07
    while z < top:
        last = z > top - 0.14
        rr = r - 0.045 - pitch * 0.72
        while rr > (0.02 if last else r - 0.30):
            n = max(1, int(TAU * rr / (pitch * 1.25)))
            o2 = ru(0, 6)
            for k in range(n):
                a = o2 + TAU * k / n
                x = rr + ru(-0.012, 0.0)
                ms.append(xf((x * math.cos(a), x * math.sin(a), z + ru(-0.02, 0.02)), (ru(0, 6), ru(0, 6), ru(0, 6))))
            rr -= pitch * 1.1
        z += pitch * 0.75
    scatter(proto, ms, flat(col, 0.55, grain=0.35, scale=9))
    lathe(fillet([(0, 0.05), (r - 0.22, 0.05), (r - 0.22, top - 0.1), (0, top - 0.1)]), flat(col, 0.9), 32)


def spoon(kind="beech", length=3.0, head=0.36, style="spoon"):
    m = wood(kind, "Y", 1.5)
    c, hl = 0.855, 0.145

    def fw(u):
        hd = 0.075 + 0.03 * (1 - u)
        if u < 0.02:
            hd *= 0.55 + 0.45 * (u / 0.02)
        if style == "spatula":
            k = max(0, min(1, (u - 0.62) / 0.2))
            w = hd + (head - hd) * k * k * (3 - 2 * k)
            return w * (1 if u < 0.985 else max(0.05, math.sqrt(max(0, 1 - ((u - 0.985) / 0.016) ** 2))))
        e = head * math.sqrt(max(0, 1 - ((u - c) / hl) ** 2)) if abs(u - c) < hl else 0
        return max(e, hd if u < c else 0, 0.01)
    ft = lerp_keys([(0, 0.055), (0.6, 0.065), (0.8, 0.075 if style == "spoon" else 0.035), (1, 0.03)])
    dz = lerp_keys([(0, 0), (0.68, 0), (0.85, 0.10), (1, 0)]) if style == "spoon" else (lambda u: 0)
    fz = lerp_keys([(0, 0.05), (0.5, 0.0), (1, 0.10)])
    loft(length, fw, ft, fz, dz, m, 90, 36)


def crock(col=CHALK, r=0.58, h=1.35):
    o = fillet([(0, 0.04), (r * 0.84, 0.04), (r * 0.86, 0, 0.01), (r * 0.92, 0, 0.02), (r, 0.16, 0.1), (r * 0.98, h, 0)])
    lathe(shell(o, 0.055, floor=0.12), glaze(col, foot=0.2), ridge=0.012)


def utensils():
    crock()
    for i, (ang, lean, ln, hd, st, kd) in enumerate(((-100, 12, 2.75, 0.33, "spoon", "cherry"), (-172, 19, 2.95, 0.27, "spatula", "beech"),
                                                    (-12, 20, 2.85, 0.30, "spoon", "olive"), (140, 14, 3.25, 0.33, "spoon", "beech"),
                                                    (48, 15, 3.2, 0.25, "spatula", "walnut"))):
        a = math.radians(ang)
        x, y = -0.26 * math.cos(a), -0.26 * math.sin(a)
        # long axis up, then lean towards ang
        e = G((0, 0, 0), (90 - lean, 0, 0), spoon, kd, ln, hd, st)
        p = link(bpy.data.objects.new("lean", None))
        e.parent = p
        p.rotation_euler[2] = a + math.pi / 2 + math.pi
        p.location = (x, y, 0.16)


def mill(kind="walnut", s=1.0):
    w = wood(kind, "Z", 1.4)
    lathe([(r, z) for r, z in fillet([(0, 0), (0.33, 0, 0.03), (0.33, 0.07, 0.02), (0.31, 0.09)])
           + spline([(0.31, 0.09), (0.27, 0.30), (0.20, 0.68), (0.21, 0.95), (0.28, 1.18), (0.295, 1.27)], 10)[1:]
           + fillet([(0.295, 1.27), (0.29, 1.30, 0.02), (0.16, 1.30)])[1:]], w)
    lathe(fillet([(0.155, 1.29), (0.155, 1.34)]), brass(), 64)
    lathe(fillet([(0.15, 1.33), (0.29, 1.33, 0.02), (0.30, 1.36)]) + spline([(0.30, 1.36), (0.305, 1.46), (0.27, 1.62), (0.16, 1.74), (0.0, 1.77)], 10)[1:], w)
    lathe(spline([(0, 1.76), (0.045, 1.77), (0.05, 1.80), (0.10, 1.86), (0.08, 1.94), (0, 1.965)], 8), brass(), 48)


@scene
def oak_board():
    stage("chalk", wall=2.0, radius=0.8)
    G((0.55, 1.45, 1.28), (81, 0, 0), board, 1.7, 2.55, "walnut", 0.18, 0.12)
    G((-0.25, 1.08, 1.72), (79, 0, 0), board, 2.2, 3.4, "oak")
    camera((0.12, 0.8, 1.62), 4.3, 7, -10)


@scene
def oak_board_2():
    stage("chalk")
    G((0, 0, 0.1), 24, board, 2.2, 3.4, "oak")
    camera((0.15, 0.62, 0.1), 2.3, 40, 12, fstop=5.6, focus=(0.3, 0.7, 0.2))


@scene
def rolling_pin_():
    stage("sand")
    G((0.25, 0.45, 0.23), (90, 0, 38), rolling_pin, "walnut")
    G((-0.25, -0.35, 0.23), (90, 0, 30), rolling_pin, "beech")
    camera((0.08, 0.05, 0.1), 4.3, 38)


@scene
def mixing_bowls():
    stage("sand")
    G((0, 0, 0), -30, bowl, 1.35, 0.92, CHALK)
    G((0, 0, 0.12), -36, bowl, 1.08, 0.98, SAGE)
    G((0, 0, 0.24), -26, bowl, 0.80, 1.06, ROSE)
    camera((0.05, 0, 0.55), 4.0, 19)


@scene
def storage_jar():
    stage("chalk")
    G((-0.42, 0.35, 0), 10, jar, 2.0, 0.58, "oak", "lentil")
    G((0.58, -0.25, 0), 60, jar, 1.3, 0.58, "oak", "bean")
    grains(ball(0.085, 0.05, 0.05, 2), 9, -0.25, -0.85, 0.22, 0.10, flat("#e2d6bd", 0.55, grain=0.3, scale=9), 0.05)
    camera((0.08, 0, 0.95), 3.5, 10)


@scene
def wooden_spoons():
    stage("sand")
    G((0, 0, 0), 0, utensils)
    camera((0.02, 0, 1.55), 3.6, 9)


@scene
def pepper_mill():
    stage("clay")
    G((-0.36, 0.15, 0), 0, mill, "walnut")
    G((0.42, -0.25, 0), 40, mill, "oak", scale=0.84)
    grains(ball(0.034, 0.034, 0.034, 2), 26, 0.0, -0.75, 0.30, 0.10, flat("#33261d", 0.8, grain=0.5, scale=40), 0.03)
    camera((0.02, 0, 0.88), 2.9, 9)


# ------------------------------------------------------------ table
def plate(col, r=1.32):
    p = fillet([(0, 0.045), (0.55 * r, 0.045), (0.56 * r, 0, 0.01), (0.62 * r, 0, 0.02), (0.66 * r, 0.05, 0.04), (0.92 * r, 0.085, 0.16), (r, 0.225, 0.01),
                (r - 0.022, 0.25, 0.02), (r - 0.05, 0.232, 0.02), (0.89 * r, 0.125, 0.2), (0.6 * r, 0.098, 0.5), (0, 0.09)])
    lathe(p, glaze(col, rough=0.3, amount=0.6), 140, ridge=0.004)


def mug(col=CHALK, coffee=False):
    m = glaze(col, foot=0.16)
    o = fillet([(0, 0.03), (0.30, 0.03), (0.31, 0.0), (0.36, 0.0, 0.02), (0.40, 0.14, 0.08), (0.42, 0.95)])
    lathe(shell(o, 0.045, floor=0.08), m, ridge=0.006)
    pts = [(0.38, 0, 0.78), (0.58, 0, 0.80), (0.72, 0, 0.70), (0.73, 0, 0.48), (0.62, 0, 0.29), (0.38, 0, 0.24)]
    h = tube([pts], 0.055, m, radii=[1.3, 1.05, 1, 1, 1, 1.25], res=8)
    h.scale = (1, 1.35, 1)
    if coffee:
        lathe([(0, 0.80), (0.385, 0.80)], flat("#2b1a10", 0.08))


CAR = [(0.50, 0.0), (0.585, 0.07), (0.60, 0.30), (0.585, 0.85), (0.46, 1.36), (0.28, 1.72), (0.235, 2.0), (0.27, 2.3), (0.36, 2.52)]


def carafe(level=1.15):
    o = [(0, 0.02), (0.30, 0.015)] + spline(CAR, 12)
    lathe(shell(o, 0.035, lip=6), glass(), 112)
    ins = [(max(0, r - 0.026), max(0.052, z)) for r, z in o if z < level]
    lathe(ins + [(ins[-1][0], level), (0, level)], glass("#f6fcfb", ior=1.33), 96)


def tumbler(level=0.62, h=1.0, r=0.37):
    o = fillet([(0, 0.0), (r * 0.86, 0, 0.06), (r, h, 0)])
    lathe(shell(o, 0.03, lip=6, floor=0.07), glass(), 96)
    if level:
        k = lambda z: r * 0.86 + r * 0.14 * z / h - 0.024
        lathe([(0, 0.065), (k(0.065) - 0.02, 0.065), (k(0.1), 0.1), (k(level), level), (0, level)], glass("#f6fcfb", ior=1.33), 96)


def napkin_roll(col):
    rolled(0.24, 2.1, 0.055, linen(col), 3)
    p = [(0.29, -0.12), (0.31, -0.10), (0.31, 0.10), (0.29, 0.12), (0.27, 0.10), (0.27, -0.10), (0.29, -0.12)]
    e = G((0.0, 0, 0.235), (0, 90, 0), lathe, p, brass(0.2), 72)
    return e


def candlestick(h=1.1, candle=1.9, col="#ece2cb"):
    p = fillet([(0, 0), (0.52, 0, 0.02), (0.52, 0.06, 0.03), (0.40, 0.085, 0.04), (0.11, 0.13, 0.08), (0.075, 0.32, 0.1),
                (0.075, h * 0.48, 0.02), (0.12, h * 0.5, 0.03), (0.075, h * 0.52, 0.02), (0.075, h - 0.12, 0.08), (0.16, h, 0.03),
                (0.175, h + 0.20, 0.01), (0.13, h + 0.20, 0.01), (0.12, h + 0.08, 0.01), (0, h + 0.08)])
    lathe(p, brass(0.22), 96)
    z = h + 0.09
    lathe(fillet([(0, z), (0.112, z), (0.10, z + candle - 0.06, 0.05), (0.03, z + candle, 0.02), (0, z + candle - 0.01)]),
          flat(col, 0.45, sss=0.35, spec=0.4), 48)
    tube([[(0, 0, z + candle - 0.03), (0.004, 0, z + candle + 0.05), (0.015, 0.005, z + candle + 0.11)]], 0.011, flat("#3a332b", 0.9), res=2)


JUG = [(0.46, 0.0), (0.56, 0.12), (0.68, 0.50), (0.66, 0.92), (0.50, 1.32), (0.385, 1.62), (0.40, 1.85), (0.46, 2.02)]


def jug(col=CHALK):
    m = glaze(col, foot=0.22, amount=0.6)
    o = [(0, 0.04), (0.40, 0.04), (0.42, 0.0)] + spline(JUG, 12)

    def warp(v, a, i):
        d = math.atan2(math.sin(a - math.pi), math.cos(a - math.pi))
        k = math.exp(-(d / 0.30) ** 2) * max(0, (v.z - 1.45) / 0.57) ** 2 * 0.20 if v.z > 1.45 else 0
        v.x += math.cos(a) * k
        v.y += math.sin(a) * k
        v.z += k * 0.3
        return v
    lathe(shell(o, 0.055, floor=0.1), m, 144, warp=warp, ridge=0.012)
    pts = [(0.38, 0, 1.78), (0.60, 0, 1.88), (0.86, 0, 1.74), (0.95, 0, 1.35), (0.86, 0, 0.98), (0.60, 0, 0.78)]
    h = tube([pts], 0.07, m, radii=[1.3, 1.1, 1, 1, 1.05, 1.4], res=8)
    h.scale = (1, 1.4, 1)


def olive_twigs(z=1.9, n=4, reach=1.0):
    lm, st = leafmat("#66765a", "#a3ab94"), flat("#6d5a43", 0.9, grain=0.3)
    lf = leafproto(0.44, 0.062, 0.05)
    sets = [((-0.1, 0, 0.6), (-0.2, 0, z), (-0.55, -0.1, z + 0.9), (-1.15, -0.2, z + 1.5)),
            ((0.1, 0, 0.6), (0.05, 0.05, z), (0.1, 0.1, z + 1.0), (0.45, 0.15, z + 1.95)),
            ((0.05, 0, 0.6), (0.2, -0.05, z), (0.65, -0.15, z + 0.7), (1.25, -0.25, z + 0.95)),
            ((0, 0.05, 0.6), (-0.05, 0.1, z), (-0.25, 0.2, z + 1.1), (-0.45, 0.3, z + 2.1))]
    for s in sets[:n]:
        branch([(x * reach, y * reach, zz) for x, y, zz in s], lf, lm, st, n=15, start=0.36, spread=0.85)


@scene
def dinner_plate():
    stage("chalk", wall=2.2, radius=0.9)
    for i, c in enumerate((SLATE, CHALK, ROSE, CHALK)):
        G((ru(-.02, .02) - 0.2, -0.2 + ru(-.02, .02), i * 0.105), 40 * i, plate, c)
    G((0.62, 1.50, 1.30), (78, 0, 0), plate, SAGE)
    camera((0.12, 0.3, 0.98), 4.5, 17)


@scene
def stoneware_mug():
    stage("sand")
    G((-0.30, 0.30, 0), 38, mug, CHALK)
    G((0.34, -0.42, 0), 20, mug, SAGE, True)
    camera((0.12, 0, 0.47), 2.7, 17)


@scene
def stoneware_mug_2():
    stage("sand")
    G((-0.52, 0.2, 0), 150, mug, ROSE)
    G((-0.52, 0.2, 0.96), 205, mug, CHALK)
    G((0.52, -0.25, 0), 15, mug, SLATE)
    G((0.52, -0.25, 0.96), -40, mug, SAGE)
    camera((0, 0, 0.93), 2.9, 8)


@scene
def glass_carafe():
    stage("sand")
    G((-0.34, 0.2, 0), 0, carafe)
    G((0.62, -0.35, 0), 0, tumbler)
    camera((0.08, 0, 1.18), 3.6, 9)


@scene
def linen_napkins():
    stage("clay")
    z = 0
    for i, c in enumerate(("slate", "moss", "sand", "chalk")):
        G((ru(-.03, .03), 0.25 + ru(-.03, .03), z), ru(-2, 2), folded, 2.1, 2.0, 3, 0.075, linen(LINEN[c], 1.3), seed=i + 4, soft=0.035)
        z += 0.228
    G((0.0, 0.15, z - 0.01), 14, napkin_roll, LINEN["rose"])
    camera((0, 0.1, 0.5), 3.6, 21, 20)


@scene
def brass_candlestick():
    stage("clay")
    G((-0.42, 0.3, 0), 0, candlestick, 1.5, 1.7)
    G((0.50, -0.25, 0), 0, candlestick, 0.72, 1.45)
    camera((0.04, 0, 1.58), 4.0, 8)


@scene
def stoneware_jug():
    stage("sand")
    G((0, 0, 0), 12, jug, CHALK)
    G((0, 0, 0), 0, olive_twigs)
    camera((0.05, 0, 1.95), 4.7, 7)


# ------------------------------------------------------------ bed
def stack(cols, w=3.2, d=2.4, layers=4, t=0.13, matf=linen, seed=0, soft=0.05):
    z = 0
    for i, c in enumerate(cols):
        G((ru(-.05, .05), ru(-.04, .04), z), ru(-1.5, 1.5), folded, w, d, layers, t, matf(c), seed=i + seed, soft=soft)
        z += layers * t + 0.008
    return z


def rail(w, z, y, wall, mat, met):
    G((0, y, z), (0, 90, 0), lathe, fillet([(0, -w / 2), (0.075, -w / 2, 0.03), (0.075, w / 2, 0.03), (0, w / 2)]), mat, 48)
    for s in (-1, 1):
        x = s * (w / 2 - 0.22)
        tube([[(x, y, z - 0.1), (x, y - 0.09, z - 0.04), (x, y - 0.08, z + 0.02)]], 0.028, met)
        tube([[(x, y, z - 0.1), (x, (y + wall) / 2, z - 0.11), (x, wall, z - 0.1)]], 0.03, met)
        G((x, wall - 0.06, z - 0.1), (90, 0, 0), lathe, fillet([(0, 0.04), (0.13, 0.04, 0.02), (0.13, -0.05), (0, -0.05)]), met, 48)


def blanket(w=3.1, front=3.0, base="#b9ab95", stripe="#5f6558", seed=1, folds=4):
    st = [(0.28, 0.42, stripe, 1), (0.50, 0.54, stripe, 1), (0.62, 0.90, "#e9e1d2", 1), (0.98, 1.02, stripe, 1)]
    hanging(w, front, front * 0.8, 0.08, linen(base, 0.75, stripe=st, bump=0.02, sheen=0.5), folds=folds, amp=0.15, seed=seed,
            t=0.05, fringe=linen("#d8ccb8", 1))


def lamp(on=True):
    o = spline([(0, 0), (0.42, 0.0), (0.50, 0.06), (0.68, 0.45), (0.64, 0.85), (0.34, 1.22), (0.15, 1.40), (0.13, 1.50), (0, 1.5)], 12)
    lathe(o, glaze("#a9b0a0", foot=0.16, amount=0.5), ridge=0.012)
    lathe(fillet([(0, 1.48), (0.10, 1.48), (0.10, 1.60, 0.02), (0.05, 1.62), (0.05, 1.95), (0, 1.95)]), brass(), 48)
    n = N("shade")
    uv = n.coord(scale=(60, 2.2, 1), kind="UV")
    h = n.noise(uv, 1.0, 3)
    c = n.ramp(h, [(0.3, rgb("#d6c7ab")), (0.7, rgb("#efe6d3"))])
    n.base(c).set(Roughness=0.9)
    tl = n.add("BsdfTranslucent")
    n.wire(c, tl.inputs["Color"])
    mx = n.add("MixShader")
    mx.inputs[0].default_value = 0.5
    n.wire(n.p.outputs[0], mx.inputs[1])
    n.wire(tl.outputs[0], mx.inputs[2])
    n.wire(mx.outputs[0], n.out.inputs["Surface"])
    lathe(fillet([(1.02, 1.55), (0.70, 2.75)]), n.m, 128)
    trim = linen("#cdbda0", 1)
    for r, z in ((1.02, 1.55), (0.70, 2.75)):
        tube([[(r * math.cos(TAU * k / 48), r * math.sin(TAU * k / 48), z) for k in range(48)]], 0.022, trim, cyclic=True)
    if on:
        li = bpy.data.lights.new("bulb", "POINT")
        li.energy, li.color, li.shadow_soft_size = 62, (1, 0.72, 0.42), 0.14
        ob = link(bpy.data.objects.new("bulb", li))
        ob.location = (0, 0, 2.12)


@scene
def linen_sheet():
    stage("sand")
    z = stack((LINEN["slate"], LINEN["moss"], LINEN["rose"], LINEN["chalk"]))
    camera((0, 0, z / 2 - 0.02), 5.2, 13, 24)


@scene
def linen_sheet_2():
    stage("chalk")
    z = stack((LINEN["moss"], LINEN["rose"], LINEN["chalk"]), seed=5)
    camera((0.2, -1.2, z / 2 + 0.1), 2.5, 15, 20, fstop=2.8, focus=(0.1, -1.2, 0.8))


@scene
def wool_blanket():
    stage("chalk", wall=0.9, radius=0.25)
    rail(4.0, 4.3, 0.25, 0.9, wood("oak", "Z", 1.5), brass())
    G((0, 0.25, 4.3), 0, blanket)
    camera((0, 0.2, 2.75), 4.7, 3, -8)


@scene
def linen_cushion():
    stage("sand", wall=2.6, radius=1.0)
    G((-0.45, 1.20, 1.12), (72, 0, 10), pillow, 2.6, 2.6, linen(LINEN["moss"]), 3, seed=1)
    G((0.50, 0.35, 0.90), (66, 4, -14), pillow, 2.2, 2.2, linen(LINEN["sand"], stripe=[(-0.62, -0.52, "#6b6f63", 0), (-0.46, -0.43, "#6b6f63", 0), (8.38, 8.48, "#6b6f63", 0), (8.54, 8.57, "#6b6f63", 0)]), 3, seed=2)
    camera((0, 0.6, 1.12), 4.7, 8)


@scene
def duvet_set():
    stage("chalk")
    G((0, 0, 0), 1, folded, 3.7, 2.8, 3, 0.30, linen(LINEN["sand"], 0.9), seed=3, soft=0.13)
    G((0.02, 0.1, 1.22), (0, 0, 3), pillow, 3.3, 2.3, linen(LINEN["sand"], 0.9), 2.0, seed=4)
    G((-0.02, 0.0, 1.86), (1, 0, -4), pillow, 3.3, 2.3, linen(LINEN["chalk"], 0.9), 2.0, seed=5)
    camera((0, 0, 1.15), 5.5, 11, 22)


@scene
def quilted_bedspread():
    stage("clay")
    block(4.2, 3.0, 0.42, (0, 0, 0))
    stack(("#d9cdb9",), 3.3, 2.4, 5, 0.23, lambda c: cloth_pattern(c, "quilt", 0.36, 0.07), seed=2, soft=0.09)
    for o in bpy.data.objects:
        if o.name.startswith("root"):
            o.location.z += 0.42
    camera((0, 0, 0.85), 5.7, 17, 24)


@scene
def bedside_lamp():
    stage("clay", fill=0.26, key=0.85)
    G((0, 0, 0), 0, lamp)
    camera((0.02, 0, 1.36), 4.0, 7)


@scene
def bedside_lamp_2():
    stage("clay", fill=0.26, key=0.85)
    G((0, 0, 0), 0, lamp)
    camera((0.05, 0, 0.85), 2.2, 9, 14)


# ------------------------------------------------------------ bath
def soap(col, word="MARL"):
    m = flat(col, 0.5, sss=0.25, grain=0.14, spec=0.35, scale=6)
    b = rbox(0.95, 0.62, 0.30, 0.10, m, seg=8)
    b.modifiers.remove(b.modifiers["wn"])
    sub(b, 1)
    text(word, 0.19, m, (0, 0.02, 0.297), depth=0.010, space=1.15)


def stool(w=3.7, d=2.6, h=4.3, kind="oak"):
    m = wood(kind, "X", 1.2)
    n = 6
    for i in range(n):
        y = (i - (n - 1) / 2) * d / n
        rbox(w, d / n - 0.06, 0.17, 0.03, wood(kind, "X", 1.2), (0, y, h - 0.17))
    ml = wood(kind, "Z", 1.2)
    for sx in (-1, 1):
        rbox(0.15, d - 0.25, 0.26, 0.02, m, (sx * (w / 2 - 0.30), 0, h - 0.43))
        rbox(0.13, d - 0.25, 0.18, 0.02, m, (sx * (w / 2 - 0.22), 0, 1.0))
        for sy in (-1, 1):
            leg = rbox(0.29, 0.29, h - 0.17, 0.03, ml, (sx * (w / 2 - 0.24), sy * (d / 2 - 0.22), 0))
            leg.rotation_euler = (0, math.radians(-1.6 * sx), 0)
    rbox(w - 0.6, 0.13, 0.18, 0.02, m, (0, 0, 1.0))


def brush():
    w = wood("beech", "Y", 1.5)

    def fw(u):
        hd = 0.13 - 0.02 * math.sin(u * 3.1)
        c, hl = 0.81, 0.19
        e = 0.36 * max(0, 1 - ((u - c) / hl) ** 2) ** 0.42 if abs(u - c) < hl else 0
        if u < 0.03:
            hd *= 0.5 + 0.5 * math.sqrt(u / 0.03)
        return max(e, hd if u < c else 0, 0.01)
    L = 3.9
    loft(L, fw, lerp_keys([(0, 0.085), (0.5, 0.10), (0.7, 0.12), (1, 0.09)]), lerp_keys([(0, -0.05), (0.45, 0.1), (0.75, 0), (1, 0)]), lambda u: 0, w, 110, 36)
    ms = []
    for i in range(-3, 4):
        for j in range(-7, 8):
            x, y = i * 0.088 + (j % 2) * 0.02, L * 0.81 + j * 0.088
            if (x / 0.30) ** 2 + ((y - L * 0.81) / 0.66) ** 2 > 1:
                continue
            for _ in range(26):
                a, r = ru(0, TAU), 0.034 * math.sqrt(ru(0, 1))
                ms.append(xf((x + r * math.cos(a), y + r * math.sin(a), 0.08), (ru(-.05, .05) - (y - L * .81) * .16, ru(-.05, .05) + x * .25, 0), ru(0.92, 1.02)))
    scatter(rod(0.0065, 0.005, 0.52, 4), ms, flat("#d8c49d", 0.6))
    cord = flat("#8a7458", 0.9)
    tube([[(0.0, 0.12, 0.0), (-0.06, -0.1, 0.02), (-0.05, -0.42, 0.0), (0.0, -0.52, 0.0), (0.05, -0.42, 0.0), (0.06, -0.1, 0.02), (0.0, 0.12, 0.0)]], 0.020, cord)


def bottle(label=("MARL", "HAND WASH", "rosemary")):
    o = fillet([(0, 0.015), (0.36, 0.0, 0.08), (0.36, 1.25, 0.20), (0.14, 1.40, 0.06), (0.14, 1.52)], seg=10)
    lathe(shell(o, 0.03), glass("#d89a48", shadow=0.6), 96)
    ins = [(max(0, r - 0.024), max(0.04, z)) for r, z in o if z < 1.1]
    lathe(ins + [(ins[-1][0], 1.1), (0, 1.1)], glass("#d8943c", ior=1.38, shadow=0.5), 96)
    k = flat("#23211f", 0.35)
    lathe(fillet([(0, 1.44), (0.175, 1.44, 0.01), (0.175, 1.66, 0.03), (0.06, 1.69, 0.02), (0.055, 1.86), (0, 1.86)]), k, 64)
    lathe(fillet([(0, 1.83), (0.13, 1.83, 0.02), (0.13, 1.95, 0.03), (0, 1.96)]), k, 48)
    tube([[(0, 0, 1.90), (0, -0.22, 1.915), (0, -0.42, 1.91), (0, -0.47, 1.83)]], 0.045, k, radii=[1, 1, 0.9, 0.75])
    R0 = 0.3635
    v, f, uv = [], [], []
    for i in range(25):
        a = math.radians(-62 + 124 * i / 24)
        for z in (0.30, 0.98):
            v.append((R0 * math.sin(a), -R0 * math.cos(a), z))
            uv.append((a * R0, z))
    for i in range(24):
        f.append((2 * i, 2 * i + 2, 2 * i + 3, 2 * i + 1))
    mesh("label", v, f, flat("#efe8d9", 0.85), uvs=uv)
    ink = flat("#2a2722", 0.7)
    text(label[0], 0.135, ink, (0, 0, 0.79), depth=0.001, bend=R0 + 0.002, space=1.25)
    text(label[1], 0.054, ink, (0, 0, 0.62), depth=0.001, bend=R0 + 0.002, space=1.3)
    text(label[2], 0.062, ink, (0, 0, 0.53), depth=0.001, bend=R0 + 0.002, space=1.1)
    text("300 ml", 0.05, ink, (0, 0, 0.38), depth=0.001, bend=R0 + 0.002, space=1.1)


def sprig(n=20):
    branch([(0, 0, 0.06), (0.5, 0.08, 0.12), (1.0, 0.0, 0.14), (1.5, -0.15, 0.10)], leafproto(0.24, 0.022, 0.02, 4),
           leafmat("#5d6f52", "#8d9b84"), flat("#6f5e45", 0.9), n=n, spread=0.8, start=0.15, r=0.018)
    branch([(0.4, 0.06, 0.1), (0.8, 0.32, 0.15), (1.15, 0.42, 0.12)], leafproto(0.22, 0.022, 0.02, 4),
           leafmat("#5d6f52", "#8d9b84"), flat("#6f5e45", 0.9), n=n // 2, spread=0.8, start=0.15, r=0.015)


@scene
def waffle_towel():
    stage("chalk")
    w = lambda c: cloth_pattern(c, "waffle", 0.10, 0.035)
    z = stack(("#8e9488", "#c9b8a0", "#e8e2d6"), 2.8, 2.1, 3, 0.19, w, soft=0.06)
    G((0.05, -0.1, z - 0.03), 5, rolled, 0.46, 2.5, 0.135, w("#b08d7b"), 2)
    camera((0, 0, z / 2 + 0.36), 4.6, 14, 24)


@scene
def olive_soap():
    stage("sand")
    block(2.3, 1.5, 0.22, (0, 0.1, 0), 8)
    G((-0.25, 0.15, 0.22), 14, soap, "#a9a673")
    G((0.05, 0.18, 0.52), -8, soap, "#c9a08c")
    e = G((0.62, -0.55, 0.22), (90, 0, -24), soap, "#d9cfb6")
    e.location = (0.72, -0.30, 0.53)
    camera((0.05, 0.0, 0.42), 3.0, 22)


@scene
def olive_soap_2():
    stage("sand")
    for i, c in enumerate(("#a9a673", "#d9cfb6", "#c9a08c", "#8f9a94")):
        e = G((0, 0, 0), 0, soap, c)
        e.rotation_euler = (0, 0, math.radians(-18))
        e.location = (-0.62 + (i % 2) * 1.12, 0.45 - (i // 2) * 0.82 + (i % 2) * -0.3, 0)
    camera((0.0, 0.0, 0.1), 2.7, 52)


@scene
def soap_dish():
    stage("chalk")

    def dish():
        m = limestone("#d8cdbb", 1.6)
        p = fillet([(0, 0), (0.80, 0, 0.05), (0.92, 0.12, 0.10), (0.95, 0.30, 0.03), (0.86, 0.30, 0.03), (0.78, 0.15, 0.1), (0, 0.14)])
        o = lathe(p, m, 128)
        o.scale = (1.0, 0.72, 1)
        for k in range(-3, 4):
            rbox(0.055, 0.80 - abs(k) * 0.05, 0.06, 0.02, m, (k * 0.17, 0, 0.135))
    G((0, 0, 0), -16, dish)
    G((0.0, 0.0, 0.195), -8, soap, "#a9a673")
    camera((0, 0, 0.2), 2.7, 24)


@scene
def bath_brush():
    stage("clay", wall=0.9, radius=0.25)
    peg = wood("oak", "Z", 1.5)
    G((0, 0.92, 7.46), (82, 0, 0), lathe, fillet([(0, 0), (0.085, 0), (0.085, 0.42, 0.02), (0.15, 0.46, 0.03), (0.15, 0.56, 0.04), (0, 0.57)]), peg, 48)
    e = G((0.0, 0.60, 7.02), (-90, 0, 0), brush)
    e.rotation_euler = (math.radians(-88), 0, 0)
    p = link(bpy.data.objects.new("turn", None))
    p.location = (0, 0.52, 7.02)
    e.location = (0, 0, 0)
    e.parent = p
    p.rotation_euler[2] = math.radians(218)
    camera((0.1, 0.5, 5.42), 4.3, 2)


@scene
def oak_stool():
    stage("sand")
    G((0, 0, 0), -24, stool)
    G((0.1, 0.05, 4.3), -20, folded, 2.3, 1.7, 3, 0.16, cloth_pattern("#e3dccf", "waffle", 0.10, 0.035), seed=3, soft=0.05)
    camera((0, 0, 2.45), 6.2, 12)


@scene
def hand_wash():
    stage("sand")
    block(1.9, 1.4, 0.28, (0.0, 0.1, 0), -10)
    G((-0.1, 0.1, 0.28), 3, bottle)
    G((-0.55, -0.98, 0.0), -6, sprig)
    camera((0.12, 0, 1.06), 3.2, 9)


# ------------------------------------------------------------ study
def pencil(col="#3f5a4c", length=1.8):
    r = 0.042
    b = lathe([(0, 0), (r, 0), (r, length - 0.22)], flat(col, 0.35, coat=0.3), 6)
    b.data.polygons.foreach_set("use_smooth", [False] * len(b.data.polygons))
    lathe([(r * 0.97, length - 0.225), (0.011, length - 0.05)], wood("ash", "Z", 3), 24)
    lathe([(0.0115, length - 0.052), (0.002, length)], flat("#2a2826", 0.4), 16)


def notebook(col, title=None):
    c = linen(col, 1.6, bump=0.006, sheen=0.1)
    p = flat("#eee6d4", 0.9, grain=0.05)
    W, D, T = 1.5, 2.12, 0.20
    rbox(W, D, 0.035, 0.012, c)
    rbox(W, D, 0.035, 0.012, c, (0, 0, T + 0.035))
    rbox(W - 0.10, D - 0.10, T, 0.004, p, (0.01, 0, 0.035))
    rbox(0.05, D, T + 0.07, 0.02, c, (-W / 2 + 0.02, 0, 0))
    for k in range(9):
        rbox(W - 0.098, D - 0.098, 0.0035, 0.001, flat("#d9cfba", 0.9), (0.01, 0, 0.05 + k * 0.02))
    tube([[(-0.2, -D / 2 + 0.1, 0.14), (-0.2, -D / 2 - 0.06, 0.12), (-0.17, -D / 2 - 0.12, 0.03), (-0.15, -D / 2 - 0.2, 0.012)]], 0.016, flat("#8c3d24", 0.8), res=2)
    if title:
        text(title, 0.17, brass(0.35), (0.0, 0.45, T + 0.0705), depth=0.001)


def cloth_uv(ob):
    return ob


def book(t, d, h, col, band=None):
    c = linen(col, 1.6, bump=0.006, sheen=0.1)
    for s in (-1, 1):
        rbox(0.04, d, h, 0.014, c, (s * (t / 2 - 0.02), 0, 0))
    G((0, -d / 2 + 0.04, 0), 0, lathe, fillet([(0, 0.0), (t / 2, 0, 0.01), (t / 2, h, 0.01), (0, h)]), c, 32).scale = (1, 0.20, 1)
    rbox(t - 0.07, d - 0.08, h - 0.1, 0.004, flat("#e9dfca", 0.9, grain=0.12, scale=60), (0, 0.0, 0.05))
    if band:
        G((0, -d / 2 + 0.04, h * 0.74), 0, lathe, [(t / 2 + 0.002, 0), (t / 2 + 0.002, h * 0.10)], flat(band, 0.7), 32).scale = (1, 0.21, 1)


def bookend():
    m = limestone("#d6cab6", 1.3)
    out = [(0, 0), (1.35, 0)] + [(1.35 * math.cos(a), 1.75 * math.sin(a)) for a in [math.pi / 2 * k / 30 for k in range(1, 31)]]
    o = plate2d([out], 1.3, 0.035, m)
    o.rotation_euler = (math.radians(90), 0, 0)
    o.location = (0, 0, 0.0)


def tray():
    k = "oak"
    W, D, H = 3.3, 2.2, 0.34
    rbox(W, D, 0.10, 0.03, wood(k, "X", 1.2))
    for s in (-1, 1):
        rbox(W, 0.11, H, 0.03, wood(k, "X", 1.2), (0, s * (D / 2 - 0.055), 0))
        rbox(0.11, D - 0.2, H, 0.03, wood(k, "Y", 1.2), (s * (W / 2 - 0.055), 0, 0))
    rbox(0.09, D - 0.2, H - 0.04, 0.02, wood(k, "Y", 1.2), (0.62, 0, 0))
    rbox(1.0 - 0.04, 0.09, H - 0.04, 0.02, wood(k, "X", 1.2), (1.12, 0.05, 0))


def clip(m):
    p = [(0, 0), (0.0, 0.34), (0.06, 0.40), (0.12, 0.34), (0.12, -0.05), (0.07, -0.11), (0.02, -0.05), (0.025, 0.25), (0.06, 0.30), (0.095, 0.25), (0.095, 0.05)]
    tube([[(x, y, 0.012) for x, y in p]], 0.010, m, res=3)


def letters():
    for i in range(16):
        rbox(2.1 + ru(-.01, .01), 1.5 + ru(-.01, .01), 0.012, 0.004, flat("#efe7d7", 0.92, grain=0.06, scale=30), (ru(-.015, .015), ru(-.015, .015), i * 0.0125), ru(-.5, .5))
    for i in range(7):
        rbox(1.66, 1.18, 0.016, 0.006, flat("#e2d5bd", 0.92, grain=0.07, scale=30), (ru(-.015, .015) + 0.05, ru(-.015, .015) - 0.03, 0.2 + i * 0.0165), 8 + ru(-.6, .6))

    def env():
        rbox(1.66, 1.18, 0.016, 0.006, flat("#e2d5bd", 0.92, grain=0.07, scale=30))
        fl = [(-0.82, 0.58), (-0.05, -0.14), (0.05, -0.14), (0.82, 0.58)]
        o = plate2d([fl], 0.012, 0.004, flat("#e6dac4", 0.92, grain=0.06, scale=30))
        o.location = (0, 0, 0.026)
        o.rotation_euler = (math.radians(-1.2), 0, 0)
        wax = flat("#93432a", 0.35, sss=0.1)
        lathe(fillet([(0, 0), (0.17, 0, 0.01), (0.175, 0.05, 0.03), (0.13, 0.06, 0.02), (0.12, 0.035, 0.02), (0, 0.035)]), wax, 64,
              warp=lambda v, a, i: Vector((v.x * (1 + 0.07 * math.sin(3 * a + 1) + 0.04 * math.sin(7 * a)), v.y * (1 + 0.06 * math.cos(2 * a)), v.z))).location = (0, -0.1, 0.03)
        text("F", 0.15, wax, (0, -0.1, 0.066), depth=0.008)
    G((0.05, -0.03, 0.318), 8, env)


@scene
def cloth_notebook():
    stage("sand")
    for i, (c, a) in enumerate(((LINEN["slate"], 6), ("#a9583c", -3), (LINEN["moss"], 9))):
        G((ru(-.03, .03), 0.1, i * 0.272), a, notebook, c, "Notes" if i == 2 else None)
    G((0.14, 0.72, 0.816 + 0.04), (90, 0, 14), pencil, "#23211f", 1.75)
    camera((0.05, 0.0, 0.35), 3.3, 34, 14)


@scene
def cloth_notebook_2():
    stage("sand")
    for i, c in enumerate(("#a9583c", LINEN["moss"], LINEN["slate"])):
        G((-0.85 + i * 0.85, 0.25 - i * 0.3, i * 0.03), (0, 2 if i else 0, -10), notebook, c, "Notes")
    camera((0.0, 0.0, 0.1), 4.3, 55)


@scene
def pencil_pot():
    stage("chalk")
    o = fillet([(0, 0), (0.44, 0, 0.05), (0.44, 1.05, 0)])
    lathe(shell(o, 0.07, lip=6, floor=0.1), wood("walnut", "Z", 1.4))
    for i, c in enumerate(("#3f5a4c", "#a9583c", "#23211f", "#c49a5a", "#6f7b80", "#d9cfbb", "#3f5a4c")):
        a = TAU * i / 7 + 0.3
        ln = 8 + ru(0, 4)
        e = G((0, 0, 0), (ln, 0, 0), pencil, c, ru(1.55, 1.85))
        p = link(bpy.data.objects.new("lean", None))
        e.parent = p
        p.rotation_euler[2] = a
        p.location = (-0.10 * math.sin(-a) * 0.2, 0, 0.12)
    camera((0, 0, 0.98), 2.9, 15)


@scene
def brass_ruler():
    stage("sand")
    G((0.15, 0.15, 0), -14, notebook, LINEN["slate"])

    def ruler():
        b = brass(0.24)
        rbox(0.34, 3.15, 0.035, 0.01, b)
        ink = flat("#2d2418", 0.6)
        ms = []
        for k in range(0, 151):
            L = 0.16 if k % 10 == 0 else (0.11 if k % 5 == 0 else 0.07)
            y = -1.5 + k * 0.02
            ms.append((y, L))
        v, f = [], []
        for y, L in ms:
            bb = len(v)
            v += [(0.168, y - 0.0028, 0.0358), (0.168 - L, y - 0.0028, 0.0358), (0.168 - L, y + 0.0028, 0.0358), (0.168, y + 0.0028, 0.0358)]
            f.append((bb, bb + 1, bb + 2, bb + 3))
        mesh("ticks", v, f, ink, smooth=False)
        for k in range(0, 16):
            text(str(2 * k), 0.085, ink, (-0.055, -1.5 + k * 0.2, 0.036), (0, 0, -90), 0.0005)
    G((0.12, 0.0, 0.272), (0, 0, 24), ruler)
    G((0.15, 1.05, 0.315), (90, 0, -38), pencil, "#23211f", 1.75)
    camera((0.1, 0.02, 0.2), 3.4, 47)


@scene
def desk_tray():
    stage("chalk")

    def all_():
        tray()
        for i, c in enumerate(("#3f5a4c", "#c49a5a", "#23211f")):
            G((-0.95 + i * 0.17, 0.95, 0.145), (90, 0, 3 * (i - 1)), pencil, c, 1.75)
        rbox(0.55, 0.3, 0.2, 0.05, flat("#e5dccb", 0.8), (0.05, -0.6, 0.1), 14)
        for k in range(9):
            G((1.05 + ru(-.25, .2), 0.45 + ru(-.25, .2), 0.105 + 0.014 * k), ru(0, 360), clip, brass(0.2))
        G((1.13, -0.52, 0.10), 20, lathe, fillet([(0, 0), (0.28, 0, 0.02), (0.28, 0.2, 0.06), (0.0, 0.24)]), brass(0.2))
    G((0, 0, 0), 18, all_)
    camera((0, 0, 0.12), 4.7, 36)


@scene
def stone_bookends():
    stage("clay")

    def all_():
        x = 0
        for t, d, h, c, b in ((0.40, 1.5, 2.25, LINEN["moss"], "#e7dcc5"), (0.26, 1.35, 1.95, LINEN["chalk"], None), (0.50, 1.55, 2.4, "#8c4a33", "#d0a65e"),
                              (0.30, 1.4, 2.05, LINEN["sand"], "#5a5e55"), (0.36, 1.5, 2.2, LINEN["slate"], None)):
            G((x + t / 2, 0.0, 0), 0, book, t, d, h, c, b)
            x += t + 0.012
        G((x, 0, 0), 0, bookend)
        G((0, 0, 0), 180, bookend)
    G((-0.9, 0, 0), -16, all_)
    camera((0.05, 0, 1.05), 5.7, 12)


@scene
def letter_set():
    stage("sand")
    G((0, 0, 0), -14, letters)
    camera((0.0, -0.05, 0.15), 2.8, 40)


# ------------------------------------------------------------ garden
def pot(r=0.9, h=1.5, plant=None, saucer=True, col="#ad6b52"):
    m = terracotta(col)
    z0 = 0.08 if saucer else 0
    if saucer:
        lathe(fillet([(0, 0), (r * 0.86, 0, 0.03), (r * 0.98, 0.17, 0.03), (r * 0.91, 0.17, 0.03), (r * 0.82, 0.06, 0.04), (0, 0.06)]), m)
    o = fillet([(0, z0), (0.66 * r, z0, 0.03), (0.87 * r, z0 + 0.76 * h, 0.01), (0.97 * r, z0 + 0.77 * h, 0.03), (1.0 * r, z0 + h, 0)])
    lathe(shell(o, 0.075, lip=6, floor=z0 + 0.1), m, ridge=0.012)
    zs = z0 + h * 0.86
    so = lathe([(0, zs + 0.04), (0.4 * r, zs + 0.03), (0.9 * r, zs)], flat("#3d3026", 0.95, grain=0.6, scale=22), 64,
               warp=lambda v, a, i: v + Vector((0, 0, 0.05 * noise.noise(v * 7))))
    if plant == "herb":
        lm, st = leafmat("#6a7d57", "#93a184"), flat("#77694c", 0.9)
        lf = leafproto(0.26, 0.075, 0.03, 5)
        for k in range(22):
            a, q = ru(0, TAU), ru(0.1, 1)
            x, y = 0.42 * r * q * math.cos(a), 0.42 * r * q * math.sin(a)
            H = ru(0.9, 1.7) * (1.15 - 0.4 * q)
            branch([(x, y, zs - 0.05), (x * 1.5, y * 1.5, zs + H * 0.45), (x * 2.3 + ru(-.15, .15), y * 2.3 + ru(-.15, .15), zs + H)], lf, lm, st, n=9, start=0.2, spread=1.0, size=1.0, r=0.016)
    if plant == "lavender":
        lm, st = leafmat("#7f8c7a", "#a3ad9b"), flat("#7d8568", 0.9)
        lf = leafproto(0.30, 0.020, 0.02, 4)
        fm = flat("#7d6f98", 0.8, grain=0.3, scale=20)
        ms = []
        for k in range(34):
            a, q = ru(0, TAU), ru(0.05, 1)
            x, y = 0.45 * r * q * math.cos(a), 0.45 * r * q * math.sin(a)
            H = ru(1.3, 2.1) * (1.1 - 0.3 * q)
            tip = (x * 2.3 + ru(-.1, .1), y * 2.3 + ru(-.1, .1), zs + H)
            branch([(x, y, zs - 0.05), (x * 1.4, y * 1.4, zs + H * 0.5), tip], lf, lm, st, n=6, start=0.05, spread=0.7, r=0.013)
            d = Vector((x * 0.9, y * 0.9, H * 0.5)).normalized()
            for j in range(22):
                t = j * 0.022
                an = j * 2.4
                ms.append(xf((tip[0] + d.x * t + 0.045 * math.cos(an), tip[1] + d.y * t + 0.045 * math.sin(an), tip[2] - 0.1 + t), (ru(0, 6), ru(0, 6), 0), (1 - t * 0.9)))
        scatter(ball(0.036, 0.036, 0.045, 1), ms, fm)


def watering_can(col=None):
    m = metal("#b6b9b5", 0.30, spangle=True) if not col else flat(col, 0.35, coat=0.5)
    body = fillet([(0, 0.03), (0.72, 0.03), (0.74, 0.0, 0.02), (0.80, 0.0, 0.02), (0.80, 0.07, 0.02), (0.775, 0.09, 0.01), (0.745, 0.75, 0.005),
                   (0.765, 0.775, 0.02), (0.743, 0.80, 0.005), (0.72, 1.50, 0.02), (0.75, 1.53, 0.02), (0.75, 1.58, 0.02)])
    lathe(shell(body, 0.03, floor=0.06), m)
    # half cover
    v = [(0, 0, 1.52)]
    f = []
    for k in range(33):
        a = -math.pi / 2 + math.pi * k / 32
        v.append((0.71 * math.cos(a), 0.71 * math.sin(a), 1.5))
    for k in range(1, 33):
        f.append((0, k, k + 1))
    mesh("cover", v, f, m)
    tube([[(0.66, 0, 0.30), (0.95, 0, 0.52), (1.35, 0, 1.10), (1.75, 0, 1.72), (1.86, 0, 1.90)]], 0.085, m, radii=[2.1, 1.7, 1.15, 0.95, 0.95], res=10, order=3)
    b = brass(0.25)
    e = G((1.84, 0, 1.87), (0, 38, 0), lathe, fillet([(0.09, -0.05), (0.105, 0.06, 0.02), (0.30, 0.30, 0.02), (0.30, 0.34, 0.02), (0.0, 0.40)]), b, 64)
    ms = []
    for i in range(-4, 5):
        for j in range(-4, 5):
            if i * i + j * j < 18:
                ms.append(xf((i * 0.055, j * 0.055, 0.40 - 0.2 * 0.055 * math.hypot(i, j))))
    h = scatter(ball(0.012, 0.012, 0.005, 1), ms, flat("#2a2018", 0.8))
    h.parent = e
    tube([[(0.70, 0, 1.42), (1.05, 0, 1.36), (1.45, 0, 1.32)]], 0.032, m)
    tube([[(0.10, 0, 1.54), (0.12, 0, 1.95), (-0.1, 0, 2.28), (-0.55, 0, 2.28), (-0.95, 0, 1.95), (-1.08, 0, 1.45), (-0.98, 0, 0.95), (-0.73, 0, 0.72)]], 0.055, m, res=8)


def trowel(kind="ash"):
    steel = metal("#c3c4c1", 0.24)

    def fw(u):
        if u < 0.12:
            return 0.10 + 0.22 * (u / 0.12) ** 0.6
        if u < 0.62:
            return 0.32 + 0.06 * math.sin((u - 0.12) / 0.5 * math.pi)
        return max(0.006, 0.32 * (1 - ((u - 0.62) / 0.38) ** 2.2))
    loft(1.75, fw, lambda u: 0.016, lerp_keys([(0, 0.10), (0.4, 0.03), (1, 0.0)]), lerp_keys([(0, 0.10), (0.35, 0.13), (1, 0.06)]), steel, 80, 48)
    tube([[(0, 0.15, 0.02), (0, -0.1, 0.06), (0, -0.3, 0.20), (0, -0.5, 0.22), (0, -0.72, 0.22)]], 0.055, steel, radii=[1.3, 1.2, 1, 1, 1])
    G((0, -0.62, 0.22), (90, 0, 0), lathe, fillet([(0, 0), (0.105, 0, 0.01), (0.115, 0.26, 0.01), (0, 0.26)]), brass(0.22), 48)
    p = [(0.0, 0.24), (0.115, 0.24)] + spline([(0.115, 0.25), (0.135, 0.5), (0.16, 0.9), (0.13, 1.3), (0.15, 1.55), (0.13, 1.68), (0.06, 1.74), (0, 1.75)], 10)
    G((0, -0.62, 0.22), (90, 0, 0), lathe, p, wood(kind, "Z", 1.6), 64)
    tube([[(0.0, -2.2, 0.22), (0.10, -2.42, 0.20), (0.12, -2.68, 0.19), (0.0, -2.80, 0.19), (-0.11, -2.66, 0.19), (-0.10, -2.42, 0.20), (0.0, -2.2, 0.22)]], 0.022, flat("#6b452c", 0.7))


def twine(r=0.55, col="#b8935f", n=230):
    m = linen(col, 1)
    mm = flat(col, 0.95, grain=0.45, scale=26)
    paths = []
    for k in range(n):
        ax = Vector((kit.R.gauss(0, 1), kit.R.gauss(0, 1), kit.R.gauss(0, 1) * 0.8 + (0.9 if k % 3 else 0))).normalized()
        u = ax.orthogonal().normalized()
        v = ax.cross(u)
        off = ru(-0.45, 0.45) * r
        rr = math.sqrt(r * r - off * off) * (0.93 + 0.07 * (k / n)) + ru(0, 0.012)
        paths.append([tuple(ax * off + (u * math.cos(TAU * i / 20) + v * math.sin(TAU * i / 20)) * rr * 1.02) for i in range(20)])
    o = tube(paths, 0.022, mm, cyclic=True, res=2)
    o.location = (0, 0, r)
    b = mesh("core", *[ball(r * 0.93, r * 0.93, r * 0.93, 3)[i] for i in (0, 1)], flat(col, 0.95))
    b.location = (0, 0, r)


def basket(w=1.5, h=1.35, handle=True, rows=29, n=36):
    m = flat("#a9814f", 0.65, grain=0.42, scale=5)
    m2 = flat("#8f6a40", 0.65, grain=0.42, scale=5)

    def rad(z):
        u = z / h
        return w * (0.78 + 0.24 * math.sin(u * 1.45))
    lathe([(0, 0.04), (rad(0) - 0.05, 0.04)], m2, 64)
    tube([[(rad(z) * math.cos(a), rad(z) * math.sin(a), z) for z in [h * i / 8 for i in range(9)]] for a in [TAU * k / n for k in range(n)]], 0.035, m2, res=2)
    for ph in (0, 1):
        paths = []
        for k in range(ph, rows, 2):
            z = 0.05 + (h - 0.08) * k / (rows - 1)
            pts = []
            for i in range(n * 4):
                a = TAU * i / (n * 4)
                q = rad(z) + 0.052 * math.sin(n / 2 * a + k * math.pi) + 0.004 * math.sin(5 * a + k)
                pts.append((q * math.cos(a), q * math.sin(a), z + 0.012 * math.sin(3 * a + k)))
            paths.append(pts)
        tube(paths, 0.034, m if ph else m2, cyclic=True, res=2)

    def rope(center, big, strands=3, r=0.05, turns=26, lo=0, hi=TAU, closed=True, ax=None):
        ps = []
        steps = turns * 12
        for s in range(strands):
            pts = []
            for i in range(steps + (0 if closed else 1)):
                t = lo + (hi - lo) * i / steps
                c, nrm, bi = center(t)
                an = turns * TAU * i / steps + TAU * s / strands
                pts.append(tuple(c + nrm * math.cos(an) * r + bi * math.sin(an) * r))
            ps.append(pts)
        tube(ps, big, m, cyclic=closed, res=3)
    rope(lambda t: (Vector((rad(h) * math.cos(t), rad(h) * math.sin(t), h + 0.03)), Vector((math.cos(t), math.sin(t), 0)), Vector((0, 0, 1))), 0.052, turns=30)
    rope(lambda t: (Vector((rad(0) * 1.0 * math.cos(t), rad(0) * math.sin(t), 0.06)), Vector((math.cos(t), math.sin(t), 0)), Vector((0, 0, 1))), 0.048, turns=26)
    if handle:
        H = 1.75

        def c(t):
            p = Vector((rad(h) * math.cos(t), 0, h - 0.1 + H * math.sin(t) ** 0.85 if math.sin(t) > 0 else h - 0.1))
            return p, Vector((math.cos(t), 0, math.sin(t))), Vector((0, 1, 0))
        rope(c, 0.062, turns=13, r=0.055, lo=0.0, hi=math.pi, closed=False)


def lantern(lit=True):
    m = metal("#5b5a55", 0.42)
    W, H = 1.25, 1.75
    rbox(W + 0.16, W + 0.16, 0.07, 0.02, m)
    rbox(W + 0.02, W + 0.02, 0.09, 0.02, m, (0, 0, 0.07))
    for sx in (-1, 1):
        for sy in (-1, 1):
            rbox(0.075, 0.075, H, 0.012, m, (sx * (W / 2 - 0.04), sy * (W / 2 - 0.04), 0.15))
    for z in (0.15, H + 0.08):
        for s in (-1, 1):
            rbox(W, 0.07, 0.08, 0.012, m, (0, s * (W / 2 - 0.04), z))
            rbox(0.07, W, 0.08, 0.012, m, (s * (W / 2 - 0.04), 0, z))
    rbox(W + 0.18, W + 0.18, 0.05, 0.015, m, (0, 0, H + 0.15))
    s2 = math.sqrt(2)
    ro = lathe([((W / 2 + 0.05) * s2, H + 0.20), (0.30 * s2, H + 0.62), (0.0, H + 0.62)], m, 4)
    ro.rotation_euler[2] = math.pi / 4
    ro.data.polygons.foreach_set("use_smooth", [False] * len(ro.data.polygons))
    lathe(fillet([(0.24, H + 0.6), (0.24, H + 0.78, 0.01), (0.30, H + 0.78, 0.02), (0.30, H + 0.84, 0.02), (0, H + 0.92)]), m, 64)
    tube([[(0.42 * math.cos(a), 0, H + 1.16 + 0.36 * math.sin(a)) for a in [math.pi * (-0.5 + 2 * k / 24) for k in range(24)]]], 0.035, brass(0.25), cyclic=True)
    g = glass("#f5faf7")
    for s in (-1, 1):
        rbox(W - 0.14, 0.012, H - 0.08, 0.003, g, (0, s * (W / 2 - 0.04), 0.2))
        rbox(0.012, W - 0.14, H - 0.08, 0.003, g, (s * (W / 2 - 0.04), 0, 0.2))
    lathe(fillet([(0, 0.16), (0.30, 0.16, 0.02), (0.30, 0.92, 0.04), (0.24, 0.90, 0.03), (0, 0.87)]), flat("#efe3c8", 0.5, sss=0.5), 64)
    tube([[(0, 0, 0.86), (0, 0, 0.97), (0.015, 0, 1.02)]], 0.014, flat("#2b2622", 0.9))
    if lit:
        lathe(spline([(0, 0.97), (0.035, 1.0), (0.052, 1.06), (0.036, 1.16), (0.012, 1.25), (0, 1.29)], 8), emit("#ffc36b", 14), 24)
        li = bpy.data.lights.new("flame", "POINT")
        li.energy, li.color, li.shadow_soft_size = 16, (1, 0.62, 0.28), 0.1
        link(bpy.data.objects.new("flame", li)).location = (0, 0, 1.12)


@scene
def terracotta_pot():
    stage("sand")
    G((-0.40, 0.55, 0), 0, pot, 1.05, 1.75, "herb")
    G((0.85, -0.35, 0), 40, pot, 0.68, 1.05, None, True, "#b3735a")
    camera((0.12, 0, 1.62), 4.7, 9)


@scene
def terracotta_pot_2():
    stage("sand")
    m = [(-0.95, 0.0, 0.95, 1.6), (0.55, 0.35, 0.72, 1.2), (0.75, -0.85, 0.5, 0.8)]
    for i, (x, y, r, h) in enumerate(m):
        G((x, y, 0), 50 * i, pot, r, h, None, i != 2)
    camera((-0.1, 0, 0.75), 4.3, 18)


@scene
def watering_can_():
    stage("chalk")
    G((-0.35, 0, 0), -24, watering_can)
    camera((0.12, 0, 1.18), 4.6, 11)


@scene
def hand_trowel():
    stage("clay")
    block(2.3, 1.3, 0.42, (-0.35, 0.55, 0), 6)
    e = G((0, 0, 0), 0, trowel)
    e.rotation_euler = (math.radians(9), 0, math.radians(38))
    e.location = (0.20, -0.02, 0.47)
    G((-1.15, 0.75, 0.42), 0, twine, 0.34, "#b8935f", 160)
    camera((0.42, 0.08, 0.2), 4.2, 34)


@scene
def garden_twine():
    stage("sand")
    G((-0.42, 0.25, 0), 0, twine, 0.62, "#b8935f")
    G((0.62, -0.30, 0), 0, twine, 0.46, "#78836a")
    mm = flat("#78836a", 0.95, grain=0.45, scale=26)
    tube([[(0.78, -0.66, 0.12), (0.72, -0.80, 0.02), (0.45, -0.98, 0.018), (0.10, -0.82, 0.018), (-0.15, -0.68, 0.018), (-0.45, -0.78, 0.018), (-0.50, -1.02, 0.018), (-0.25, -1.12, 0.018), (-0.10, -0.95, 0.03), (-0.30, -0.80, 0.05), (-0.65, -0.95, 0.018), (-0.95, -1.05, 0.018)]], 0.02, mm)
    camera((0.05, 0, 0.55), 3.1, 17)


@scene
def willow_basket():
    stage("sand")
    G((0, 0, 0), 28, basket)
    camera((0, 0, 1.45), 5.0, 15)


@scene
def garden_lantern():
    stage("clay", fill=0.28, key=0.9)
    G((0, 0, 0), 27, lantern)
    camera((0, 0, 1.58), 4.1, 10)


# ------------------------------------------------------------ editorial
@scene
def hero_table():
    stage("sand", wall=4.2, radius=1.6)
    block(9.5, 3.2, 0.45, (0.3, 0.2, 0), 0, "#d6cab6")
    z = 0.45
    G((-1.95, 0.85, z), 12, jug, CHALK)
    G((-1.95, 0.85, z), 0, olive_twigs)
    for i, c in enumerate((SLATE, CHALK, ROSE)):
        G((0.35, -0.35, z + i * 0.105), 40 * i, plate, c)
    G((0.35, -0.35, z + 0.315), -30, bowl, 0.80, 0.62, SAGE, False)
    G((0.9, 1.35, z + 1.5), (84, 0, 0), board, 2.2, 3.0, "oak")
    G((2.15, 0.75, z), 0, carafe)
    G((2.75, -0.35, z), 0, tumbler)
    G((3.25, 1.0, z), 0, candlestick, 1.0, 1.5)
    G((-0.85, 1.05, z), 0, candlestick, 1.35, 1.6)
    G((-1.15, -0.65, z), 30, mug, ROSE)
    camera((0.45, 0, 1.85), 7.6, 9, 0, ratio=WIDE)


@scene
def hero_linen():
    stage("chalk", wall=2.6, radius=0.5)
    rail(4.4, 6.2, 1.95, 2.6, wood("oak", "Z", 1.5), brass())
    G((-0.3, 1.95, 6.2), 0, blanket, 3.0, 3.1, "#b9ab95", "#5f6558", 1, 4)
    G((-2.5, 0.3, 0), -14, stool, 3.4, 2.5, 3.4)
    h = 3.4
    for i, c in enumerate(("slate", "rose", "chalk")):
        G((-2.5, 0.3, h), -12 + ru(-2, 2), folded, 2.6, 1.9, 4, 0.11, linen(LINEN[c]), seed=i)
        h += 0.448
    G((1.9, 0.1, 0), 20, basket, 1.55, 1.5, False)
    for i, (x, y, a, c) in enumerate(((-0.45, 0.1, 80, "#e3dccf"), (0.45, 0.2, 70, "#8e9488"), (0.0, -0.1, 88, "#b08d7b"))):
        G((1.9 + x, 0.1 + y, 1.0 + 0.35 * (i == 2)), (70, 0, a), rolled, 0.42, 2.1, 0.13, cloth_pattern(c, "waffle", 0.1, 0.035), i)
    G((4.3, 0.9, 0), 0, pot, 0.95, 1.6, "lavender")
    camera((0.45, 0.5, 3.25), 10.6, 5, 0, ratio=WIDE)


SCENES = {k.rstrip("-"): v for k, v in SCENES.items()}
