"""Loads this machine's Debian or Ubuntu package index into a database, with embeddings.

    python examples/load_debian.py --output build/demo.db

Nodes are packages, edges are what they depend on, recommend, suggest, conflict with and provide.
It reads what `apt-get update` left on the machine and uses no network.
"""

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from embed import Document, learn
from progress import bar
from store import Edge, Node, write

EDGE_FIELDS = ("Depends", "Pre-Depends", "Recommends", "Suggests", "Conflicts", "Provides")

NO_APT = """This machine has no Debian package index ({reason}).
Any nodes and edges will do instead; docs/demo.md describes the two files:
  {python} examples/load_csv.py nodes.csv edges.csv --output {output}"""

Stanza = dict[str, str]


@dataclass(frozen=True)
class Clause:
    """One requirement of a relation field: any one of the named packages will do."""

    text: str
    names: tuple[str, ...]


@dataclass
class Package:
    """What the demo keeps of a stanza of the index."""

    name: str
    version: str
    architecture: str
    section: str
    priority: str
    short: str
    long: str
    tags: list[str]
    source: str
    maintainer: str
    homepage: str
    installed_size: int | None
    can_be_fetched: bool
    relations: dict[str, list[Clause]] = field(default_factory=dict)


class NoIndex(Exception):
    """There is no package index here; the message says why."""


def parse_stanzas(lines: Iterable[str]) -> Iterator[Stanza]:
    """Reads stanzas of `Field: value` lines; a line that begins with a space goes on."""
    stanza: Stanza = {}
    name = ""
    for line in lines:
        line = line.rstrip("\n")
        if not line:
            if stanza:
                yield stanza
            stanza = {}
        elif line[0] in " \t":
            stanza[name] += "\n" + line
        else:
            name, _, value = line.partition(":")
            stanza[name] = value.strip()
    if stanza:
        yield stanza


def parse_relation(value: str) -> list[Clause]:
    """Reads "a (>= 1) | b:any, c": clauses of alternatives, without versions and qualifiers."""
    clauses = []
    for part in value.split(","):
        text = " ".join(part.split())
        matches = (re.match(r"[a-z0-9][a-z0-9+.-]*", word.strip()) for word in text.split("|"))
        names = tuple(match[0] for match in matches if match)
        if names:
            clauses.append(Clause(text, names))
    return clauses


def parse_tags(value: str) -> list[str]:
    """Reads debtags, also in the old form that shares a facet: "works-with::{image, text}"."""
    expanded = re.sub(
        r"([\w:+-]+::)\{([^}]*)\}",
        lambda match: ", ".join(match[1] + tag.strip() for tag in match[2].split(",")),
        value,
    )
    return sorted({tag.strip() for tag in expanded.split(",") if "::" in tag})


def parse_long(value: str) -> str:
    """Undoes the layout of a long description: a space before each line, a dot for a blank one."""
    lines = (line.removeprefix(" ").rstrip() for line in value.split("\n")[1:])
    return "\n".join("" if line == "." else line for line in lines)


def parse_package(stanza: Stanza, long_by_md5: dict[str, str]) -> Package:
    description = stanza.get("Description") or stanza.get("Description-en") or ""
    size = stanza.get("Installed-Size", "")
    return Package(
        name=stanza["Package"],
        version=stanza.get("Version", ""),
        architecture=stanza.get("Architecture", ""),
        # "contrib/games" and Ubuntu's "universe/games" are games.
        section=stanza.get("Section", "").rpartition("/")[2],
        priority=stanza.get("Priority", ""),
        short=description.partition("\n")[0],
        long=parse_long(description) or long_by_md5.get(stanza.get("Description-md5", ""), ""),
        tags=parse_tags(stanza.get("Tag", "")),
        source=stanza.get("Source", stanza["Package"]).split()[0],
        maintainer=stanza.get("Maintainer", ""),
        homepage=stanza.get("Homepage", ""),
        installed_size=int(size) if size.isdigit() else None,
        can_be_fetched="Filename" in stanza,
        relations={name: parse_relation(stanza[name]) for name in EDGE_FIELDS if name in stanza},
    )


def version_key(version: str) -> tuple:
    """Orders versions as dpkg does: epoch, upstream, revision; "~" comes before the end."""

    def character(c: str) -> int:
        return -1 if c == "~" else ord(c) if c.isalpha() else ord(c) + 256

    def part(text: str) -> tuple:
        # A 0 stands for the end, which is after "~" and before every other character.
        return tuple(
            ((*map(character, letters), 0), int(digits or 0))
            for letters, digits in re.findall(r"(\D*)(\d*)", text)
        )

    epoch, _, rest = version.rpartition(":")
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return int(epoch or 0), part(upstream), part(revision)


def keep_one_each(packages: Iterable[Package], native: str) -> list[Package]:
    """Keeps one package of each name: this machine's architecture first, then the newest."""

    def better(package: Package) -> tuple:
        return package.architecture in (native, "all"), version_key(package.version)

    kept: dict[str, Package] = {}
    for package in packages:
        other = kept.get(package.name)
        if other is None or better(package) > better(other):
            kept[package.name] = package
    return [kept[name] for name in sorted(kept)]


def make_node(package: Package) -> Node:
    meta = {
        "version": package.version,
        "architecture": package.architecture,
        "source_package": package.source,
        "maintainer": package.maintainer,
        "homepage": package.homepage,
        "installed_kib": package.installed_size,
        "tags": package.tags,
    }
    return Node(
        id=package.name,
        type="package",
        title=package.name,
        domain=package.section or None,
        layer=package.priority or None,
        summary="\n\n".join(text for text in (package.short, package.long) if text),
        meta={key: value for key, value in meta.items() if value},
    )


def make_edges(packages: Iterable[Package]) -> Iterator[Edge]:
    """Links packages that exist: every alternative is an edge, a purely virtual package is not."""
    packages = list(packages)
    existing = {package.name for package in packages}
    for package in packages:
        for field_name, clauses in package.relations.items():
            for clause in clauses:
                for name in clause.names:
                    if name in existing and name != package.name:
                        yield Edge(package.name, name, field_name.lower(), clause.text)


def make_document(package: Package) -> Document:
    """What a package is about; of a tag only the value, "image" of "works-with::image"."""
    return (
        (2.0, package.name),
        (1.0, package.short),
        (0.5, " ".join(tag.partition("::")[2] for tag in package.tags)),
        (0.25, package.section),
        (0.25, package.long),
    )


def output_of(*command: str) -> str:
    run = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, encoding="utf-8", errors="replace"
    )
    return run.stdout


def read_index() -> Iterator[Stanza]:
    """Reads every package that apt knows of."""
    with subprocess.Popen(
        ["apt-cache", "dumpavail"], stdout=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as process:
        assert process.stdout
        yield from parse_stanzas(process.stdout)


def read_long_descriptions() -> dict[str, str]:
    """Reads the long descriptions, by the MD5 that a stanza names; many machines have none."""
    settings = output_of("apt-config", "shell", "LISTS", "Dir::State::lists/d")
    folder = Path(shlex.split(settings.partition("=")[2])[0])
    files = sorted(str(file) for file in folder.glob("*_i18n_Translation-en*"))
    helper = "/usr/lib/apt/apt-helper"  # unpacks whatever apt has packed
    if not files or not Path(helper).exists():
        return {}
    stanzas = parse_stanzas(output_of(helper, "cat-file", *files).splitlines())
    return {
        stanza["Description-md5"]: parse_long(stanza.get("Description-en", ""))
        for stanza in bar(stanzas, "Reading descriptions")
        if "Description-md5" in stanza
    }


def read_packages() -> list[Package]:
    if not shutil.which("apt-cache"):
        raise NoIndex("there is no apt-cache")
    long_by_md5 = read_long_descriptions()
    packages = [
        parse_package(stanza, long_by_md5)
        for stanza in bar(read_index(), "Reading packages")
        if "Package" in stanza
    ]
    # Without lists apt tells only of the installed packages, which have no file to fetch.
    if not any(package.can_be_fetched for package in packages):
        raise NoIndex("it is empty: run `apt-get update` as root to get it")
    native = output_of("dpkg", "--print-architecture").strip()
    return keep_one_each(packages, native)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("build/demo.db"))
    output: Path = parser.parse_args().output
    start = time.monotonic()
    try:
        packages = read_packages()
    except NoIndex as reason:
        sys.exit(NO_APT.format(reason=reason, output=output, python=sys.executable))
    model, vectors = learn([make_document(package) for package in packages])
    nodes = [make_node(package) for package in packages]
    summary = write(output, nodes, list(make_edges(packages)), model, vectors)
    print(f"{summary}; made in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
