"""Reads an exposition with the parser of Prometheus' Python client, and fails on what it would not have written.

    metrics.py URL
"""

import sys
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

with urllib.request.urlopen(sys.argv[1], timeout=10) as answer:
    kind = answer.headers["Content-Type"]
    text = answer.read().decode()
assert kind == "text/plain; version=0.0.4; charset=utf-8", kind

families = list(text_string_to_metric_families(text))
names = [family.name for family in families]
assert len(names) == len(set(names)), "a metric stands there twice"
assert "phaseflag_http_requests" in names, names
samples = 0
for family in families:
    assert family.type in ("counter", "gauge", "histogram") and family.documentation, family
    seen = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in family.samples]
    assert len(seen) == len(set(seen)), family.name
    samples += len(seen)
    if family.type == "histogram":
        counts = {}
        for sample in family.samples:
            if sample.name.endswith("_bucket"):
                series = tuple(sorted((key, value) for key, value in sample.labels.items() if key != "le"))
                counts.setdefault(series, []).append((float(sample.labels["le"]), sample.value))
        for buckets in counts.values():
            assert buckets == sorted(buckets) and buckets[-1][0] == float("inf"), family.name
            values = [value for _, value in buckets]
            assert values == sorted(values), family.name
print(f"{len(families)} metrics with {samples} samples")
