"""The overlay `cluster`: who may talk to whom, and how many pods and connections there can be."""

import pytest
import yaml

import check
from tests.architecture.sources import ROOT
from tests.architecture.test_deployment import service

API, METRICS, POSTGRES, KAFKA, HTTPS = 8000, 9464, 5432, 9093, 443


@pytest.fixture
def objects(kubectl):
    rendered = check.run(kubectl, "kustomize", ROOT / "deploy/kubernetes/overlays/cluster")
    return list(yaml.safe_load_all(rendered))


def matches(selector, labels):
    """Whether labels are those of a selector; an empty one is everybody's."""
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    among = selector.get("matchExpressions", [])
    return wanted and all(labels.get(one["key"]) in one["values"] for one in among)


def is_peer(peer, other):
    """`other`: labels of a pod of ours, or the name of another namespace."""
    if isinstance(other, str):
        selector = peer.get("namespaceSelector")
        named = {"kubernetes.io/metadata.name": other}
        return selector is not None and matches(selector, named)
    return "namespaceSelector" not in peer and matches(peer["podSelector"], other)


class Network:
    """Pods of the overlay by service and component, and the policies between them."""

    def __init__(self, objects):
        self.policies = [one["spec"] for one in objects if one["kind"] == "NetworkPolicy"]
        self.pods = {}
        for one in objects:
            if one["kind"] in {"Deployment", "Job"}:
                labels = one["spec"]["template"]["metadata"]["labels"]
                name = labels["app.kubernetes.io/name"].removeprefix("tandem-")
                self.pods[name, labels["app.kubernetes.io/component"]] = labels

    def lets(self, way, pod, other, port):
        """Whether policies let a pod take (`Ingress`) or make (`Egress`) such a connection."""
        rules = [
            rule
            for policy in self.policies
            if way in policy["policyTypes"] and matches(policy["podSelector"], self.pods[pod])
            for rule in policy.get(way.lower(), [])
        ]
        peers = "from" if way == "Ingress" else "to"
        return any(
            port in {one["port"] for one in rule["ports"]}
            and (peers not in rule or any(is_peer(peer, other) for peer in rule[peers]))
            for rule in rules
        )

    def connects(self, source, target):
        """Whether a pod reaches another one's API."""
        return self.lets("Egress", source, self.pods[target], API) and self.lets(
            "Ingress", target, self.pods[source], API
        )


def test_only_who_has_to_talks_to_another(objects):
    """The bridge to both APIs, workers to Kafka, callers to APIs; nothing else among them."""
    network = Network(objects)
    assert len(network.pods) == 9
    halves = {("erp", "api"), ("crm", "api")}
    for source in network.pods:
        for target in network.pods:
            wanted = source[0] == "bridge" and target in halves
            assert network.connects(source, target) == wanted, (source, target)
        is_api, is_worker = source[1] == "api", source[1] == "worker"
        assert network.lets("Ingress", source, "ingress-nginx", API) == is_api
        assert network.lets("Ingress", source, "monitoring", METRICS) == is_api
        assert not network.lets("Ingress", source, "default", API)
        assert network.lets("Egress", source, "kafka", KAFKA) == is_worker
        assert network.lets("Egress", source, "databases", POSTGRES)
        assert network.lets("Egress", source, "kube-system", 53)
        assert not network.lets("Egress", source, "elsewhere", 80)


def test_pods_by_load_and_their_connections_are_counted(objects):
    """No number of pods stands beside the autoscaler's; the page says what PostgreSQL must hold."""
    scaled = {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"]
        for one in objects
        if one["kind"] == "HorizontalPodAutoscaler"
    }
    rest = update = 0
    for one in objects:
        if one["kind"] == "Deployment":
            name = one["metadata"]["name"]
            is_api = name.endswith("-api")
            assert is_api == (name in scaled) == ("replicas" not in one["spec"])
            beside = 1 if is_api else 3 + 2 * (name == "tandem-erp-worker")
            each = service(name.split("-")[1]).settings.model_fields["pool_size"].default + beside
            rest += each * (scaled[name]["maxReplicas"] if is_api else one["spec"]["replicas"])
            update += each
    page = (ROOT / "docs/operations/kubernetes.md").read_text("utf-8")
    assert f"`cluster` opens up to {rest}, and {rest + update} while an update rolls" in page
