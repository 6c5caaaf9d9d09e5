#!/usr/bin/env python3
"""Holds the tree against tests/layering/arrows.txt (the blocks of docs/architecture.md §3).

usage: check.py [ROOT]
Checks: every #include "…" goes along an arrow; every CMake DEPS entry too; outside headers stay in
quarantine; the arrows have no cycle; arrows.txt and docs/architecture.md say the same.
"""
import fnmatch
import pathlib
import re
import sys

TOPS = ("core", "privacy", "protocol", "aggregator", "client", "simulation", "cli")


def read_rules(root):
    section, arrows, quarantine = None, {}, []
    for line in (root / "tests/layering/arrows.txt").read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line.strip():
            left, right = line.split(" :", 1) if section == "quarantine" else line.split(":", 1)
            if section == "arrows":
                arrows[left.strip()] = right.split()
            else:
                quarantine.append((left.split(), right.split()))
    return arrows, quarantine


def expand(patterns, folders):
    found = set()
    for pattern in patterns:
        if pattern.endswith("/*"):
            found |= {f for f in folders if f.startswith(pattern[:-1])}
        else:
            found.add(pattern)
    return found


def folder_of(path, folders):
    """The longest listed folder a path lies in."""
    parts = path.split("/")
    for n in range(len(parts), 0, -1):
        if "/".join(parts[:n]) in folders:
            return "/".join(parts[:n])
    return None


def cycle(graph):
    state = {}

    def visit(node, path):
        if state.get(node) == 1:
            return path[path.index(node):] + [node]
        if state.get(node) == 2:
            return None
        state[node] = 1
        for successor in sorted(graph.get(node, ())):
            if found := visit(successor, path + [node]):
                return found
        state[node] = 2
        return None

    for node in sorted(graph):
        if found := visit(node, []):
            return found
    return None


def quarantined(include, quarantine):
    for patterns, homes in quarantine:
        for pattern in patterns:
            hit = include.startswith(pattern) if pattern.endswith("/") else fnmatch.fnmatch(include, pattern)
            if hit:
                return homes
    return None


def may_include(path, homes):
    for home in homes:
        if home.endswith(".cc"):
            if fnmatch.fnmatch(path, home):
                return True
        elif path.startswith(home + "/"):
            return True
    return False


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    arrows, quarantine = read_rules(root)
    folders = set(arrows)
    allowed = {folder: expand(right, folders) | {folder} for folder, right in arrows.items()}
    problems = []
    if found := cycle({f: allowed[f] - {f} for f in folders}):
        problems.append("the arrows have a cycle: " + " -> ".join(found))

    for top in TOPS:
        for path in sorted((root / top).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix not in (".h", ".cc") and path.name != "CMakeLists.txt":
                continue
            home = folder_of(name.rsplit("/", 1)[0], folders)
            text = path.read_text()
            if path.name == "CMakeLists.txt":
                if home is None:
                    continue
                for block in re.findall(r"cairn_add_library\((.*?)\)", text, re.S):
                    deps = re.search(r"\bDEPS\b(.*?)(?:\b(?:SRCS|HDRS|LIBS|PUBLIC_LIBS|HEAVY)\b|$)", block, re.S)
                    for dep in deps.group(1).split() if deps else []:
                        if dep not in allowed[home]:
                            problems.append(f"{name}: {home} may not depend on {dep}")
                continue
            for number, line in enumerate(text.splitlines(), 1):
                match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
                if not match:
                    continue
                include = match.group(2)
                homes = quarantined(include, quarantine)
                if homes is not None and not may_include(name, homes):
                    problems.append(f"{name}:{number}: {include} belongs only in {' '.join(homes)}")
                if include.split("/")[0] in TOPS and (root / include).exists():
                    target = folder_of(include.rsplit("/", 1)[0], folders)
                    if home is None:
                        problems.append(f"{name}: no folder of the arrows holds it")
                    elif target not in allowed[home]:
                        problems.append(f"{name}:{number}: {home} may not include {target}")
                elif include.split("/")[0] == "tests":
                    problems.append(f"{name}:{number}: nothing includes tests")

    page = root / "docs/architecture.md"
    if page.exists():
        text = page.read_text()
        said = "".join(f"[{n}]\n" + re.search(rf"```{n}\n(.*?)```", text, re.S).group(1) for n in ("arrows", "quarantine"))
        if said != (root / "tests/layering/arrows.txt").read_text():
            problems.append("docs/architecture.md and tests/layering/arrows.txt differ")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
