"""What the documents say of parameters, outputs and retention is what the template and the store do."""

import re

from local.template import read_template
from muster.store import keys
from muster.store.engine.spots import FORGOTTEN_AFTER_SECONDS
from tests.docs.documents import REPOSITORY, document

TEMPLATE = read_template(REPOSITORY / "template.yaml")
DEPLOY, OPERATIONS = document("docs/deploy.md").sections["Deploy"], document("docs/operations.md")
KEPT = OPERATIONS.sections["What is kept, and for how long"]


def table(text: str, head: str) -> list[list[str]]:
    """The cells of the table whose first column is headed so, without the two lines of its head."""
    lines = text[text.index(f"| {head} |") :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_parameter_is_explained_with_its_default_in_the_order_of_the_template() -> None:
    told = {name.strip("`"): default for name, default, _ in table(DEPLOY, "parameter")}
    defaults = {name: str(one["Default"]) or "empty" for name, one in TEMPLATE["Parameters"].items()}

    assert list(told.items()) == list(defaults.items())


def test_every_output_is_named() -> None:
    named = [name for row in table(DEPLOY, "output") for name in re.findall(r"`(\w+)`", row[0])]

    assert named == list(TEMPLATE["Outputs"])


def test_every_kind_of_row_says_how_long_it_is_kept() -> None:
    kinds = [row[0] for row in table(keys.__doc__ or "", "row")]

    assert kinds
    assert [row[0] for row in table(KEPT, "row")] == kinds
    assert all(row[1] for row in table(KEPT, "row"))


def test_a_spot_is_kept_as_long_as_it_says() -> None:
    (spot,) = (row for row in table(KEPT, "row") if row[0] == "spot")

    assert spot[1] == f"{FORGOTTEN_AFTER_SECONDS // 86_400} days after it was last heard of"
    assert TEMPLATE["Resources"]["Table"]["Properties"]["TimeToLiveSpecification"]["AttributeName"] in spot[2]


def test_messages_and_parts_of_uploads_are_kept_as_long_as_the_template_says() -> None:
    resources = TEMPLATE["Resources"]
    seconds = [resources[name]["Properties"]["MessageRetentionPeriod"] for name in ("WatchQueue", "DeadLetters")]
    uploads, parts = resources["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]

    assert f"| {seconds[0] // 3600} hour; {seconds[1] // 86_400} days |" in KEPT
    assert uploads["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert "| parts of uploads that were never finished | 1 day," in KEPT
    assert f"| `{parts['Prefix']}` | {parts['ExpirationInDays']} days," in KEPT
