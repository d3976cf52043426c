"""Reads a markdown file into notes: one for the file, one for each heading.

Python's standard library only. What counts: front matter (title, date, tags), # headings, links to
other files, [[wiki links]] and #tags, none of them inside code.
"""

import hashlib
import posixpath
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

HEADING = re.compile(r"(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
WIKI_LINK = re.compile(r"\[\[([^\]|]+)(?:\|[^\]]*)?\]\]")
TAG = re.compile(r"(?:(?<=\s)|^)#([^\W\d_][\w/-]*)")
FRONT_MATTER = re.compile(r"---\s*\n(.*?\n)?---\s*(?:\n|$)", re.S)

SUMMARY_LENGTH = 500


@dataclass
class Note:
    """A node to be: a file, or a heading with the text below it."""

    slug: str  # of the heading; empty for the file
    title: str
    line: int
    parent: str | None = None  # slug of the heading above
    level: int = 0
    text: str = ""
    links: list[str] = field(default_factory=list)  # 'path.md', 'path.md#slug' or '[[name#slug]]'
    tags: list[str] = field(default_factory=list)
    date: str | None = None

    @property
    def hash(self) -> str:
        return hashlib.sha256(f"{self.title}\n{self.text}".encode()).hexdigest()

    @property
    def summary(self) -> str | None:
        """The first paragraph."""
        paragraphs = re.split(r"\n\s*\n", self.text.strip())
        return " ".join(paragraphs[0].split())[:SUMMARY_LENGTH] or None


def graph_id(text: str) -> str:
    """The id of a path, as the SQL function graph_id makes it."""
    text = re.sub(r"^\.*/", "", text)
    text = re.sub(r"\.(md|ts|js|json)$", "", text).lower()
    text = re.sub(r"/+", "-", re.sub(r"[^a-z0-9/]", "-", text))
    return re.sub(r"^-|-$", "", re.sub(r"-+", "-", text))


def slugify(text: str) -> str:
    """A heading as the part of a link behind the #, as GitHub writes it."""
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def parse(path: str, text: str) -> list[Note]:
    """The notes of a file, the file's own first; `path` is relative to the folder."""
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    front, body, line = split_front_matter(text)
    name = posixpath.splitext(posixpath.basename(path))[0]
    whole = Note("", front.get("title") or "", 1, date=front.get("date"))
    whole.tags = list(front.get("tags", []))
    notes, slugs, above = [whole], set(), [whole]
    fence = None
    for number, raw in enumerate(body.split("\n"), line):
        mark = FENCE.match(raw)
        if fence:
            if mark and mark[1].startswith(fence) and not raw.strip().strip(fence[0]):
                fence = None
            notes[-1].text += raw + "\n"
            continue
        if mark:
            fence = mark[1]
        heading = None if mark else HEADING.match(raw)
        if heading:
            title, level = heading[2], len(heading[1])
            while above[-1].level >= level:
                above.pop()
            note = Note(new_slug(title, slugs), title, number, above[-1].slug, level)
            notes.append(note)
            above.append(note)
        else:
            notes[-1].text += raw + "\n"
        if not mark:
            read_line(path, raw if not heading else heading[2], notes[-1], whole)
    if not whole.title:
        whole.title = notes[1].title if len(notes) > 1 and notes[1].level == 1 else name
    whole.tags = list(dict.fromkeys(whole.tags))
    for note in notes:
        note.links = list(dict.fromkeys(note.links))
    return notes


def split_front_matter(text: str) -> tuple[dict, str, int]:
    """(title, date and tags; the text below; the number of its first line)."""
    match = FRONT_MATTER.match(text)
    if not match:
        return {}, text, 1
    found: dict = {}
    key = None
    for line in (match[1] or "").splitlines():
        pair = re.match(r"(\w+)\s*:\s*(.*)$", line)
        item = re.match(r"\s*-\s+(.*)$", line)
        if pair:
            key, value = pair[1].lower(), pair[2].strip()
            if key == "tags":
                found["tags"] = [unquote_yaml(t) for t in value.strip("[]").split(",") if t.strip()]
            elif value:
                found[key] = unquote_yaml(value)
        elif item and key == "tags":
            found["tags"].append(unquote_yaml(item[1]))
    found["tags"] = [tag.removeprefix("#") for tag in found.get("tags", [])]
    return found, text[match.end() :], 1 + text.count("\n", 0, match.end())


def unquote_yaml(value: str) -> str:
    return re.sub(r"""^(["'])(.*)\1$""", r"\2", value.strip())


def new_slug(title: str, slugs: set[str]) -> str:
    """The second heading of a name gets -1, the third -2."""
    base = slugify(title) or "section"
    slug, count = base, 0
    while slug in slugs:
        count += 1
        slug = f"{base}-{count}"
    slugs.add(slug)
    return slug


def read_line(path: str, line: str, note: Note, whole: Note) -> None:
    """Adds the links of a line to its note and the tags to the file's."""
    line = CODE.sub(" ", line)
    for target in LINK.findall(line):
        link = file_link(path, target)
        if link:
            note.links.append(link)
    note.links += [f"[[{name.strip()}]]" for name in WIKI_LINK.findall(line)]
    whole.tags += TAG.findall(WIKI_LINK.sub(" ", LINK.sub(" ", line)))


def file_link(path: str, target: str) -> str | None:
    """A link to a markdown file of the folder, relative to the folder; None for any other link."""
    target, _, anchor = unquote(target).partition("#")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|/", target) or (target and not target.endswith(".md")):
        return None
    file = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
    if file.startswith("../"):
        return None
    return f"{file}#{anchor}" if anchor else file
