"""Graphs that are hard for a checker: long, wide, knotted. Each is a job file in several parts."""

# A job file has at most 8 MiB; larger graphs are joined from several with `include`.
PER_FILE = 25_000

# Processes of one layer of a bipartite graph: its edges stay below the bound of a plan.
SIDE = 500


def chain(n, count):
    """Each needs the one before."""
    return [n - 1] if n else []


def tail_first(n, count):
    """Each needs the one behind it."""
    return [n + 1] if n + 1 < count else []


def star(n, count):
    """All need the first."""
    return [0] if n else []


def sink(n, count):
    """The last needs all."""
    return list(range(count - 1)) if n == count - 1 else []


def ladder(n, count):
    """Two rails, each rung needs both ends of the one before."""
    rung = n - n % 2
    return [rung - 2, rung - 1] if rung else []


def circle(n, count):
    """Each needs the next, the last the first."""
    return [(n + 1) % count]


def circles(n, count):
    """Neighbours need each other: one knot of as many circles as processes."""
    return [m for m in (n - 1, n + 1) if 0 <= m < count]


def layers(n, count):
    """Five hundred need all of another five hundred; the rest hangs on them."""
    if n < SIDE:
        return []
    return list(range(SIDE)) if n < 2 * SIDE else [SIDE + n % SIDE]


def handlers(n, count):
    """One of three does something, one handles its failure, one needs both to have worked."""
    return {0: [], 1: [f"!{n - 1}"], 2: [n - 2, n - 1]}[n % 3]


# By name: what each needs, and the exit code of `runner validate`.
SHAPES = {shape.__name__: (shape, code) for shape, code in [
    (chain, 0), (tail_first, 0), (star, 0), (sink, 0), (ladder, 0), (layers, 0),
    (circle, 2), (circles, 2), (handlers, 2),
]}


def entry(need):
    """One entry of `needs`; `!7` is a failure that is needed."""
    if isinstance(need, str):
        return f'{{ process = "p{need[1:]}", when = "failed" }}'
    return f'"p{need}"'


def write(at, name, count):
    """Writes one shape and returns its job file."""
    needs, _ = SHAPES[name]
    parts = []
    for first in range(0, count, PER_FILE):
        parts.append(f"{name}-{count}-{first}.toml")
        with at.joinpath(parts[-1]).open("w") as job:
            for n in range(first, min(first + PER_FILE, count)):
                job.write(f'[process.p{n}]\ncommand = ["/bin/true"]\n')
                needed = needs(n, count)
                if needed:
                    job.write(f"needs = [{', '.join(map(entry, needed))}]\n")
    at.joinpath(f"{name}-{count}.toml").write_text(f"include = {parts}\n")
    return f"{name}-{count}.toml"
