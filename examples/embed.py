"""Turns texts into unit vectors in a way that SQL can repeat for a question.

TF-IDF and a truncated SVD give every word a vector; a text is the sum of the vectors of its words,
normalised. The words and their vectors go into the table `terms`, so a statement that splits a
text into words and adds their vectors up finds the same place (see examples/demo.sql).
docs/demo.md explains the choices made here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from progress import bar
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

DIMENSIONS = 384

# ASCII only, because lower() of SQLite is: any other character ends a word.
WORD = re.compile("[A-Za-z0-9]+")

# Words that say nothing about a subject. They are absent from `terms`, so SQL needs no such list.
STOP_WORDS = frozenset(
    (
        "a about all also an and any are as at be been but by can do does etc for from has have "
        "how i if in into is it its like may me more most my no not of on one only or other our "
        "out s should so some such t than that the their them then there these they this those "
        "to use used useful user uses using very via was we what when where which while who will "
        "with would you your"
    ).split()
)

# A text in parts: (weight, text) each, for a word in a title says more than one in a long text.
Document = Sequence[tuple[float, str]]


def split_words(text: str) -> list[str]:
    """Splits a text into words exactly as the statement in demo.sql does."""
    return [word.lower() for word in WORD.findall(text)]


def base_forms(word: str) -> list[str]:
    """Guesses what an English word could be an inflection of, the likeliest first."""
    guesses = []
    if word.endswith("ies"):
        guesses = [word[:-3] + "y", word[:-1]]
    elif word.endswith("es"):
        guesses = [word[:-1], word[:-2]]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        guesses = [word[:-1]]
    elif word.endswith(("ing", "ed")):
        root = word.removesuffix("ing").removesuffix("ed")
        if re.search("[aeiouy]", root):  # else it is no ending: "string"
            guesses = [root + "e", root]
            if root[-1:] == root[-2:-1]:
                guesses.append(root[:-1])  # "planning"
    return [guess for guess in guesses if len(guess) >= 3]


def fold_words(words: Iterable[str]) -> dict[str, str]:
    """Maps each word to the one that it shares a vector with: "photos" and "photo" mean the same.

    Only to a word that is itself in use, so a wrong guess is rare. Doing it here, with a row in
    `terms` for every form, keeps it out of the SQL.
    """
    known = set(words)

    def fold(word: str) -> str:
        base = next((guess for guess in base_forms(word) if guess in known), word)
        return base if base == word else fold(base)

    return {word: fold(word) for word in known}


def choose_words(documents: Iterable[Document], min_documents: int) -> dict[str, str]:
    """Maps each word worth a vector to its base: no stop word, no number, in enough documents."""
    documents_with: Counter[str] = Counter()
    for document in documents:
        documents_with.update({word for _, text in document for word in split_words(text)})
    bases = fold_words(w for w in documents_with if w not in STOP_WORDS and not w.isdigit())
    total: Counter[str] = Counter()
    for word, base in bases.items():
        total[base] += documents_with[word]
    return {word: bases[word] for word in sorted(bases) if total[bases[word]] >= min_documents}


@dataclass
class Model:
    """What was learnt from the documents: which words there are, and a vector for each."""

    columns: dict[str, int]  # every word; those that share a vector share a column
    tfidf: TfidfTransformer
    svd: TruncatedSVD

    def count(
        self, documents: Sequence[Document], progress: str | None = None
    ) -> sparse.csr_matrix:
        """Weighs the words of each document; a word counts once in each part.

        In the order of the text, so that every run adds up in the same order.
        """
        values: list[float] = []
        columns: list[int] = []
        ends = [0]
        for document in bar(documents, progress, disable=progress is None):
            weights: Counter[int] = Counter()
            for weight, text in document:
                for word in dict.fromkeys(split_words(text)):
                    if word in self.columns:
                        weights[self.columns[word]] += weight
            columns.extend(weights.keys())
            values.extend(weights.values())
            ends.append(len(columns))
        width = 1 + max(self.columns.values(), default=0)
        return sparse.csr_matrix(
            (values, columns, ends), shape=(len(documents), width), dtype=float
        )

    def transform(self, counts: sparse.csr_matrix) -> np.ndarray:
        """Gives each row of counts its unit vector; a row without words stays zero."""
        return normalize(self.svd.transform(self.tfidf.transform(counts))).astype("<f4")

    def terms(self) -> Iterable[tuple[str, bytes]]:
        """Every word with its weighted vector; the sum over a text, normalised, is transform()."""
        vectors = (self.svd.components_ * self.tfidf.idf_).T.astype("<f4")
        for word, column in self.columns.items():
            if vectors[column].any():
                yield word, vectors[column].tobytes()


def learn(documents: Sequence[Document], min_documents: int = 2) -> tuple[Model, np.ndarray]:
    """Learns the words of the documents; returns the model and a unit vector for each document."""
    bases = choose_words(bar(documents, "Choosing words"), min_documents)
    if not bases:
        raise ValueError(
            f"no word occurs in {min_documents} of the {len(documents)} texts: nothing to embed"
        )
    number = {base: column for column, base in enumerate(sorted(set(bases.values())))}
    model = Model(
        columns={word: number[base] for word, base in bases.items()},
        tfidf=TfidfTransformer(norm=None),
        svd=TruncatedSVD(DIMENSIONS, n_iter=4, random_state=0),
    )
    counts = model.count(documents, "Counting words")
    weights = model.tfidf.fit_transform(counts)

    # One thread: a second gains nothing, and on a busy machine the two wait for each other, four
    # times as long. Nor do the bits depend on the number of cores then.
    with (
        bar(total=1, desc="Learning vectors", bar_format="{desc}: {elapsed}"),
        threadpool_limits(1),
    ):
        rank = min(DIMENSIONS, *weights.shape)
        model.svd.set_params(n_components=rank).fit(normalize(weights).astype("f4"))
        model.svd.components_ = level_axes(model.svd)
        vectors = model.transform(counts)
    return model, vectors


def level_axes(svd: TruncatedSVD) -> np.ndarray:
    """Makes the vectors of all words equally long, so that only their idf weighs them.

    An SVD keeps what is common and all but drops rare words: "photo" becomes a short vector and
    "edit" a long one, and a search for "edit photos" finds editors of anything. Weighing the axes
    by their singular values first keeps the strong ones in charge of the direction. The result is
    padded with zeros, so that a small collection has DIMENSIONS too.
    """
    vectors = (svd.components_ * svd.singular_values_[:, None]).T
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    level = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-9)
    return np.pad(level.T, ((0, DIMENSIONS - len(svd.components_)), (0, 0)))
