"""The dashboards of the cluster are those of observability/grafana."""

import json

from .manifests import DEPLOY, Manifests

DASHBOARDS = DEPLOY.parent / "observability/grafana/dashboards"


def test_the_dashboards_are_all_that_there_are_and_have_names_that_no_other_service_has(
    manifests: Manifests,
) -> None:
    [found] = [each for each in manifests.of("ConfigMap") if manifests.is_for_others(each)]
    service = manifests.deployment["metadata"]["name"]
    files = DASHBOARDS.glob("*.json")
    expected = {f"{service}-{file.name}": json.loads(file.read_text()) for file in files}
    assert {name: json.loads(text) for name, text in found["data"].items()} == expected
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
