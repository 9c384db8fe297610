"""Which methods a path knows."""

from local.routes import RouteTable

ROUTES = RouteTable(
    [
        ("/", []),
        ("/jobs", ["GET", "POST"]),
        ("/jobs/{jobId}", ["GET"]),
        ("/jobs/latest", ["DELETE"]),
        ("/files/{path+}", ["PUT"]),
    ]
)


def test_a_parameter_matches_one_segment() -> None:
    assert ROUTES.methods("/jobs/a.b-c") == {"GET"}
    assert ROUTES.methods("/jobs/a/b") == set()


def test_a_greedy_parameter_matches_the_rest() -> None:
    assert ROUTES.methods("/files/a/b/c") == {"PUT"}
    assert ROUTES.methods("/files") == set()


def test_a_literal_segment_adds_to_a_parameter() -> None:
    assert ROUTES.methods("/jobs/latest") == {"GET", "DELETE"}


def test_a_resource_without_methods_is_no_route() -> None:
    assert ROUTES.methods("/") == set()
