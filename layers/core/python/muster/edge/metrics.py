"""One metric per operation, named like it: how many calls ended in which class of status.

Printed in CloudWatch's embedded format, so it costs a line and no call. Latency, errors and cold starts of a function
are counted by Lambda itself.
"""

import os

from muster.settings import settings


def count_call(operation: str, status: int) -> None:
    """Count one answered call."""
    count(operation, 1, status=f"{status // 100}xx")


def count(name: str, number: int, **dimensions: str) -> None:
    """Add to a metric; silent where logs are text, since nobody collects metrics there."""
    if settings().log_format != "json":
        return
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Muster")
    with single_metric(name, MetricUnit.Count, number, namespace=namespace) as metric:
        for dimension, value in dimensions.items():
            metric.add_dimension(dimension, value)
