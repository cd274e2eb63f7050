"""What this process measures of itself, in Prometheus' terms: how long decisions and acknowledgements take."""

from prometheus_client import CollectorRegistry, Histogram

REGISTRY = CollectorRegistry()
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 3, 10)

DECISION = Histogram(
    "signoff_decision_seconds",
    "From a decision's arrival to its commit.",
    ["surface"],
    buckets=_BUCKETS,
    registry=REGISTRY,
)
ACKNOWLEDGEMENT = Histogram(
    "signoff_acknowledgement_seconds",
    "From a Slack request's arrival to our answer; Slack waits three seconds.",
    buckets=_BUCKETS,
    registry=REGISTRY,
)
