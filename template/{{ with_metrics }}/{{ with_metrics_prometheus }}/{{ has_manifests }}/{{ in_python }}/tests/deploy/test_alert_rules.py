"""The rules of the cluster are those of observability/prometheus."""

import yaml

from .manifests import DEPLOY, Manifests

RULES = DEPLOY.parent / "observability/prometheus"


def test_the_rules_are_those_of_the_files(manifests: Manifests) -> None:
    if manifests.is_dev:
        assert not manifests.of("PrometheusRule")
        return
    [rule] = manifests.of("PrometheusRule")
    files = [yaml.safe_load(file.read_text()) for file in RULES.glob("*.rules.yml")]
    expected = {group["name"]: group for file in files for group in file["groups"]}
    assert {group["name"]: group for group in rule["spec"]["groups"]} == expected
    assert len(rule["spec"]["groups"]) == len(expected)
