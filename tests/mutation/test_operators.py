"""The mutator itself: which faults it makes, and that they are where they should be."""

from __future__ import annotations

import pytest
from tests.mutation.operators import mutants

SOURCE = """
#define TWO (1 + 1)
static const int table[2] = {1, 2};

/* a + b */
static bool is_less(const int *a, int b)
{
    const int *p = a; // 1 + 2
    if ((*p < b) && (b != 0)) {
        return true;
    }
    return b > -1;
}

mrt_status_t run(int count)
{
    for (int i = 0; i < count; ++i) {
        call("a + b", i);
    }
    return MRT_OK;
}
"""


def test_faults_of_a_small_unit() -> None:
    found = {(mutant.line, mutant.change) for mutant in mutants("x.c", SOURCE)}
    condition, loop = "if ((*p < b) && (b != 0)) {", "for (int i = 0; i < count; ++i) {"
    assert found == {
        (9, f"{condition} => if (!((*p < b) && (b != 0))) {{"),
        (9, f"{condition} => if ((*p <= b) && (b != 0)) {{"),
        (9, f"{condition} => if ((*p < b) || (b != 0)) {{"),
        (9, f"{condition} => if ((*p < b) && (b == 0)) {{"),
        (9, f"{condition} => if ((*p < b) && (b != 1)) {{"),
        (10, "return true; => return false;"),
        (12, "return b > -1; => return !(b > -1);"),
        (12, "return b > -1; => return b >= -1;"),
        (12, "return b > -1; => return b > -2;"),
        (12, "return b > -1; => return b > -0;"),
        (17, f"{loop} => for (int i = 1; i < count; ++i) {{"),
        (17, f"{loop} => for (int i = 0; i <= count; ++i) {{"),
        (18, 'call("a + b", i); => ;'),
        (20, "return MRT_OK; => return MRT_ERR_STATE;"),
    }


@pytest.mark.parametrize("index", range(14))
def test_a_mutant_differs_from_its_source_in_one_place(index: int) -> None:
    mutant = mutants("x.c", SOURCE)[index]
    changed = mutant.apply(SOURCE)
    assert changed[: mutant.start] == SOURCE[: mutant.start]
    assert changed.endswith(SOURCE[mutant.end :])
    assert changed != SOURCE
