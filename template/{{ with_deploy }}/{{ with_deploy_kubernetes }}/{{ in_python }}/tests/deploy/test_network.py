"""The network policies: everything is denied, and what the service needs is allowed."""

from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from .manifests import Document, Manifests, ports_of

HTTPS = 443


def test_everything_is_denied_by_default(manifests: Manifests) -> None:
    policies = [each["spec"] for each in manifests.of("NetworkPolicy")]
    assert any(
        set(policy["policyTypes"]) == {"Ingress", "Egress"} and not {"ingress", "egress"} & policy.keys()
        for policy in policies
    )


def test_who_may_call_is_said(manifests: Manifests) -> None:
    for policy in manifests.of("NetworkPolicy"):
        for rule in policy["spec"].get("ingress", []):
            assert rule["from"]
            assert {"namespaceSelector": {}} not in rule["from"]


def test_what_may_be_called_anywhere_is_called_over_tls(manifests: Manifests) -> None:
    policies = [each["spec"] for each in manifests.of("NetworkPolicy")]
    rules = [rule for policy in policies for rule in policy.get("egress", [])]
    anywhere = [port["port"] for rule in rules if "to" not in rule for port in rule["ports"]]
    assert set(anywhere) <= {HTTPS}


def test_every_port_of_a_container_is_open(manifests: Manifests) -> None:
    for deployment in manifests.of("Deployment"):
        assert _allowed("ingress", manifests, deployment) == set(ports_of(deployment))


def test_names_can_be_looked_up_in_the_cluster_and_on_the_node(manifests: Manifests) -> None:
    """NodeLocal DNSCache has a link-local address, or pods of its own; OpenShift's has another port."""
    policies = [each["spec"] for each in manifests.of("NetworkPolicy")]
    rules = [rule for policy in policies for rule in policy.get("egress", [])]
    [rule] = [rule for rule in rules if {port["port"] for port in rule["ports"]} == {53, 5353}]
    assert {port["protocol"] for port in rule["ports"]} == {"UDP", "TCP"}
    pods, _, addresses = rule["to"]
    [labels] = pods["podSelector"]["matchExpressions"]
    assert {"kube-dns", "node-local-dns"} <= set(labels["values"])
    assert ip_address("169.254.20.10") in ip_network(addresses["ipBlock"]["cidr"])


def test_every_server_in_the_settings_can_be_reached(manifests: Manifests) -> None:
    addresses = [urlsplit(value) for value in manifests.environment(manifests.app).values()]
    ports = {address.port for address in addresses if address.port}
    assert ports <= _allowed("egress", manifests, manifests.deployment)


def _allowed(direction: str, manifests: Manifests, deployment: Document) -> set[Any]:
    """The ports that its pods may use, by the policies that select them."""
    policies = [each["spec"] for each in manifests.of("NetworkPolicy")]
    own = [each for each in policies if deployment in manifests.selected(each["podSelector"]["matchLabels"])]
    rules = [rule for policy in own for rule in policy.get(direction, [])]
    return {port["port"] for rule in rules for port in rule["ports"]}
