"""Whatever one manifest says of another is true. Kubernetes itself accepts names that mean nothing."""

from .manifests import Document, Manifests, source_names


def test_everything_is_in_the_one_namespace(manifests: Manifests) -> None:
    (namespace,) = manifests.names("Namespace")
    others = [each for each in manifests.documents if each["kind"] != "Namespace"]
    assert {each["metadata"]["namespace"] for each in others} == {namespace}


def test_every_selector_selects_the_pods(manifests: Manifests) -> None:
    selectors = [_labels(manifests.deployment["spec"]["selector"])]
    selectors += [each["spec"]["selector"] for each in manifests.of("Service")]
    selectors += [_labels(each["spec"]["selector"]) for each in manifests.of("PodDisruptionBudget")]
    selectors += [_labels(each["spec"]["podSelector"]) for each in manifests.of("NetworkPolicy")]
    selectors += [_labels(each["labelSelector"]) for each in manifests.pod["topologySpreadConstraints"]]
    for selector in selectors:
        assert selector
        assert selector.items() <= manifests.labels.items()


def test_every_service_sends_to_a_port_of_the_container(manifests: Manifests) -> None:
    for service in manifests.of("Service"):
        for port in service["spec"]["ports"]:
            assert _is_port(port["targetPort"], manifests), f"{service['metadata']['name']}: {port}"


def test_every_port_of_the_container_is_reached_by_a_service(manifests: Manifests) -> None:
    services = manifests.of("Service")
    targets = {port["targetPort"] for service in services for port in service["spec"]["ports"]}
    assert targets == set(manifests.ports)


def test_every_autoscaler_scales_the_deployment(manifests: Manifests) -> None:
    for autoscaler in manifests.of("HorizontalPodAutoscaler"):
        assert autoscaler["spec"]["scaleTargetRef"] == {
            "apiVersion": manifests.deployment["apiVersion"],
            "kind": "Deployment",
            "name": manifests.deployment["metadata"]["name"],
        }


def test_every_service_monitor_scrapes_a_port_of_one_service(manifests: Manifests) -> None:
    for monitor in manifests.of("ServiceMonitor"):
        wanted = _labels(monitor["spec"]["selector"]).items()
        services = [each for each in manifests.of("Service") if wanted <= each["metadata"]["labels"].items()]
        assert len(services) == 1
        names = {port["name"] for port in services[0]["spec"]["ports"]}
        assert {endpoint["port"] for endpoint in monitor["spec"]["endpoints"]} <= names


def test_every_source_of_the_environment_exists_and_is_used(manifests: Manifests) -> None:
    for container in manifests.containers:
        names = source_names(container)
        assert sorted(names) == sorted(manifests.sources), container["name"]


def test_the_service_account_exists(manifests: Manifests) -> None:
    assert {manifests.pod["serviceAccountName"]} == manifests.names("ServiceAccount")


def test_every_mount_has_a_volume_and_every_claim_exists(manifests: Manifests) -> None:
    volumes = manifests.pod["volumes"]
    claimed = [each["persistentVolumeClaim"] for each in volumes if "persistentVolumeClaim" in each]
    assert {claim["claimName"] for claim in claimed} == manifests.names("PersistentVolumeClaim")
    for container in manifests.containers:
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in volumes}, container["name"]


def _labels(selector: Document) -> dict[str, str]:
    labels: dict[str, str] = selector["matchLabels"]
    return labels


def _is_port(port: str | int, manifests: Manifests) -> bool:
    return port in manifests.ports or port in manifests.ports.values()
