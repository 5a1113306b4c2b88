"""Whatever one manifest says of another is true. Kubernetes itself accepts names that mean nothing."""

import yaml

from .manifests import COMMON, DEPLOY, Document, Manifests, pod_labels, pod_of, ports_of, source_names

BUILT_IN = {"v1", "apps", "autoscaling", "batch", "policy", "networking.k8s.io"}
INSTANCE = f"{COMMON}instance"


def test_everything_is_in_one_namespace(manifests: Manifests) -> None:
    others = [each for each in manifests.documents if each["kind"] != "Namespace"]
    [namespace] = {each["metadata"]["namespace"] for each in others}
    assert manifests.names("Namespace") <= {namespace}


def test_the_namespace_of_each_environment_admits_only_pods_without_privileges() -> None:
    found = [yaml.safe_load(file.read_text()) for file in DEPLOY.glob("overlays/*/namespace.yaml")]
    assert len(found) == len(list(DEPLOY.glob("overlays/*")))
    for namespace in found:
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_new_cluster_knows_every_kind_of_dev(manifests: Manifests) -> None:
    """Other clusters have operators, which bring kinds of their own."""
    if manifests.is_dev:
        assert {each["apiVersion"].partition("/")[0] for each in manifests.documents} <= BUILT_IN


def test_every_instance_has_a_name_of_its_own_that_no_selector_depends_on(manifests: Manifests) -> None:
    [instance] = {each["metadata"]["labels"][INSTANCE] for each in manifests.documents}
    assert {pod_labels(each)[INSTANCE] for each in manifests.of("Deployment")} == {instance}
    assert not any(INSTANCE in _labels(each["spec"]["selector"]) for each in manifests.of("Deployment"))


def test_every_deployment_and_its_constraints_select_its_own_pods(manifests: Manifests) -> None:
    for deployment in manifests.of("Deployment"):
        selectors = [_labels(deployment["spec"]["selector"])]
        constraints = pod_of(deployment).get("topologySpreadConstraints", [])
        selectors += [_labels(each["labelSelector"]) for each in constraints]
        for selector in selectors:
            assert manifests.selected(selector) == [deployment]


def test_every_service_and_every_budget_selects_the_pods_of_one_deployment(manifests: Manifests) -> None:
    selectors = [each["spec"]["selector"] for each in manifests.of("Service")]
    selectors += [_labels(each["spec"]["selector"]) for each in manifests.of("PodDisruptionBudget")]
    for selector in selectors:
        assert len(manifests.selected(selector)) == 1


def test_every_network_policy_selects_pods(manifests: Manifests) -> None:
    for policy in manifests.of("NetworkPolicy"):
        assert manifests.selected(_labels(policy["spec"]["podSelector"]))


def test_every_service_sends_to_a_port_of_the_container(manifests: Manifests) -> None:
    for service in manifests.of("Service"):
        [deployment] = manifests.selected(service["spec"]["selector"])
        ports = ports_of(deployment)
        for port in service["spec"]["ports"]:
            target = port["targetPort"]
            assert target in ports or target in ports.values(), f"{service['metadata']['name']}: {port}"


def test_every_port_of_a_container_is_reached_by_a_service(manifests: Manifests) -> None:
    for deployment in manifests.of("Deployment"):
        services = [each["spec"] for each in manifests.of("Service")]
        own = [each for each in services if deployment in manifests.selected(each["selector"])]
        targets = {port["targetPort"] for service in own for port in service["ports"]}
        assert targets == set(ports_of(deployment))


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
        assert sorted(names) == sorted(manifests.sources.keys() - manifests.mounted), container["name"]
    assert manifests.mounted <= manifests.sources.keys()


def test_the_secrets_of_an_environment_are_its_own(manifests: Manifests) -> None:
    namespace = manifests.deployment["metadata"]["namespace"]
    for secret in manifests.of("ExternalSecret"):
        keys = {entry["remoteRef"]["key"] for entry in secret["spec"]["data"]}
        assert {key.partition("/")[0] for key in keys} == {namespace}


def test_the_service_account_exists(manifests: Manifests) -> None:
    pods = [pod_of(each) for each in manifests.of("Deployment")]
    assert {pod["serviceAccountName"] for pod in pods} == manifests.names("ServiceAccount")


def test_every_mount_has_a_volume_and_every_claim_exists(manifests: Manifests) -> None:
    volumes = manifests.pod["volumes"]
    claimed = [each["persistentVolumeClaim"] for each in volumes if "persistentVolumeClaim" in each]
    assert {claim["claimName"] for claim in claimed} == manifests.names("PersistentVolumeClaim")
    for deployment in manifests.of("Deployment"):
        pod = pod_of(deployment)
        containers = [*pod.get("initContainers", []), *pod["containers"]]
        mounted = [mount["name"] for container in containers for mount in container["volumeMounts"]]
        assert set(mounted) == {volume["name"] for volume in pod["volumes"]}, deployment["metadata"]["name"]


def _labels(selector: Document) -> dict[str, str]:
    labels: dict[str, str] = selector["matchLabels"]
    return labels
