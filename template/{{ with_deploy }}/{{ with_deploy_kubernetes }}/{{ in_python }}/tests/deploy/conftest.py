import pytest

from .manifests import OVERLAYS, Manifests, render


@pytest.fixture(params=OVERLAYS)
def manifests(request: pytest.FixtureRequest) -> Manifests:
    """Each overlay in turn."""
    return render(request.param)
