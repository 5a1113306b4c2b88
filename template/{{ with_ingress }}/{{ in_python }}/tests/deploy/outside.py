"""Who is let in from outside, and by which names an environment is called."""

from .manifests import Manifests


def admitted(manifests: Manifests) -> set[str]:
    """The namespaces whose pods may call the service."""
    rules = [rule for each in manifests.of("NetworkPolicy") for rule in each["spec"].get("ingress", [])]
    peers = [peer for rule in rules for peer in rule["from"]]
    selectors = [peer["namespaceSelector"]["matchLabels"] for peer in peers if "namespaceSelector" in peer]
    return {labels.get("kubernetes.io/metadata.name", "") for labels in selectors}


def are_names_of_one_environment(names: list[str], manifests: Manifests) -> bool:
    environment = manifests.deployment["metadata"]["namespace"].rpartition("-")[2]
    return len(set(names)) == len(names) and all(environment in name.split(".") for name in names)
