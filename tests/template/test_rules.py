"""The template follows the rules of docs/adding-an-option.md, and each violation is reported."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from shipsmith.template import location as source
from shipsmith.template import rules

from tools import places

CACHE = "template/{{ with_cache }}"
REDIS = f"{CACHE}/{{{{ with_cache_redis }}}}"
DATABASE = "template/{{ with_database }}"
BROKER = "template/{{ with_broker }}/_option/question.yml"

Change = Callable[[Path], object]


def replace(name: str, old: str, new: str) -> Change:
    def change(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))

    return change


def append(name: str, text: str) -> Change:
    def change(root: Path) -> None:
        with (root / name).open("a") as stream:
            stream.write(text)

    return change


WRONG: dict[str, tuple[Change, str]] = {
    "a flag that another option has": (
        append(BROKER, "with_cache_redis: {type: str, when: false, default: ''}\n"),
        "with_cache_redis is defined 2 times, in template/{{ with_broker }}/_option/question.yml, "
        "template/{{ with_cache }}/_option/question.yml. Name flags with_OPTION_VALUE",
    ),
    "a choice without a folder": (
        replace(f"{DATABASE}/_option/question.yml", "[none,", "[none, oracle,"),
        f"{DATABASE}/{{{{ with_database_oracle }}}}/_option/parts.jinja is missing. "
        "database=oracle needs it for its parts of shared files",
    ),
    "a choice without a flag": (
        replace(f"{DATABASE}/_option/question.yml", "[none,", "[none, oracle,"),
        "database=oracle requires the flag with_database_oracle. "
        "Define it in template/{{ with_database }}/_option/question.yml",
    ),
    "a misspelt place": (
        replace(f"{REDIS}/_option/parts.jinja", "macro env_example()", "macro env_exampel()"),
        f"{REDIS}/_option/parts.jinja fills env_exampel, "
        "which is not a place in a shared file. template/_shared/places.jinja lists the places",
    ),
    "a server without a part of its compose file": (
        replace(f"{REDIS}/_option/parts.jinja", "macro server_compose()", "macro readme()"),
        f"{REDIS}/_option/parts.jinja lacks server_compose: a server needs both server and server_compose",
    ),
    "a language without a page": (
        replace("copier.yml", "choices: [python]", "choices: [python, go]"),
        "template/{{ in_go }}/_option/parts.jinja is missing. language=go requires it",
    ),
    "a place that no option fills": (
        replace("template/_shared/places.jinja", "= {", "= {\n  'readme_end': ['README.md', 'an end'],"),
        "no option fills the place readme_end. "
        "Remove it from template/_shared/places.jinja and from its file",
    ),
    "a place that no file has": (
        replace("template/.env.example.jinja", "slots.env_example", "''"),
        "no shared file uses the place env_example. Add slots.env_example to one, or remove it from "
        "template/_shared/places.jinja",
    ),
    "another option's product": (
        append("template/README.md.jinja", "Start Redis first.\n"),
        "template/README.md.jinja mentions redis, a choice of cache and rate_limit. "
        "Move this to the choice's folder, or use a capability: Start Redis first.",
    ),
    "another option's product in the name of a folder": (
        lambda root: (root / REDIS).rename(root / DATABASE / "{{ with_cache_redis }}"),
        f"{DATABASE}/{{{{ with_cache_redis }}}}/_option/parts.jinja mentions redis, "
        "a choice of cache and rate_limit. Move this to the choice's folder, or use a capability: "
        f"{DATABASE}/{{{{ with_cache_redis }}}}/_option/parts.jinja",
    ),
    "a folder that nothing switches on": (
        lambda root: (root / REDIS).rename(root / CACHE / "{{ with_cache_rediss }}"),
        "a folder is named {{ with_cache_rediss }}, but with_cache_rediss is not defined. "
        "Define it, or rename the folder",
    ),
    "an option that is missing in the order": (
        replace("copier.yml", "default: [http, http_caching, grpc,", "default: [http_caching, grpc,"),
        "copier.yml includes the options http, http_caching, grpc, mtls, database, pooler, replicas, "
        "shards, resilience, cache, broker, auth, rate_limit, throttling, metrics, tracing, profiling, "
        "logging, load_test, deploy, ingress, ci, but its `options` lists http_caching, grpc, mtls, "
        "database, pooler, replicas, shards, resilience, cache, broker, auth, rate_limit, throttling, "
        "metrics, tracing, profiling, logging, load_test, deploy, ingress, ci. "
        "List the same options in the same order",
    ),
}


def test_the_template_breaks_no_rule() -> None:
    assert rules.problems(source.root()) == []


def test_the_page_of_places_is_up_to_date() -> None:
    page = (source.root() / "docs/places.md").read_text()
    assert page.splitlines() == list(places.page(rules.Layout(source.root())))


@pytest.mark.parametrize(("change", "sentence"), WRONG.values(), ids=WRONG)
def test_a_broken_rule_is_named(tmp_path: Path, change: Change, sentence: str) -> None:
    shutil.copy(source.root() / "copier.yml", tmp_path)
    shutil.copytree(source.root() / "template", tmp_path / "template")
    change(tmp_path)
    assert sentence in rules.problems(tmp_path)
