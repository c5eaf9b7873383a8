"""Vectors: made in the background, fused with words, erased with their turns; never needed."""

import chromadb
import numpy as np
import pytest

from cocolora.errors import EmbedderUnavailable
from cocolora.retrieval import ChromaMiniLM, HiddenStates, SearchIndex
from cocolora.retrieval.embedders import UNRELATED
from cocolora.retrieval.vectors import normalise, similarities
from tests.retrieval.fakes import LetterPairs, files_holding, question, unit

UNITS = [
    unit("dog", "My dog is called Rex."),
    unit("sea", "unbelievable seafaring"),
    question("dog", "What is my dog called?"),
    unit("work", "seafarers believe", profile="work"),
]


@pytest.fixture
def embedder():
    return LetterPairs()


@pytest.fixture
def index(tmp_path, embedder):
    opened = SearchIndex.open(tmp_path / "index", find_embedder=lambda: embedder)
    opened.add(UNITS)
    yield opened
    opened.close()


def turns(index, query, profile="personal"):
    return [hit.turn_id for hit in index.search(query, profile=profile)]


def test_words_are_found_before_there_are_vectors(index, embedder):
    assert turns(index, "Rex") == ["dog"]
    assert set(index.turns_without_vectors()) == {"dog", "sea", "work"}
    assert embedder.texts == []


def test_chroma_is_told_to_send_no_telemetry_whatever_its_surroundings_say(index, monkeypatch):
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "True")
    told = []
    opening = chromadb.PersistentClient

    def note(path, settings):
        told.append(settings.anonymized_telemetry)
        return opening(path, settings=settings)

    monkeypatch.setattr(chromadb, "PersistentClient", note)
    assert index.catch_up(UNITS) == 4
    assert told == [False]


def test_vectors_find_what_words_do_not(index):
    query = "believable sea-faring"
    assert turns(index, "unbelievingness") == []
    assert index.catch_up(UNITS) == 4
    assert index.turns_without_vectors() == []
    assert turns(index, query)[0] == "sea"
    assert turns(index, "unbelievingness")[0] == "sea"
    assert all(0 < hit.score <= 1 for hit in index.search(query, profile="personal"))


def test_vectors_of_another_profile_are_not_found(index):
    index.catch_up(UNITS)
    assert turns(index, "unbelievingness", profile="work") == ["work"]


def test_vectors_are_made_once(index, embedder):
    index.catch_up(UNITS)
    made = len(embedder.texts)
    assert index.catch_up(UNITS) == 0
    assert len(embedder.texts) == made


def test_unit_that_is_not_known_gets_no_vector(index):
    assert index.catch_up([unit("never", "added")]) == 0


def test_more_vectors_than_chroma_takes_at_once_are_all_found(index):
    many = [unit(f"t{number}", f"w{number}") for number in range(450)]
    index.add(many)
    assert index.catch_up([*UNITS, *many]) == 454
    assert index._dense._chroma.count() == 454


def test_text_that_changed_gets_a_new_vector(index):
    index.catch_up(UNITS)
    index.add([unit("sea", "something else entirely")])
    assert index.turns_without_vectors() == ["sea"]
    assert index.catch_up([unit("sea", "something else entirely")]) == 1


def test_dropped_vector_leaves_no_byte(index, embedder, tmp_path):
    index.catch_up(UNITS)
    vector = np.asarray(embedder.embed([UNITS[1].text])[0], dtype=np.float32)
    forms = [vector.tobytes(), (vector / np.linalg.norm(vector)).astype(np.float32).tobytes()]
    assert files_holding(tmp_path, *forms)
    index.drop_turns(["sea"])
    assert files_holding(tmp_path, *forms, b"unbeliev") == []
    assert "sea" not in turns(index, "unbelievingness")


def test_dropped_profile_leaves_no_vector(index, embedder, tmp_path):
    index.catch_up(UNITS)
    vectors = np.asarray(embedder.embed([UNITS[3].text, UNITS[1].text]), dtype=np.float32)
    gone, kept = (vector.tobytes() for vector in normalise(vectors))
    assert files_holding(tmp_path, gone)
    index.drop_profile("work")
    assert files_holding(tmp_path, gone, vectors[0].tobytes()) == []
    assert files_holding(tmp_path, kept)


def test_after_a_drop_chroma_is_filled_again_without_the_embedder(index, embedder, tmp_path):
    index.catch_up(UNITS)
    index.drop_turns(["dog"])
    assert not (tmp_path / "index" / "vectors").exists()
    made = len(embedder.texts)
    assert index.catch_up([]) == 0
    assert len(embedder.texts) == made
    assert turns(index, "unbelievingness") == ["sea"]


def test_vectors_survive_closing(index, embedder, tmp_path):
    index.catch_up(UNITS)
    index.close()
    again = SearchIndex.open(tmp_path / "index", find_embedder=lambda: embedder)
    assert again.turns_without_vectors() == []
    assert turns(again, "unbelievingness")[0] == "sea"
    again.close()


@pytest.mark.parametrize("other", [LetterPairs("another"), LetterPairs("another", dimension=32)])
def test_another_embedder_starts_over_and_words_go_on(other, index, tmp_path):
    index.catch_up(UNITS)
    index.close()
    again = SearchIndex.open(tmp_path / "index", find_embedder=lambda: other)
    assert turns(again, "Rex") == ["dog"]
    assert turns(again, "unbelievingness") == []
    assert len(again.turns_without_vectors()) == 3
    assert again.catch_up(UNITS) == 4
    assert turns(again, "unbelievingness")[0] == "sea"
    again.close()


def test_embedder_that_changes_its_dimension_starts_over(index, embedder):
    index.catch_up(UNITS)
    embedder.dimension = 32
    index.add([unit("new", "another thing")])
    index.catch_up([unit("new", "another thing")])
    assert turns(index, "another thing") == ["new"]
    assert set(index.turns_without_vectors()) == {"dog", "sea", "work"}


def test_embedder_that_fails_leaves_the_words(index, embedder, caplog):
    index.catch_up(UNITS)
    embedder.available = False
    assert turns(index, "Rex") == ["dog"]
    assert turns(index, "Rex") == ["dog"]
    assert caplog.text.count("Search goes on by words alone") == 1
    index.add([unit("new", "another thing")])
    with pytest.raises(EmbedderUnavailable):
        index.catch_up([unit("new", "another thing")])


def test_chroma_that_is_damaged_is_made_again(index, tmp_path, embedder):
    index.catch_up(UNITS)
    index.close()
    (tmp_path / "index" / "vectors" / "chroma.sqlite3").write_bytes(b"garbage" * 1000)
    again = SearchIndex.open(tmp_path / "index", find_embedder=lambda: embedder)
    assert turns(again, "Rex")[0] == "dog"
    again.catch_up([])
    again.catch_up([])
    assert turns(again, "unbelievingness")[0] == "sea"
    again.close()


def test_without_an_embedder_there_are_no_vectors(tmp_path):
    index = SearchIndex.open(tmp_path)
    index.add(UNITS)
    assert index.turns_without_vectors() == []
    assert index.catch_up(UNITS) == 0
    assert not (tmp_path / "vectors").exists()
    index.close()


def test_chroma_minilm_that_is_not_here_is_said_without_asking_the_network(monkeypatch, tmp_path):
    from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2

    monkeypatch.setattr(ONNXMiniLM_L6_V2, "DOWNLOAD_PATH", tmp_path)
    with pytest.raises(EmbedderUnavailable, match="not on this machine"):
        ChromaMiniLM()


def test_embedder_that_comes_later_and_goes_again_is_asked_each_time(tmp_path, embedder):
    present = []

    def find():
        if not present:
            raise EmbedderUnavailable("there is none yet")
        return present[0]

    index = SearchIndex.open(tmp_path / "later", find_embedder=find)
    index.add(UNITS)
    assert index.turns_without_vectors() == []
    with pytest.raises(EmbedderUnavailable):
        index.catch_up(UNITS)
    present.append(embedder)
    assert index.catch_up(UNITS) == 4
    assert turns(index, "unbelievingness")[0] == "sea"
    present.clear()
    assert turns(index, "unbelievingness") == []
    assert index.catch_up([]) == 0
    present.append(embedder)
    assert turns(index, "unbelievingness")[0] == "sea"
    index.close()


def test_what_all_hidden_states_have_in_common_makes_no_texts_alike(embedder):
    texts = ["My dog is called Rex.", "Is my dog called Rex?", "How far is Oslo from here?"]

    def embed(texts):
        return (normalise(embedder.embed(texts)) + 10).tolist()

    raw, centred = normalise(embed(texts)), normalise(HiddenStates("tiny", embed).embed(texts))
    assert raw[0] @ raw[2] > 0.99
    assert centred[0] @ centred[2] < 0.3 < 0.8 < centred[0] @ centred[1]


def test_baseline_of_hidden_states_is_what_few_unrelated_texts_reach(embedder):
    hidden = HiddenStates("tiny", embedder.embed)
    vectors = normalise(hidden.embed(UNRELATED))
    above = [vectors[i] @ vectors[j] > hidden.baseline for i in range(len(vectors)) for j in range(i)]
    assert 0 < sum(above) <= 0.05 * len(above)


def test_hidden_states_that_cannot_be_had_are_an_embedder_that_is_not_available():
    def embed(texts):
        raise EmbedderUnavailable("no model is loaded")

    hidden = HiddenStates("tiny", embed)
    with pytest.raises(EmbedderUnavailable, match="no model"):
        hidden.embed(["a"])


def test_a_vector_of_another_length_is_not_compared():
    kept = {1: np.ones(4, dtype=np.float32).tobytes(), 2: np.ones(8, dtype=np.float32).tobytes()}
    assert list(similarities(np.ones(4, dtype=np.float32), kept, baseline=0.0)) == [1]
