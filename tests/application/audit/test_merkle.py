"""The tree is RFC 6962's, its proofs are found by others, and no wrong one is taken for a proof."""

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from application.audit.merkle import (
    EMPTY,
    Frontier,
    Missing,
    consistency,
    extends,
    grow,
    hash_of,
    includes,
    inclusion,
    leaf_hash,
    node_hash,
    whole,
)
from tests.application.audit.trees import Grown, accepted, root_by_the_book, some_leaves

ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""The entries and roots that implementations of Certificate Transparency test with."""
sizes = st.integers(1, 700)


@pytest.mark.parametrize(("size", "root"), list(enumerate(ROOTS, 1)))
def test_roots_are_those_of_certificate_transparency(size: int, root: str) -> None:
    frontier, _ = grow(Frontier(), map(leaf_hash, ENTRIES[:size]))
    assert frontier.root.hex() == root


def test_a_tree_without_leaves_has_the_root_of_nothing() -> None:
    assert Frontier().root == EMPTY == root_by_the_book([])


@given(sizes, st.lists(st.integers(1, 300), max_size=8))
@example(size=256, batches=[255])
@example(size=257, batches=[256])
@example(size=513, batches=[1, 255, 256])
def test_a_tree_is_the_same_in_whatever_batches_it_grew(size: int, batches: list[int]) -> None:
    leaves = some_leaves(size)
    tree = Grown(leaves, batches)
    assert tree.frontier.root == root_by_the_book(leaves)
    assert len(tree.frontier.hashes) == size.bit_count() <= 64
    assert tree.hashes([whole(size)]) == [tree.frontier.root]


def test_tiles_above_the_first_level_hold_the_roots_of_full_ones() -> None:
    leaves = some_leaves(700)
    tiles = Grown(leaves).tiles
    widths = {(tile.level, tile.place): len(hashes) // 32 for tile, hashes in tiles.items()}
    assert widths == {(0, 0): 256, (0, 1): 256, (0, 2): 188, (1, 0): 2}
    roots = root_by_the_book(leaves[:256]) + root_by_the_book(leaves[256:512])
    assert tiles[next(tile for tile in tiles if tile.level == 1)] == roots


@given(st.data())
def test_what_is_in_the_tree_is_proved_and_nothing_else_is(data: st.DataObject) -> None:
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    leaves = some_leaves(700)
    tree = Grown(leaves)
    root = root_by_the_book(leaves[:size])
    proof = tree.hashes(inclusion(index, size))
    assert includes(leaves[index], index, size, proof, root)
    other = data.draw(st.integers(0, size + 2))
    if other != index:
        assert not includes(leaves[index], other, size, proof, root)
    assert not includes(leaf_hash(b"another"), index, size, proof, root)
    assert not includes(leaves[index], index, size, proof, leaf_hash(b"another"))
    for wrong in _spoilt(proof, data):
        assert not includes(leaves[index], index, size, wrong, root)


@given(st.data())
def test_a_tree_that_only_grew_is_proved_to_and_no_other_is(data: st.DataObject) -> None:
    new = data.draw(sizes)
    old = data.draw(st.integers(1, new))
    leaves = some_leaves(700)
    before, after = root_by_the_book(leaves[:old]), root_by_the_book(leaves[:new])
    proof = Grown(leaves).hashes(consistency(old, new))
    assert extends((old, before), (new, after), proof)
    assert not extends((old, leaf_hash(b"another")), (new, after), proof)
    assert not extends((old, before), (new, leaf_hash(b"another")), proof)
    if old != new:
        assert not extends((new, after), (old, before), proof)
    for wrong in _spoilt(proof, data):
        assert not extends((old, before), (new, after), wrong)


def _spoilt(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """Every way in which the published vectors spoil a proof."""
    spoilt = [[*proof, b""], [*proof, leaf_hash(b"more")], [b"", *proof], [EMPTY, *proof]]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        flipped = bytes([proof[at][0] ^ 1 << data.draw(st.integers(0, 7))]) + proof[at][1:]
        spoilt += [proof[:-1], proof[1:], [*proof[:at], flipped, *proof[at + 1 :]]]
        spoilt += [[*proof[:at], proof[at][:-1], *proof[at + 1 :]]]
    if len(set(proof)) > 1:
        spoilt += [proof[::-1]]
    return spoilt


@given(st.integers(1, 80), st.data())
def test_roots_and_proofs_are_those_of_an_independent_library(
    size: int, data: st.DataObject
) -> None:
    entries = [b"entry %d" % n for n in range(size)]
    theirs = InmemoryTree(algorithm="sha256")
    for entry in entries:
        theirs.append_entry(entry)
    tree = Grown([leaf_hash(entry) for entry in entries])
    at = data.draw(st.integers(1, size))
    assert tree.hashes([whole(at)]) == [theirs.get_root(at)]


def a_vector(**changes: Any) -> dict[str, Any]:
    """A proof that leaf 1 is in a tree of two, as the published vectors are written."""
    leaves = some_leaves(2)
    text = [b64encode(one).decode() for one in (*leaves, node_hash(*leaves))]
    vector = {"leafIdx": 1, "treeSize": 2, "root": text[2], "leafHash": text[1]}
    return vector | {"proof": [text[0]]} | changes


@pytest.mark.parametrize(
    "changes",
    [{"leafIdx": 0}, {"treeSize": 3}, {"leafIdx": -1}, {"proof": None}, {"root": None}],
)
def test_vectors_are_taken_only_as_they_are(changes: dict[str, Any]) -> None:
    assert accepted(a_vector())
    assert not accepted(a_vector(**changes))


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 1), (2, 1), (-1, 1)])
def test_nothing_is_shown_of_trees_without_leaves_or_that_shrank(old: int, new: int) -> None:
    assert not extends((old, EMPTY), (new, EMPTY), [])


def test_a_tree_that_lacks_a_tile_says_so() -> None:
    tiles = Grown(some_leaves(300)).tiles
    del tiles[min(tiles)]
    with pytest.raises(Missing):
        hash_of(whole(256), dict.fromkeys(tiles, b""))
