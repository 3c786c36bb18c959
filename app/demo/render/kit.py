# SPDX-License-Identifier: MIT OR Apache-2.0
"""Shapes, materials and stage for the demo pictures. One unit is 10 cm."""
import math
import random

import bpy  # first: it brings bmesh and mathutils
import bmesh
from mathutils import Matrix, Vector, noise

R = random.Random(1)
TAU = math.tau


# ---------------------------------------------------------------- basics
def reset(seed):
    global R
    R = random.Random(seed)
    bpy.ops.wm.read_factory_settings(use_empty=True)


def rgb(h, a=1.0):
    h = h.lstrip("#")
    out = []
    for i in (0, 2, 4):
        c = int(h[i:i + 2], 16) / 255
        out.append(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
    return (*out, a)


def link(ob):
    bpy.context.scene.collection.objects.link(ob)
    return ob


def G(loc, rot, fn, *a, scale=1.0, **k):
    """Run a builder and hang everything it made on one empty."""
    before = set(bpy.data.objects)
    res = fn(*a, **k)
    e = link(bpy.data.objects.new("root", None))
    for o in bpy.data.objects:
        if o not in before and o is not e and o.parent is None:
            o.parent = e
    e.location = loc
    if not isinstance(rot, (tuple, list)):
        rot = (0, 0, rot)
    e.rotation_euler = [math.radians(r) for r in rot]
    e.scale = (scale,) * 3
    return e


def mesh(name, verts, faces, mat, smooth=True, uvs=None):
    me = bpy.data.meshes.new(name)
    me.from_pydata([tuple(v) for v in verts], [], faces)
    if uvs is not None:
        lay = me.uv_layers.new(name="UVMap")
        for lo in me.loops:
            lay.data[lo.index].uv = uvs[lo.vertex_index]
    if smooth:
        me.polygons.foreach_set("use_smooth", [True] * len(me.polygons))
    me.update()
    ob = link(bpy.data.objects.new(name, me))
    if mat:
        me.materials.append(mat)
    return ob


def sub(ob, n=1):
    m = ob.modifiers.new("sub", "SUBSURF")
    m.levels = m.render_levels = n
    return ob


# ---------------------------------------------------------------- profiles
def fillet(pts, seg=6, ds=0.06):
    """Polyline of (r, z[, radius]) with rounded corners, evenly resampled."""
    out = []
    n = len(pts)
    for i, p in enumerate(pts):
        rad = p[2] if len(p) > 2 else 0
        P = Vector(p[:2])
        if rad <= 0 or i in (0, n - 1):
            out.append(P)
            continue
        A, B = Vector(pts[i - 1][:2]), Vector(pts[i + 1][:2])
        da, db = (A - P), (B - P)
        la, lb = da.length, db.length
        da, db = da / la, db / lb
        ang = math.acos(max(-1, min(1, da.dot(db))))
        t = min(rad / max(1e-4, math.tan(ang / 2)), la * 0.49, lb * 0.49)
        a, b = P + da * t, P + db * t
        for k in range(seg + 1):
            u = k / seg
            out.append((1 - u) ** 2 * a + 2 * u * (1 - u) * P + u * u * b)
    res = [out[0]]
    for q in out[1:]:
        d = (q - res[-1]).length
        if d < 1e-5:
            continue
        k = max(1, int(d / ds))
        s = res[-1]
        for j in range(1, k + 1):
            res.append(s + (q - s) * (j / k))
    return [(v.x, v.y) for v in res]


def spline(pts, res=8):
    """Catmull-Rom through (r, z) points."""
    P = [Vector(p) for p in pts]
    P = [P[0] * 2 - P[1]] + P + [P[-1] * 2 - P[-2]]
    out = []
    for i in range(1, len(P) - 2):
        a, b, c, d = P[i - 1:i + 3]
        for k in range(res):
            t = k / res
            out.append(0.5 * ((2 * b) + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t
                              + (3 * b - a - 3 * c + d) * t ** 3))
    out.append(P[-2])
    return [tuple(v) for v in out]


def shell(outer, th, lip=4, floor=None):
    """Closed vessel profile: outer goes from the foot centre to the rim."""
    inner = []
    for i, (r, z) in enumerate(outer):
        a = outer[max(0, i - 1)]
        b = outer[min(len(outer) - 1, i + 1)]
        tx, tz = b[0] - a[0], b[1] - a[1]
        ln = math.hypot(tx, tz) or 1
        inner.append((max(0, r - tz / ln * th), z + tx / ln * th))
    f = floor if floor is not None else min(p[1] for p in inner if p[1] > -9)
    inn = [(r, max(z, f)) for r, z in inner]
    # drop points which the floor made degenerate
    keep = [inn[-1]]
    for p in reversed(inn[:-1]):
        if p[0] <= keep[-1][0] + 1e-4 or p[1] > f + 1e-4:
            keep.append(p)
    if keep[-1][0] > 1e-3:
        keep.append((0, f))
    ro, zo = outer[-1]
    ri, zi = keep[0]
    cx, cz = (ro + ri) / 2, (zo + zi) / 2
    rim = []
    a0 = math.atan2(zo - cz, ro - cx)
    for k in range(1, lip):
        a = a0 + math.pi * k / lip
        rim.append((cx + math.cos(a) * th / 2, cz + math.sin(a) * th / 2))
    return list(outer) + rim + keep


def lathe(prof, mat, seg=96, name="lathe", warp=None, ridge=0.0):
    verts, uvs, faces = [], [], []
    n = len(prof)
    for i, (r, z) in enumerate(prof):
        for s in range(seg):
            a = TAU * s / seg
            v = Vector((r * math.cos(a), r * math.sin(a), z))
            if ridge and r > 1e-3:
                k = ridge * noise.noise(Vector((z * 9, a * 0.6, 3)))
                v.x += math.cos(a) * k
                v.y += math.sin(a) * k
            if warp:
                v = warp(v, a, i)
            verts.append(v)
            uvs.append((s / seg, i / n))
    for i in range(n - 1):
        for s in range(seg):
            t = (s + 1) % seg
            faces.append((i * seg + s, i * seg + t, (i + 1) * seg + t, (i + 1) * seg + s))
    ob = mesh(name, verts, faces, mat, uvs=uvs)
    bm = bmesh.new()
    bm.from_mesh(ob.data)
    bmesh.ops.remove_doubles(bm, verts=bm.verts, dist=1e-5)
    bmesh.ops.recalc_face_normals(bm, faces=bm.faces)
    bm.to_mesh(ob.data)
    bm.free()
    return ob


def rbox(x, y, z, r, mat, loc=(0, 0, 0), rot=0.0, seg=4, cuts=0, jitter=0.0):
    """Box with rounded edges; stands on loc."""
    bm = bmesh.new()
    bmesh.ops.create_cube(bm, size=1)
    for v in bm.verts:
        v.co = Vector((v.co.x * x, v.co.y * y, (v.co.z + 0.5) * z))
    if cuts:
        bmesh.ops.subdivide_edges(bm, edges=bm.edges[:], cuts=cuts, use_grid_fill=True)
        for v in bm.verts:
            v.co += noise.noise_vector(v.co * 1.7) * jitter
    me = bpy.data.meshes.new("rbox")
    bm.to_mesh(me)
    bm.free()
    me.polygons.foreach_set("use_smooth", [True] * len(me.polygons))
    ob = link(bpy.data.objects.new("rbox", me))
    if mat:
        me.materials.append(mat)
    b = ob.modifiers.new("bevel", "BEVEL")
    b.width, b.segments, b.limit_method = r, seg, "ANGLE"
    b.angle_limit = math.radians(40)
    ob.modifiers.new("wn", "WEIGHTED_NORMAL")
    ob.location = loc
    ob.rotation_euler[2] = math.radians(rot)
    return ob


def plate2d(outlines, h, bevel, mat, seg=4):
    """Flat thing from closed 2D outlines (first outer, then holes)."""
    cu = bpy.data.curves.new("plate", "CURVE")
    cu.dimensions, cu.fill_mode = "2D", "BOTH"
    for o in outlines:
        sp = cu.splines.new("POLY")
        sp.points.add(len(o) - 1)
        for p, q in zip(sp.points, o):
            p.co = (q[0], q[1], 0, 1)
        sp.use_cyclic_u = True
        sp.use_smooth = False
    cu.extrude, cu.bevel_depth, cu.bevel_resolution = h / 2 - bevel, bevel, seg
    cu.offset = -bevel
    tmp = bpy.data.objects.new("tmp", cu)
    link(tmp)
    dg = bpy.context.evaluated_depsgraph_get()
    me = bpy.data.meshes.new_from_object(tmp.evaluated_get(dg))
    bpy.data.objects.remove(tmp)
    ob = link(bpy.data.objects.new("plate", me))
    me.materials.clear()
    me.materials.append(mat)
    me.polygons.foreach_set("use_smooth", [True] * len(me.polygons))
    bm = bmesh.new()
    bm.from_mesh(me)
    bmesh.ops.remove_doubles(bm, verts=bm.verts, dist=1e-4)
    bmesh.ops.recalc_face_normals(bm, faces=bm.faces)
    bm.to_mesh(me)
    bm.free()
    ob.modifiers.new("wn", "WEIGHTED_NORMAL")
    return ob


def rrect(w, h, r, n=10, cx=0, cy=0):
    out = []
    for sx, sy, a0 in ((1, 1, 0), (-1, 1, 90), (-1, -1, 180), (1, -1, 270)):
        for k in range(n + 1):
            a = math.radians(a0 + 90 * k / n)
            out.append((cx + sx * (w / 2 - r) + r * math.cos(a), cy + sy * (h / 2 - r) + r * math.sin(a)))
    return out


def circle(r, n=40, cx=0, cy=0):
    return [(cx + r * math.cos(TAU * k / n), cy + r * math.sin(TAU * k / n)) for k in range(n)]


def tube(paths, radius, mat, cyclic=False, radii=None, res=4, smooth=True, order=4):
    """One curve object of round tubes; paths is a list of point lists."""
    cu = bpy.data.curves.new("tube", "CURVE")
    cu.dimensions = "3D"
    cu.bevel_depth, cu.bevel_resolution, cu.resolution_u = radius, res, 6
    cu.use_fill_caps = True
    for pts in paths:
        sp = cu.splines.new("NURBS" if smooth else "POLY")
        sp.points.add(len(pts) - 1)
        for i, (p, q) in enumerate(zip(sp.points, pts)):
            p.co = (*q, 1)
            p.radius = radii[i] if radii else 1
        sp.use_cyclic_u = cyclic
        if smooth:
            sp.order_u = min(order, len(pts))
            sp.use_endpoint_u = not cyclic
    cu.materials.append(mat)
    return link(bpy.data.objects.new("tube", cu))


def scatter(proto, mats, material, name="scatter"):
    """proto = (verts, faces); one mesh with a copy per matrix."""
    V, F = proto
    verts, faces = [], []
    for m in mats:
        b = len(verts)
        verts += [m @ Vector(v) for v in V]
        faces += [tuple(i + b for i in f) for f in F]
    return mesh(name, verts, faces, material)


def ball(sx=1, sy=1, sz=1, sub_=2):
    bm = bmesh.new()
    bmesh.ops.create_icosphere(bm, subdivisions=sub_, radius=1)
    v = [(q.co.x * sx, q.co.y * sy, q.co.z * sz) for q in bm.verts]
    f = [tuple(x.index for x in g.verts) for g in bm.faces]
    bm.free()
    return v, f


def rod(r0, r1, h, n=6):
    v = [(r0 * math.cos(TAU * k / n), r0 * math.sin(TAU * k / n), 0) for k in range(n)]
    v += [(r1 * math.cos(TAU * k / n), r1 * math.sin(TAU * k / n), h) for k in range(n)]
    f = [(k, (k + 1) % n, n + (k + 1) % n, n + k) for k in range(n)] + [tuple(range(n, 2 * n))]
    return v, f


def xf(loc, rot=(0, 0, 0), s=1.0):
    m = Matrix.Translation(loc)
    for ax, a in zip("ZYX", (rot[2], rot[1], rot[0])):
        m = m @ Matrix.Rotation(a, 4, ax)
    return m @ Matrix.Scale(s, 4)


def loft(length, fw, ft, fz, dish, mat, nu=60, nv=32, taper=0.0):
    """Spoon-like body along +y: half width fw, half thickness ft, lift fz, hollow dish (u in 0..1)."""
    verts, faces, uvs = [], [], []
    for i in range(nu + 1):
        u = i / nu
        w, t, c, d = fw(u), ft(u), fz(u), dish(u)
        for j in range(nv):
            a = TAU * j / nv
            x = math.cos(a)
            s = math.sin(a)
            sgn = 1 if s >= 0 else -1
            z = sgn * abs(s) ** 0.8 * t
            z -= d * (1 - x * x)
            verts.append((x * w, u * length, c + z))
            uvs.append((j / nv, u))
    for i in range(nu):
        for j in range(nv):
            k = (j + 1) % nv
            faces.append((i * nv + j, i * nv + k, (i + 1) * nv + k, (i + 1) * nv + j))
    faces.append(tuple(range(nv)))
    faces.append(tuple(reversed(range(nu * nv, nu * nv + nv))))
    ob = mesh("loft", verts, faces, mat, uvs=uvs)
    bm = bmesh.new()
    bm.from_mesh(ob.data)
    bmesh.ops.recalc_face_normals(bm, faces=bm.faces)
    bm.to_mesh(ob.data)
    bm.free()
    return ob


def lerp_keys(keys):
    """Smooth function through (u, value) keys."""
    def f(u):
        for (a, x), (b, y) in zip(keys, keys[1:]):
            if u <= b:
                t = max(0, min(1, (u - a) / (b - a)))
                t = t * t * (3 - 2 * t)
                return x + (y - x) * t
        return keys[-1][1]
    return f


def text(s, size, mat, loc, rot=(0, 0, 0), depth=0.004, align="CENTER", bend=None, space=1.0):
    cu = bpy.data.curves.new("txt", "FONT")
    cu.body, cu.size, cu.extrude = s, size, depth
    cu.align_x, cu.align_y = align, "CENTER"
    cu.space_character = space
    ob = link(bpy.data.objects.new("txt", cu))
    dg = bpy.context.evaluated_depsgraph_get()
    me = bpy.data.meshes.new_from_object(ob.evaluated_get(dg))
    bpy.data.objects.remove(ob)
    if bend:  # wrap around a vertical cylinder of radius bend, facing -y
        for v in me.vertices:
            a = v.co.x / bend
            r = bend + v.co.z
            v.co = Vector((r * math.sin(a), -r * math.cos(a), v.co.y))
    me.materials.clear()
    me.materials.append(mat)
    ob = link(bpy.data.objects.new("txt", me))
    ob.location = loc
    ob.rotation_euler = [math.radians(q) for q in rot]
    return ob


# ---------------------------------------------------------------- materials
class N:
    """Tiny node graph helper."""

    def __init__(self, name):
        self.m = bpy.data.materials.new(name)
        self.m.use_nodes = True
        self.t = self.m.node_tree
        self.p = self.t.nodes["Principled BSDF"]
        self.out = self.t.nodes["Material Output"]

    def add(self, kind, **k):
        n = self.t.nodes.new("ShaderNode" + kind)
        for a, b in k.items():
            if hasattr(n, a):
                setattr(n, a, b)
            else:
                n.inputs[a.replace("_", " ")].default_value = b
        return n

    def set(self, **k):
        for a, b in k.items():
            self.p.inputs[a.replace("_", " ")].default_value = b
        return self

    def wire(self, a, b):
        self.t.links.new(a, b)

    def coord(self, scale=(1, 1, 1), rot=(0, 0, 0), loc=(0, 0, 0), kind="Object"):
        tc = self.add("TexCoord")
        mp = self.add("Mapping")
        mp.inputs["Scale"].default_value = scale
        mp.inputs["Rotation"].default_value = rot
        mp.inputs["Location"].default_value = loc
        self.wire(tc.outputs[kind], mp.inputs["Vector"])
        return mp.outputs[0]

    def noise(self, vec, scale, detail=4, rough=0.55, dist=0.0):
        n = self.add("TexNoise")
        n.inputs["Scale"].default_value = scale
        n.inputs["Detail"].default_value = detail
        n.inputs["Roughness"].default_value = rough
        n.inputs["Distortion"].default_value = dist
        self.wire(vec, n.inputs["Vector"])
        return n.outputs["Fac"]

    def ramp(self, fac, stops):
        r = self.add("ValToRGB")
        e = r.color_ramp.elements
        while len(e) < len(stops):
            e.new(0.5)
        for el, (pos, col) in zip(e, stops):
            el.position, el.color = pos, col if len(col) == 4 else (*col, 1)
        self.wire(fac, r.inputs["Fac"])
        return r.outputs["Color"]

    def mix(self, fac, a, b, mode="MIX"):
        m = self.add("MixRGB", blend_type=mode)
        for val, sock in ((fac, "Fac"), (a, "Color1"), (b, "Color2")):
            if hasattr(val, "is_output"):
                self.wire(val, m.inputs[sock])
            else:
                m.inputs[sock].default_value = val
        return m.outputs["Color"]

    def math(self, op, a, b=0.0):
        m = self.add("Math", operation=op)
        for i, val in enumerate((a, b)):
            if hasattr(val, "is_output"):
                self.wire(val, m.inputs[i])
            else:
                m.inputs[i].default_value = val
        return m.outputs[0]

    def bump(self, h, dist, strength=1.0):
        b = self.add("Bump")
        b.inputs["Distance"].default_value = dist
        b.inputs["Strength"].default_value = strength
        self.wire(h, b.inputs["Height"])
        self.wire(b.outputs[0], self.p.inputs["Normal"])
        return b

    def base(self, c):
        if hasattr(c, "is_output"):
            self.wire(c, self.p.inputs["Base Color"])
        else:
            self.p.inputs["Base Color"].default_value = c
        return self


def gray(v):
    return (v, v, v, 1)


WOODS = {
    "oak": ("#b08a60", "#c6a47a", "#86653f"),
    "walnut": ("#5e3f2a", "#86603f", "#3a2519"),
    "ash": ("#d9bd92", "#e8d3ae", "#b8966a"),
    "beech": ("#cf9f74", "#deb58c", "#a97a52"),
    "olive": ("#a8763f", "#cf9f60", "#5b3d20"),
    "cherry": ("#a9683f", "#c58457", "#7d4729"),
}


def wood(kind="oak", axis="Z", scale=1.0, rough=0.5):
    mid, light, dark = (rgb(c) for c in WOODS[kind])
    n = N("wood-" + kind)
    rot = {"Z": (0, 0, 0), "X": (0, math.pi / 2, 0), "Y": (math.pi / 2, 0, 0)}[axis]
    off = (R.uniform(1.2, 2.5), R.uniform(0.6, 1.6), R.uniform(-9, 9))
    base = n.coord(rot=rot)
    mp = n.add("Mapping")
    mp.inputs["Location"].default_value = off
    mp.inputs["Scale"].default_value = (scale, scale, 0.10 * scale)
    n.wire(base, mp.inputs["Vector"])
    w = n.add("TexWave", wave_type="RINGS", rings_direction="Z")
    w.inputs["Scale"].default_value = 1.7
    w.inputs["Distortion"].default_value = 5.5
    w.inputs["Detail"].default_value = 3.5
    w.inputs["Detail Scale"].default_value = 0.8
    n.wire(mp.outputs[0], w.inputs["Vector"])
    st = n.add("Mapping")
    st.inputs["Scale"].default_value = (34 * scale, 34 * scale, 1.1 * scale)
    n.wire(base, st.inputs["Vector"])
    fib = n.noise(st.outputs[0], 1.0, 5, 0.65)
    sm = n.add("Mapping")
    sm.inputs["Scale"].default_value = (7.5 * scale, 7.5 * scale, 0.28 * scale)
    sm.inputs["Location"].default_value = off
    n.wire(base, sm.inputs["Vector"])
    streak = n.noise(sm.outputs[0], 1.0, 4, 0.6, 0.7)
    big = n.noise(mp.outputs[0], 0.7, 2)
    c = n.ramp(streak, [(0.30, dark), (0.46, mid), (0.66, light)])
    c = n.mix(n.math("MULTIPLY", n.math("POWER", w.outputs["Fac"], 3.0), 0.34), c, dark)
    c = n.mix(n.math("MULTIPLY", n.ramp(big, [(0.35, gray(0)), (0.7, gray(1))]), 0.35), c, mid)
    c = n.mix(n.math("MULTIPLY", n.ramp(fib, [(0.52, gray(0)), (0.75, gray(1))]), 0.38), c, dark)
    n.base(c)
    n.wire(n.math("ADD", n.math("MULTIPLY", fib, 0.25), rough - 0.12), n.p.inputs["Roughness"])
    n.bump(fib, 0.006, 0.5)
    return n.m


def glaze(col="#e6dcc8", speck="#5c4a36", foot=None, rough=0.28, amount=0.5, clay="#a08468"):
    """Stoneware glaze with iron specks; below z=foot the raw body shows."""
    n = N("glaze")
    v = n.coord()
    c0 = rgb(col)
    dk = tuple(x * 0.8 for x in c0[:3]) + (1,)
    var = n.noise(v, 1.4, 4)
    c = n.mix(n.ramp(var, [(0.35, gray(0)), (0.7, gray(1))]), c0, dk)
    sp = n.noise(v, 34, 1, 0.4)
    m = n.ramp(sp, [(0.70, gray(0)), (0.745, gray(1))])
    c = n.mix(n.math("MULTIPLY", m, amount), c, rgb(speck))
    fine = n.noise(v, 5, 6)
    n.p.inputs["Roughness"].default_value = rough
    if foot is not None:
        sep = n.add("SeparateXYZ")
        n.wire(v, sep.inputs[0])
        edge = n.math("ADD", sep.outputs["Z"], n.math("MULTIPLY", n.noise(v, 2.2, 2), 0.06))
        low = n.math("LESS_THAN", edge, foot + 0.03)
        c = n.mix(low, c, n.mix(n.noise(v, 40, 3), rgb(clay), tuple(x * 0.75 for x in rgb(clay)[:3]) + (1,)))
        n.wire(n.math("ADD", n.math("MULTIPLY", low, 0.5), rough), n.p.inputs["Roughness"])
    n.base(c)
    n.bump(fine, 0.012, 0.35)
    return n.m


def terracotta(col="#b9694a"):
    n = N("terracotta")
    v = n.coord()
    c = n.mix(n.ramp(n.noise(v, 1.8, 6), [(0.35, gray(0)), (0.7, gray(1))]), rgb(col), rgb("#c98a68"))
    c = n.mix(n.math("MULTIPLY", n.ramp(n.noise(v, 3.1, 5, 0.7), [(0.56, gray(0)), (0.74, gray(1))]), 0.45), c, rgb("#dcc4b0"))
    n.base(c).set(Roughness=0.88)
    n.bump(n.noise(v, 14, 8, 0.6), 0.02, 0.5)
    return n.m


def limestone(col="#d5c9b6", scale=1.0, rough=0.85):
    n = N("limestone")
    v = n.coord()
    c0 = rgb(col)
    dk = tuple(x * 0.78 for x in c0[:3]) + (1,)
    c = n.mix(n.ramp(n.noise(v, 0.9 * scale, 8, 0.65), [(0.38, gray(0)), (0.66, gray(1))]), c0, dk)
    c = n.mix(n.math("MULTIPLY", n.ramp(n.noise(v, 9 * scale, 4, 0.6), [(0.58, gray(0)), (0.7, gray(1))]), 0.35), c, rgb("#b5a68f"))
    n.base(c).set(Roughness=rough)
    pits = n.ramp(n.noise(v, 16 * scale, 3, 0.5), [(0.30, gray(0)), (0.38, gray(1))])
    h = n.math("ADD", pits, n.math("MULTIPLY", n.noise(v, 6 * scale, 8, 0.65), 0.8))
    n.bump(h, 0.02, 0.45)
    return n.m


def plaster(col):
    n = N("plaster")
    v = n.coord()
    c0 = rgb(col)
    dk = tuple(x * 0.90 for x in c0[:3]) + (1,)
    c = n.mix(n.ramp(n.noise(v, 0.22, 2, 0.55), [(0.3, gray(0)), (0.72, gray(1))]), c0, dk)
    n.base(c).set(Roughness=0.92)
    n.p.inputs["Specular IOR Level"].default_value = 0.2
    n.bump(n.noise(v, 1.6, 3, 0.6), 0.05, 0.16)
    return n.m


def linen(col="#d9cdb8", scale=1.0, stripe=None, bump=0.010, sheen=0.25, weave=True):
    """Woven cloth in UV space, where one UV unit is one unit of length."""
    n = N("linen")
    uv = n.coord(kind="UV")
    sa = n.add("Mapping")
    sa.inputs["Scale"].default_value = (46 * scale, 1.6 * scale, 1)
    n.wire(uv, sa.inputs["Vector"])
    sb = n.add("Mapping")
    sb.inputs["Scale"].default_value = (1.6 * scale, 46 * scale, 1)
    sb.inputs["Location"].default_value = (7, 3, 5)
    n.wire(uv, sb.inputs["Vector"])
    a, b = n.noise(sa.outputs[0], 1, 3, 0.6), n.noise(sb.outputs[0], 1, 3, 0.6)
    h = n.math("ADD", a, b)
    c0 = rgb(col)
    dk = tuple(x * 0.72 for x in c0[:3]) + (1,)
    lt = tuple(min(1, x * 1.14) for x in c0[:3]) + (1,)
    c = n.ramp(n.math("MULTIPLY", h, 0.5), [(0.36, dk), (0.5, c0), (0.66, lt)])
    if stripe:
        sep = n.add("SeparateXYZ")
        n.wire(uv, sep.inputs[0])
        for (lo, hi, sc, ax) in stripe:
            s = sep.outputs[ax]
            k = n.math("MULTIPLY", n.math("GREATER_THAN", s, lo), n.math("LESS_THAN", s, hi))
            s2 = tuple(x for x in rgb(sc)[:3]) + (1,)
            d2 = tuple(x * 0.7 for x in s2[:3]) + (1,)
            c = n.mix(k, c, n.ramp(n.math("MULTIPLY", h, 0.5), [(0.36, d2), (0.6, s2)]))
    n.base(c).set(Roughness=0.9)
    n.p.inputs["Sheen Weight"].default_value = sheen
    n.p.inputs["Sheen Roughness"].default_value = 0.5
    n.p.inputs["Specular IOR Level"].default_value = 0.15
    n.bump(h, bump, 0.6)
    return n.m


def cloth_pattern(col, kind="waffle", pitch=0.12, depth=0.03):
    """Waffle towel, quilted diamonds or wool, in UV space."""
    n = N(kind)
    uv = n.coord(kind="UV")
    sep = n.add("SeparateXYZ")
    n.wire(uv, sep.inputs[0])
    x, y = sep.outputs["X"], sep.outputs["Y"]
    k = TAU / pitch / 2
    if kind == "quilt":
        p, q = n.math("ADD", x, y), n.math("SUBTRACT", x, y)
    else:
        p, q = x, y
    sx = n.math("ABSOLUTE", n.math("SINE", n.math("MULTIPLY", p, k)))
    sy = n.math("ABSOLUTE", n.math("SINE", n.math("MULTIPLY", q, k)))
    if kind == "quilt":
        h = n.math("POWER", n.math("MULTIPLY", sx, sy), 0.38)
    else:
        h = n.math("SUBTRACT", 1.0, n.math("POWER", n.math("MULTIPLY", sx, sy), 0.8))
    v = n.coord()
    fz = n.noise(v, 42, 4, 0.7)
    c0 = rgb(col)
    dk = tuple(t * 0.66 for t in c0[:3]) + (1,)
    c = n.mix(n.ramp(h, [(0.05, gray(1)), (0.6, gray(0))]), c0, dk)
    c = n.mix(n.math("MULTIPLY", fz, 0.25), c, dk)
    n.base(c).set(Roughness=0.95)
    n.p.inputs["Sheen Weight"].default_value = 0.35
    n.p.inputs["Specular IOR Level"].default_value = 0.1
    n.bump(n.math("ADD", h, n.math("MULTIPLY", fz, 0.25)), depth, 0.9)
    return n.m


def metal(col="#c9a25c", rough=0.26, brushed=False, spangle=False):
    n = N("metal")
    v = n.coord()
    c0 = rgb(col)
    n.set(Metallic=1.0)
    if spangle:
        vo = n.add("TexVoronoi", Scale=5.0)
        n.wire(v, vo.inputs["Vector"])
        g = n.add("RGBToBW")
        n.wire(vo.outputs["Color"], g.inputs[0])
        f = n.math("ADD", n.math("MULTIPLY", g.outputs[0], 0.6), n.math("MULTIPLY", n.noise(v, 3, 5), 0.4))
        n.base(n.mix(f, tuple(x * 0.72 for x in c0[:3]) + (1,), c0))
        n.wire(n.math("ADD", n.math("MULTIPLY", f, 0.22), rough), n.p.inputs["Roughness"])
    else:
        dk = tuple(x * 0.78 for x in c0[:3]) + (1,)
        f = n.noise(v, 1.6, 6, 0.6)
        n.base(n.mix(n.ramp(f, [(0.4, gray(0)), (0.75, gray(1))]), c0, dk))
        n.wire(n.math("ADD", n.math("MULTIPLY", n.noise(v, 4, 6, 0.65), 0.18), rough - 0.07), n.p.inputs["Roughness"])
        if brushed:
            b = n.add("Mapping")
            b.inputs["Scale"].default_value = (90, 90, 0.6)
            n.wire(v, b.inputs["Vector"])
            n.bump(n.noise(b.outputs[0], 1, 2), 0.002, 0.4)
    return n.m


def brass(rough=0.27):
    return metal("#c9ad7c", rough)


def glass(tint="#fafdfb", rough=0.0, ior=1.45, shadow=0.86):
    n = N("glass")
    n.base(rgb(tint)).set(Roughness=rough, IOR=ior)
    n.p.inputs["Transmission Weight"].default_value = 1.0
    lp = n.add("LightPath")
    tr = n.add("BsdfTransparent")
    tr.inputs["Color"].default_value = tuple(x * shadow for x in rgb(tint)[:3]) + (1,)
    mx = n.add("MixShader")
    n.wire(n.math("MAXIMUM", lp.outputs["Is Shadow Ray"], lp.outputs["Is Diffuse Ray"]), mx.inputs[0])
    n.wire(n.p.outputs[0], mx.inputs[1])
    n.wire(tr.outputs[0], mx.inputs[2])
    n.wire(mx.outputs[0], n.out.inputs["Surface"])
    return n.m


def flat(col, rough=0.8, sss=0.0, grain=0.0, coat=0.0, spec=0.5, scale=20):
    n = N("flat")
    if grain:
        v = n.coord()
        c0 = rgb(col)
        dk = tuple(x * (1 - grain) for x in c0[:3]) + (1,)
        f = n.noise(v, scale, 6, 0.6)
        n.base(n.mix(n.ramp(f, [(0.35, gray(0)), (0.7, gray(1))]), c0, dk))
        n.bump(f, 0.006, 0.4)
    else:
        n.base(rgb(col))
    n.set(Roughness=rough)
    n.p.inputs["Specular IOR Level"].default_value = spec
    n.p.inputs["Coat Weight"].default_value = coat
    if sss:
        n.p.inputs["Subsurface Weight"].default_value = sss
        n.p.inputs["Subsurface Radius"].default_value = (0.3, 0.2, 0.12)
        n.p.inputs["Subsurface Scale"].default_value = 0.5
    return n.m


def leafmat(col="#5f7350", back="#8c9a7c"):
    n = N("leaf")
    geo = n.add("NewGeometry")
    oi = n.coord()
    c = n.mix(geo.outputs["Backfacing"], rgb(col), rgb(back))
    c = n.mix(n.ramp(n.noise(oi, 0.9, 3), [(0.35, gray(0)), (0.7, gray(0.5))]), c, rgb("#3f5236"))
    n.base(c).set(Roughness=0.55)
    n.p.inputs["Specular IOR Level"].default_value = 0.35
    tl = n.add("BsdfTranslucent")
    tl.inputs["Color"].default_value = rgb("#7c8f4a")
    mx = n.add("MixShader")
    mx.inputs[0].default_value = 0.22
    n.wire(n.p.outputs[0], mx.inputs[1])
    n.wire(tl.outputs[0], mx.inputs[2])
    n.wire(mx.outputs[0], n.out.inputs["Surface"])
    return n.m


def emit(col, power):
    n = N("emit")
    e = n.add("Emission")
    e.inputs["Color"].default_value = rgb(col)
    e.inputs["Strength"].default_value = power
    n.wire(e.outputs[0], n.out.inputs["Surface"])
    return n.m


# ---------------------------------------------------------------- cloth
def folded(w, d, layers, t, mat, seed=0, fullness=0.9, soft=0.05, nx=46, taper=0.0):
    """Cloth folded to and fro; rounded folds face the camera (-y)."""
    rr = random.Random(seed)
    path = []
    step = 0.06
    for i in range(layers):
        z = i * t + t / 2
        fr = -d / 2 + rr.uniform(-1, 1) * soft + (taper * i)
        bk = d / 2 + rr.uniform(-1, 1) * soft
        a, b = (fr, bk) if i % 2 else (bk, fr)
        n = max(4, int(abs(b - a) / step))
        path += [(a + (b - a) * k / n, z) for k in range(n + 1)]
        if i < layers - 1:
            s = -1 if b < a else 1
            for k in range(1, 8):
                an = math.pi * k / 8
                path.append((b + s * math.sin(an) * t * 0.62, z + (1 - math.cos(an)) * t / 2))
    verts, faces, uvs = [], [], []
    L = 0
    off = rr.uniform(0, 90)
    total = layers * t
    for i, (y, z) in enumerate(path):
        if i:
            L += math.hypot(y - path[i - 1][0], z - path[i - 1][1])
        for j in range(nx + 1):
            x = (j / nx - 0.5) * w
            p = Vector((x * 0.9, y * 0.9, off + z * 2.5))
            q = noise.noise_vector(p)
            up = z / total
            zz = z + noise.noise(Vector((x * 0.7, y * 0.7, off))) * soft * 0.9 * up
            zz += noise.noise(Vector((x * 2.1, y * 2.1, off + i * 0.002))) * soft * 0.22 * up
            edge = abs(x / w * 2) ** 6
            zz -= edge * t * 0.22 * up
            verts.append((x + q.x * soft * (0.5 + edge), y + q.y * soft * 0.8, max(zz, t * 0.45)))
            uvs.append((x, L))
    W = nx + 1
    for i in range(len(path) - 1):
        for j in range(nx):
            faces.append((i * W + j, i * W + j + 1, (i + 1) * W + j + 1, (i + 1) * W + j))
    ob = mesh("folded", verts, faces, mat, uvs=uvs)
    s = ob.modifiers.new("solid", "SOLIDIFY")
    s.thickness, s.offset = t * fullness, 0
    sub(ob, 1)
    return ob


def rolled(r, w, t, mat, seed=0):
    """Rolled towel lying along x."""
    rr = random.Random(seed)
    verts, uvs, faces = [], [], []
    turns = (r - 0.12) / t
    n = int(turns * 34)
    nx = 34
    L = 0
    for i in range(n + 1):
        a = TAU * turns * i / n
        rad = 0.12 + t * a / TAU
        L += rad * TAU * turns / n
        for j in range(nx + 1):
            x = (j / nx - 0.5) * w
            k = 1 + 0.02 * noise.noise(Vector((x * 1.2, a * 0.4, seed)))
            x2 = x + 0.05 * noise.noise(Vector((a * 0.7, seed, 2))) * (x / w * 2)
            verts.append((x2, rad * k * math.cos(a + 2.4), rad * k * math.sin(a + 2.4) * 0.94 + r * 0.95))
            uvs.append((x, L))
    W = nx + 1
    for i in range(n):
        for j in range(nx):
            faces.append((i * W + j, i * W + j + 1, (i + 1) * W + j + 1, (i + 1) * W + j))
    ob = mesh("rolled", verts, faces, mat, uvs=uvs)
    s = ob.modifiers.new("solid", "SOLIDIFY")
    s.thickness, s.offset = t * 0.86, 0
    sub(ob, 1)
    return ob


def simulate(ob, frames, setup, colliders=()):
    m = ob.modifiers.new("cloth", "CLOTH")
    setup(m.settings, m.collision_settings)
    for c in colliders:
        c.modifiers.new("col", "COLLISION")
        c.collision.thickness_outer = 0.02
    sc = bpy.context.scene
    m.point_cache.frame_start, m.point_cache.frame_end = 1, frames + 1
    for f in range(1, frames + 1):
        sc.frame_set(f)
    dg = bpy.context.evaluated_depsgraph_get()
    me = bpy.data.meshes.new_from_object(ob.evaluated_get(dg))
    ob.modifiers.clear()
    ob.data = me
    sc.frame_set(1)
    return ob


def pillow(w, h, mat, puff=6.0, n=64, seed=0, frames=44):
    """Two sheets sewn at the edge and blown up."""
    rr = random.Random(seed)
    verts, uvs, faces = [], [], []
    idx = {}
    ny = max(8, int(n * h / w))
    for side in (0, 1):
        for i in range(n + 1):
            for j in range(ny + 1):
                rim = i in (0, n) or j in (0, ny)
                if rim and side:
                    idx[(1, i, j)] = idx[(0, i, j)]
                    continue
                idx[(side, i, j)] = len(verts)
                x, y = (i / n - 0.5) * w, (j / ny - 0.5) * h
                z = 0 if rim else (0.06 if side else -0.06)
                z += 0 if rim else 0.05 * noise.noise(Vector((x * 3, y * 3, seed + side * 7)))
                verts.append((x, y, z))
                uvs.append((x + side * 9, y))
    for side in (0, 1):
        for i in range(n):
            for j in range(ny):
                q = (idx[(side, i, j)], idx[(side, i + 1, j)], idx[(side, i + 1, j + 1)], idx[(side, i, j + 1)])
                faces.append(q if side else q[::-1])
    ob = mesh("pillow", verts, faces, mat, uvs=uvs)

    def st(s, c):
        s.quality = 10
        s.mass = 0.2
        s.tension_stiffness = 120
        s.compression_stiffness = 30
        s.shear_stiffness = 25
        s.bending_stiffness = 0.06
        s.tension_damping = s.compression_damping = s.shear_damping = 12
        s.air_damping = 4
        s.use_pressure = True
        s.uniform_pressure_force = puff
        s.effector_weights.gravity = 0
        c.use_collision = False
    simulate(ob, frames, st)
    ob.data.polygons.foreach_set("use_smooth", [True] * len(ob.data.polygons))
    # seam
    sub(ob, 1)
    return ob


def hanging(w, front, back, rail_r, mat, folds=5, amp=0.16, seed=0, nx=110, t=0.035, fringe=None):
    """Cloth laid over a rail along x at the origin; hangs down front (-y) and back."""
    verts, uvs, faces = [], [], []
    total = front + back + math.pi * rail_r
    ns = 120
    off = seed * 3.7
    ends = []

    def pos(s, x):
        rr = rail_r + t
        arc = math.pi * rr
        if s < front:
            y, z, dn = -rr, -(front - s), (front - s)
            ny = -1
        elif s < front + arc:
            a = (s - front) / rr
            y, z, dn = -rr * math.cos(a), rr * math.sin(a), 0
            ny = -math.cos(a)
        else:
            dn = s - front - arc
            y, z, ny = rr, -dn, 1
        k = min(1, dn / 2.2)
        k = k * k * (3 - 2 * k)
        ph = folds * TAU * (x / w) + 1.3 * noise.noise(Vector((x * 0.5, off, dn * 0.12)))
        wave = math.sin(ph + 0.25 * dn) * amp * (0.15 + k)
        wave += amp * 0.8 * noise.noise(Vector((x * 0.9, dn * 0.35, off)))
        wave = wave if ny < 0 else wave * 0.6
        shrink = 1 - 0.05 * k
        xx = x * shrink + 0.10 * k * noise.noise(Vector((x * 0.7, dn * 0.3, off + 9)))
        fall = -0.06 * (x / w * 2) ** 2 * (dn > 0) * dn / max(front, back)
        return Vector((xx, y + ny * abs(0.6 * amp * k) + (wave * -ny if dn > 0 else 0), z + rr * 0 + fall * 0.5))
    tot = front + back + math.pi * (rail_r + t)
    for i in range(ns + 1):
        s = tot * i / ns
        for j in range(nx + 1):
            x = (j / nx - 0.5) * w
            verts.append(pos(s, x))
            uvs.append((x, s))
    W = nx + 1
    for i in range(ns):
        for j in range(nx):
            faces.append((i * W + j, i * W + j + 1, (i + 1) * W + j + 1, (i + 1) * W + j))
    ob = mesh("hanging", verts, faces, mat, uvs=uvs)
    s = ob.modifiers.new("solid", "SOLIDIFY")
    s.thickness, s.offset = t, 0
    sub(ob, 1)
    if fringe:
        paths = []
        n = int(w / 0.085)
        for k in range(n):
            x = ((k + 0.5) / n - 0.5) * w
            p = pos(0, x)
            dx, dy = R.uniform(-0.03, 0.03), R.uniform(-0.03, 0.02)
            paths.append([p + Vector((0, 0, 0.05)), p + Vector((dx * 0.2, 0, -0.12)), p + Vector((dx, dy, -0.28)),
                          p + Vector((dx * 1.6, dy * 2, -0.42))])
        tube(paths, 0.022, fringe, res=2)
    return ob


# ---------------------------------------------------------------- plants
def leafproto(length=0.5, width=0.13, curl=0.12, nu=6):
    v, f = [], []
    for i in range(nu + 1):
        u = i / nu
        w = width * math.sin(math.pi * u ** 0.8) ** 0.8 if 0 < u < 1 else 0.004
        z = -curl * u * u
        v += [(-w, u * length, z + w * 0.25), (0, u * length, z), (w, u * length, z + w * 0.25)]
    for i in range(nu):
        for j in range(2):
            f.append((i * 3 + j, i * 3 + j + 1, i * 3 + j + 4, i * 3 + j + 3))
    return v, f


def branch(pts, leaf, mat, stem, n=16, size=1.0, r=0.022, spread=0.9, start=0.2):
    """Stem through points with leaf pairs."""
    P = [Vector(p) for p in pts]
    sm = []
    for i in range(len(P) - 1):
        for k in range(12):
            sm.append(P[i].lerp(P[i + 1], k / 12))
    sm.append(P[-1])
    for _ in range(6):
        sm = [sm[0]] + [(sm[i - 1] + sm[i] + sm[i + 1]) / 3 for i in range(1, len(sm) - 1)] + [sm[-1]]
    tube([sm], r, stem, radii=[1.2 - 0.8 * i / len(sm) for i in range(len(sm))], res=2)
    ms = []
    for k in range(n):
        u = start + (1 - start) * (k + 0.5) / n
        i = min(len(sm) - 2, int(u * (len(sm) - 1)))
        tan = (sm[i + 1] - sm[i]).normalized()
        for side in (0, 1):
            ang = k * 1.7 + side * math.pi + R.uniform(-0.5, 0.5)
            perp = tan.orthogonal().normalized()
            perp.rotate(Matrix.Rotation(ang, 3, tan))
            d = (tan * (1.1 - spread * 0.5) + perp * spread).normalized()
            d.z -= 0.08
            d.normalize()
            up = perp.cross(d)
            zax = d.cross(up).normalized() * -1
            xax = d.cross(zax).normalized()
            m = Matrix((xax, d, zax)).transposed().to_4x4()
            m.translation = sm[i]
            ms.append(m @ Matrix.Scale(size * R.uniform(0.7, 1.1) * (1 - 0.35 * u), 4))
    m = d = sm[-1] - sm[-3]
    scatter(leaf, ms, mat, "leaves")


# ---------------------------------------------------------------- stage
TONES = {"sand": "#d8cab5", "chalk": "#e3d9ca", "clay": "#cfbfaa", "ash": "#d2c9bb"}


def stage(tone="sand", wall=8.0, radius=6.0, fill=0.40, key=1.3):
    sc = bpy.context.scene
    prof = [(-40, 0)]
    n = 24
    for k in range(n + 1):
        a = math.pi / 2 * k / n
        prof.append((wall - radius + radius * math.sin(a), radius - radius * math.cos(a)))
    prof.append((wall, 40))
    verts, faces = [], []
    for y, z in prof:
        verts += [(-50, y, z), (50, y, z)]
    for i in range(len(prof) - 1):
        faces.append((2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2))
    mesh("sweep", verts, faces, plaster(TONES[tone]))
    # window light from the left
    li = bpy.data.lights.new("window", "AREA")
    li.shape, li.size, li.size_y = "RECTANGLE", 9, 11
    li.energy = 3300 * key
    li.color = (1.0, 0.955, 0.89)
    ob = link(bpy.data.objects.new("window", li))
    ob.location = (-13, -5.5, 11)
    ob.rotation_euler = (Vector((0, 0, 0.5)) - ob.location).to_track_quat("-Z", "Y").to_euler()
    # sky: bright on the window side, dark on the other, never seen by the camera
    w = bpy.data.worlds.new("room")
    sc.world = w
    w.use_nodes = True
    t = w.node_tree
    tc = t.nodes.new("ShaderNodeTexCoord")
    sep = t.nodes.new("ShaderNodeSeparateXYZ")
    t.links.new(tc.outputs["Generated"], sep.inputs[0])
    mr = t.nodes.new("ShaderNodeMapRange")
    mr.inputs["From Min"].default_value, mr.inputs["From Max"].default_value = 0.9, -0.9
    mr.inputs["To Min"].default_value, mr.inputs["To Max"].default_value = 0.35 * fill, 1.25 * fill
    t.links.new(sep.outputs["X"], mr.inputs["Value"])
    bg = t.nodes["Background"]
    bg.inputs["Color"].default_value = (0.97, 0.955, 0.93, 1)
    t.links.new(mr.outputs[0], bg.inputs["Strength"])
    return sc


def camera(target, width, pitch=14, yaw=0, lens=80, fstop=5.6, ratio=(960, 1200), focus=None):
    sc = bpy.context.scene
    ca = bpy.data.cameras.new("cam")
    ca.lens, ca.sensor_width, ca.sensor_fit = lens, 36, "HORIZONTAL"
    dist = width * lens / 36
    p, y = math.radians(pitch), math.radians(yaw)
    T = Vector(target)
    pos = T + dist * Vector((math.sin(y) * math.cos(p), -math.cos(y) * math.cos(p), math.sin(p)))
    ob = link(bpy.data.objects.new("cam", ca))
    ob.location = pos
    ob.rotation_euler = (T - pos).to_track_quat("-Z", "Y").to_euler()
    ca.dof.use_dof = True
    ca.dof.focus_distance = (Vector(focus) - pos).length if focus else dist
    ca.dof.aperture_fstop = fstop / 10
    sc.camera = ob
    sc.render.resolution_x, sc.render.resolution_y = ratio
    return ob


def render(path, samples=40, pct=100, seed=1):
    sc = bpy.context.scene
    r = sc.render
    r.engine = "CYCLES"
    r.resolution_percentage = pct
    r.image_settings.file_format = "PNG"
    r.image_settings.color_mode = "RGB"
    r.filepath = path
    c = sc.cycles
    c.device, c.samples, c.seed = "CPU", samples, seed
    c.use_adaptive_sampling, c.adaptive_threshold = True, 0.04
    c.max_bounces, c.diffuse_bounces, c.glossy_bounces = 8, 2, 3
    c.transmission_bounces, c.transparent_max_bounces = 8, 8
    c.caustics_reflective = c.caustics_refractive = False
    c.sample_clamp_indirect = 4
    c.use_light_tree = False
    c.use_denoising = True
    c.denoiser = "OPENIMAGEDENOISE"
    c.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    r.threads_mode, r.threads = "FIXED", 2
    r.use_persistent_data = False
    sc.view_settings.view_transform = "AgX"
    sc.view_settings.look = "AgX - Medium High Contrast"
    sc.view_settings.exposure = 0.5
    sc.view_settings.gamma = 1.0
    bpy.ops.render.render(write_still=True)
