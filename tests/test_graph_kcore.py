"""graph_kcore against networkx."""

import networkx as nx
import pytest
from graphs import ID_TYPES, random_graph, simple, sql_key, write_edges, write_graph


@pytest.mark.parametrize("id_type", ID_TYPES)
def test_cores_are_those_of_networkx(engine, id_type):
    for seed in range(8):
        graph = random_graph(seed, 40, 40 + 40 * seed, ID_TYPES[id_type])
        write_graph(engine, graph, f"e{seed}", shuffle=seed)
        expected = nx.core_number(simple(graph, undirected=True))
        found = engine.execute(f"SELECT node, core FROM graph_kcore('e{seed}')")
        assert found == sorted(expected.items(), key=lambda row: sql_key(row[0]))


def test_the_karate_club(engine):
    write_edges(engine, nx.karate_club_graph().edges())
    assert engine.execute("SELECT core, count(*) FROM graph_kcore('edges') GROUP BY core") == [
        (1, 1), (2, 11), (3, 12), (4, 10)]


def test_arguments(engine):
    write_graph(engine, random_graph(1))
    engine.execute("CREATE TABLE n (name)")
    engine.execute("INSERT INTO n VALUES (1), (700)")
    found = engine.execute("SELECT node, core FROM graph_kcore('edges') WHERE node_table = 'n' AND "
                           "id_col = 'name' AND types = '[\"uses\", \"likes\"]'")
    assert (700, 0) in found
    kept = nx.MultiDiGraph((u, v, d) for u, v, d in random_graph(1).edges(data=True)
                           if d["type"] != "knows")
    kept.add_nodes_from([1, 700])
    assert dict(found) == nx.core_number(simple(kept, undirected=True))
    assert engine.execute("SELECT * FROM graph_kcore(db_query('SELECT 1, 1'))") == [(1, 0)]
    assert engine.execute("SELECT * FROM graph_kcore(db_query('SELECT 1, 2 WHERE 0'))") == []
