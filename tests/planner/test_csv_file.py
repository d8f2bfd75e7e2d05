"""Problems and plans as CSV: what is read, what is refused with which line, what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from micrort.errors import UsageError
from micrort.planner import Lifetime, Pool, plan, read_lifetimes, write_plan


def read(folder: Path, content: bytes) -> list[Lifetime]:
    path = folder / "problem.csv"
    path.write_bytes(content)
    return read_lifetimes(path)


@pytest.mark.parametrize(
    "content",
    [
        b"id,lower,upper,size\na,0,4,10\nb,2,6,20\n",
        b"\xef\xbb\xbfid,lower,upper,size\r\na,0,4,10\r\nb,2,6,20",
        b"size,id,upper,lower\n10,a,4,0\n\n20,b,6,2\n",
        b' id , lower,upper,size,alignment,fixed\n"a", 0 ,4,10,1,\nb,2,6,20,,\n',
    ],
    ids=["plain", "windows", "columns moved", "quoted"],
)
def test_forms_of_the_same_problem(content: bytes, tmp_path: Path) -> None:
    assert read(tmp_path, content) == [Lifetime("a", 0, 4, 10), Lifetime("b", 2, 6, 20)]


def test_optional_columns(tmp_path: Path) -> None:
    items = read(tmp_path, b"id,lower,upper,size,alignment,fixed\na,0,1,3,4,8\n")
    assert items == [Lifetime("a", 0, 1, 3, alignment=4, fixed=8)]


def test_no_rows_are_no_buffers(tmp_path: Path) -> None:
    assert read(tmp_path, b"id,lower,upper,size\n") == []


HEAD = b"id,lower,upper,size,alignment,fixed\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ":1: the header lacks id, lower, upper, size"),
        (b"a,0,1,2\n", ":1: the header lacks"),
        (b"id,lower,upper\n", ":1: the header lacks size"),
        (b"id,lower,upper,size,colour\n", ":1: unknown or repeated column"),
        (b"id,lower,upper,size,size\n", ":1: unknown or repeated column"),
        (HEAD + b"a,0,1,2,1,\nb,0,1\n", ":3: 3 cells; the header has 6"),
        (HEAD + b"a,0,1,2,1,,9\n", ":2: 7 cells"),
        (HEAD + b",0,1,2,1,\n", ":2: the id is empty"),
        (HEAD + b"a,0,1,2,1,\na,1,2,2,1,\n", ":3: id 'a' stands in line 2 too"),
        (HEAD + b"a,x,1,2,1,\n", ":2: lower 'x'"),
        (HEAD + b"a,0,1.5,2,1,\n", ":2: upper '1.5'"),
        (HEAD + b"a,0,1,-2,1,\n", ":2: size '-2'"),
        (HEAD + b"a,0,1,1_000,1,\n", ":2: size '1_000'"),
        (HEAD + "a,0,1,٣,1,\n".encode(), ":2: size"),
        (HEAD + b"a,0,1,,1,\n", ":2: size ''"),
        (HEAD + b"a,0,4294967296,1,1,\n", ":2: upper '4294967296'; supported: whole numbers from 0 to 4294967295"),
        (HEAD + b"a,0,1,2147483649,1,\n", ":2: size '2147483649'"),
        (HEAD + b"a,0,1," + b"9" * 5000 + b",1,\n", ":2: size"),
        (HEAD + b"a,4,4,2,1,\n", ":2: lower 4 is not below upper 4"),
        (HEAD + b"a,0,4,2,3,\n", ":2: alignment 3 is not a power of two"),
        (HEAD + b"a,0,4,2,0,\n", ":2: alignment 0 is not a power of two"),
        (HEAD + b"a,0,4,2,4,6\n", ":2: the fixed offset 6 is not a multiple of 4"),
        (HEAD + b'"a,0,4,2,4,6\n', ": not CSV"),
        (b"PK\x03\x04\xff\xfe\x00", "not a text file in UTF-8 (byte 4)"),
    ],
)
def test_malformed_files(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        read(tmp_path, content)
    assert message in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "problem.csv"))


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_lifetimes(tmp_path / "nosuch.csv")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_lifetimes(tmp_path)
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        write_plan(tmp_path / "no" / "such.csv", [], plan([], [Pool("ram")]))


def test_a_plan_is_the_problem_with_offsets(tmp_path: Path) -> None:
    items = [Lifetime("a", 0, 4, 10), Lifetime("b", 2, 6, 20), Lifetime("c, d", 5, 7, 10)]
    path = tmp_path / "plan.csv"
    write_plan(path, items, plan(items, [Pool("ram")]))
    assert path.read_text() == 'id,lower,upper,size,offset\na,0,4,10,20\nb,2,6,20,0\n"c, d",5,7,10,20\n'


def test_columns_of_alignments_and_pools(tmp_path: Path) -> None:
    items = [Lifetime("a", 0, 4, 10, alignment=4, pools=(1,))]
    path = tmp_path / "plan.csv"
    write_plan(path, items, plan(items, [Pool("x"), Pool("y")]))
    assert path.read_text() == "id,lower,upper,size,alignment,pool,offset\na,0,4,10,4,1,0\n"
