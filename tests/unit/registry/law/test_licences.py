"""Which firms does a published list name?"""

import pytest

from services.registry.law.licences import Defaulters, firm_name, read_defaulters

LIST = [
    "\ufeff연번,사업장명,사업자등록번호\n",
    "1,주식회사 가나상사,000-11-00001\n",
    "2,다라(유),\n",
    "3,마바 건설㈜,0001100003\n",
]


@pytest.fixture
def listed() -> Defaulters:
    return read_defaulters(LIST)


@pytest.mark.parametrize(
    ("employer", "number", "likeness"),
    [
        ("가나상사", "000-11-00001", "same firm"),
        ("이름을 바꾼 회사", "0001100001", "same firm"),
        ("(주)가나상사", None, "same name"),
        ("㈜ 가나 상사", None, "same name"),
        ("가나상사", "000-11-00009", None),
        ("다라 유한회사", "000-11-00009", "same name"),
        ("다라", None, "same name"),
        ("마바건설", None, "same name"),
        ("가나상사 협력사", None, None),
        ("사아", None, None),
        ("", None, None),
    ],
)
def test_a_firm(listed: Defaulters, employer: str, number: str | None, likeness: str | None):
    assert listed.likeness(employer, number) == likeness


def test_a_name_is_compared_without_its_legal_form():
    assert firm_name("주식회사 가나-상사") == firm_name("가나상사(주)") == "가나상사"
    assert firm_name("㈜ABC") == firm_name("abc 주식회사") == "abc"


def test_a_list_needs_a_column_for_the_name():
    with pytest.raises(ValueError, match="column"):
        read_defaulters(["주소,금액\n", "서울,1\n"])
