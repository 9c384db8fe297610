"""Least privilege, checked by what is asked for: each function may do what its calls need, and nothing else."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from local.template import read_template, resources
from tests.docs.documents import document
from tests.operations import REPOSITORY
from tests.template.moto_stack import MotoStack, Permission, moto_stack
from tests.template.walk import Walk


def granted() -> dict[str, set[Permission]]:
    """What the template allows, by operation."""
    functions = resources(read_template(REPOSITORY / "template.yaml"), "AWS::Serverless::Function")
    allowed: dict[str, set[Permission]] = {}
    for _, properties in functions:
        statements = properties.get("Policies", {"Statement": []})["Statement"]
        assert all(set(statement) == {"Effect", "Action", "Resource"} for statement in statements)
        assert all(statement["Effect"] == "Allow" for statement in statements)
        allowed[properties["Handler"].split(".")[0]] = {
            (action, place)
            for statement in statements
            for action in statement["Action"]
            for place in _places(statement["Resource"])
        }
    return allowed


def _places(resource: Any) -> Iterator[str]:
    """`Table/index/due` for !Sub "${Table.Arn}/index/due", `Table` for !GetAtt Table.Arn."""
    for one in resource if isinstance(resource, list) else [resource]:
        if "Fn::GetAtt" in one:
            found = one["Fn::GetAtt"]
            name, attribute = found if isinstance(found, list) else found.split(".")
            assert attribute == "Arn"
            yield name
        elif "Ref" in one:
            assert one["Ref"] == "Secret", "only a secret's reference is its ARN"
            yield "Secret"
        elif ":stateMachine:" in one["Fn::Sub"]:
            yield one["Fn::Sub"].partition("${AWS::StackName}")[2]
        else:
            yield one["Fn::Sub"].replace("${", "").replace(".Arn}", "")


@pytest.fixture(scope="module")
def walked() -> Iterator[MotoStack]:
    with pytest.MonkeyPatch.context() as patch, moto_stack(patch) as stack:
        Walk(stack).whole()
        yield stack


@pytest.fixture(scope="module")
def needed(walked: MotoStack) -> dict[str, set[Permission]]:
    return defaultdict(set, walked.needed)


def test_the_walk_reaches_every_operation(needed: dict[str, set[Permission]]) -> None:
    assert set(needed) == set(granted())


@pytest.mark.parametrize("operation", granted())
def test_a_function_may_do_what_its_calls_need_and_no_more(operation: str, needed: dict[str, set[Permission]]) -> None:
    allowed = granted()[operation]

    assert sorted(needed[operation] - allowed) == [], "refused on AWS"
    assert sorted(allowed - needed[operation]) == [], "allowed for nothing"


def test_no_function_may_do_anything_by_a_star() -> None:
    assert not [permission for allowed in granted().values() for permission in allowed if "*" in permission[0]]


def test_nothing_is_ever_scanned(needed: dict[str, set[Permission]]) -> None:
    assert not [action for calls in needed.values() for action, _ in calls if "Scan" in action]


def test_nothing_is_ever_deleted(needed: dict[str, set[Permission]]) -> None:
    assert not [action for calls in needed.values() for action, _ in calls if "Delete" in action]


def test_it_is_said_how_long_every_object_is_kept(walked: MotoStack) -> None:
    objects = [row["object"] for row in walked.everything() if isinstance(row.get("object"), str)]
    kept = document("docs/operations.md").sections["What is kept, and for how long"]

    assert objects
    assert {name.partition("/")[0] for name in objects} == set(re.findall(r"^\| `(\w+)/` \|", kept, re.MULTILINE))
