"""graph_id and graph_slug against their rules written as regular expressions."""

import random
import re

import pytest


def slug(text):
    text = re.sub(r"[^a-z0-9]", "-", text.translate({c: c + 32 for c in range(65, 91)}))
    return re.sub(r"-+", "-", text).strip("-")


def graph_id(text):
    """Step by step as the ids of existing graphs were made."""
    text = re.sub(r"\A\.*/", "", text)
    text = re.sub(r"\.(md|ts|js|json)\Z", "", text)
    text = text.translate({c: c + 32 for c in range(65, 91)})
    text = re.sub(r"[^a-z0-9/]", "-", text)
    text = re.sub(r"/+", "-", text)
    text = re.sub(r"-+", "-", text)
    return re.sub(r"\A-|-\Z", "", text)


def both(engine, text):
    return engine.execute("SELECT graph_id(?), graph_slug(?)", (text, text))[0]


PIECES = ["./", "../", "/", ".", "-", "--", " ", "_", "A", "z", "0", "9", "Z", "a", ".md", ".ts", ".js"]
PIECES += [".json", ".MD", ".mdx", "é", "İ", "K", "ß", "日本", "\n", "\0", "notes", "Big Idea", "[", "@", "`", "{"]


@pytest.mark.parametrize(
    ("text", "id", "slugged"),
    [
        ("./Notes/Big Idea.md", "notes-big-idea", "notes-big-idea-md"),
        ("../../a.ts", "a", "a-ts"),
        ("/docs//x.json", "docs-x", "docs-x-json"),
        (".../a", "a", "a"),
        ("a.md.md", "a-md", "a-md-md"),
        ("README.MD", "readme-md", "readme-md"),
        ("a.md\n", "a-md", "a-md"),
        ("--a--b--", "a-b", "a-b"),
        ("Café 2", "caf-2", "caf-2"),
        ("日本", "", ""),
        ("", "", ""),
        (".md", "", "md"),
        ("./", "", ""),
        ("...", "", ""),
        ("a\0b", "a-b", "a-b"),
    ],
)
def test_examples(engine, text, id, slugged):
    assert both(engine, text) == (id, slugged)
    assert (graph_id(text), slug(text)) == (id, slugged)


@pytest.mark.parametrize("seed", range(4))
def test_random_texts(engine, seed):
    draw = random.Random(seed)
    for _ in range(2000):
        text = "".join(draw.choices(PIECES, k=draw.randint(0, 6)))
        if draw.random() < 0.2:
            text = "".join(map(chr, draw.choices(range(1, 0x250), k=draw.randint(0, 12))))
        assert both(engine, text) == (graph_id(text), slug(text)), repr(text)


def test_null_numbers_and_blobs(engine):
    assert both(engine, None) == (None, None)
    assert both(engine, 12) == ("12", "12")
    assert both(engine, -1.5) == ("1-5", "1-5")
    assert both(engine, b"A b.md") == ("a-b", "a-b-md")
    assert both(engine, b"") == ("", "")
    assert both(engine, b"\xff\xfea") == ("a", "a")


def test_an_index_may_use_them(engine):
    engine.execute("CREATE TABLE files (path TEXT)")
    engine.execute("CREATE UNIQUE INDEX by_id ON files (graph_id(path))")
    engine.execute("INSERT INTO files VALUES ('./A.md')")
    with pytest.raises(engine.Error, match="UNIQUE"):
        engine.execute("INSERT INTO files VALUES ('a.md')")


def test_a_long_text(engine):
    text = "Ab " * 300_000
    assert both(engine, text) == (graph_id(text), slug(text))


def test_control_the_rules_differ():
    assert graph_id("a.md") != slug("a.md")
    assert graph_id("a") != graph_id("b")
