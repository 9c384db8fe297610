"""One metric per operation, named like it: how many calls ended in which class of status.

Printed in CloudWatch's embedded format, so it costs a line and no call. Latency, errors and cold starts of a function
are counted by Lambda itself.
"""

import os

from muster.settings import settings


def count_call(operation: str, status: int) -> None:
    """Count one answered call; silent where logs are text, since nobody collects metrics there."""
    if settings().log_format != "json":
        return
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Muster")
    with single_metric(operation, MetricUnit.Count, 1, namespace=namespace) as metric:
        metric.add_dimension("status", f"{status // 100}xx")
